"""A newer export about a patient who is enrolled already: it ends, holds, releases or moves (DESIGN 7.6).

In charge of: what a row means for enrollments that run. Not in charge of: new patients (``importing``), or
carrying it out (``enrolling``).
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from pipeline.actions import enrolling
from pipeline.actions.admission import WAITS, Kept
from pipeline.actions.choosing import Choosing
from pipeline.actions.effects import Effect, RowResult
from pipeline.actions.enrolling import Dating
from pipeline.delivery.states import Reason
from pipeline.patients.eligibility import eligible, stands
from pipeline.patients.model import RosterRow, VisitStatus
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment, EnrollmentStatus

_MISSED = frozenset({VisitStatus.CANCELED, VisitStatus.NO_SHOW})
#: Reasons of the patient's own that a newer list may show to be over: for one of these the dispatcher left
#: parts out or held them, or an earlier list did.
PERSONAL = frozenset(
    {Reason.NO_CONSENT, Reason.NO_ADDRESS, Reason.PHONE_INSTEAD, Reason.MINOR, Reason.NO_LANGUAGE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One row about a patient who is enrolled."""

    row: RosterRow
    kept: Kept
    #: The address is another one than was kept: a wrong one may have been corrected.
    new_address: bool
    #: The series that the row's visit is about; None: any.
    series: str | None
    choosing: Choosing
    #: Enrollments with parts that were held or left out for one of ``PERSONAL``.
    held_back: Collection[int]

    def is_about(self, enrollment: Enrollment) -> bool:
        """Whether the row's visit is this enrollment's; death, discharge and a "no" count for all."""
        return self.series in {None, enrollment.series}


def follow(tx: Tx, news: News, dating: Dating) -> RowResult:
    """Do what ``news`` says to every running enrollment of the patient; tells the first change."""
    results = [_follow(tx, news, each, dating) for each in news.kept.running]
    changes = (each for each in results if each.effect is not Effect.UNCHANGED)
    return next(changes, RowResult(row=news.row.row, effect=Effect.UNCHANGED))


def _follow(tx: Tx, news: News, enrollment: Enrollment, dating: Dating) -> RowResult:
    row = news.row
    if ending := _ending(row):
        done = enrolling.end(tx, enrollment, dating, reason=ending)
        return _result(row, Effect.ENDED, done=done, reason=ending)
    readable = _readable(tx, news, enrollment, dating)
    if holding := _holding(news, enrollment, readable, dating):
        done = enrolling.hold(tx, enrollment, dating, reason=holding)
        return _result(row, Effect.HELD, done=done, reason=holding)
    start = _new_date(news, enrollment)
    zone = enrollment.zone if start is None else row.patient.zone or dating.clinic_zone.key
    to = replace(
        enrollment, start=start or enrollment.start, zone=zone, edition=readable or enrollment.edition
    )
    if _is_over(tx, news, enrollment, to, dating, dated=start is not None):
        enrolling.release(tx, enrollment, dating, to=to, lifted=PERSONAL)
        return RowResult(row=row.row, effect=Effect.RELEASED)
    done = enrolling.move(tx, enrollment, dating, start=to.start, zone=zone, lifted=())
    return _result(row, Effect.MOVED, done=done, reason=None)


def _ending(row: RosterRow) -> Reason | None:
    if row.patient.deceased:
        return Reason.DECEASED
    return Reason.DISCHARGED if row.status is VisitStatus.DISCHARGED else None


def _readable(tx: Tx, news: News, enrollment: Enrollment, dating: Dating) -> str | None:
    """The edition that the patient can read: theirs, or another of the series; None where there is none."""
    language = enrolling.language_of(news.row.patient.language, dating)
    if enrolling.speaks(tx, enrollment, language, dating):
        return enrollment.edition
    offer = news.choosing.offer_of(enrollment.series, language)
    return offer.edition if offer else None


def _holding(news: News, enrollment: Enrollment, readable: str | None, dating: Dating) -> Reason | None:
    row = news.row
    if personal := _personal(row):
        return personal
    missed_later = row.status in _MISSED and not _before_visit(row, enrollment, dating)
    if news.is_about(enrollment) and not missed_later and row.status in WAITS:
        return WAITS[row.status]
    return Reason.NO_LANGUAGE if readable is None else None


def _personal(row: RosterRow) -> Reason | None:
    """What the row says against mailing its patient at all, whatever the series."""
    checks = (
        (row.patient.minor, Reason.MINOR),
        (row.patient.phone_instead, Reason.PHONE_INSTEAD),
        (row.patient.email is None, Reason.NO_ADDRESS),
        (row.denied, Reason.NO_CONSENT),
    )
    return next((reason for applies, reason in checks if applies), None)


def _before_visit(row: RosterRow, enrollment: Enrollment, dating: Dating) -> bool:
    """Whether the first visit never took place: a no-show of a later visit changes nothing."""
    today = dating.now.astimezone(ZoneInfo(enrollment.zone)).date()
    return row.start is None or row.start <= enrollment.start or today <= enrollment.start


def _new_date(news: News, enrollment: Enrollment) -> date | None:
    """The date to count from that the row gives; a later visit that was missed is none."""
    if not news.is_about(enrollment) or news.row.status in _MISSED:
        return None
    return news.row.start


def _is_over(
    tx: Tx, news: News, enrollment: Enrollment, to: Enrollment, dating: Dating, *, dated: bool
) -> bool:
    """Whether the row shows that what held the enrollment, or some of its parts, is over."""
    if enrollment.status is EnrollmentStatus.HELD:
        return enrollment.reason in _lifted(tx, news, enrollment, dating, dated=dated)
    if to.edition != enrollment.edition:
        return True
    held_back = enrollment.status is EnrollmentStatus.ACTIVE and enrollment.id in news.held_back
    return held_back and _may_be_mailed(tx, news, enrollment, dating)


def _lifted(tx: Tx, news: News, enrollment: Enrollment, dating: Dating, *, dated: bool) -> frozenset[Reason]:
    """Reasons for holding that this row shows to be over. A patient's own "not me" needs a new address."""
    over = {Reason.MINOR, Reason.PHONE_INSTEAD, Reason.NO_ADDRESS, Reason.NO_LANGUAGE}
    if dated:
        over |= {Reason.CANCELED_VISIT, Reason.NO_SHOW, Reason.PAUSED}
    if news.row.consent is not None and _carried(tx, news, enrollment, dating):
        over.add(Reason.NO_CONSENT)
    if news.new_address:
        over.add(Reason.WRONG_PERSON)
    return frozenset(over)


def _carried(tx: Tx, news: News, enrollment: Enrollment, dating: Dating) -> bool:
    """Whether a ground that the patient gave carries this series today."""
    purpose = dating.days.about(tx, enrollment.edition).purpose
    today = _today(enrollment, dating)
    return any(stands(ground, purpose=purpose, on=today) for ground in news.kept.grounds)


def _may_be_mailed(tx: Tx, news: News, enrollment: Enrollment, dating: Dating) -> bool:
    purpose = dating.days.about(tx, enrollment.edition).purpose
    reason = eligible(
        news.row.patient, news.kept.grounds, purpose=purpose, on=_today(enrollment, dating),
        suppressed=news.kept.blocked,
    )  # fmt: skip
    return reason is None


def _today(enrollment: Enrollment, dating: Dating) -> date:
    return dating.now.astimezone(ZoneInfo(enrollment.zone)).date()


def _result(row: RosterRow, effect: Effect, *, done: bool, reason: Reason | None) -> RowResult:
    if not done:
        return RowResult(row=row.row, effect=Effect.UNCHANGED)
    return RowResult(row=row.row, effect=effect, reason=reason)
