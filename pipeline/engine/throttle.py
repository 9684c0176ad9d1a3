"""How many messages may leave now: the circuit breaker, the rate and the quota, shared by all processes.

In charge of: asking them in the right transaction, and keeping what they learn. Not in charge of: their
rules (``delivery.breaker``, ``delivery.pacing``), or waiting (``dispatch``).

A claim takes its turn of the rate, so that two dispatchers never claim for the same second. The quota is
counted in the transaction that commits ``sending``: what counts has left, or may have.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.delivery.breaker import Breaker
from pipeline.delivery.outcome import Outcome
from pipeline.delivery.pacing import Leave, counting, leave, left_of_quota, taking_turn
from pipeline.engine.report import Tally
from pipeline.engine.wiring import Settings, Wiring
from pipeline.store.database import Tx
from pipeline.store.due import count_due
from pipeline.store.pacing import keep_pace, locked_pace
from pipeline.store.watch import load_breaker, save_breaker


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a call came to, as long as it is not kept."""

    outcomes: Sequence[Outcome]
    at: datetime
    draw: float


class Throttle:
    """One dispatcher's view of what holds for all of them."""

    def __init__(self, wiring: Wiring, settings: Settings) -> None:
        self._with = wiring
        self._limits = settings.limits
        self._batch = min(settings.batch_size, wiring.most)
        self._heard: _Heard | None = None
        #: As last read or changed.
        self.breaker = Breaker()

    def allowance(self, tx: Tx, now: datetime, tally: Tally) -> int:
        """How many messages may be claimed now; the tally hears why not, and until when."""
        self.breaker = load_breaker(tx, self._provider)
        self.keep(tx, now)
        allowed = self.breaker.allowance(now, self._batch)
        if not allowed:
            tally.stopped_by = self.breaker.reason
        if not allowed or not self._limits.any:
            return allowed
        pace = locked_pace(tx, self._provider, now=now)
        found = leave(pace, self._limits, now, allowed)
        if not found.count and count_due(tx, now=now, limit=1):
            self._say(found, tally)
        return found.count

    def turn(self, tx: Tx, now: datetime, count: int) -> None:
        """Take the time that ``count`` messages need; in the transaction that claims them."""
        if self._limits.per_second is not None and count:
            pace = locked_pace(tx, self._provider, now=now)
            keep_pace(tx, self._provider, taking_turn(pace, self._limits, now, count))

    def reserve(self, tx: Tx, now: datetime, wanted: int, *, whole: bool = False) -> int:
        """Count up to ``wanted`` messages against the quota; how many it has room for.

        ``whole``: all or none of them. In the transaction that commits ``sending``.
        """
        if not self._limits.any or not wanted:
            return wanted
        pace = locked_pace(tx, self._provider, now=now)
        room = left_of_quota(pace, self._limits, now, wanted)
        if whole and room < wanted:
            return 0
        keep_pace(tx, self._provider, counting(pace, now, room))
        return room

    def may_probe(self, tx: Tx, now: datetime) -> bool:
        """Whether a batch whose key the provider knows may go now: it makes no new unknowns, so it may be
        larger than a probe.
        """
        self.breaker = load_breaker(tx, self._provider)
        if self.breaker.is_open(now):
            return False
        pace = locked_pace(tx, self._provider, now=now) if self._limits.any else None
        return pace is None or leave(pace, self._limits, now, 1).count > 0

    def hear(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """What a call came to; ``keep`` writes it down, now or with the next claim."""
        self._heard = _Heard(outcomes, now, self._with.draw())
        self.breaker = self._after(self.breaker, self._heard)

    def keep(self, tx: Tx, now: datetime) -> None:
        """Let every other process know what was heard last."""
        if self._heard is None:
            return
        known = load_breaker(tx, self._provider)
        self.breaker = self._after(known, self._heard)
        if self.breaker != known:
            save_breaker(tx, self._provider, self.breaker, now=now)

    def kept(self) -> None:
        """The transaction of ``keep`` was committed."""
        self._heard = None

    def _after(self, breaker: Breaker, heard: _Heard) -> Breaker:
        return breaker.after(heard.outcomes, heard.at, batch=self._batch, draw=heard.draw)

    def _say(self, found: Leave, tally: Tally) -> None:
        if found.quota_used and found.again_at is not None:
            tally.stopped_by = (
                f"the quota of {self._limits.per_day} messages a day for {self._provider} is used up; "
                f"it goes on at {found.again_at:%Y-%m-%d %H:%M} UTC"
            )
        else:
            tally.rest_until = found.again_at

    @property
    def _provider(self) -> str:
        return self._with.provider.name
