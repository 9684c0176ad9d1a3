"""A copy has every row with its id and its meaning; the original is only read."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import select

from pipeline.actions.halting import halt
from pipeline.delivery.states import Reason
from pipeline.errors import StoreError
from pipeline.store import audit, enrollments, ledger, overview, patients, suppression
from pipeline.store.copying import copy_rows
from pipeline.store.database import Store
from pipeline.store.schema import deliveries, metadata
from pipeline.store.steps import Mark
from tests.store.conftest import NOW, State


@pytest.fixture
def lived_in(clinic) -> Store:
    """A database in which something of every kind has happened."""
    ids = clinic.with_due(3, parts=2)
    clinic.claim("a", limit=4)
    begun = clinic.begin(ids[:2], "a")
    with clinic.store.begin() as tx:
        marks = [Mark(delivery=each, state=State.ACCEPTED, provider_id="id") for each in begun.deliveries]
        ledger.record(tx, marks, owner="a", now=NOW)
        suppression.suppress(tx, "person1@example.org", reason=Reason.UNSUBSCRIBED, source="page", now=NOW)
        halt(tx, clinic.series, actor="staff:ana", now=NOW)
    return clinic.store


@pytest.fixture
def copy(lived_in: Store, keyring, tmp_path) -> Store:
    with Store.open("sqlite:///copy.db", keyring, folder=tmp_path, durable=False) as target:
        copy_rows(lived_in, target)
        yield target


def rows(store: Store) -> dict[str, list]:
    """Every row of every table, as Python sees it."""
    with store.read() as tx:
        return {
            table.name: [
                tuple(row) for row in tx.connection.execute(select(table).order_by(*table.primary_key))
            ]
            for table in metadata.sorted_tables
        }


def test_every_row_is_there_with_its_id_and_its_value(lived_in: Store, copy: Store) -> None:
    copied = rows(copy)

    assert copied == rows(lived_in)
    assert all(copied[name] for name in ("patients", "deliveries", "delivery_history", "batches", "audit"))


def test_progress_counts_every_row(lived_in: Store, keyring, tmp_path) -> None:
    heard: list[int] = []
    with Store.open("sqlite:///other.db", keyring, folder=tmp_path) as target:
        done = copy_rows(lived_in, target, progress=heard.append)

    assert done == sum(map(len, rows(lived_in).values()))
    assert heard[-1] == done
    assert heard == sorted(heard)


def test_sealed_columns_open_with_the_same_keys_and_people_are_found(lived_in: Store, copy: Store) -> None:
    with lived_in.read() as ours, copy.read() as theirs:
        (known,) = patients.find_by_address(ours, "person2@example.org")
        assert patients.find_by_address(theirs, "person2@example.org") == (known,)
        assert patients.load_patient(theirs, known) == patients.load_patient(ours, known)
        assert suppression.is_suppressed(theirs, "person1@example.org")
        assert audit.verify(theirs) is None


def test_the_copy_goes_on_where_the_original_is_with_ids_of_its_own(copy: Store, clinic) -> None:
    with copy.read() as tx:
        last = max(tx.connection.scalars(select(deliveries.c.id)))
        running = enrollments.list_enrollments(tx)
    with copy.begin() as tx:
        (new,) = patients.save_patients(tx, [clinic.person(99)], now=NOW)
        ledger.expire_leases(tx, now=clinic.lease)

    assert new.created
    assert new.id > max(each.patient_id for each in running)
    with copy.read() as tx:
        assert overview.find_delivery(tx, last) is not None
        assert overview.count_by_state(tx)[State.ACCEPTED] == 2


def test_the_original_stays_as_it_was_whatever_happens_in_the_copy(lived_in: Store, copy: Store) -> None:
    before = rows(lived_in)
    with copy.begin() as tx:
        for table in reversed(metadata.sorted_tables):
            tx.connection.execute(table.delete())

    assert rows(lived_in) == before


def test_not_one_byte_of_a_database_file_changes(keyring, tmp_path, sqlite_template) -> None:
    path = tmp_path / "clinic.db"
    path.write_bytes(Path(sqlite_template).read_bytes())
    with Store.open(f"sqlite:///{path}", keyring) as store, store.begin() as tx:
        patients.save_patients(tx, [], now=NOW)
    before = hashlib.sha256(path.read_bytes()).digest()

    with (
        Store.open(f"sqlite:///{path}", keyring) as store,
        Store.open("sqlite:///copy.db", keyring, folder=tmp_path) as target,
    ):
        copy_rows(store, target)

    assert hashlib.sha256(path.read_bytes()).digest() == before


def test_what_cannot_be_written_ends_in_words(lived_in: Store, copy: Store) -> None:
    with pytest.raises(StoreError):
        copy_rows(lived_in, copy)
