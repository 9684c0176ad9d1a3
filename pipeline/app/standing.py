"""How a clinic's sending stands, gathered from ledger, marks, limits and this machine's own file.

In charge of: reading it all in one transaction, for ``pipeline status`` and whoever else asks. Not in charge
of: what it means (``delivery.health``).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.actions.generation import WORDS, Standing
from pipeline.actions.reporting import complaints_by_level
from pipeline.app.clinic import Clinic
from pipeline.app.listening import feedback_rules
from pipeline.delivery.health import Situation
from pipeline.delivery.pacing import Leave, leave
from pipeline.delivery.states import State
from pipeline.store import marks, overview, pacing, situation, watch
from pipeline.store.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Overall:
    """The situation, and the counts beside it."""

    situation: Situation
    counts: dict[State, int]
    next_due: datetime | None
    #: Messages that left today (UTC), and the quota; None where none is set.
    used_today: int | None
    halted: marks.Halted


def overall(clinic: Clinic) -> Overall:
    """How ``clinic`` stands now."""
    now = clinic.clock()
    standing = clinic.generation.standing(clinic.store, now)
    with clinic.store.read() as tx:
        return _gather(tx, clinic, standing, now)


def _gather(tx: Tx, clinic: Clinic, standing: Standing, now: datetime) -> Overall:
    provider, stopped = clinic.config.provider.name, marks.halted(tx)
    used, allowed = _quota(tx, clinic, now)
    trouble = watch.last_trouble(tx)
    return Overall(
        counts=overview.count_by_state(tx),
        next_due=overview.next_due(tx),
        used_today=used,
        halted=stopped,
        situation=Situation(
            now=now,
            every=timedelta(seconds=clinic.config.sending.tick_seconds),
            groups=situation.groups(tx),
            overdue=situation.overdue(tx, now=now),
            abandoned=situation.abandoned(tx, before=now - timedelta(minutes=1)),
            last_tick=watch.last_tick(tx),
            trouble=(trouble.at, trouble.what) if trouble else None,
            halted=_halted(stopped),
            restored=None if standing is Standing.FINE else _sentence(WORDS[standing]),
            provider=provider,
            breaker=watch.load_breaker(tx, provider),
            leave=allowed,
            complaints=complaints_by_level(tx, None, feedback_rules(clinic.config).alarm, now=now),
        ),
    )


def _quota(tx: Tx, clinic: Clinic, now: datetime) -> tuple[int | None, Leave | None]:
    if not clinic.limits.any:
        return None, None
    pace = pacing.pace_of(tx, clinic.config.provider.name, now=now)
    return pace.used, leave(pace, clinic.limits, now, 1)


def _halted(stopped: marks.Halted) -> str | None:
    if stopped.everything and not stopped.restored:
        return "everything"
    return ", ".join(sorted(stopped.series)) or None


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:].split(";", maxsplit=1)[0] + ": nothing is sent from it."
