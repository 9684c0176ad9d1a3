"""What the database driver says, in words a person can act on.

In charge of: turning driver errors into ``StoreError`` with a mend. Not in charge of: errors in our own
queries, which stay what they are: bugs.
"""

import errno
import os
import re
import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from pipeline.errors import Place, StoreError

#: The database kept the second of two equal rows out: nobody saw the other one in time.
_TWICE = (
    "Two processes wrote the same thing at the same moment; this one gave way.",
    "run the command again",
)

#: Primary result codes of SQLite (https://sqlite.org/rescode.html): what happened, and what to do.
_SQLITE = {
    sqlite3.SQLITE_BUSY: (
        "The database is locked by another process.",
        "wait for the other command to end, or stop it; nothing was changed",
    ),
    sqlite3.SQLITE_READONLY: (
        "The database cannot be written.",
        "let the account that runs the pipeline write the file and its folder",
    ),
    sqlite3.SQLITE_FULL: (
        "The disk is full: nothing was changed.",
        "make room on the disk that holds the database, then start again",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "The database cannot be opened.",
        "check that its folder exists and may be read and written",
    ),
    sqlite3.SQLITE_NOTADB: (
        "The file is not a database, or it was overwritten.",
        "name another file under [database] url, or bring the database back from its backup",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "The database is damaged.",
        "stop the pipeline and bring the database back from its backup",
    ),
    sqlite3.SQLITE_IOERR: (
        "The disk refused to read or write the database.",
        "check the disk and the file system; a database on a network share is not safe",
    ),
}

#: SQLSTATE classes and codes of PostgreSQL (manual, appendix A), the longest match counts.
_POSTGRESQL = {
    "28": ("PostgreSQL refused the user or password.", "correct [database] url"),
    "3D000": ("PostgreSQL has no such database.", "create it, or correct [database] url"),
    "42501": ("The database user lacks a right.", "make the user the owner of the database"),
    "23505": _TWICE,
    "25006": ("The database takes no changes now.", "connect to the primary server, not to a replica"),
    "53100": ("The database server's disk is full: nothing was changed.", "make room on its disk"),
    "53300": ("PostgreSQL has no connection left.", "stop other clients or raise max_connections"),
    "40P01": ("Two processes waited for each other; this one gave way.", "run the command again"),
    "55P03": ("Another process holds what this one needs.", "run the command again in a moment"),
    "57P": ("The database server is stopping or starting.", "run the command again in a moment"),
}

#: What the system says about a path, for a file that cannot even be created.
_SYSTEM = {
    errno.ENOSPC: sqlite3.SQLITE_FULL,
    errno.EROFS: sqlite3.SQLITE_READONLY,
    errno.EACCES: sqlite3.SQLITE_READONLY,
    errno.EPERM: sqlite3.SQLITE_READONLY,
}


def store_error(error: DBAPIError, place: str) -> StoreError | None:
    """The error for a person, or None where ``error`` is a bug of ours. ``place`` names the database.

    The driver's own words are left out: they may quote values of a row.
    """
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        known = _sqlite(getattr(cause, "sqlite_errorcode", None) or 0)
    else:
        known = _postgresql(cause, lost=error.connection_invalidated)
    if known is None:
        return None
    what, mend = known
    return StoreError(what, where=Place(file=place), mend=mend)


def file_error(error: OSError, path: Path) -> StoreError:
    """The error for a database file that cannot be created."""
    what, mend = _SQLITE[_SYSTEM.get(error.errno or 0, sqlite3.SQLITE_CANTOPEN)]
    why = os.strerror(error.errno) if error.errno else str(error)
    return StoreError(f"{what} ({why})", where=Place(file=str(path)), mend=mend)


def _sqlite(code: int) -> tuple[str, str] | None:
    if code in {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}:
        return _TWICE
    # The low byte is the primary code; the rest only refines it.
    return _SQLITE.get(code & 0xFF)


def _postgresql(cause: BaseException | None, *, lost: bool) -> tuple[str, str] | None:
    sqlstate: str | None = getattr(cause, "sqlstate", None) or _said_at_connecting(str(cause))
    for length in (5, 3, 2):
        if sqlstate and sqlstate[:length] in _POSTGRESQL:
            return _POSTGRESQL[sqlstate[:length]]
    # No SQLSTATE: the server never answered, or the line was cut.
    if lost or (sqlstate is None and type(cause).__name__ == "OperationalError"):
        return (
            "The database server does not answer.",
            "check that PostgreSQL runs and that [database] url names its host and port",
        )
    return None


def _said_at_connecting(words: str) -> str | None:
    """The SQLSTATE of a refused connection, from its words: libpq passes on nothing else."""
    return next((sqlstate for pattern, sqlstate in _REFUSALS if re.search(pattern, words)), None)


_REFUSALS = (
    (r"authentication failed|no password supplied|role .* does not exist", "28P01"),
    (r"database .* does not exist", "3D000"),
    (r"too many clients|connection slots are reserved", "53300"),
    (r"starting up|shutting down", "57P03"),
)
