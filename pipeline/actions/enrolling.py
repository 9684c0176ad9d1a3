"""Enrolling patients in a series and keeping their dates true when the visit changes.

In charge of: one enrollment's beginning, moving, holding and end, each with its audit row. Not in charge
of: who may be mailed (``patients.eligibility``), computing dates (``schedule``), or files (``importing``).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pipeline.actions.offers import EditionDays, Offer
from pipeline.delivery.states import Reason
from pipeline.schedule.model import Planned, Rules
from pipeline.schedule.plan import plan
from pipeline.schedule.requests import slower
from pipeline.store import audit, enrollments, planning
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment, EnrollmentStatus, NewEnrollment
from pipeline.store.planning import Dated

#: Held for one of these, an enrollment waits for a new date of the first visit.
VISIT_REASONS = frozenset({Reason.CANCELED_VISIT, Reason.NO_SHOW})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dating:
    """What it takes to date parts, and who does it."""

    rules: Rules
    clinic_zone: ZoneInfo
    days: EditionDays
    #: Makes a new delivery key: opaque, random, unique.
    new_key: Callable[[], str]
    #: Who enrolls: ``staff:ana``, ``import``.
    actor: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A patient who may be enrolled."""

    patient_id: int
    #: The first visit, a civil date in the patient's zone.
    start: date
    #: IANA zone, or None for the clinic's.
    zone: str | None


def enroll(tx: Tx, candidates: Sequence[Candidate], offer: Offer, dating: Dating) -> tuple[int, ...]:
    """Enroll and date every candidate that is not enrolled in this episode yet; the new enrollments' ids.

    An episode is named after its first start date, so that the same list brought twice enrolls once.
    """
    wanted = [_new(candidate, offer, dating) for candidate in candidates]
    done = enrollments.enroll(tx, wanted, now=dating.now)
    fresh = [(each.id, new) for each, new in zip(done, wanted, strict=True) if each.created]
    dated = [
        Dated(enrollment=enrollment_id, planned=planned, key=dating.new_key())
        for enrollment_id, new in fresh
        for planned in _first_plan(new, offer, dating)
    ]
    planning.plan_deliveries(tx, dated, actor=dating.actor, now=dating.now)
    deeds = [
        audit.Deed(
            actor=dating.actor, action="enroll", subject=f"enrollment:{each}", detail={"series": offer.series}
        )
        for each, _ in fresh
    ]
    if deeds:
        audit.append_all(tx, deeds, now=dating.now)
    return tuple(each for each, _ in fresh)


def new_plan(
    tx: Tx, enrollment: Enrollment, dating: Dating, *, start: date, zone: str
) -> tuple[Planned, ...]:
    """What the calendar would say of the parts not yet sent with this ``start``; changes nothing."""
    parts = dating.days.of(tx, enrollment.edition)
    sent = planning.sent_parts(tx, [enrollment.id]).get(enrollment.id, ())
    return plan(
        start=start,
        zone=ZoneInfo(zone),
        parts=slower(parts) if enrollment.slower else parts,
        rules=dating.rules,
        now=dating.now,
        enrolled_at=enrollment.created_at,
        sent=sent,
    )


def move(
    tx: Tx,
    enrollment: Enrollment,
    dating: Dating,
    *,
    start: date,
    zone: str,
    lifted: Collection[Reason] = VISIT_REASONS,
) -> bool:
    """Give a start date and date everything unsent anew; False where nothing changes.

    ``lifted`` are the reasons for holding that are over with it: a canceled visit has a new date
    (DESIGN 7.6). A pause that the patient asked for goes on until its day.
    """
    waits = enrollment.status is EnrollmentStatus.HELD and enrollment.reason in lifted
    if (start, zone) == (enrollment.start, enrollment.zone) and not waits:
        return False
    status = _status_after(enrollment, dating) if waits else enrollment.status
    if waits:
        paused = status is EnrollmentStatus.PAUSED
        enrollments.set_status(
            tx, [enrollment.id], status, reason=Reason.PAUSED if paused else None,
            paused_until=enrollment.paused_until if paused else None, now=dating.now,
        )  # fmt: skip
    enrollments.move_enrollment(tx, enrollment.id, start=start, zone=zone, now=dating.now)
    if status is EnrollmentStatus.ACTIVE:
        date_again(tx, replace(enrollment, start=start, zone=zone), dating)
    write_down(tx, enrollment, "release" if waits else "move", dating)
    return True


def hold(tx: Tx, enrollment: Enrollment, dating: Dating, *, reason: Reason) -> bool:
    """Hold everything unsent; False where it is held for this reason already, or has ended.

    "The address belongs to somebody else" is never replaced by a lighter reason, which a new date lifts.
    """
    if enrollment.status is EnrollmentStatus.ENDED or enrollment.reason in {reason, Reason.WRONG_PERSON}:
        return False
    enrollments.set_status(
        tx, [enrollment.id], EnrollmentStatus.HELD, reason=reason, paused_until=enrollment.paused_until,
        now=dating.now,
    )  # fmt: skip
    planning.hold(tx, [enrollment.id], reason=reason, actor=dating.actor, now=dating.now)
    write_down(tx, enrollment, f"hold:{reason}", dating)
    return True


def end(tx: Tx, enrollment: Enrollment, dating: Dating, *, reason: Reason) -> bool:
    """End the enrollment and cancel everything unsent; False where it has ended."""
    if enrollment.status is EnrollmentStatus.ENDED:
        return False
    enrollments.set_status(tx, [enrollment.id], EnrollmentStatus.ENDED, reason=reason, now=dating.now)
    planning.cancel(tx, [enrollment.id], reason=reason, actor=dating.actor, now=dating.now)
    write_down(tx, enrollment, f"end:{reason}", dating)
    return True


def date_again(tx: Tx, enrollment: Enrollment, dating: Dating) -> None:
    """Bring every unsent part to what the calendar now says of ``enrollment``."""
    dates = new_plan(tx, enrollment, dating, start=enrollment.start, zone=enrollment.zone)
    planning.replan(tx, enrollment.id, dates, new_key=dating.new_key, actor=dating.actor, now=dating.now)


def write_down(tx: Tx, enrollment: Enrollment, action: str, dating: Dating) -> None:
    """The audit row of what was done to one enrollment: the last thing of its transaction."""
    audit.append(tx, actor=dating.actor, action=action, subject=f"enrollment:{enrollment.id}", now=dating.now)


def _status_after(enrollment: Enrollment, dating: Dating) -> EnrollmentStatus:
    """What a released enrollment goes back to."""
    today = dating.now.astimezone(ZoneInfo(enrollment.zone)).date()
    paused = enrollment.paused_until is not None and today < enrollment.paused_until
    return EnrollmentStatus.PAUSED if paused else EnrollmentStatus.ACTIVE


def _new(candidate: Candidate, offer: Offer, dating: Dating) -> NewEnrollment:
    return NewEnrollment(
        patient_id=candidate.patient_id,
        series=offer.series,
        episode=candidate.start.isoformat(),
        edition=offer.edition,
        start=candidate.start,
        zone=candidate.zone or dating.clinic_zone.key,
    )


def _first_plan(new: NewEnrollment, offer: Offer, dating: Dating) -> tuple[Planned, ...]:
    return plan(
        start=new.start,
        zone=ZoneInfo(new.zone),
        parts=offer.parts,
        rules=dating.rules,
        now=dating.now,
        enrolled_at=dating.now,
    )
