"""Who got a part of an edition: the people a correction is for.

In charge of: reading them. Not in charge of: who of them may be mailed (``actions.correcting``).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select

from pipeline.delivery.states import Reason, State
from pipeline.store.database import Tx
from pipeline.store.enrollments import EnrollmentStatus
from pipeline.store.schema import deliveries, enrollments

_CHUNK = 500
#: What went out; where that is not known, what the enrollment has now.
_sent_edition: ColumnElement[str] = func.coalesce(deliveries.c.sent_edition, enrollments.c.edition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Went:
    """One delivery that went, or may have gone."""

    delivery: int
    state: State
    patient_id: int
    zone: str
    status: EnrollmentStatus
    #: Why the enrollment is held or ended.
    reason: Reason | None


def editions_sent(
    tx: Tx, series: str, part: int, *, states: Collection[State]
) -> tuple[tuple[str, int], ...]:
    """The editions from which this part went, and to how many; the most first."""
    query = (
        select(_sent_edition, func.count())
        .select_from(deliveries)
        .join(enrollments, enrollments.c.id == deliveries.c.enrollment_id)
        .where(enrollments.c.series == series, deliveries.c.part == part, deliveries.c.state.in_(states))
        .group_by(_sent_edition)
    )
    found = [(row[0], row[1]) for row in tx.connection.execute(query)]
    return tuple(sorted(found, key=lambda each: (-each[1], each[0])))


def who_got(
    tx: Tx, edition: str, part: int, *, series: str, states: Collection[State]
) -> Iterator[tuple[Went, ...]]:
    """The deliveries of ``part`` of ``edition`` in these states, a few hundred at a time, by their ids."""
    query: Select[Any] = (
        select(
            *deliveries.c["id", "state", "zone"], *enrollments.c["patient_id", "status"],
            enrollments.c.reason.label("why"),
        )
        .select_from(deliveries)
        .join(enrollments, enrollments.c.id == deliveries.c.enrollment_id)
        .where(enrollments.c.series == series, deliveries.c.part == part, deliveries.c.state.in_(states))
        .where(_sent_edition == edition)
        .order_by(deliveries.c.id)
    )  # fmt: skip
    with tx.connection.execute(query.execution_options(yield_per=_CHUNK)) as rows:
        for page in rows.partitions():
            yield tuple(map(_went, page))


def _went(row: Row[Any]) -> Went:
    return Went(
        delivery=row.id,
        state=State(row.state),
        patient_id=row.patient_id,
        zone=row.zone,
        status=EnrollmentStatus(row.status),
        reason=None if row.why is None else Reason(row.why),
    )
