"""One thing done to one enrollment, seen before and after; or only tried.

In charge of: the transaction, and what it changed of every part. Not in charge of: the deed (``actions``) or
printing (``cli``).

A trial does the very same work and takes it back, so that it shows exactly what would happen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.actions.enrolling import Dating
from pipeline.app.calendar import CalendarRow, calendar_rows
from pipeline.app.clinic import Clinic
from pipeline.schedule.model import Change
from pipeline.schedule.requests import difference
from pipeline.store import enrollments, patients
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment

#: Finds the enrollment that a deed is about; None for one that comes to be with it.
Finder: TypeAlias = Callable[[Tx], Enrollment | None]
#: Does it; the enrollment's number, and whether anything changed.
Deed: TypeAlias = Callable[[Tx, Enrollment | None, Dating], tuple[int, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a deed did, or would do."""

    applied: bool
    #: False: there was nothing to change.
    changed: bool
    #: The practice system's record number.
    patient: str
    #: None: it came to be with the deed.
    before: Enrollment | None
    after: Enrollment
    rows_before: tuple[CalendarRow, ...]
    rows_after: tuple[CalendarRow, ...]

    @property
    def changes(self) -> tuple[Change[CalendarRow], ...]:
        """The parts of which something else is said than before."""
        return difference(self.rows_before, self.rows_after)


def act(clinic: Clinic, find: Finder, deed: Deed, *, actor: str, apply: bool) -> Done:
    """Do ``deed`` to the enrollment that ``find`` finds, in one transaction; keep nothing unless ``apply``.

    Raises what the two raise; then nothing is kept either.
    """
    dating = clinic.dating(actor=actor)
    with clinic.store.begin() as tx:
        before = find(tx)
        rows = _rows(tx, before.id) if before else ()
        number, changed = deed(tx, before, dating)
        after = enrollments.load_enrollment(tx, number)
        assert after is not None, "nothing here deletes an enrollment"
        person = patients.load_patient(tx, after.patient_id)
        done = Done(
            applied=apply,
            changed=changed,
            patient=person.patient.record if person else "erased",
            before=before,
            after=after,
            rows_before=rows,
            rows_after=_rows(tx, number),
        )
        if not apply:
            tx.connection.rollback()
    return done


def _rows(tx: Tx, enrollment_id: int) -> tuple[CalendarRow, ...]:
    """In the order of parts."""
    found = calendar_rows(tx, enrollment_id=enrollment_id)
    return tuple(sorted(found, key=lambda row: row.part))
