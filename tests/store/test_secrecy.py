"""Nothing in the database, its side files or an error tells who is on the list (DESIGN 9.1)."""

import pytest

from pipeline.delivery.states import Reason, State
from pipeline.store import audit, ledger, patients, suppression
from pipeline.store.database import Store
from pipeline.store.steps import Mark

NAMES = [("Zebedee", "Quillfeather"), ("Wilhelmina", "Oxenstierna"), ("José Ángel", "Núñez-Prado")]
CLEAR = [
    "zebedee", "quillfeather", "wilhelmina", "oxenstierna", "ángel", "núñez", "angel", "nunez", "prado",
    "quill.feather", "mail-of-", "hidden.example.org", "MRN-SECRET",
]  # fmt: skip


@pytest.fixture
def lived(clinic):
    """A clinic that did everything once with three people whose names would stand out."""
    people = [
        clinic.person(
            number, given=given, family=family, record=f"MRN-SECRET-{number}",
            email=f"mail-of-{number}.Quill.Feather@hidden.example.org",
        )
        for number, (given, family) in enumerate(NAMES)
    ]  # fmt: skip
    ids = clinic.bring_in(people)
    deliveries = clinic.date(clinic.enroll(ids), [clinic.planned(1)])
    begun = clinic.begin(clinic.claim())
    with clinic.store.begin() as tx:
        said = f"550 <{people[0].email}> does not exist"
        refused = Mark(
            delivery=deliveries[0], state=State.REFUSED, reason=Reason.PROVIDER_REFUSED, detail=said
        )
        ledger.record(tx, [refused], owner="a", now=clinic.now)
        suppression.suppress(tx, people[1].email, reason="unsubscribed", source="page", now=clinic.now)
        patients.save_patients(tx, [clinic.person(9, given="Zebedee", email=people[2].email)], now=clinic.now)
        patients.erase_patient(tx, ids[2])
        audit.append(tx, actor="staff:ana", action="erase", subject=f"patient:{ids[2]}", now=clinic.now)
    assert begun is not None
    return clinic


def _assert_hidden(data: bytes) -> None:
    found = [word for word in CLEAR if word.casefold().encode() in data.lower()]
    found += [word for word in CLEAR if word.encode("utf-16-le") in data]
    assert found == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_files_of_a_sqlite_database_hold_no_name_and_no_address(lived, database_folder):
    files = sorted(database_folder.glob("pipeline.db*"))
    assert [path.name for path in files] == ["pipeline.db", "pipeline.db-shm", "pipeline.db-wal"]
    written = b"".join(path.read_bytes() for path in files)
    assert b"first-weeks" in written
    assert b"[address]" in written
    _assert_hidden(written)
    lived.store.close()
    _assert_hidden(b"".join(path.read_bytes() for path in database_folder.glob("pipeline.db*")))


def test_no_column_of_any_table_holds_a_name_or_an_address(lived):
    from pipeline.store.schema import metadata

    with lived.store.read() as tx:
        for table in metadata.sorted_tables:
            for row in tx.connection.execute(table.select()):
                for value in row:
                    _assert_hidden(
                        bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()
                    )


def test_neither_a_store_nor_a_transaction_nor_its_errors_show_a_key(database_url, keyring):
    import json

    (secret,) = json.loads(keyring.to_text())["keys"].values()
    with Store.open(database_url, keyring) as store, store.read() as tx:
        assert secret not in repr(store) + repr(tx) + repr(tx.keyring)
