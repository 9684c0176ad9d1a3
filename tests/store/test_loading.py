from dataclasses import replace
from datetime import date, timedelta

import pytest

from pipeline.delivery.states import Reason, State
from pipeline.errors import KeyringError
from pipeline.keys import Keyring
from pipeline.patients.model import Basis
from pipeline.store import enrollments, ledger, patients, suppression
from pipeline.store.database import Store
from pipeline.store.enrollments import EnrollmentStatus
from pipeline.store.loading import load_claimed, still_as_loaded
from pipeline.store.steps import Mark

DAY = timedelta(days=1)


def load(clinic, ids, owner: str = "a"):
    with clinic.store.read() as tx:
        return load_claimed(tx, ids, owner=owner)


def still(clinic, loaded, owner: str = "a") -> frozenset[int]:
    with clinic.store.read() as tx:
        return still_as_loaded(tx, loaded, owner=owner)


def test_a_claimed_delivery_comes_with_all_that_decides_whether_and_what_to_send(clinic):
    patient = clinic.person(1, language="es-US", phone_instead=True)
    (patient_id,) = clinic.bring_in([patient])
    (enrollment,) = clinic.enroll([patient_id])
    (delivery,) = clinic.date([enrollment], [clinic.planned(3)])
    clinic.claim()
    (loaded,) = load(clinic, [delivery])
    assert (loaded.id, loaded.part, loaded.due_at, loaded.zone) == (delivery, 3, clinic.now, clinic.zone)
    assert (loaded.expires_on, loaded.attempts, loaded.asked) == (date(2026, 3, 12), 0, False)
    assert (loaded.enrollment_id, loaded.patient_id, loaded.series) == (enrollment, patient_id, clinic.series)
    assert (loaded.edition, loaded.start) == (clinic.edition(clinic.series.encode()).sha256, date(2026, 3, 2))
    assert (loaded.status, loaded.reason, loaded.slower) == (EnrollmentStatus.ACTIVE, None, False)
    assert loaded.patient == replace(patient, record="", family="")
    assert loaded.consents == (clinic.ground(),)
    assert (loaded.suppressed, loaded.last_sent_at, loaded.earlier_due) == (False, None, None)


def test_they_come_the_longest_due_first_and_only_the_owners(clinic):
    enrolled = clinic.enroll(clinic.bring_in([clinic.person(1)]))
    late, early = clinic.date(enrolled, [clinic.planned(1), clinic.planned(2, clinic.now - DAY)])
    clinic.claim("a")
    assert [each.id for each in load(clinic, [late, early])] == [early, late]
    assert load(clinic, [late, early], owner="b") == ()


def test_every_recorded_ground_comes_oldest_first(clinic):
    (patient_id,) = clinic.bring_in([clinic.person(1)])
    second = clinic.ground(basis=Basis.CONSENT, given_at=clinic.now + DAY, expires_on=date(2027, 1, 1))
    with clinic.store.begin() as tx:
        patients.add_consents(tx, [(patient_id, second)], now=clinic.now)
    ids = clinic.date(clinic.enroll([patient_id]), [clinic.planned(1)])
    clinic.claim()
    assert load(clinic, ids)[0].consents == (clinic.ground(), second)


def test_an_ended_enrollment_says_why(clinic):
    (delivery,) = clinic.with_due()
    clinic.claim()
    with clinic.store.begin() as tx:
        enrollment = clinic.row(delivery).enrollment_id
        ended = EnrollmentStatus.ENDED
        enrollments.set_status(tx, [enrollment], ended, reason=Reason.DISCHARGED, now=clinic.now)
    (loaded,) = load(clinic, [delivery])
    assert (loaded.status, loaded.reason) == (EnrollmentStatus.ENDED, Reason.DISCHARGED)


def test_a_suppressed_address_is_seen_whatever_its_case(clinic):
    ids = clinic.with_due()
    clinic.claim()
    with clinic.store.begin() as tx:
        suppression.suppress(tx, "PERSON1@example.org", reason="bounced", source="event", now=clinic.now)
    assert load(clinic, ids)[0].suppressed


@pytest.mark.parametrize("rotated_first", [True, False])
def test_a_suppression_is_seen_over_a_rotation_of_keys(database_url, clinic, keyring, rotated_first):
    """The patient's row and the list may each have been written with another key."""
    rings = [keyring, keyring.rotated()]
    ids = clinic.with_due()
    clinic.claim()
    written, read = (rings[1], rings[1]) if rotated_first else (rings[0], rings[1])
    with Store.open(database_url, written) as store, store.begin() as tx:
        suppression.suppress(tx, "person1@example.org", reason="bounced", source="event", now=clinic.now)
    with Store.open(database_url, read) as store, store.read() as tx:
        (loaded,) = load_claimed(tx, ids, owner="a")
        assert loaded.suppressed
        assert still_as_loaded(tx, [loaded], owner="a") == {ids[0]}


def test_the_last_part_that_went_and_the_next_one_that_waits_are_told(clinic):
    enrolled = clinic.enroll(clinic.bring_in([clinic.person(1)]))
    plan = [clinic.planned(1), clinic.planned(2, clinic.now + DAY), clinic.planned(3, clinic.now + 2 * DAY)]
    first, second, third = clinic.date(enrolled, plan)
    clinic.begin(clinic.claim())
    with clinic.store.begin() as tx:
        ledger.record(tx, [Mark(delivery=first, state=State.ACCEPTED)], owner="a", now=clinic.now)
    clinic.claim(now=clinic.now + 2 * DAY)
    loaded = {each.id: each for each in load(clinic, [second, third])}
    assert (loaded[second].last_sent_at, loaded[second].earlier_due) == (clinic.now, None)
    assert (loaded[third].last_sent_at, loaded[third].earlier_due) == (clinic.now, clinic.now + DAY)


def test_a_part_that_was_refused_did_not_go(clinic):
    enrolled = clinic.enroll(clinic.bring_in([clinic.person(1)]))
    first, second = clinic.date(enrolled, [clinic.planned(1), clinic.planned(2, clinic.now + DAY)])
    clinic.begin(clinic.claim())
    with clinic.store.begin() as tx:
        ledger.record(tx, [Mark(delivery=first, state=State.REFUSED)], owner="a", now=clinic.now)
    clinic.claim(now=clinic.now + DAY)
    assert load(clinic, [second])[0].last_sent_at is None


def test_what_nobody_touched_is_still_as_loaded(clinic):
    ids = clinic.with_due(3)
    clinic.claim()
    assert still(clinic, load(clinic, ids)) == set(ids)
    assert still(clinic, load(clinic, ids), owner="b") == frozenset()


def test_whatever_is_changed_in_between_is_seen_even_in_the_same_moment(clinic):
    ids = clinic.with_due(5)
    clinic.claim()
    loaded = load(clinic, ids)
    moved, renamed, suppressed, released, _untouched = ids
    with clinic.store.begin() as tx:
        enrollment = clinic.row(moved).enrollment_id
        start = date(2026, 3, 9)
        enrollments.move_enrollment(tx, enrollment, start=start, zone=clinic.zone, now=clinic.now)
        patients.save_patients(tx, [clinic.person(2, given="Other")], now=clinic.now)
        suppression.suppress(tx, "person3@example.org", reason="bounced", source="event", now=clinic.now)
        ledger.release(tx, [released], owner="a", now=clinic.now)
    assert clinic.row(renamed).patient_id == clinic.row(ids[1]).patient_id
    assert still(clinic, loaded) == set(ids) - {moved, renamed, suppressed, released}


def test_a_patient_without_an_address_is_loaded_without_one(clinic):
    ids = clinic.date(clinic.enroll(clinic.bring_in([clinic.person(1, email=None)])), [clinic.planned(1)])
    clinic.claim()
    (loaded,) = load(clinic, ids)
    assert loaded.patient.email is None
    assert not loaded.suppressed


def test_a_row_that_another_key_sealed_is_an_error_for_people(clinic, database_url):
    ids = clinic.with_due()
    clinic.claim()
    with (
        Store.open(database_url, Keyring.generate()) as other,
        other.read() as tx,
        pytest.raises(KeyringError),
    ):
        load_claimed(tx, ids, owner="a")


def test_the_repr_of_a_loaded_delivery_shows_nobody(clinic):
    ids = clinic.with_due()
    clinic.claim()
    assert "Given1" not in repr(load(clinic, ids))
    assert "example.org" not in repr(load(clinic, ids))
