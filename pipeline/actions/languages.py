"""Patients who wait in a series that is not there in their language, and go on when it is.

In charge of: letting them go on. Not in charge of: putting them there (``importing``, ``following``), or
approving an edition (``approving``).
"""

from dataclasses import replace
from datetime import date

from pipeline.actions import enrolling
from pipeline.actions.enrolling import Dating
from pipeline.actions.offers import offer_in, offers_by_series
from pipeline.delivery.states import Reason
from pipeline.store import enrollments, patients
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment, EnrollmentStatus

_PAGE = 200


def release_waiting(tx: Tx, series: str, dating: Dating) -> int:
    """Let everybody go on who waits in ``series`` and can now read it; how many.

    For the moment of an approval: call it in the transaction that signs, or after it.
    """
    released, after = 0, 0
    while page := enrollments.list_enrollments(
        tx, series=series, status=EnrollmentStatus.HELD, after=after, limit=_PAGE
    ):
        waiting = [each for each in page if each.reason is Reason.NO_LANGUAGE]
        released += sum(release_if_readable(tx, each, dating) for each in waiting)
        after = page[-1].id
    return released


def release_if_readable(tx: Tx, enrollment: Enrollment, dating: Dating) -> bool:
    """Let one waiting enrollment go on where its series is approved in the patient's language."""
    edition = _readable(tx, enrollment, dating)
    if edition is None:
        return False
    enrolling.release(tx, enrollment, dating, to=replace(enrollment, edition=edition))
    return True


def _readable(tx: Tx, enrollment: Enrollment, dating: Dating) -> str | None:
    row = patients.load_patient(tx, enrollment.patient_id)
    if row is None:
        return None
    language = enrolling.language_of(row.patient.language, dating)
    offers = offers_by_series(tx, today=_today(dating), series=enrollment.series)
    found = offer_in(offers.get(enrollment.series, ()), language)
    return found.edition if found else None


def _today(dating: Dating) -> date:
    return dating.now.astimezone(dating.clinic_zone).date()
