"""Opening the database, and transactions on it.

In charge of: connections, their settings, and one meaning of "transaction" on both databases. Not in
charge of: what is asked (the modules of functions), the version of the schema (``migrating``), or the
wording of failures (``failures``).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as NoConnectionLeftError

from pipeline.errors import Place, StoreError
from pipeline.keys import Keyring
from pipeline.store import migrating
from pipeline.store.failures import file_error, store_error

#: How long a statement waits for another process's transaction before it gives up.
_PATIENCE = timedelta(seconds=30)
#: Execution option of a connection: only reads. The name is ours.
_READ_ONLY = "pipeline_read_only"


@dataclass(frozen=True, slots=True)
class Tx:
    """One open transaction, and the keys to seal, open and find what is in it."""

    connection: Connection = field(repr=False)
    keyring: Keyring

    @property
    def on_postgresql(self) -> bool:
        """Whether PostgreSQL's locks are at hand; SQLite has one writer at a time and needs none."""
        return self.connection.dialect.name == "postgresql"


class Store:
    """One clinic's database. Safe to share between threads; every thread takes its own transaction."""

    def __init__(self, engine: Engine, keyring: Keyring, place: str) -> None:
        self._engine = engine
        self._reading = engine.execution_options(**{_READ_ONLY: True, "postgresql_readonly": True})
        self._keyring = keyring
        self._place = place

    @classmethod
    def open(
        cls,
        url: str,
        keyring: Keyring,
        *,
        folder: Path = Path(),
        patience: timedelta = _PATIENCE,
        durable: bool = True,
    ) -> Self:
        """Connect to ``url``, create the tables or bring an older database up to date.

        ``url`` is ``sqlite:///file.db`` (a relative file stands in ``folder``) or
        ``postgresql+psycopg://user@host/name``. ``durable`` False is for a SQLite file that is thrown away:
        it never waits for the disk. Raises StoreError: not reachable, not a database, locked,
        read-only, full, or made by a newer version of the pipeline.
        """
        parsed = database_url(url, folder)
        store = cls(_engine(parsed, patience, durable=durable), keyring, _place_of(parsed))
        try:
            with store._translated():
                migrating.migrate(store._engine, reading=store._reading, place=store._place)
        except BaseException:
            store.close()
            raise
        return store

    @property
    def kind(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """A transaction that writes: committed at the end of the block, undone if it raises.

        On SQLite it takes the write lock at once (BEGIN IMMEDIATE), so that two writers queue up instead
        of failing halfway. On PostgreSQL it is READ COMMITTED. Raises StoreError.
        """
        with self._translated(), self._engine.begin() as connection:
            yield Tx(connection, self._keyring)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A transaction that only reads; the database itself refuses a write in it. Raises StoreError."""
        with self._translated(), self._reading.begin() as connection:
            yield Tx(connection, self._keyring)

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except NoConnectionLeftError as error:
            raise StoreError(
                "Too many wait for the database at once.", where=Place(file=self._place),
                mend="try again in a moment; nothing was changed",
            ) from error  # fmt: skip
        except DBAPIError as error:
            translated = store_error(error, self._place)
            if translated is None:
                raise
            raise translated from error


def database_url(url: str, folder: Path) -> URL:
    """The value of database.url, understood; nothing is opened. Raises StoreError: it cannot be used."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise _bad_url("It is not a database address.") from None
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise _bad_url("SQLite needs a file: nothing may be lost when the process ends.")
        return parsed.set(database=str(folder / parsed.database))
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise _bad_url("Only SQLite and PostgreSQL are supported.")


def _bad_url(what: str) -> StoreError:
    return StoreError(
        f"The database address cannot be used. {what}",
        where=Place(key="database.url"),
        mend="write sqlite:///pipeline.db or postgresql+psycopg://user@host/name",
    )


def _place_of(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return f"PostgreSQL database {url.database} on {url.host or url.query.get('host') or 'this machine'}"


def _engine(url: URL, patience: timedelta, *, durable: bool) -> Engine:
    # hide_parameters: an error must not carry what was about to be written.
    if url.get_backend_name() == "sqlite":
        _create_file(Path(str(url.database)))
        # isolation_level None: the driver must not open transactions of its own (see _begin_sqlite).
        settings = {"timeout": patience.total_seconds(), "isolation_level": None}
        engine = create_engine(
            url, hide_parameters=True, connect_args=settings, pool_timeout=patience.total_seconds()
        )
        event.listen(engine, "connect", _set_up_sqlite)
        if not durable:
            event.listen(engine, "connect", _never_wait)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    waiting = int(patience.total_seconds() * 1000)
    # `sending` must survive the server's crash, also on one that is set up to answer before it has written.
    options = f"-c timezone=UTC -c lock_timeout={waiting} -c client_encoding=UTF8 -c synchronous_commit=on"
    try:
        return create_engine(
            url, hide_parameters=True, pool_pre_ping=True, isolation_level="READ COMMITTED",
            pool_timeout=patience.total_seconds(),
            connect_args={"options": options, "connect_timeout": 10},
        )  # fmt: skip
    except (ImportError, NoSuchModuleError):
        raise StoreError(
            "PostgreSQL's driver is not installed.",
            where=Place(key="database.url"),
            mend="install it with: pip install 'clinic-newsletter-pipeline[postgres]'",
        ) from None


def _create_file(path: Path) -> None:
    """Make an empty file that only its owner reads; SQLite gives its side files the same rights."""
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise file_error(error, path) from error


def _set_up_sqlite(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    # Readers and the writer do not block each other.
    cursor.execute("PRAGMA journal_mode = WAL")
    # `sending` must be on the disk before the first byte goes out: NORMAL may lose it in a power cut.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    # 32 MB at most. Keyed hashes are written all over their indexes: with the default 2 MB a long list is
    # mostly reading the same pages again.
    cursor.execute("PRAGMA cache_size = -32768")
    # An erased patient's bytes are overwritten, not only unlinked.
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _never_wait(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = OFF")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
