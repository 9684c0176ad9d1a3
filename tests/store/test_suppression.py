import pytest
from sqlalchemy import select

from pipeline.store import suppression
from pipeline.store.database import Store
from pipeline.store.schema import suppressions

ADDRESS = "Person.One+pt@example.org"


def suppress(clinic, address: str = ADDRESS) -> bool:
    with clinic.store.begin() as tx:
        return suppression.suppress(tx, address, reason="unsubscribed", source="page", now=clinic.now)


def lift(clinic, address: str = ADDRESS) -> bool:
    with clinic.store.begin() as tx:
        return suppression.lift(tx, address, source="staff:ana", now=clinic.lease)


def is_suppressed(clinic, address: str) -> bool:
    with clinic.store.read() as tx:
        return suppression.is_suppressed(tx, address)


def test_an_address_on_the_list_is_seen_whatever_its_case_and_spaces_around_it(clinic):
    suppress(clinic)
    assert is_suppressed(clinic, "person.ONE+pt@EXAMPLE.org")
    assert is_suppressed(clinic, f" {ADDRESS} ")


@pytest.mark.parametrize(
    "other", ["personone+pt@example.org", "person.one@example.org", "person.one+pt@example.com"]
)
def test_another_address_is_not_swept_in_by_dots_tags_or_domain(clinic, other):
    suppress(clinic)
    assert not is_suppressed(clinic, other)


def test_an_address_is_put_on_the_list_once(clinic):
    assert suppress(clinic)
    assert not suppress(clinic)
    with clinic.store.read() as tx:
        assert len(suppression.suppressions_of(tx, ADDRESS)) == 1


def test_an_address_that_was_lifted_may_be_mailed_and_its_story_is_kept(clinic):
    suppress(clinic)
    assert lift(clinic)
    assert not is_suppressed(clinic, ADDRESS)
    assert not lift(clinic)
    suppress(clinic)
    assert is_suppressed(clinic, ADDRESS)
    with clinic.store.read() as tx:
        first, second = suppression.suppressions_of(tx, ADDRESS)
    assert (first.reason, first.source, first.suppressed_at) == ("unsubscribed", "page", clinic.now)
    assert (first.lifted_at, first.lifted_source, second.lifted_at) == (clinic.lease, "staff:ana", None)


def test_of_many_addresses_those_on_the_list_come_back_as_they_were_asked(clinic):
    listed = [f"person{number}@example.org" for number in range(0, 1200, 3)]
    for address in listed[:5]:
        suppress(clinic, address)
    asked = [f"Person{number}@example.org" for number in range(1200)]
    with clinic.store.read() as tx:
        found = suppression.suppressed_among(tx, asked)
    assert found == {f"Person{number}@example.org" for number in range(0, 15, 3)}


def test_a_rotation_of_keys_forgets_nobody(clinic, database_url, keyring):
    suppress(clinic)
    with Store.open(database_url, keyring.rotated().rotated()) as store, store.begin() as tx:
        assert suppression.is_suppressed(tx, ADDRESS)
        assert not suppression.suppress(tx, ADDRESS, reason="x", source="y", now=clinic.now)
        assert suppression.lift(tx, ADDRESS, source="page", now=clinic.now)
        assert not suppression.is_suppressed(tx, ADDRESS)


def test_the_list_holds_a_hash_and_not_the_address(clinic):
    suppress(clinic)
    with clinic.store.read() as tx:
        (row,) = tx.connection.execute(select(suppressions))
    assert not any("example" in str(value).casefold() for value in row)
    assert b"example" not in bytes(row.address_hash)
