"""One patient as staff see them: who they are, what they agreed to, what they get, what was done.

In charge of: gathering that. Not in charge of: finding them (``actions.finding``) or printing (``cli``).
"""

from dataclasses import dataclass, field

from pipeline.app.calendar import CalendarRow, calendar_rows
from pipeline.patients.model import Consent, Patient
from pipeline.store import audit, enrollments, patients, suppression
from pipeline.store.audit import Entry
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment
from pipeline.store.suppression import Suppression

#: Rows of the audit trail that are shown of a patient and of each of their enrollments.
_HISTORY = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Everything that is kept about one patient and their mail."""

    patient: Patient = field(repr=False)
    consents: tuple[Consent, ...]
    #: What the suppression list says of their address, lifted entries too.
    suppressions: tuple[Suppression, ...]
    enrollments: tuple[Enrollment, ...]
    rows: tuple[CalendarRow, ...]
    #: Oldest first.
    history: tuple[Entry, ...]

    @property
    def suppressed(self) -> bool:
        """Whether their address is on the suppression list now."""
        return any(each.lifted_at is None for each in self.suppressions)


def person(tx: Tx, patient_id: int) -> Person | None:
    """The patient with everything; None where they are not there."""
    row = patients.load_patient(tx, patient_id)
    if row is None:
        return None
    theirs = enrollments.enrollments_of(tx, [patient_id])
    subjects = (f"patient:{patient_id}", *(f"enrollment:{each.id}" for each in theirs))
    done = [entry for subject in subjects for entry in audit.entries(tx, subject=subject, limit=_HISTORY)]
    address = row.patient.email
    return Person(
        patient=row.patient,
        consents=patients.consents_of(tx, [patient_id]).get(patient_id, ()),
        suppressions=suppression.suppressions_of(tx, address) if address else (),
        enrollments=theirs,
        rows=calendar_rows(tx, patient_id=patient_id),
        history=tuple(sorted(done, key=lambda entry: entry.seq)),
    )
