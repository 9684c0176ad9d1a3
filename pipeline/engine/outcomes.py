"""From what a send attempt told us to a mark in the ledger.

In charge of: the state, reason and new due time of each outcome. Not in charge of: when to try again
(``delivery.retry``) or writing it (``store.ledger``).
"""

from datetime import datetime
from typing import assert_never

from pipeline.delivery.outcome import Accepted, Deferred, Outcome, Refused, Unknown
from pipeline.delivery.retry import GiveUp, RetryRules, TryAgain, after_deferral
from pipeline.delivery.states import Reason, State
from pipeline.store.steps import Mark


def mark_of(
    delivery: int, outcome: Outcome, *, attempts: int, now: datetime, draw: float, rules: RetryRules
) -> Mark:
    """The mark of one outcome; ``attempts`` counts this attempt too, ``draw`` in [0, 1) is jitter."""
    match outcome:
        case Accepted(provider_id=provider_id):
            return Mark(delivery=delivery, state=State.ACCEPTED, provider_id=provider_id or None)
        case Refused(reason=why):
            return Mark(delivery=delivery, state=State.REFUSED, reason=Reason.PROVIDER_REFUSED, detail=why)
        case Unknown(reason=why):
            return Mark(delivery=delivery, state=State.UNKNOWN, reason=Reason.NO_ANSWER, detail=why)
        case Deferred():
            return _deferred(delivery, outcome, attempts=attempts, now=now, draw=draw, rules=rules)
        case _:
            assert_never(outcome)


def as_resent(mark: Mark) -> Mark:
    """The mark for a delivery that was ``unknown`` and went once more: a proof that *this* attempt was not
    accepted says nothing of the first one, so it stays unknown.
    """
    if mark.state in {State.ACCEPTED, State.REFUSED}:
        return mark
    return Mark(delivery=mark.delivery, state=State.UNKNOWN, reason=Reason.NO_ANSWER, detail=mark.detail)


def _deferred(
    delivery: int, outcome: Deferred, *, attempts: int, now: datetime, draw: float, rules: RetryRules
) -> Mark:
    retry = after_deferral(outcome, attempts=attempts, now=now, draw=draw, rules=rules)
    match retry:
        case GiveUp():
            return Mark(delivery=delivery, state=State.HELD, reason=Reason.DEFERRED, detail=outcome.reason)
        case TryAgain(at=at, counted=counted):
            return Mark(
                delivery=delivery, state=State.PLANNED, reason=Reason.DEFERRED, detail=outcome.reason,
                due_at=at, counted=counted,
            )  # fmt: skip
        case _:
            assert_never(retry)
