"""Staff enroll one patient: what stands against it, a new course, somebody who comes late."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.actions import enrolling, stopping
from pipeline.actions.admitting import Entry, admit
from pipeline.actions.finding import enrollment_by_number, enrollment_of, find_patients, patient_with
from pipeline.delivery.states import Reason, State
from pipeline.errors import NotAllowedError
from pipeline.patients.model import VisitStatus
from pipeline.store import patients
from pipeline.store.enrollments import Enrollment, EnrollmentStatus
from tests.actions.desk import VISIT, Desk, row
from tests.engine.sample import DAYS, SERIES


def enroll(desk: Desk, number: int = 1, **fields: object) -> Enrollment:
    with desk.store.begin() as tx:
        patient = patient_with(tx, f"R-{number:04}")
        entry = Entry(**{"patient_id": patient, "series": SERIES, "start": VISIT, **fields})
        return admit(tx, entry, desk.dating())


def end(desk: Desk) -> None:
    with desk.store.begin() as tx:
        enrolling.end(tx, desk.enrollment(), desk.dating(), reason=Reason.DISCHARGED)
    desk.later(hours=1)


def test_one_patient_is_enrolled_with_every_day(desk: Desk) -> None:
    desk.bring(row(), series=None)
    enrollment = enroll(desk)
    assert (enrollment.start, enrollment.zone, enrollment.status) == (
        VISIT, "America/Chicago", EnrollmentStatus.ACTIVE,
    )  # fmt: skip
    assert desk.days() == [VISIT + timedelta(days=offset) for offset in DAYS]


def test_the_zone_is_the_one_asked_for_else_the_patients(desk: Desk) -> None:
    desk.bring(row(1, person={"zone": "Pacific/Chatham"}), row(2), series=None)
    assert enroll(desk, 1).zone == "Pacific/Chatham"
    assert enroll(desk, 2, zone="Asia/Tokyo").zone == "Asia/Tokyo"
    (first, *_) = desk.deliveries(2)
    assert f"{first.due_at.astimezone(ZoneInfo('Asia/Tokyo')):%H:%M}" == "09:00"


def test_who_comes_late_sees_what_is_left_out_and_what_is_caught_up_with(desk: Desk) -> None:
    desk.bring(row(), series=None)
    enroll(desk, start=desk.now.date() - timedelta(days=DAYS[0] + 8))
    assert desk.states()[0] == (State.SKIPPED, Reason.EXPIRED)
    assert desk.states()[1] == (State.PLANNED, Reason.LATE)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (row(consent=None), "no consent is recorded"),
        (row(person={"minor": True}), "under 18"),
        (row(person={"phone_instead": True}), "phone call"),
        (row(person={"email": None}), "no usable email address"),
        (row(person={"deceased": True}), "has died"),
    ],
    ids=["no ground", "minor", "phone", "no address", "deceased"],
)
def test_who_may_not_be_mailed_is_refused_in_words(desk: Desk, bad, says) -> None:
    desk.bring(bad, series=None)
    with pytest.raises(NotAllowedError, match=says):
        enroll(desk)
    assert desk.enrollments() == ()


def test_a_series_that_nobody_approved_names_those_that_are(desk: Desk) -> None:
    desk.bring(row(), series=None)
    with pytest.raises(NotAllowedError, match="no approved edition") as caught:
        enroll(desk, series="hands")
    assert SERIES in caught.value.mend


def test_a_missing_language_waits(desk: Desk) -> None:
    desk.bring(row(person={"language": "es-US"}), series=None)
    assert enroll(desk).reason is Reason.NO_LANGUAGE
    assert set(desk.states()) == {(State.HELD, Reason.NO_LANGUAGE)}


def test_one_course_at_a_time(desk: Desk) -> None:
    desk.bring(row())
    for again in (False, True):
        with pytest.raises(NotAllowedError, match="already: enrollment"):
            enroll(desk, again=again, start=VISIT + timedelta(days=90))


@pytest.mark.parametrize("start", [VISIT, VISIT + timedelta(days=90)], ids=["the same day", "another day"])
def test_a_new_course_is_asked_for_and_gets_every_part_once_more(desk: Desk, start: date) -> None:
    desk.bring(row())
    end(desk)
    with pytest.raises(NotAllowedError, match="had 'first-weeks' before"):
        enroll(desk, start=start)

    enroll(desk, start=start, again=True)

    first, second = desk.enrollments()
    assert (first.status, second.status) == (EnrollmentStatus.ENDED, EnrollmentStatus.ACTIVE)
    assert first.episode != second.episode
    assert [state for state, _ in desk.states()] == [State.PLANNED] * len(DAYS)


def test_a_list_with_the_day_of_a_new_course_leaves_it_as_it_is(desk: Desk) -> None:
    desk.bring(row())
    end(desk)
    enroll(desk, again=True)

    desk.bring(row())

    assert len(desk.enrollments()) == 2
    desk.bring(row(status=VisitStatus.DISCHARGED))
    assert {each.status for each in desk.enrollments()} == {EnrollmentStatus.ENDED}


def test_the_patients_own_stop_holds_against_staff_until_a_consent_is_recorded(desk: Desk) -> None:
    desk.bring(row())
    with desk.store.begin() as tx:
        stopping.stop_series(tx, desk.deliveries()[0], now=desk.now)
    with pytest.raises(NotAllowedError, match="stopped this series") as caught:
        enroll(desk, again=True)
    assert "pipeline patient consent" in caught.value.mend


def test_people_are_found_by_whole_words_and_whole_addresses_only(desk: Desk) -> None:
    desk.bring(row(1), row(2, person={"email": "PERSON1@example.org"}), series=None)
    with desk.store.read() as tx:
        one, two = (patients.find_by_record(tx, f"R-000{number}") for number in (1, 2))
        assert find_patients(tx, "R-0001") == (one,)
        assert find_patients(tx, "Person1@Example.org") == (one, two)
        assert find_patients(tx, "family2 GIVEN2") == (two,)
        for part in ("person1@", "Given", "R-0", "Given1 Family2", "example.org"):
            assert find_patients(tx, part) == ()


def test_an_enrollment_is_found_by_its_number_or_its_patient(desk: Desk) -> None:
    desk.prepare("hands")
    desk.bring(row())
    desk.bring(row(2), series=None)
    only = desk.enrollment()
    with desk.store.read() as tx:
        assert enrollment_by_number(tx, only.id) == enrollment_of(tx, "R-0001") == only
        for find in (
            lambda: enrollment_by_number(tx, only.id + 1),
            lambda: enrollment_of(tx, "R-0002"),
            lambda: enrollment_of(tx, "R-0001", "hands"),
            lambda: enrollment_of(tx, "R-9"),
        ):
            with pytest.raises(NotAllowedError) as caught:
                find()
            assert caught.value.mend
    desk.bring(row(), series="hands")
    with desk.store.read() as tx:
        with pytest.raises(NotAllowedError, match="more than one"):
            enrollment_of(tx, "R-0001")
        assert enrollment_of(tx, "R-0001", "hands").series == "hands"
    end(desk)
    with desk.store.read() as tx, pytest.raises(NotAllowedError, match="treatment has ended"):
        enrollment_of(tx, "R-0001", "hands")
