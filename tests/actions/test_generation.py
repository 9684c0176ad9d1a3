"""A restored backup is told from the living database; nobody else is ever locked out."""

import shutil
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.actions.generation import Generation, Lost, Standing
from pipeline.delivery.states import Reason, State
from pipeline.errors import EnvironmentRefusedError
from pipeline.store import audit, marks, watch
from pipeline.store.database import Store
from tests.engine.recorder import Recorder
from tests.engine.sample import NOW, Clinic

HOUR = timedelta(hours=1)


@pytest.fixture
def file(tmp_path) -> Generation:
    return Generation(tmp_path / "pipeline.db.generation")


def number_in(file: Generation) -> int:
    return int(file.path.read_text(encoding="utf-8")[:12])


def set_back(store: Store, by: int = 1) -> None:
    """As a backup from before the last ``by`` counts would come back."""
    with store.begin() as tx:
        marks.set_mark(tx, "generation", str(marks.generation(tx) - by), now=NOW)


def confirm(file: Generation, store: Store, *, leave_open: bool = True) -> Lost:
    return file.confirm(store, actor="staff:ana", provider="postmark", leave_open=leave_open, now=NOW)


def test_the_living_database_counts_on(store: Store, file: Generation) -> None:
    for number in (1, 2, 3):
        assert file.count_up(store, NOW) is Standing.FINE
        assert number_in(file) == number
    with store.read() as tx:
        assert marks.generation(tx) == 3
        assert watch.last_tick(tx) == NOW


def test_a_database_that_is_older_than_the_file_holds_everything(store: Store, file: Generation) -> None:
    for _ in range(3):
        file.count_up(store, NOW)
    set_back(store)

    assert file.standing(store, NOW) is Standing.RESTORED
    assert file.count_up(store, NOW) is Standing.RESTORED
    with store.read() as tx:
        assert marks.halted(tx).restored
        assert marks.halted(tx).stops("any")
        assert marks.generation(tx) == 2, "it does not count"


def test_what_one_machine_noticed_stops_the_others(store: Store, file: Generation, tmp_path) -> None:
    other = Generation(tmp_path / "other.generation")
    shutil.copy(_counted(store, file, 1), other.path)
    _counted(store, file, 3)
    set_back(store, 2)
    assert other.standing(store, NOW) is Standing.FINE, "it has seen less"
    file.count_up(store, NOW)

    assert other.count_up(store, NOW) is Standing.RESTORED


def _counted(store: Store, file: Generation, times: int) -> Path:
    for _ in range(times):
        assert file.count_up(store, NOW) is Standing.FINE
    return file.path


def test_a_missing_or_broken_file_with_a_used_database_stops_this_machine_only(store, file, tmp_path) -> None:
    _counted(store, file, 2)
    later = NOW + HOUR
    for content in (None, "", "not a number\n"):
        stranger = Generation(tmp_path / "stranger.generation")
        if content is not None:
            stranger.path.write_text(content, encoding="utf-8")
        assert stranger.count_up(store, later) is Standing.STRANGER
        with store.read() as tx:
            assert not marks.halted(tx).everything
    assert file.count_up(store, later) is Standing.FINE


def test_on_postgresql_a_new_machine_joins_where_others_tick(
    store: Store, file: Generation, tmp_path
) -> None:
    _counted(store, file, 2)
    new = Generation(tmp_path / "new.generation")

    joined = new.count_up(store, NOW + timedelta(minutes=1))

    assert joined is (Standing.FINE if store.kind == "postgresql" else Standing.STRANGER)


@pytest.mark.parametrize("dies", ["before the first count", "before the file is written"])
def test_a_death_between_the_two_writes_locks_nobody_out(store, file, monkeypatch, dies) -> None:
    class Died(BaseException): ...

    written: list[int] = []
    write = Generation._write

    def die(self: Generation, number: int, now) -> None:
        if dies == "before the first count":
            write(self, number, now)
        if number or dies == "before the first count":
            raise Died
        written.append(number)
        write(self, number, now)

    monkeypatch.setattr(Generation, "_write", die)
    with pytest.raises(Died):
        file.count_up(store, NOW)
    monkeypatch.setattr(Generation, "_write", write)

    assert file.count_up(store, NOW) is Standing.FINE


def test_a_restored_copy_is_found_even_if_the_process_died_before_the_file_was_written(
    store, file, monkeypatch
) -> None:
    _counted(store, file, 5)
    with store.begin() as tx:
        marks.next_generation(tx, now=NOW)
    set_back(store, 2)

    assert file.count_up(store, NOW) is Standing.RESTORED


def test_two_processes_and_many_threads_never_trip_over_each_other(store: Store, file: Generation) -> None:
    """They all start on a new database at once, and count in one file."""
    found: list[Standing] = []

    def work() -> None:
        found.extend(Generation(file.path).count_up(store, NOW) for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(found) == {Standing.FINE}
    with store.read() as tx:
        assert marks.generation(tx) == number_in(file) == 40


def test_a_database_made_anew_beside_an_old_file_waits_for_a_person(store: Store, file: Generation) -> None:
    file._write(41, NOW)

    assert file.count_up(store, NOW) is Standing.RESTORED
    confirm(file, store)
    assert file.count_up(store, NOW) is Standing.FINE


def test_without_a_file_to_write_nothing_is_sent(store: Store, tmp_path) -> None:
    file = Generation(tmp_path / "no folder" / "generation")

    with pytest.raises(EnvironmentRefusedError, match="Nothing is sent"):
        file.count_up(store, NOW)


@pytest.fixture
def clinic(store, keyring) -> Clinic:
    made = Clinic(store=store, keyring=keyring)
    made.prepare()
    return made


@pytest.fixture
def restored(clinic: Clinic, file: Generation) -> Clinic:
    """Three were due in the lost time; part 2 of each is due later."""
    _counted(clinic.store, file, 3)
    clinic.enroll(3)
    set_back(clinic.store)
    return clinic


def with_file(clinic: Clinic, file: Generation, provider: Recorder):
    dispatcher = clinic.dispatcher(provider)
    dispatcher._with = replace(dispatcher._with, generation=file)
    return dispatcher


def test_a_restored_database_sends_nothing_and_says_why(restored: Clinic, file: Generation) -> None:
    provider = Recorder()

    report = with_file(restored, file, provider).tick(NOW)

    assert provider.calls == []
    assert "pipeline restored" in report.stopped_by
    assert restored.states() == [(State.PLANNED, None)] * 3


def test_confirmed_what_was_due_in_the_lost_time_is_in_doubt_and_the_rest_goes_on(restored, file) -> None:
    lost = confirm(file, restored.store)
    provider = Recorder()
    with_file(restored, file, provider).tick(NOW)

    assert len(lost.deliveries) == 3
    assert restored.states() == [(State.UNKNOWN, Reason.RESTORED)] * 3
    assert [state for state, _ in restored.states(part=2)] == [State.PLANNED] * 3
    assert provider.calls == []
    assert {row.provider for row in restored.rows()} == {"postmark"}
    with restored.store.read() as tx:
        assert not marks.halted(tx).everything
        assert audit.entries(tx)[0].action == "restored"


def test_confirmed_to_send_again_it_goes_as_if_nothing_had_been(restored: Clinic, file: Generation) -> None:
    confirm(file, restored.store, leave_open=False)

    assert with_file(restored, file, Recorder()).tick(NOW).accepted == 3


def test_after_a_confirmation_no_other_machine_holds_it_up(restored, file, tmp_path) -> None:
    other = Generation(tmp_path / "other.generation")
    shutil.copy(file.path, other.path)
    confirm(file, restored.store)

    assert other.count_up(restored.store, NOW) is Standing.FINE


def test_yesterdays_file_of_a_sqlite_database_comes_back_and_nothing_goes_twice(
    keyring, sqlite_template, database_folder
) -> None:
    """With real files: a copy made after the morning's mail, brought back after the afternoon's."""
    path, backup = database_folder / "living.db", database_folder / "backup.db"
    shutil.copy(sqlite_template, path)
    file = Generation(database_folder / "living.db.generation")
    provider = Recorder()
    with Store.open(f"sqlite:///{path}", keyring) as store:
        clinic = Clinic(store=store, keyring=keyring)
        clinic.prepare()
        clinic.enroll(2)
        _checkpoint(store)
        shutil.copy(path, backup)
        assert with_file(clinic, file, provider).tick(NOW).accepted == 2
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        name.unlink(missing_ok=True)
    shutil.copy(backup, path)

    with Store.open(f"sqlite:///{path}", keyring) as store:
        clinic = Clinic(store=store, keyring=keyring)
        dispatcher = with_file(clinic, file, provider)
        assert dispatcher.tick(NOW).sent == 0
        confirm(file, store)
        assert dispatcher.tick(NOW).sent == 0
        assert [state for state, _ in clinic.states()] == [State.UNKNOWN] * 2
    assert len(provider.keys) == len(set(provider.keys)) == 2


def _checkpoint(store: Store) -> None:
    """Bring everything into the main file, as a backup would."""
    with store._engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")


STEPS = st.lists(
    st.sampled_from(["count a", "count b", "die a", "die b", "backup", "restore"]), min_size=1, max_size=25
)


@settings(deadline=None, max_examples=40)
@given(steps=STEPS)
def test_whatever_happens_the_living_go_on_and_the_restored_do_not(
    steps, keyring, sqlite_template, tmp_path_factory
) -> None:
    """Two machines count in one database, die between the writes, and backups come back."""
    folder = tmp_path_factory.mktemp("generations")
    path = folder / "pipeline.db"
    shutil.copy(sqlite_template, path)
    with Store.open(f"sqlite:///{path}", keyring) as store:
        files = {name: Generation(folder / name) for name in "ab"}
        number, seen, saved = 0, {"a": None, "b": None}, None
        for step in steps:
            deed, _, who = step.partition(" ")
            if deed == "backup":
                saved = number
            elif deed == "restore" and saved is not None:
                with store.begin() as tx:
                    marks.set_mark(tx, "generation", str(saved), now=NOW)
                number = saved
            elif deed == "count":
                known = seen[who]
                found = files[who].count_up(store, NOW)
                if known is None and number > 0:
                    assert found is Standing.STRANGER
                elif known is not None and known > number:
                    assert found is Standing.RESTORED
                    return
                else:
                    assert found is Standing.FINE
                    number += 1
                    seen[who] = number
            elif deed == "die" and seen[who] is not None and seen[who] <= number:
                with store.begin() as tx:
                    number = marks.next_generation(tx, now=NOW)
