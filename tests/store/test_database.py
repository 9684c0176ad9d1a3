import os
import sqlite3
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from pipeline.errors import StoreError
from pipeline.keys import Keyring
from pipeline.store import marks
from pipeline.store.database import Store
from pipeline.store.schema import marks as marks_table

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
NO_PATIENCE = timedelta(milliseconds=50)


def test_what_is_committed_is_there_after_opening_again(database_url, keyring):
    with Store.open(database_url, keyring) as store, store.begin() as tx:
        marks.set_mark(tx, "colour", "green", now=NOW)
    with Store.open(database_url, keyring) as store, store.read() as tx:
        assert marks.get_mark(tx, "colour") == "green"


def paint(store, colour: str, *first: str) -> None:
    """A transaction that runs the statements ``first``, then writes."""
    with store.begin() as tx:
        for statement in first:
            tx.connection.exec_driver_sql(statement)
        marks.set_mark(tx, "colour", colour, now=NOW)


def colour_of(store) -> str | None:
    with store.read() as tx:
        return marks.get_mark(tx, "colour")


def test_a_block_that_raises_leaves_nothing_behind(store):
    def fail() -> None:
        with store.begin() as tx:
            marks.set_mark(tx, "colour", "green", now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert colour_of(store) is None


def test_a_read_transaction_refuses_to_write_and_the_next_one_may_again(store):
    with pytest.raises(StoreError, match=r"changes|written"), store.read() as tx:
        marks.set_mark(tx, "colour", "green", now=NOW)
    with store.begin() as tx:
        marks.set_mark(tx, "colour", "blue", now=NOW)
    with store.read() as tx:
        assert marks.get_mark(tx, "colour") == "blue"


def test_a_reader_is_not_kept_waiting_by_a_writer(store):
    with store.begin() as writing:
        marks.set_mark(writing, "colour", "green", now=NOW)
        with store.read() as reading:
            assert marks.get_mark(reading, "colour") is None


def test_times_come_back_to_the_microsecond_and_in_utc(store):
    odd = datetime(2026, 3, 8, 1, 59, 59, 999_999, tzinfo=UTC) + timedelta(hours=7)
    with store.begin() as tx:
        marks.set_mark(tx, "when", "x", now=odd.astimezone(UTC))
        kept = tx.connection.scalar(select(marks_table.c.updated_at))
    assert kept == odd
    assert kept.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(store):
    with pytest.raises(Exception, match="without a zone"), store.begin() as tx:
        marks.set_mark(tx, "when", "x", now=NOW.replace(tzinfo=None))


def test_a_new_database_file_and_its_side_files_are_readable_by_their_owner_only(tmp_path, keyring):
    previous = os.umask(0)
    try:
        with Store.open("sqlite:///clinic.db", keyring, folder=tmp_path) as store, store.begin() as tx:
            marks.set_mark(tx, "colour", "green", now=NOW)
            names = sorted(path.name for path in tmp_path.iterdir())
            modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(previous)
    assert names == ["clinic.db", "clinic.db-shm", "clinic.db-wal"]
    assert modes == {0o600}


def test_a_commit_on_sqlite_is_on_the_disk_and_foreign_keys_hold(tmp_path, keyring):
    with Store.open("sqlite:///clinic.db", keyring, folder=tmp_path) as store, store.read() as tx:
        settings = {
            name: tx.connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_many_processes_may_open_a_new_database_at_once(empty_url, keyring):
    failed: list[BaseException] = []

    def open_it() -> None:
        try:
            with Store.open(empty_url, keyring) as store, store.begin() as tx:
                marks.next_generation(tx, now=NOW)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with Store.open(empty_url, keyring) as store, store.read() as tx:
        assert marks.generation(tx) == len(threads)


def test_a_database_from_a_newer_version_is_left_alone(empty_url, keyring):
    with Store.open(empty_url, keyring) as store, store.begin() as tx:
        tx.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer version") as caught:
        Store.open(empty_url, keyring)
    assert "update the pipeline" in str(caught.value)


def test_a_database_of_another_program_is_left_alone(empty_url, keyring):
    from sqlalchemy import create_engine

    engine = create_engine(empty_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE invoices (id integer)"))
    engine.dispose()
    with pytest.raises(StoreError, match="another program"):
        Store.open(empty_url, keyring)


def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path, keyring):
    path = tmp_path / "pipeline.db"
    path.write_text("Dear clinic, " * 500)
    with pytest.raises(StoreError, match="not a database") as caught:
        Store.open(f"sqlite:///{path}", keyring)
    assert str(path) in str(caught.value)
    assert path.read_text() == "Dear clinic, " * 500


@pytest.mark.parametrize("name", ["nowhere/pipeline.db", "."])
def test_a_path_where_no_file_can_be_is_named(tmp_path, keyring, name):
    with pytest.raises(StoreError, match="cannot be opened") as caught:
        Store.open(f"sqlite:///{tmp_path / name}", keyring)
    assert caught.value.mend


def test_a_locked_database_says_so_after_a_while(tmp_path, keyring):
    path = tmp_path / "pipeline.db"
    Store.open(f"sqlite:///{path}", keyring).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with (
        Store.open(f"sqlite:///{path}", keyring, patience=NO_PATIENCE) as store,
        pytest.raises(StoreError, match="locked by another process"),
        store.begin() as tx,
    ):
        marks.set_mark(tx, "colour", "green", now=NOW)
    other.close()


def test_more_transactions_at_once_than_connections_wait_and_then_say_so(database_url, keyring):
    def hold(store: Store, depth: int = 100) -> None:
        with store.read():
            if depth:
                hold(store, depth - 1)

    with Store.open(database_url, keyring, patience=timedelta(seconds=0.2)) as store:
        with pytest.raises(StoreError, match="Too many wait"):
            hold(store)
        with store.read():
            pass


def test_a_full_disk_says_so_and_loses_nothing(tmp_path, keyring):
    with Store.open(f"sqlite:///{tmp_path / 'pipeline.db'}", keyring) as store:
        paint(store, "green")
        with pytest.raises(StoreError, match="disk is full"):
            # What a full disk looks like to SQLite: no page may be added to those that are there.
            paint(store, "x" * 1_000_000, "PRAGMA max_page_count = 1")
        assert colour_of(store) == "green"


def test_a_database_that_may_only_be_read_says_so(tmp_path, keyring):
    with (
        Store.open(f"sqlite:///{tmp_path / 'pipeline.db'}", keyring) as store,
        pytest.raises(StoreError, match="cannot be written"),
    ):
        paint(store, "green", "PRAGMA query_only = ON")


@pytest.mark.parametrize(
    "url", ["", "pipeline.db", "mysql://host/x", "sqlite://", "sqlite:///:memory:", "oracle://x"]
)
def test_an_address_that_names_no_supported_database_shows_what_to_write(url, keyring):
    with pytest.raises(StoreError) as caught:
        Store.open(url, keyring)
    assert "sqlite:///pipeline.db" in str(caught.value)


def test_a_server_that_is_not_there_is_said_without_its_password(keyring):
    url = "postgresql://clinic:not-a-secret@127.0.0.1:9/clinic"
    with pytest.raises(StoreError, match="does not answer") as caught:
        Store.open(url, keyring)
    assert "not-a-secret" not in str(caught.value)


def test_a_database_that_is_not_on_the_server_is_said(postgres, keyring):
    with pytest.raises(StoreError, match="no such database"):
        Store.open(postgres.database("nowhere"), keyring)


CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


def test_a_server_that_was_restarted_is_found_again(postgres, postgres_url, keyring):
    with Store.open(postgres_url, keyring) as store:
        paint(store, "green")
        postgres.execute(CUT)
        assert colour_of(store) == "green"


def test_a_connection_that_is_cut_in_a_transaction_is_an_error_for_people(postgres, postgres_url, keyring):
    def write() -> None:
        with Store.open(postgres_url, keyring) as store, store.begin() as tx:
            marks.set_mark(tx, "colour", "green", now=NOW)
            postgres.execute(CUT)
            marks.set_mark(tx, "colour", "blue", now=NOW)

    with pytest.raises(StoreError, match="server"):
        write()


def test_an_error_never_carries_what_was_to_be_written(store):
    with pytest.raises(DBAPIError) as caught, store.begin() as tx:
        tx.connection.execute(text("INSERT INTO nowhere VALUES (:name)"), {"name": "person@example.org"})
    assert "person@example.org" not in str(caught.value)


def test_a_relative_file_stands_in_the_given_folder(tmp_path, keyring):
    Store.open("sqlite:///here.db", Keyring.generate(), folder=tmp_path).close()
    assert Path(tmp_path / "here.db").exists()
