"""Enrolling patients in a series and keeping their dates true when the visit changes.

In charge of: one enrollment's beginning, moving, holding and end, each with its audit row. Not in charge
of: who may be mailed (``patients.eligibility``), computing dates (``schedule``), or files (``importing``).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from pipeline.actions.offers import EditionDays, Offer, same_language
from pipeline.delivery.states import Reason
from pipeline.schedule.model import PartDay, Planned, Rules, Sent
from pipeline.schedule.plan import plan
from pipeline.schedule.requests import slower
from pipeline.store import audit, enrollments, overview, planning, replacing
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment, EnrollmentStatus, NewEnrollment
from pipeline.store.planning import Dated, Replanned

#: Held for one of these, an enrollment waits for a new date of the first visit.
VISIT_REASONS = frozenset({Reason.CANCELED_VISIT, Reason.NO_SHOW})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dating:
    """What it takes to date parts, and who does it."""

    rules: Rules
    clinic_zone: ZoneInfo
    #: BCP 47 tag: what a patient without a language speaks.
    clinic_language: str
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
    #: Name of the course of therapy; None: its first start date.
    episode: str | None = None


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
        for planned in _first_plan(tx, new, dating)
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
    tx: Tx, enrollment: Enrollment, dating: Dating, *, going: Sent | None = None
) -> tuple[Planned, ...]:
    """What the calendar says of the parts that are not sent, nor ``going``; changes nothing."""
    parts = dating.days.of(tx, enrollment.edition)
    sent = planning.sent_parts(tx, [enrollment.id], zone=enrollment.zone).get(enrollment.id, ())
    return plan(
        start=enrollment.start,
        zone=ZoneInfo(enrollment.zone),
        parts=slower(parts) if enrollment.slower else parts,
        rules=dating.rules,
        now=dating.now,
        enrolled_at=enrollment.created_at,
        sent=(*sent, going) if going else sent,
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
    moved = replace(enrollment, start=start, zone=zone)
    if moved == enrollment and not waits:
        return False
    if waits:
        release(tx, enrollment, dating, to=moved)
    else:
        carry_on(tx, enrollment, moved, dating)
        write_down(tx, enrollment, "move", dating)
    return True


def release(
    tx: Tx,
    enrollment: Enrollment,
    dating: Dating,
    *,
    to: Enrollment,
    lifted: Collection[Reason] = frozenset(),
) -> None:
    """Let an enrollment go on after what held it, or some of its parts, is over.

    ``to`` is the enrollment with the start, zone and edition that it goes on with; ``lifted`` are reasons
    for which parts were left out that count no longer. Its dates follow the late rule (DESIGN 7.5).
    """
    after = to
    if enrollment.status is EnrollmentStatus.HELD:
        status = _status_after(to, dating)
        paused = status is EnrollmentStatus.PAUSED
        after = replace(to, status=status, reason=Reason.PAUSED if paused else None)
        enrollments.set_status(
            tx, [enrollment.id], status, reason=after.reason,
            paused_until=enrollment.paused_until if paused else None, now=dating.now,
        )  # fmt: skip
    carry_on(tx, enrollment, after, dating, lifted=lifted)
    write_down(tx, enrollment, "release", dating)


def carry_on(
    tx: Tx, before: Enrollment, after: Enrollment, dating: Dating, *, lifted: Collection[Reason] = frozenset()
) -> None:
    """Keep the new start, zone and edition, and date every unsent part by them."""
    if (before.start, before.zone) != (after.start, after.zone):
        enrollments.move_enrollment(tx, after.id, start=after.start, zone=after.zone, now=dating.now)
    if before.edition != after.edition:
        _use_edition(tx, after, dating)
    if after.status is EnrollmentStatus.ACTIVE:
        date_again(tx, after, dating, lifted=lifted)


def _use_edition(tx: Tx, enrollment: Enrollment, dating: Dating) -> None:
    """Let the unsent parts come from its edition; parts that this does not have are left out."""
    enrollments.use_edition(tx, enrollment.id, enrollment.edition, now=dating.now)
    there = {part.part for part in dating.days.of(tx, enrollment.edition)}
    rows = overview.deliveries_of(tx, [enrollment.id])
    gone = [row.id for row in rows if row.part not in there]
    replacing.leave_out(tx, gone, actor=dating.actor, now=dating.now)


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


def hold_new(tx: Tx, ids: Sequence[int], dating: Dating, *, reason: Reason) -> None:
    """Hold enrollments that were made in this transaction, all at once: a list may bring thousands."""
    if not ids:
        return
    enrollments.set_status(tx, ids, EnrollmentStatus.HELD, reason=reason, now=dating.now)
    planning.hold(tx, ids, reason=reason, actor=dating.actor, now=dating.now)
    deeds = [audit.Deed(actor=dating.actor, action=f"hold:{reason}", subject=f"enrollment:{n}") for n in ids]
    audit.append_all(tx, deeds, now=dating.now)


def end(tx: Tx, enrollment: Enrollment, dating: Dating, *, reason: Reason) -> bool:
    """End the enrollment and cancel everything unsent; False where it has ended."""
    if enrollment.status is EnrollmentStatus.ENDED:
        return False
    enrollments.set_status(tx, [enrollment.id], EnrollmentStatus.ENDED, reason=reason, now=dating.now)
    planning.cancel(tx, [enrollment.id], reason=reason, actor=dating.actor, now=dating.now)
    write_down(tx, enrollment, f"end:{reason}", dating)
    return True


def date_again(
    tx: Tx,
    enrollment: Enrollment,
    dating: Dating,
    *,
    lifted: Collection[Reason] = frozenset(),
    going: Sent | None = None,
) -> Replanned:
    """Bring every unsent part to what the calendar now says of ``enrollment``.

    Parts left out for a reason of the calendar are dated too, and those left out for one of ``lifted``.
    ``going`` is a part whose date stands already, because somebody asked for it.
    """
    dates = new_plan(tx, enrollment, dating, going=going)
    return planning.replan(
        tx, enrollment.id, dates, lifted=lifted, new_key=dating.new_key, actor=dating.actor, now=dating.now
    )


def language_of(patient_language: str | None, dating: Dating) -> str:
    """What a patient speaks: their own language, else the clinic's."""
    return patient_language or dating.clinic_language


def speaks(tx: Tx, enrollment: Enrollment, language: str, dating: Dating) -> bool:
    """Whether the enrollment's edition is written in ``language``."""
    return same_language(dating.days.about(tx, enrollment.edition).language, language)


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
        episode=candidate.episode or candidate.start.isoformat(),
        edition=offer.edition,
        start=candidate.start,
        zone=candidate.zone or dating.clinic_zone.key,
    )


def _first_plan(tx: Tx, new: NewEnrollment, dating: Dating) -> tuple[Planned, ...]:
    return _dates(new.start, new.zone, dating.days.of(tx, new.edition), dating.rules, dating.now)


@lru_cache(maxsize=4096)
def _dates(
    start: date, zone: str, parts: tuple[PartDay, ...], rules: Rules, now: datetime
) -> tuple[Planned, ...]:
    """The calendar of a new enrollment; kept, because a list has many patients of one day and zone."""
    return plan(start=start, zone=ZoneInfo(zone), parts=parts, rules=rules, now=now, enrolled_at=now)
