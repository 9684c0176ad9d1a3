"""May this patient be enrolled? What is known of them, and what stands against it.

In charge of: gathering what is kept, and the weightiest reason against an enrollment. Not in charge of: the
rules of who may be mailed (``patients.eligibility``), choosing a series (``choosing``), or enrolling.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.actions.offers import Offer
from pipeline.delivery.states import Reason
from pipeline.patients.eligibility import all_reasons
from pipeline.patients.model import Consent, Patient, VisitStatus
from pipeline.store import enrollments, patients, suppression
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment, EnrollmentStatus

#: What the state of the visit means for mail around it.
WAITS: Mapping[VisitStatus, Reason] = {
    VisitStatus.CANCELED: Reason.CANCELED_VISIT,
    VisitStatus.NO_SHOW: Reason.NO_SHOW,
    VisitStatus.DISCHARGED: Reason.DISCHARGED,
    VisitStatus.ON_HOLD: Reason.PAUSED,
}
#: Where a consent comes from that the patient gave by their own word: never a file.
_OWN_WORD = frozenset({"page", "staff"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is known of a patient before they are enrolled."""

    patient_id: int
    #: The address is on the suppression list.
    blocked: bool
    grounds: tuple[Consent, ...]
    running: tuple[Enrollment, ...]
    ended: tuple[Enrollment, ...]

    def enrolled_in(self, series: str | None) -> bool:
        """Whether an enrollment in ``series`` runs (None: in any)."""
        return any(series in {None, each.series} for each in self.running)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a list, or staff, say of the first visit and of mail around it."""

    start: date | None
    status: VisitStatus = VisitStatus.BOOKED
    #: The list says no to email: grounds recorded before do not count.
    denied: bool = False
    #: Asked for as a new course: one that began on the same day and has ended is no reason against it.
    again: bool = False


def kept_of(tx: Tx, people: Sequence[tuple[int, Patient]]) -> Iterator[Kept]:
    """What is known of each patient (id, patient), in the same order."""
    ids = [patient_id for patient_id, _ in people]
    grounds = patients.consents_of(tx, ids)
    blocked = suppression.suppressed_among(tx, {each.email for _, each in people if each.email})
    theirs: dict[int, list[Enrollment]] = {}
    for enrollment in enrollments.enrollments_of(tx, ids):
        theirs.setdefault(enrollment.patient_id, []).append(enrollment)
    for patient_id, patient in people:
        enrolled = theirs.get(patient_id, ())
        yield Kept(
            patient_id=patient_id,
            blocked=patient.email in blocked,
            grounds=grounds.get(patient_id, ()),
            running=tuple(one for one in enrolled if one.status is not EnrollmentStatus.ENDED),
            ended=tuple(one for one in enrolled if one.status is EnrollmentStatus.ENDED),
        )


def why_not(patient: Patient, kept: Kept, visit: Visit, offer: Offer, *, today: date) -> Reason | None:
    """Why this patient is not enrolled now; None where nothing stands against it.

    Not the language: a patient who cannot read the series waits in it (DESIGN 2, 9).
    """
    if personal := _personal(patient, kept, visit, offer, today=today):
        return personal
    if stopped := _stopped(kept, offer.series):
        return stopped
    if visit.status in WAITS:
        return WAITS[visit.status]
    if visit.start is None:
        return Reason.NO_VISIT
    return None if visit.again else _over(visit.start, kept, offer.series)


def _personal(patient: Patient, kept: Kept, visit: Visit, offer: Offer, *, today: date) -> Reason | None:
    grounds = () if visit.denied else kept.grounds
    found = all_reasons(patient, grounds, purpose=offer.purpose, on=today, suppressed=kept.blocked)
    return Reason(found[0].value) if found else None


def _stopped(kept: Kept, series: str) -> Reason | None:
    """The patient's own stop holds against every list, whatever the date or address in it (DESIGN 9.2)."""
    for each in kept.ended:
        mine = each.reason is Reason.UNSUBSCRIBED or (each.reason is Reason.STOPPED and each.series == series)
        if mine and not any(_is_way_back(ground, each.updated_at) for ground in kept.grounds):
            return each.reason
    return None


def _is_way_back(ground: Consent, stopped_at: datetime) -> bool:
    """A consent given later by the patient, on their page or to staff: never one from a file."""
    return ground.source.partition(":")[0] in _OWN_WORD and ground.given_at > stopped_at


def _over(start: date, kept: Kept, series: str) -> Reason | None:
    """Why this very course of the series has ended already; None where it has not begun."""
    for each in kept.ended:
        if each.series == series and start.isoformat() in {each.episode, each.start.isoformat()}:
            return each.reason or Reason.STOPPED
    return None
