"""Finding a patient, or one of their enrollments, by what staff can write.

In charge of: exact address, record number, whole words of a name, enrollment number; and saying in words
why nobody was found. Not in charge of: how they are looked up (``store``).
"""

from pipeline.delivery.words import REASON_WORDS
from pipeline.errors import NotAllowedError
from pipeline.store import enrollments, patients
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment, EnrollmentStatus

_FIND = "find the patient with: pipeline patient find TEXT"


def find_patients(tx: Tx, text: str) -> tuple[int, ...]:
    """The ids of everyone with this record number, this whole address, or every word of this name.

    Nothing is compared but keyed hashes: a part of a word, or of an address, finds nobody.
    """
    if "@" in text:
        return patients.find_by_address(tx, text.strip())
    record = patients.find_by_record(tx, text)
    return (record,) if record is not None else patients.find_by_name(tx, text)


def patient_with(tx: Tx, record: str) -> int:
    """The id of the patient with this record number. Raises NotAllowedError."""
    found = patients.find_by_record(tx, record)
    if found is None:
        raise NotAllowedError(f"There is no patient with the record number {record!r}.", mend=_FIND)
    return found


def enrollment_by_number(tx: Tx, number: int) -> Enrollment:
    """One enrollment that has not ended. Raises NotAllowedError."""
    found = enrollments.load_enrollment(tx, number)
    if found is None:
        raise NotAllowedError(
            f"There is no enrollment {number}.", mend="see a patient's with: pipeline patient show RECORD"
        )
    return _running(found)


def enrollment_of(tx: Tx, record: str, series: str | None = None) -> Enrollment:
    """The patient's one enrollment that has not ended, in ``series`` where given. Raises NotAllowedError."""
    theirs = [
        each
        for each in enrollments.enrollments_of(tx, [patient_with(tx, record)])
        if series in {None, each.series}
    ]
    running = [each for each in theirs if each.status is not EnrollmentStatus.ENDED]
    if len(running) > 1:
        listed = ", ".join(f"{each.id} ({each.series})" for each in running)
        raise NotAllowedError(
            f"Patient {record} has more than one enrollment that runs: {listed}.",
            mend="name one by its number, or its series with --series",
        )
    if not theirs:
        where = f" in the series {series!r}" if series else ""
        raise NotAllowedError(
            f"Patient {record} was never enrolled{where}.",
            mend=f"enroll them with: pipeline enroll {record} --series NAME --start DATE",
        )
    return _running(running[0] if running else theirs[-1])


def _running(enrollment: Enrollment) -> Enrollment:
    if enrollment.status is EnrollmentStatus.ENDED:
        why = f": {REASON_WORDS[enrollment.reason]}" if enrollment.reason else ""
        raise NotAllowedError(
            f"Enrollment {enrollment.id} has ended{why}.",
            mend="begin a new course with: pipeline enroll RECORD --series NAME --start DATE --again",
        )
    return enrollment
