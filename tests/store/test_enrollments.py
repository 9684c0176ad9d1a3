from dataclasses import replace
from datetime import date, timedelta

import pytest

from pipeline.delivery.states import Reason
from pipeline.store import editions, enrollments
from pipeline.store.enrollments import Enrolled, EnrollmentStatus, NewEnrollment


@pytest.fixture
def wanted(clinic) -> NewEnrollment:
    (patient,) = clinic.bring_in([clinic.person(1)])
    clinic.enroll([patient], series="other")
    made = clinic.edition()
    with clinic.store.begin() as tx:
        editions.save_edition(tx, made, b"canonical", now=clinic.now)
    return NewEnrollment(
        patient_id=patient, series=clinic.series, episode="2026-03-02", edition=made.sha256,
        start=date(2026, 3, 2), zone=clinic.zone,
    )  # fmt: skip


def enroll(clinic, *wanted: NewEnrollment) -> tuple[Enrolled, ...]:
    with clinic.store.begin() as tx:
        return enrollments.enroll(tx, wanted, now=clinic.now)


def load(clinic, enrollment: int) -> enrollments.Enrollment:
    with clinic.store.read() as tx:
        return enrollments.load_enrollment(tx, enrollment)


def test_an_enrollment_comes_back_as_it_was_made_and_is_active(clinic, wanted):
    ((enrolled),) = enroll(clinic, wanted)
    found = load(clinic, enrolled.id)
    assert enrolled.created
    assert (found.patient_id, found.series, found.episode) == (
        wanted.patient_id,
        wanted.series,
        wanted.episode,
    )
    assert (found.edition, found.start, found.zone) == (wanted.edition, wanted.start, wanted.zone)
    assert (found.status, found.reason, found.slower) == (EnrollmentStatus.ACTIVE, None, False)
    assert found.created_at == found.updated_at == clinic.now


def test_nobody_is_enrolled_twice_in_the_same_episode(clinic, wanted):
    (first,) = enroll(clinic, wanted)
    again = enroll(clinic, replace(wanted, start=date(2026, 4, 1)), replace(wanted, episode="2027"), wanted)
    assert [each.id == first.id for each in again] == [True, False, True]
    assert [each.created for each in again] == [False, True, False]
    assert load(clinic, first.id).start == wanted.start


def test_asked_for_twice_in_one_call_it_is_one_enrollment(clinic, wanted):
    first, second = enroll(clinic, wanted, wanted)
    assert (first.id, first.created, second.created) == (second.id, True, False)


def test_a_status_is_given_with_its_reason_and_an_end_is_for_good(clinic, wanted):
    (enrolled,) = enroll(clinic, wanted)
    until = date(2026, 3, 20)

    def set_status(status: EnrollmentStatus, **more: object) -> tuple[int, ...]:
        with clinic.store.begin() as tx:
            return enrollments.set_status(tx, [enrolled.id], status, now=clinic.now, **more)

    assert set_status(EnrollmentStatus.PAUSED, paused_until=until) == (enrolled.id,)
    assert (load(clinic, enrolled.id).status, load(clinic, enrolled.id).paused_until) == ("paused", until)
    set_status(EnrollmentStatus.ENDED, reason=Reason.DISCHARGED)
    assert set_status(EnrollmentStatus.ACTIVE) == ()
    found = load(clinic, enrolled.id)
    assert (found.status, found.reason, found.paused_until) == ("ended", Reason.DISCHARGED, None)


def test_a_pause_is_over_on_its_day_and_not_before(clinic, wanted):
    (enrolled,) = enroll(clinic, wanted)
    until = date(2026, 3, 20)
    with clinic.store.begin() as tx:
        paused = EnrollmentStatus.PAUSED
        enrollments.set_status(tx, [enrolled.id], paused, paused_until=until, now=clinic.now)
        assert enrollments.pauses_over(tx, on_or_before=until - timedelta(days=1)) == ()
        assert [each.id for each in enrollments.pauses_over(tx, on_or_before=until)] == [enrolled.id]


def test_start_speed_and_edition_are_changed_one_by_one(clinic, wanted):
    (enrolled,) = enroll(clinic, wanted)
    newer = clinic.edition(b"newer")
    with clinic.store.begin() as tx:
        editions.save_edition(tx, newer, b"newer", now=clinic.now)
        start = date(2026, 3, 9)
        assert enrollments.move_enrollment(tx, enrolled.id, start=start, zone="Europe/Madrid", now=clinic.now)
        assert enrollments.set_slower(tx, enrolled.id, slower=True, now=clinic.now)
        assert enrollments.use_edition(tx, enrolled.id, newer.sha256, now=clinic.now)
        assert not enrollments.set_slower(tx, enrolled.id + 1, slower=True, now=clinic.now)
    found = load(clinic, enrolled.id)
    assert (found.start, found.zone, found.slower, found.edition) == (
        start,
        "Europe/Madrid",
        True,
        newer.sha256,
    )


def test_enrollments_are_listed_by_series_and_status_page_by_page(clinic):
    ids = clinic.enroll(clinic.bring_in([clinic.person(number) for number in range(5)]))
    clinic.enroll(clinic.bring_in([clinic.person(0)]), series="other")
    with clinic.store.begin() as tx:
        enrollments.set_status(tx, ids[:1], EnrollmentStatus.HELD, reason=Reason.NO_SHOW, now=clinic.now)
        active = enrollments.list_enrollments(
            tx, series=clinic.series, status=EnrollmentStatus.ACTIVE, limit=3
        )
        rest = enrollments.list_enrollments(tx, series=clinic.series, after=active[-1].id)
    assert [each.id for each in (*active, *rest)] == ids[1:]
