"""A patient's own word to be mailed (again), given on their page or to staff: the only way back.

In charge of: recording it, lifting the suppression of that address, and releasing what waited for a consent.
Not in charge of: consents from lists (``importing``), which never lift anything (DESIGN 9.2).
"""

from dataclasses import dataclass

from pipeline.actions import enrolling
from pipeline.actions.enrolling import Dating
from pipeline.delivery.states import Reason
from pipeline.errors import NotAllowedError
from pipeline.patients.eligibility import eligible
from pipeline.patients.model import Consent
from pipeline.store import audit, enrollments, patients, suppression, waiting
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment, EnrollmentStatus

_WAITED = frozenset({Reason.NO_CONSENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What recording a consent did."""

    #: The address was on the suppression list, and is not any more.
    lifted: bool
    #: Others who share the address: they may be mailed again too, once they say so.
    sharing: int
    #: Enrollments that go on.
    released: tuple[int, ...]
    #: Enrollments that ended when the patient stopped: they stay ended.
    stay_ended: tuple[int, ...]


def give_consent(tx: Tx, patient_id: int, consent: Consent, dating: Dating) -> Given:
    """Record ``consent`` in the caller's transaction. NotAllowedError: the patient is not there."""
    row = patients.load_patient(tx, patient_id)
    if row is None:
        raise NotAllowedError("This patient is not there any more.")
    address = row.patient.email
    patients.add_consents(tx, [(patient_id, consent)], now=dating.now)
    lifted = address is not None and suppression.lift(tx, address, source=consent.source, now=dating.now)
    sharing = len(patients.find_by_address(tx, address)) - 1 if address and lifted else 0
    theirs = enrollments.enrollments_of(tx, [patient_id])
    released = tuple(each.id for each in theirs if _release(tx, each, dating))
    audit.append(
        tx, actor=dating.actor, action="consent", subject=f"patient:{patient_id}", now=dating.now,
        detail={
            "basis": consent.basis, "wording": consent.wording, "source": consent.source, "lifted": lifted,
            "expires_on": consent.expires_on.isoformat() if consent.expires_on else None,
        },
    )  # fmt: skip
    ended = tuple(each.id for each in theirs if each.status is EnrollmentStatus.ENDED)
    return Given(lifted=lifted, sharing=sharing, released=released, stay_ended=ended)


def _release(tx: Tx, enrollment: Enrollment, dating: Dating) -> bool:
    """Let an enrollment go on, or parts of it, that waited for a consent and nothing else."""
    held = enrollment.status is EnrollmentStatus.HELD and enrollment.reason in _WAITED
    parts = enrollment.status is EnrollmentStatus.ACTIVE and waiting.held_back(tx, [enrollment.id], _WAITED)
    if not (held or parts) or not _may_be_mailed(tx, enrollment, dating):
        return False
    enrolling.release(tx, enrollment, dating, to=enrollment, lifted=_WAITED)
    return True


def _may_be_mailed(tx: Tx, enrollment: Enrollment, dating: Dating) -> bool:
    row = patients.load_patient(tx, enrollment.patient_id)
    if row is None:
        return False
    grounds = patients.consents_of(tx, [enrollment.patient_id]).get(enrollment.patient_id, ())
    today = dating.now.astimezone(dating.clinic_zone).date()
    purpose = dating.days.about(tx, enrollment.edition).purpose
    return eligible(row.patient, grounds, purpose=purpose, on=today, suppressed=False) is None
