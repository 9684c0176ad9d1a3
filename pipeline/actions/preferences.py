"""What a patient, or staff for them, may change about one enrollment: pause, resume, slower, next part now.

In charge of: these four, in the caller's transaction, each with its audit row. Not in charge of: stopping
(``stopping``), a new visit date (``enrolling``), or pages and tokens (``web``).
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from pipeline.actions.enrolling import Dating, date_again, write_down
from pipeline.delivery.states import Reason, State
from pipeline.schedule.model import Planned, Sent
from pipeline.schedule.requests import next_now, slower
from pipeline.store import enrollments, overview, planning
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment, EnrollmentStatus


def pause(tx: Tx, enrollment: Enrollment, dating: Dating, *, until: date) -> bool:
    """Hold everything unsent until ``until`` (a civil date in the patient's zone); False where it has ended
    or is held for another reason.
    """
    if enrollment.status not in {EnrollmentStatus.ACTIVE, EnrollmentStatus.PAUSED}:
        return False
    enrollments.set_status(
        tx, [enrollment.id], EnrollmentStatus.PAUSED, reason=Reason.PAUSED, paused_until=until, now=dating.now
    )
    planning.hold(tx, [enrollment.id], reason=Reason.PAUSED, actor=dating.actor, now=dating.now)
    write_down(tx, enrollment, "pause", dating)
    return True


def resume(tx: Tx, enrollment: Enrollment, dating: Dating) -> bool:
    """End a pause: what is not too late is dated again by the late rule (DESIGN 7.5), never as a burst."""
    if enrollment.status is not EnrollmentStatus.PAUSED:
        return False
    enrollments.set_status(tx, [enrollment.id], EnrollmentStatus.ACTIVE, now=dating.now)
    date_again(tx, enrollment, dating)
    write_down(tx, enrollment, "resume", dating)
    return True


def go_slower(tx: Tx, enrollment: Enrollment, dating: Dating) -> bool:
    """Double the distances between the parts still to come; False where they are doubled already."""
    if enrollment.slower or enrollment.status is EnrollmentStatus.ENDED:
        return False
    enrollments.set_slower(tx, enrollment.id, slower=True, now=dating.now)
    if enrollment.status is EnrollmentStatus.ACTIVE:
        date_again(tx, replace(enrollment, slower=True), dating)
    write_down(tx, enrollment, "slower", dating)
    return True


def ask_next(tx: Tx, enrollment: Enrollment, dating: Dating) -> Planned | None:
    """Date the next part as soon as the window allows: one a day, in order (DESIGN 7.4).

    The parts after it keep their days where the gap allows, and wait where it does not. Returns what it now
    says of that part; None where no part may go any more, or none is planned.
    """
    if enrollment.status is not EnrollmentStatus.ACTIVE:
        return None
    rows = overview.deliveries_of(tx, [enrollment.id])
    planned = _next(tx, enrollment, dating, among={row.part for row in rows if row.state is State.PLANNED})
    if planned is None or planned.due is None:
        return None
    row = next(row for row in rows if row.part == planned.part)
    if not planning.ask_now(tx, row.id, due_at=planned.due, actor=dating.actor, now=dating.now):
        return None
    on = planned.due.astimezone(ZoneInfo(planned.zone)).date()
    date_again(tx, enrollment, dating, going=Sent(part=planned.part, on=on))
    write_down(tx, enrollment, "next_now", dating)
    return planned


def _next(tx: Tx, enrollment: Enrollment, dating: Dating, *, among: Collection[int]) -> Planned | None:
    """When the next of the parts ``among`` those planned could go."""
    parts = [part for part in dating.days.of(tx, enrollment.edition) if part.part in among]
    return next_now(
        start=enrollment.start,
        zone=ZoneInfo(enrollment.zone),
        parts=slower(parts) if enrollment.slower else parts,
        rules=dating.rules,
        now=dating.now,
        sent=planning.sent_parts(tx, [enrollment.id], zone=enrollment.zone).get(enrollment.id, ()),
    )
