"""When something happens next by itself: mail is due, a lease ends, a pause is over.

In charge of: those questions, for whoever jumps from moment to moment instead of waiting
(``engine.simulation``). Not in charge of: doing anything then.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from pipeline.delivery.states import State
from pipeline.store.database import Tx
from pipeline.store.enrollments import EnrollmentStatus
from pipeline.store.marks import halted
from pipeline.store.schema import batches, deliveries, enrollments

#: No zone's midnight is further from UTC's.
_FARTHEST = timedelta(hours=26)


def next_moment(tx: Tx, *, after: datetime) -> datetime | None:
    """The first moment after ``after`` (aware) at which a tick may find something new; None: never.

    What was due at or before ``after`` is not looked at: see ``something_waits``.
    """
    found = [_next_due(tx, after), _next_lease_end(tx, after), *_pause_ends(tx, after)]
    return min((each for each in found if each is not None), default=None)


def something_waits(tx: Tx, *, now: datetime, remembers: timedelta | None) -> bool:
    """Whether mail is due at ``now`` (aware) that has not gone, although nobody halted it, or an unknown
    batch may go again because the provider ``remembers`` its key.

    It waits for the provider: to be well again, or for its rate or quota.
    """
    stopped = halted(tx)
    if stopped.everything:
        return False
    overdue = (
        select(deliveries.c.id)
        .join(enrollments, enrollments.c.id == deliveries.c.enrollment_id)
        .where(deliveries.c.state == State.PLANNED, deliveries.c.due_at <= now)
        .where(enrollments.c.series.not_in(sorted(stopped.series)))
    )
    again = (
        select(deliveries.c.id)
        .join(batches, batches.c.id == deliveries.c.batch_id)
        .where(deliveries.c.state == State.UNKNOWN, batches.c.created_at > now - (remembers or timedelta()))
    )
    return any(tx.connection.scalar(query.limit(1)) for query in (overdue, again))


def _next_due(tx: Tx, after: datetime) -> datetime | None:
    due: datetime | None = tx.connection.scalar(
        select(func.min(deliveries.c.due_at)).where(
            deliveries.c.state == State.PLANNED, deliveries.c.due_at > after
        )
    )
    return due


def _next_lease_end(tx: Tx, after: datetime) -> datetime | None:
    ends: datetime | None = tx.connection.scalar(
        select(func.min(deliveries.c.lease_until)).where(
            deliveries.c.state.in_((State.CLAIMED, State.SENDING)), deliveries.c.lease_until > after
        )
    )
    return ends


def _pause_ends(tx: Tx, after: datetime) -> Iterator[datetime]:
    """When pauses are over, at midnight on each patient's own clocks."""
    rows = tx.connection.execute(
        select(enrollments.c.paused_until, enrollments.c.zone)
        .where(
            enrollments.c.status == EnrollmentStatus.PAUSED,
            enrollments.c.paused_until >= (after - _FARTHEST).date(),
        )
        .distinct()
    )
    ends = (_midnight(row.paused_until, row.zone) for row in rows)
    return (each for each in ends if each > after)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))
