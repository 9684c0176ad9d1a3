"""A clinic with one approved series, and a short way to bring lists of patients into it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.store.database import Store
from tests.actions.desk import Desk


@pytest.fixture
def desk(store) -> Desk:
    """The test runs once on each kind of database."""
    made = Desk(store)
    made.prepare()
    return made


@pytest.fixture(scope="session")
def fresh_desk(tmp_path_factory, sqlite_template, keyring) -> Callable:
    """A desk on a SQLite database of its own, for every example of a property."""
    path = tmp_path_factory.mktemp("desk") / "pipeline.db"

    @contextmanager
    def make() -> Iterator[Desk]:
        for stale in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            stale.unlink(missing_ok=True)
        shutil.copy(sqlite_template, path)
        with Store.open(f"sqlite:///{path}", keyring) as store:
            made = Desk(store)
            made.prepare()
            yield made

    return make


@pytest.fixture(scope="session")
def fresh_store(tmp_path_factory, sqlite_template, keyring) -> Callable:
    """An empty SQLite database of its own, for every example of a property."""
    path = tmp_path_factory.mktemp("store") / "pipeline.db"

    @contextmanager
    def make() -> Iterator[Store]:
        for stale in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            stale.unlink(missing_ok=True)
        shutil.copy(sqlite_template, path)
        with Store.open(f"sqlite:///{path}", keyring, durable=False) as store:
            yield store

    return make
