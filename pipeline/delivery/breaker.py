"""The circuit breaker: an outage at the provider must make few unknowns, not thousands.

In charge of: after which batch to stop, when to probe with one message, how fast to go on after it.
Not in charge of: single deliveries (``retry``) or keeping the breaker, which all processes share
(``store.watch``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from pipeline.delivery.outcome import Accepted, Deferred, Outcome, Refused, Unknown
from pipeline.delivery.retry import backoff

#: Wait after the first bad batch; it doubles with each failed probe.
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=15)
#: A ``Retry-After`` holds the next probe back no longer than this.
LONGEST_ASKED = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Closed (``size`` is None), or open: nothing until ``open_until``, then ``size`` messages at most.

    After a good probe the size doubles, so that one message on which a batch API stumbles cannot stop
    all others: the small batches without it get through.
    """

    #: Bad calls, less the good ones since.
    failures: int = 0
    #: When it opened first (aware); None while closed.
    since: datetime | None = None
    #: Aware; None while closed.
    open_until: datetime | None = None
    #: Messages that may leave at once after ``open_until``; None for as many as wanted.
    size: int | None = None
    #: Why it opened, for the status page.
    reason: str = ""

    def allowance(self, now: datetime, batch: int) -> int:
        """How many messages may leave now: at most ``batch``; 0 while it is open."""
        return 0 if self.is_open(now) else self._most(batch)

    def is_open(self, now: datetime) -> bool:
        """Whether nothing may leave; a clock that was set back behind its opening does not prolong it."""
        if self.open_until is None:
            return False
        return now < self.open_until and (self.since is None or now >= self.since)

    def _most(self, batch: int) -> int:
        return batch if self.size is None else min(self.size, batch)

    def after(self, outcomes: Sequence[Outcome], now: datetime, *, batch: int, draw: float) -> "Breaker":
        """The breaker after a call with these outcomes; ``batch`` is the size wanted.

        ``draw`` in [0, 1) spreads the probes of many workers.
        """
        if not outcomes:
            return self
        trouble = _trouble(outcomes)
        if trouble is None:
            return self._after_success(batch)
        failures = self.failures + 1
        pause = backoff(failures, first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        pause = max(pause / 2, _asked(outcomes)) + pause / 2 * draw
        return Breaker(
            failures=failures, since=self.since or now, open_until=now + pause, size=1, reason=trouble
        )

    def _after_success(self, batch: int) -> "Breaker":
        if self.size is None or self.size * 2 >= batch:
            return Breaker()
        # One failure is forgiven, not all: a provider that flaps is still asked less and less often.
        return replace(self, failures=max(self.failures - 1, 0), size=self.size * 2)


def _trouble(outcomes: Sequence[Outcome]) -> str | None:
    """Why this was a bad call, or None: any unknown, anything that concerns everyone, or only deferrals.

    A refusal is a proper answer about one recipient: the provider is well.
    """
    deferred: list[str] = []
    for outcome in outcomes:
        match outcome:
            case Unknown(reason=reason):
                return reason
            case Deferred(reason=reason, everyone=True):
                return reason
            case Deferred(reason=reason):
                deferred.append(reason)
            case Accepted() | Refused():
                pass
            case _:
                assert_never(outcome)
    return deferred[0] if len(deferred) == len(outcomes) else None


def _asked(outcomes: Sequence[Outcome]) -> timedelta:
    asked = [each.retry_after for each in outcomes if isinstance(each, Deferred) and each.retry_after]
    return min(max(asked, default=timedelta()), LONGEST_ASKED)
