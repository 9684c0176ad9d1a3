"""A patient's own word: stop this series, stop all mail, "this is not for me".

In charge of: what each of these changes, in the caller's transaction, so that it holds from the answer on
(DESIGN 9.2). Not in charge of: pages and tokens (``web``).
"""

from collections.abc import Iterable
from datetime import datetime

from pipeline.delivery.states import Reason, State
from pipeline.store import audit, calls, enrollments, overview, patients, planning, suppression
from pipeline.store.calls import CallReason
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment, EnrollmentStatus
from pipeline.store.overview import DeliveryRow

_TO_COME = frozenset({State.PLANNED, State.CLAIMED})


def stop_all(tx: Tx, delivery: DeliveryRow, *, source: str, now: datetime) -> None:
    """Suppress the delivery's address for everyone who shares it, and cancel all that is planned.

    ``source`` says how it was asked: ``one_click`` (RFC 8058) or ``page``. Doing it twice changes nothing.
    """
    row = patients.load_patient(tx, delivery.patient_id)
    address = row.patient.email if row else None
    # A patient whose address was taken off the list meanwhile still means it.
    sharing = patients.find_by_address(tx, address) if address else (delivery.patient_id,)
    fresh = address is not None and suppression.suppress(
        tx, address, reason=Reason.UNSUBSCRIBED, source=source, now=now
    )
    running = _running(enrollments.enrollments_of(tx, sharing))
    if fresh or running:
        _end(tx, running, reason=Reason.UNSUBSCRIBED, actor=f"patient:{source}", now=now)
        _write(tx, delivery, "unsubscribe", source, now)


def stop_series(tx: Tx, delivery: DeliveryRow, *, now: datetime) -> bool:
    """End this one enrollment; other series go on. False where it has ended already."""
    running = _running(enrollments.load_enrollments(tx, [delivery.enrollment_id]))
    if running:
        _end(tx, running, reason=Reason.STOPPED, actor="patient:page", now=now)
        _write(tx, delivery, "stop_series", "page", now)
    return bool(running)


def not_me(tx: Tx, delivery: DeliveryRow, *, now: datetime) -> None:
    """The address belongs to somebody else: hold everything of this patient until staff correct it."""
    running = _running(enrollments.enrollments_of(tx, [delivery.patient_id]))
    fresh = [each for each in running if each.reason is not Reason.WRONG_PERSON]
    if fresh:
        ids = [each.id for each in fresh]
        enrollments.set_status(tx, ids, EnrollmentStatus.HELD, reason=Reason.WRONG_PERSON, now=now)
        planning.hold(tx, ids, reason=Reason.WRONG_PERSON, actor="patient:page", now=now)
        calls.open_call(tx, delivery.patient_id, CallReason.WRONG_ADDRESS, now=now)
        _write(tx, delivery, "not_me", "page", now)


def coming(tx: Tx, delivery: DeliveryRow) -> tuple[DeliveryRow, ...]:
    """The parts of this enrollment that are still planned, in order."""
    rows = overview.deliveries_of(tx, [delivery.enrollment_id])
    return tuple(row for row in rows if row.state in _TO_COME)


def _running(found: Iterable[Enrollment]) -> list[Enrollment]:
    return [each for each in found if each.status is not EnrollmentStatus.ENDED]


def _end(tx: Tx, running: Iterable[Enrollment], *, reason: Reason, actor: str, now: datetime) -> None:
    ids = [each.id for each in running]
    enrollments.set_status(tx, ids, EnrollmentStatus.ENDED, reason=reason, now=now)
    planning.cancel(tx, ids, reason=reason, actor=actor, now=now)


def _write(tx: Tx, delivery: DeliveryRow, action: str, source: str, now: datetime) -> None:
    subject = f"patient:{delivery.patient_id}"
    audit.append(tx, actor=f"patient:{source}", action=action, subject=subject, now=now)
