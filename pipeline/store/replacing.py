"""Enrollments that still wait for parts of an older edition, and parts that a newer one no longer has.

In charge of: finding them, page by page, and leaving parts out. Not in charge of: what moving to another
edition means (``actions.replacing``).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, select

from pipeline.delivery.states import Reason, State
from pipeline.store.columns import among
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment, EnrollmentStatus, load_enrollments
from pipeline.store.schema import deliveries, enrollments
from pipeline.store.steps import move

#: Not gone, and meant to go.
WAITING = (State.PLANNED, State.CLAIMED, State.HELD)


def waiting_elsewhere(
    tx: Tx, series: str, *, edition: str, after: int = 0, limit: int = 200
) -> tuple[Enrollment, ...]:
    """The next ``limit`` enrollments by id after ``after`` that have parts waiting, and not from ``edition``.

    Those that have ended are none of them. The rows stay locked until the transaction ends, so that a
    patient who pauses or stops meanwhile waits for it, or it for them.
    """
    found = (
        select(enrollments.c.id)
        .where(_elsewhere(series, edition), _waits(), enrollments.c.id > after)
        .order_by(enrollments.c.id)
        .limit(limit)
        .with_for_update(of=enrollments)
    )
    return load_enrollments(tx, list(tx.connection.scalars(found)))


def count_finished(tx: Tx, series: str, *, edition: str) -> int:
    """How many enrollments that have not ended are on another edition and have nothing waiting."""
    query = select(func.count()).select_from(enrollments).where(_elsewhere(series, edition), ~_waits())
    return tx.connection.scalar(query) or 0


def leave_out(tx: Tx, delivery_ids: Sequence[int], *, actor: str, now: datetime) -> tuple[int, ...]:
    """Skip what waits of these deliveries, whose part the new edition does not have; the ids that changed.

    Skipped, not canceled: a later edition that has the part again may plan it.
    """
    if not delivery_ids:
        return ()
    return move(
        tx, among(deliveries.c.id, delivery_ids), before=WAITING, after=State.SKIPPED, actor=actor, now=now,
        values={"reason": Reason.NOT_IN_EDITION, "due_at": None},
    )  # fmt: skip


def _elsewhere(series: str, edition: str) -> ColumnElement[bool]:
    return and_(
        enrollments.c.series == series,
        enrollments.c.edition != edition,
        enrollments.c.status != EnrollmentStatus.ENDED,
    )


def _waits() -> ColumnElement[bool]:
    return (
        exists()
        .where(deliveries.c.enrollment_id == enrollments.c.id, deliveries.c.state.in_(WAITING))
        .correlate(enrollments)
    )
