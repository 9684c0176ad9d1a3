"""Staff enroll one patient, or begin a new course for one who had the series before.

In charge of: what has to be true of it, in words. Not in charge of: the rules behind it (``admission``),
lists (``importing``), or dating parts (``enrolling``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.actions import enrolling
from pipeline.actions.admission import Kept, Visit, kept_of, why_not
from pipeline.actions.enrolling import Candidate, Dating
from pipeline.actions.offers import Offer, offer_in, offers_by_series
from pipeline.delivery.states import Reason
from pipeline.delivery.words import REASON_WORDS
from pipeline.errors import NotAllowedError
from pipeline.patients.model import Patient
from pipeline.store import enrollments, patients
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment

_CONSENT = "record the patient's own word with: pipeline patient consent RECORD --wording VERSION --by NAME"
_MENDS = {
    Reason.NO_CONSENT: _CONSENT,
    Reason.SUPPRESSED: _CONSENT,
    Reason.UNSUBSCRIBED: _CONSENT,
    Reason.STOPPED: _CONSENT,
    Reason.NO_ADDRESS: "bring a list with the patient's address",
    Reason.PHONE_INSTEAD: "call them: pipeline calls",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What staff ask for."""

    patient_id: int
    series: str
    #: The first visit, a civil date in ``zone``.
    start: date
    #: IANA zone; None: the patient's, else the clinic's.
    zone: str | None = None
    #: A new course of a series that the patient had before.
    again: bool = False


def admit(tx: Tx, entry: Entry, dating: Dating) -> Enrollment:
    """Enroll one patient in the caller's transaction; the new enrollment.

    Where the series is not there in their language they wait in it. A new course gets every part again;
    within one course no part is repeated. Raises NotAllowedError with what stands against it.
    """
    row = patients.load_patient(tx, entry.patient_id)
    if row is None:
        raise NotAllowedError("This patient is not there any more.")
    (kept,) = kept_of(tx, [(entry.patient_id, row.patient)])
    theirs = [each for each in (*kept.ended, *kept.running) if each.series == entry.series]
    _check_course(entry, kept, theirs)
    language = enrolling.language_of(row.patient.language, dating)
    offers = _offers(tx, entry.series, dating)
    readable = offer_in(offers, language)
    offer = readable or offers[0]
    _check_patient(row.patient, kept, entry, offer, dating)
    candidate = Candidate(
        patient_id=entry.patient_id,
        start=entry.start,
        zone=entry.zone or row.patient.zone,
        episode=_episode(entry.start, theirs),
    )
    (number,) = enrolling.enroll(tx, [candidate], offer, dating)
    if readable is None:
        enrolling.hold_new(tx, [number], dating, reason=Reason.NO_LANGUAGE)
    return _loaded(tx, number)


def _check_course(entry: Entry, kept: Kept, theirs: Sequence[Enrollment]) -> None:
    running = next((each for each in kept.running if each.series == entry.series), None)
    if running is not None:
        raise NotAllowedError(
            f"The patient is in {entry.series!r} already: enrollment {running.id}.",
            mend=f"another first visit: pipeline move {running.id} --to DATE",
        )
    if theirs and not entry.again:
        last = theirs[-1]
        why = f" ({REASON_WORDS[last.reason]})" if last.reason else ""
        raise NotAllowedError(
            f"The patient had {entry.series!r} before: enrollment {last.id}, which has ended{why}.",
            mend="add --again to begin a new course: every part is then sent once more",
        )


def _offers(tx: Tx, series: str, dating: Dating) -> Sequence[Offer]:
    today = dating.now.astimezone(dating.clinic_zone).date()
    known = offers_by_series(tx, today=today)
    if series not in known:
        raise NotAllowedError(
            f"The series {series!r} has no approved edition, so nobody can be enrolled in it.",
            mend=f"approved today: {', '.join(sorted(known)) or 'none'}; approve one with: pipeline approve",
        )
    return known[series]


def _check_patient(patient: Patient, kept: Kept, entry: Entry, offer: Offer, dating: Dating) -> None:
    today = dating.now.astimezone(dating.clinic_zone).date()
    reason = why_not(patient, kept, Visit(start=entry.start, again=entry.again), offer, today=today)
    if reason is not None:
        raise NotAllowedError(
            f"The patient cannot be enrolled: {REASON_WORDS[reason]}.", mend=_MENDS.get(reason)
        )


def _episode(start: date, theirs: Sequence[Enrollment]) -> str:
    """A name that none of their courses has: the start date, with a number where that was one already."""
    taken, name, number = {each.episode for each in theirs}, start.isoformat(), 2
    while name in taken:
        name, number = f"{start.isoformat()}/{number}", number + 1
    return name


def _loaded(tx: Tx, number: int) -> Enrollment:
    found = enrollments.load_enrollment(tx, number)
    assert found is not None, "it was written in this transaction"
    return found
