"""A newer export about a patient who is enrolled already: it ends, holds, releases or moves (DESIGN 7.6).

In charge of: what a row means for enrollments that run. Not in charge of: new patients (``importing``), or
carrying it out (``enrolling``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from pipeline.actions import enrolling
from pipeline.actions.effects import Effect, RowResult
from pipeline.actions.enrolling import Dating
from pipeline.delivery.states import Reason
from pipeline.patients.model import RosterRow, VisitStatus
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment, EnrollmentStatus

#: What the state of the visit means for mail around it.
WAITS = {
    VisitStatus.CANCELED: Reason.CANCELED_VISIT,
    VisitStatus.NO_SHOW: Reason.NO_SHOW,
    VisitStatus.DISCHARGED: Reason.DISCHARGED,
    VisitStatus.ON_HOLD: Reason.PAUSED,
}
_MISSED = frozenset({VisitStatus.CANCELED, VisitStatus.NO_SHOW})


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One row about a patient who is enrolled."""

    row: RosterRow
    #: The address is another one than was kept: a wrong one may have been corrected.
    new_address: bool
    #: The series the file was brought for; None: any.
    series: str | None

    def is_about(self, enrollment: Enrollment) -> bool:
        """Whether the row's visit is this enrollment's; death, discharge and a "no" count for all."""
        return self.series in {None, enrollment.series}


def follow(tx: Tx, news: News, running: Sequence[Enrollment], dating: Dating) -> RowResult:
    """Do what ``news`` says to every running enrollment of the patient; tells the first change."""
    results = [_follow(tx, news, each, dating) for each in running]
    changes = (each for each in results if each.effect is not Effect.UNCHANGED)
    return next(changes, RowResult(row=news.row.row, effect=Effect.UNCHANGED))


def _follow(tx: Tx, news: News, enrollment: Enrollment, dating: Dating) -> RowResult:
    row = news.row
    if ending := _ending(row):
        done = enrolling.end(tx, enrollment, dating, reason=ending)
        return _result(row, Effect.ENDED, done=done, reason=ending)
    if holding := _holding(news, enrollment, dating):
        done = enrolling.hold(tx, enrollment, dating, reason=holding)
        return _result(row, Effect.HELD, done=done, reason=holding)
    start = _new_date(news, enrollment)
    lifted = _lifted(news, dated=start is not None)
    released = enrollment.status is EnrollmentStatus.HELD and enrollment.reason in lifted
    zone = enrollment.zone if start is None else row.patient.zone or dating.clinic_zone.key
    done = enrolling.move(tx, enrollment, dating, start=start or enrollment.start, zone=zone, lifted=lifted)
    return _result(row, Effect.RELEASED if released else Effect.MOVED, done=done, reason=None)


def _ending(row: RosterRow) -> Reason | None:
    if row.patient.deceased:
        return Reason.DECEASED
    return Reason.DISCHARGED if row.status is VisitStatus.DISCHARGED else None


def _holding(news: News, enrollment: Enrollment, dating: Dating) -> Reason | None:
    row = news.row
    if row.denied:
        return Reason.NO_CONSENT
    if not news.is_about(enrollment) or (
        row.status in _MISSED and not _before_visit(row, enrollment, dating)
    ):
        return None
    return WAITS.get(row.status)


def _before_visit(row: RosterRow, enrollment: Enrollment, dating: Dating) -> bool:
    """Whether the first visit never took place: a no-show of a later visit changes nothing."""
    today = dating.now.astimezone(ZoneInfo(enrollment.zone)).date()
    return row.start is None or row.start <= enrollment.start or today <= enrollment.start


def _new_date(news: News, enrollment: Enrollment) -> date | None:
    """The date to count from that the row gives; a later visit that was missed is none."""
    if not news.is_about(enrollment) or news.row.status in _MISSED:
        return None
    return news.row.start


def _lifted(news: News, *, dated: bool) -> frozenset[Reason]:
    """Reasons for holding that this row shows to be over. A patient's own "not me" needs a new address."""
    over = {Reason.CANCELED_VISIT, Reason.NO_SHOW, Reason.PAUSED} if dated else set()
    if news.row.consent is not None:
        over.add(Reason.NO_CONSENT)
    if news.new_address:
        over.add(Reason.WRONG_PERSON)
    return frozenset(over)


def _result(row: RosterRow, effect: Effect, *, done: bool, reason: Reason | None) -> RowResult:
    if not done:
        return RowResult(row=row.row, effect=Effect.UNCHANGED)
    return RowResult(row=row.row, effect=effect, reason=reason)
