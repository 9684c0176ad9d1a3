"""Signs of life for whoever looks from another process: the last tick, what went wrong, an open breaker.

In charge of: keeping and reading these marks. Not in charge of: judging them (``delivery.health``), or the
breaker's rules (``delivery.breaker``).
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.delivery.breaker import Breaker
from pipeline.store.database import Tx
from pipeline.store.marks import clear_mark, get_mark, set_mark

_TICK = "tick"
_TROUBLE = "trouble"
_BREAKER = "breaker:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A tick that ended with an error."""

    at: datetime
    #: In words, without anything of a patient.
    what: str


def note_tick(tx: Tx, *, now: datetime) -> None:
    """A scheduler looked for due mail; all troubles before are over."""
    set_mark(tx, _TICK, now.isoformat(), now=now)
    clear_mark(tx, _TROUBLE)


def last_tick(tx: Tx) -> datetime | None:
    """When any scheduler last looked for due mail (aware); None: never."""
    return _moment(get_mark(tx, _TICK))


def note_trouble(tx: Tx, what: str, *, now: datetime) -> None:
    """A tick ended with an error; the next one that does not clears it."""
    set_mark(tx, _TROUBLE, json.dumps({"at": now.isoformat(), "what": what}), now=now)


def last_trouble(tx: Tx) -> Trouble | None:
    """What went wrong since the last good tick."""
    found = get_mark(tx, _TROUBLE)
    if found is None:
        return None
    kept = json.loads(found)
    return Trouble(at=datetime.fromisoformat(kept["at"]), what=kept["what"])


def load_breaker(tx: Tx, provider: str) -> Breaker:
    """The provider's breaker, the same for all processes."""
    found = get_mark(tx, _BREAKER + provider)
    return Breaker() if found is None else _breaker(json.loads(found))


def save_breaker(tx: Tx, provider: str, breaker: Breaker, *, now: datetime) -> None:
    """Keep it; a closed one without memory leaves nothing behind."""
    if breaker == Breaker():
        clear_mark(tx, _BREAKER + provider)
        return
    kept = {
        "failures": breaker.failures,
        "since": _text(breaker.since),
        "open_until": _text(breaker.open_until),
        "size": breaker.size,
        "reason": breaker.reason,
    }
    set_mark(tx, _BREAKER + provider, json.dumps(kept), now=now)


def _breaker(kept: dict[str, Any]) -> Breaker:
    return Breaker(
        failures=kept["failures"],
        since=_moment(kept["since"]),
        open_until=_moment(kept["open_until"]),
        size=kept["size"],
        reason=kept["reason"],
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
