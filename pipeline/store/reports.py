"""What became of each part of each series, counted; and what patients said of it.

In charge of: those counts, and the table ``helpful``. Not in charge of: what is alarming
(``delivery.alarm``), or showing it (``cli``).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.delivery.alarm import Complaints
from pipeline.delivery.states import Reason, State
from pipeline.store.columns import by_scan
from pipeline.store.database import Tx
from pipeline.store.enrollments import EnrollmentStatus
from pipeline.store.schema import deliveries, enrollments
from pipeline.store.schema import helpful as answers


def keep_helpful(tx: Tx, delivery_id: int, *, helpful: bool, now: datetime) -> None:
    """Keep what the patient said of this delivery, instead of what they said before."""
    dialect = postgresql if tx.on_postgresql else sqlite
    said = {"helpful": helpful, "said_at": now}
    adding = dialect.insert(answers).values(delivery_id=delivery_id, **said)
    tx.connection.execute(adding.on_conflict_do_update(index_elements=["delivery_id"], set_=said))


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCount:
    """What became of one part of one series, counted in emails."""

    series: str
    part: int
    #: The mail service took them, whatever became of them.
    sent: int
    #: Of those: the receiving server took them. Without the service's reports this stays 0.
    delivered: int
    bounced: int
    complained: int
    #: Patients who stopped all emails, or this series, and had this part last.
    unsubscribed: int
    helpful: int
    not_helpful: int


def count_parts(tx: Tx, *, series: str | None = None) -> tuple[PartCount, ...]:
    """Every part that went at least once, by series and number; of one ``series`` if given."""
    states = {
        name: func.count().filter(by_scan(deliveries.c.state) == state) for name, state in _COUNTED.items()
    }
    said = {
        name: func.count(answers.c.helpful).filter(answers.c.helpful.is_(value))
        for name, value in (("helpful", True), ("not_helpful", False))
    }
    columns = (enrollments.c.series, deliveries.c.part)
    query = (
        select(*columns, *(each.label(name) for name, each in {**states, **said}.items()))
        .join(enrollments, enrollments.c.id == deliveries.c.enrollment_id)
        .join(answers, answers.c.delivery_id == deliveries.c.id, isouter=True)
        .where(by_scan(deliveries.c.state).in_(_WENT), _of(series))
        .group_by(*columns)
        .order_by(*columns)
    )
    stopped = _stopped_after(tx, series)
    return tuple(
        PartCount(
            series=row.series,
            part=row.part,
            sent=sum(getattr(row, name) for name in _COUNTED),
            delivered=row.delivered,
            bounced=row.bounced,
            complained=row.complained,
            unsubscribed=stopped.get((row.series, row.part), 0),
            helpful=row.helpful,
            not_helpful=row.not_helpful,
        )
        for row in tx.connection.execute(query)
    )


def complaints(tx: Tx, *, since: datetime, series: Collection[str] | None = None) -> tuple[Complaints, ...]:
    """For each series (of those given) what went since ``since`` (aware), and how much was marked as spam."""
    complained = by_scan(deliveries.c.state) == State.COMPLAINED
    query = (
        select(
            enrollments.c.series,
            func.count().label("sent"),
            func.count().filter(complained).label("complained"),
            func.max(deliveries.c.updated_at).filter(complained).label("newest"),
        )
        .join(enrollments, enrollments.c.id == deliveries.c.enrollment_id)
        .where(by_scan(deliveries.c.state).in_(_WENT), deliveries.c.sending_at >= since)
        .group_by(enrollments.c.series)
        .order_by(enrollments.c.series)
    )
    if series is not None:
        query = query.where(enrollments.c.series.in_(series))
    return tuple(
        Complaints(series=row.series, sent=row.sent, complained=row.complained, newest=row.newest)
        for row in tx.connection.execute(query)
    )


def _stopped_after(tx: Tx, series: str | None) -> dict[tuple[str, int], int]:
    """Enrollments that their patients ended, by series and the last part that had gone."""
    last = (
        select(enrollments.c.series, func.max(deliveries.c.part).label("part"))
        .join(enrollments, enrollments.c.id == deliveries.c.enrollment_id)
        .where(
            enrollments.c.status == EnrollmentStatus.ENDED,
            enrollments.c.reason.in_((Reason.UNSUBSCRIBED, Reason.STOPPED)),
            by_scan(deliveries.c.state).in_(_WENT),
            _of(series),
        )
        .group_by(enrollments.c.id, enrollments.c.series)
        .subquery()
    )
    query = select(last.c.series, last.c.part, func.count()).group_by(last.c.series, last.c.part)
    return {(row[0], row[1]): row[2] for row in tx.connection.execute(query)}


def _of(series: str | None) -> ColumnElement[bool]:
    return true() if series is None else enrollments.c.series == series


_COUNTED = {
    "accepted": State.ACCEPTED,
    "delivered": State.DELIVERED,
    "bounced": State.BOUNCED,
    "complained": State.COMPLAINED,
}
_WENT = tuple(_COUNTED.values())
