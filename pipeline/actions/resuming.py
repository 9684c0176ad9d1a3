"""Staff let an enrollment go on: after a pause, or where what held it is over.

In charge of: which of these it is, and what to do where it is something else. Not in charge of: dates
(``enrolling``): they follow the late rule (DESIGN 7.5).
"""

from pipeline.actions import enrolling, languages, preferences
from pipeline.actions.enrolling import Dating
from pipeline.delivery.states import Reason, State
from pipeline.delivery.words import REASON_WORDS
from pipeline.errors import NotAllowedError
from pipeline.store import overview
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment, EnrollmentStatus

_MENDS = {
    Reason.CANCELED_VISIT: "give the new date with: pipeline move NUMBER --to DATE",
    Reason.NO_SHOW: "give the new date with: pipeline move NUMBER --to DATE",
    Reason.NO_LANGUAGE: "have the series approved in the patient's language",
    Reason.NO_CONSENT: "record it with: pipeline patient consent RECORD",
    Reason.WRONG_PERSON: "bring a list with the right address; what was held then goes on",
    Reason.NO_ADDRESS: "bring a list with an address; what was held then goes on",
    Reason.PHONE_INSTEAD: "bring a list on which the patient wants emails again",
    Reason.MINOR: "bring a list with the right date of birth",
}


def go_on(tx: Tx, enrollment: Enrollment, dating: Dating) -> bool:
    """Let it go on; False where it goes on already. Raises NotAllowedError where something else is needed."""
    match enrollment.status:
        case EnrollmentStatus.PAUSED:
            return preferences.resume(tx, enrollment, dating)
        case EnrollmentStatus.ACTIVE:
            return _release_parts(tx, enrollment, dating)
        case EnrollmentStatus.HELD if _may_be_released(tx, enrollment, dating):
            return True
        case EnrollmentStatus.HELD:
            reason = enrollment.reason or Reason.PAUSED
            raise NotAllowedError(
                f"Enrollment {enrollment.id} is held: {REASON_WORDS[reason]}.", mend=_MENDS.get(reason)
            )
        case EnrollmentStatus.ENDED:
            return False


def _may_be_released(tx: Tx, enrollment: Enrollment, dating: Dating) -> bool:
    """Releases it, where a word of staff or an approval is enough."""
    if enrollment.reason is Reason.NO_LANGUAGE:
        return languages.release_if_readable(tx, enrollment, dating)
    if enrollment.reason is not Reason.PAUSED:
        return False
    enrolling.release(tx, enrollment, dating, to=enrollment)
    return True


def _release_parts(tx: Tx, enrollment: Enrollment, dating: Dating) -> bool:
    """Date parts again that were held one by one; the dispatcher asks once more whether they may go."""
    rows = overview.deliveries_of(tx, [enrollment.id])
    if not any(row.state is State.HELD for row in rows):
        return False
    enrolling.release(tx, enrollment, dating, to=enrollment)
    return True
