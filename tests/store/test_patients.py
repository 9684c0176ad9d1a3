from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from pipeline.delivery.states import State
from pipeline.errors import KeyringError
from pipeline.store import overview, patients, suppression
from pipeline.store.database import Store
from pipeline.store.lookups import words_of
from pipeline.store.schema import (
    batch_members,
    deliveries,
    delivery_history,
    enrollments,
    metadata,
    name_words,
)
from pipeline.store.schema import patients as table


def save(clinic, *people):
    with clinic.store.begin() as tx:
        return patients.save_patients(tx, people, now=clinic.now)


def test_a_patient_comes_back_as_they_were_saved(clinic):
    people = [
        clinic.person(1),
        clinic.person(
            2, email=None, language="es-US", zone=None, phone_instead=True, minor=True, deceased=True
        ),
        clinic.person(3, given="José Ángel", family="O'Neil-Śmigły", record="Ä/17 b"),
    ]
    saved = save(clinic, *people)
    with clinic.store.read() as tx:
        loaded = patients.load_patients(tx, [each.id for each in saved])
    assert [loaded[each.id].patient for each in saved] == people
    assert all(each.created for each in saved)


def test_saving_again_changes_only_what_changed(clinic):
    first = save(clinic, clinic.person(1), clinic.person(2))
    later = clinic.now + timedelta(days=1)
    people = [clinic.person(1), clinic.person(2, email="new@example.org", zone=None)]
    with clinic.store.begin() as tx:
        again = patients.save_patients(tx, people, now=later)
        rows = patients.load_patients(tx, [each.id for each in again])
    assert [each.id for each in again] == [each.id for each in first]
    assert [(each.created, each.changed) for each in again] == [
        (False, frozenset()), (False, frozenset({"email", "zone"})),
    ]  # fmt: skip
    assert [rows[each.id].updated_at for each in again] == [clinic.now, later]


def test_the_same_record_twice_in_one_list_is_one_patient_as_the_second_row_says(clinic):
    first, second, third = save(clinic, clinic.person(1), clinic.person(1, given="Later"), clinic.person(2))
    assert (first.id, first.created, second.created) == (second.id, True, False)
    assert second.changed == {"given"}
    assert third.created


def test_more_patients_than_fit_in_one_statement_keep_their_order(clinic):
    people = [clinic.person(number) for number in range(1201)]
    saved = save(clinic, *people)
    with clinic.store.read() as tx:
        loaded = patients.load_patients(tx, [each.id for each in saved])
        assert patients.count_patients(tx) == len(people)
    assert [loaded[each.id].patient for each in saved] == people


def test_an_address_is_found_whole_and_whatever_its_case_and_may_be_shared(clinic):
    shared = "Family.Post+pt@Example.org"
    ids = [each.id for each in save(clinic, clinic.person(1, email=shared), clinic.person(2, email=shared))]
    save(clinic, clinic.person(3, email="familypost@example.org"))
    with clinic.store.read() as tx:
        assert patients.find_by_address(tx, "family.post+PT@example.ORG") == tuple(ids)
        assert patients.find_by_address(tx, "family.post@example.org") == ()
        assert patients.find_by_address(tx, "family") == ()


def test_a_record_id_is_found_exactly(clinic):
    (saved,) = save(clinic, clinic.person(1, record="R-1"))
    with clinic.store.read() as tx:
        assert patients.find_by_record(tx, "R-1") == saved.id
        assert patients.find_by_record(tx, "r-1") is None
        assert patients.find_by_record(tx, "R") is None


def test_a_name_is_found_by_whole_words_without_case_and_accents(clinic):
    lucia, other = save(
        clinic,
        clinic.person(1, given="Ana Lucía", family="Núñez-Prado"),
        clinic.person(2, given="Ana", family="Prado"),
    )
    with clinic.store.read() as tx:
        assert patients.find_by_name(tx, "lucia") == (lucia.id,)
        assert patients.find_by_name(tx, "PRADO ana") == (lucia.id, other.id)
        assert patients.find_by_name(tx, "nunez prado") == (lucia.id,)
        assert patients.find_by_name(tx, "luc") == ()
        assert patients.find_by_name(tx, " ") == ()


def test_a_changed_name_is_found_by_its_new_words_only(clinic):
    (saved,) = save(clinic, clinic.person(1, given="Maria", family="Old"))
    save(clinic, clinic.person(1, given="Maria", family="New"))
    with clinic.store.read() as tx:
        assert patients.find_by_name(tx, "new") == patients.find_by_name(tx, "maria") == (saved.id,)
        assert patients.find_by_name(tx, "old") == ()


def test_after_a_rotation_of_keys_everyone_is_still_found_and_updated(clinic, database_url, keyring):
    (saved,) = save(clinic, clinic.person(1))
    with Store.open(database_url, keyring.rotated()) as store, store.begin() as tx:
        assert patients.find_by_record(tx, "R-00001") == saved.id
        assert patients.find_by_address(tx, "person1@example.org") == (saved.id,)
        assert patients.find_by_name(tx, "family1") == (saved.id,)
        (again,) = patients.save_patients(tx, [clinic.person(1, email="new@example.org")], now=clinic.now)
        assert (again.id, again.changed) == (saved.id, {"email"})
        assert patients.find_by_address(tx, "new@example.org") == (saved.id,)
        assert patients.load_patient(tx, saved.id).patient == clinic.person(1, email="new@example.org")


def test_a_sealed_name_moved_into_another_patients_row_does_not_open(clinic):
    one, two = save(clinic, clinic.person(1), clinic.person(2))
    with clinic.store.begin() as tx:
        stolen = tx.connection.scalar(select(table.c.sealed_given).where(table.c.id == one.id))
        tx.connection.execute(table.update().where(table.c.id == two.id).values(sealed_given=stolen))
    with clinic.store.read() as tx, pytest.raises(KeyringError):
        patients.load_patient(tx, two.id)


def test_grounds_are_added_and_never_replaced(clinic):
    one, two = (each.id for each in save(clinic, clinic.person(1), clinic.person(2)))
    grounds = [clinic.ground(), clinic.ground(wording="intake-2", source="page")]
    with clinic.store.begin() as tx:
        patients.add_consents(tx, [(one, grounds[0])], now=clinic.now)
        patients.add_consents(tx, [(one, grounds[1]), (two, grounds[0])], now=clinic.now)
        patients.add_consents(tx, [], now=clinic.now)
        assert patients.consents_of(tx, [one, two]) == {one: tuple(grounds), two: (grounds[0],)}


def test_patients_are_listed_page_by_page(clinic):
    saved = save(clinic, *(clinic.person(number) for number in range(5)))
    with clinic.store.read() as tx:
        first = patients.list_patients(tx, limit=3)
        rest = patients.list_patients(tx, after=first[-1].id, limit=3)
    assert [row.id for row in (*first, *rest)] == [each.id for each in saved]


def test_an_erased_patient_leaves_a_suppression_and_nothing_else(clinic):
    gone, stays = clinic.with_due(2)
    clinic.begin(clinic.claim())
    patient_id = clinic.row(gone).patient_id
    with clinic.store.begin() as tx:
        suppression.suppress(tx, "person1@example.org", reason="unsubscribed", source="page", now=clinic.now)
        assert patients.erase_patient(tx, patient_id)
        assert not patients.erase_patient(tx, patient_id)
        assert patients.load_patient(tx, patient_id) is None
        assert patients.find_by_name(tx, "family1") == ()
        assert overview.find_delivery(tx, gone) is None
        assert overview.history(tx, gone) == ()
        assert suppression.is_suppressed(tx, "person1@example.org")
        rows = {
            each.name: tx.connection.scalar(select(func.count()).select_from(each))
            for each in (table, name_words, enrollments, deliveries, batch_members)
        }
        histories = tx.connection.scalar(select(func.count(delivery_history.c.delivery_id.distinct())))
    assert rows == {"patients": 1, "name_words": 2, "enrollments": 1, "deliveries": 1, "batch_members": 1}
    assert histories == 1
    assert clinic.states([stays]) == [State.SENDING]


def test_an_id_that_was_erased_is_never_given_again(clinic):
    first, last = save(clinic, clinic.person(1), clinic.person(2))
    with clinic.store.begin() as tx:
        patients.erase_patient(tx, last.id)
    (fresh,) = save(clinic, clinic.person(3))
    assert fresh.id > last.id > first.id


@given(st.text(max_size=40))
@settings(deadline=None, max_examples=200)
def test_words_of_a_name_do_not_depend_on_case_and_find_themselves(name):
    words = words_of(name)
    assert words_of(" ".join(words)) == words
    assert all(word == word.casefold() and not word.isspace() for word in words)


def test_no_column_that_names_a_person_is_left_unsealed():
    """A new column has to be thought about here: which of these kinds is it?"""
    assert {column.name for column in table.c} == {
        "id", "record_hash", "address_hash", "sealed_record", "sealed_given", "sealed_family", "sealed_email",
        "language", "zone", "phone_instead", "minor", "deceased", "version", "address_since", "created_at",
        "updated_at",
    }  # fmt: skip
    assert not {"name", "email", "address"} & {
        column.name for each in metadata.sorted_tables if each.name != "users" for column in each.c
    }
