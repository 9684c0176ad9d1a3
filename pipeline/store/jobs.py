"""Procrastinate's tables in our own database: jobs that wake workers, added in our own transactions.

In charge of: making those tables, adding jobs, clearing away what a dead worker left. Not in charge of:
running jobs (``engine.distributed``), or the truth, which is in the ledger: a job carries no data, and one
that is lost, doubled or late changes nothing.

PostgreSQL only. Procrastinate 3, https://procrastinate.readthedocs.io (tables and queries as of 3.10).
"""

from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, cast

from procrastinate import App, SyncPsycopgConnector
from procrastinate.schema import SchemaManager
from sqlalchemy import bindparam, text

from pipeline.store.database import Tx
from pipeline.store.marks import get_mark, set_mark

#: Which version of Procrastinate the tables were made for.
_MARK: Final = "procrastinate"
#: A number of our own for pg_advisory_xact_lock: workers that start together make the tables once.
_LOCK: Final = 7_260_114_905
#: Never opened: jobs are only ever added on a connection of ours.
_QUEUE: Final = App(connector=SyncPsycopgConnector())

_WAITING = text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND task_name = :task")
_FORGET = text(
    "DELETE FROM procrastinate_jobs job WHERE job.status = 'doing' AND NOT EXISTS ("
    "SELECT 1 FROM procrastinate_workers alive WHERE alive.id = job.worker_id"
    " AND alive.last_heartbeat > now() - make_interval(secs => :silence))"
).bindparams(bindparam("silence"))


def make_tables(tx: Tx, *, now: datetime) -> None:
    """Make Procrastinate's tables, or bring older ones up to the installed version. Doing it again does
    nothing.
    """
    tx.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    known, installed = get_mark(tx, _MARK), version("procrastinate")
    if known == installed:
        return
    for script in [SchemaManager.get_schema()] if known is None else _scripts_after(known):
        _driver(tx).execute(script)
    set_mark(tx, _MARK, installed, now=now)


def enqueue(tx: Tx, task: str, count: int) -> None:
    """Add ``count`` jobs of ``task``; workers see them when this transaction is committed, or never."""
    if count > 0:
        job = _QUEUE.configure_task(task, connection=_driver(tx))
        job.batch_defer(*({} for _ in range(count)))


def waiting(tx: Tx, task: str) -> int:
    """How many jobs of ``task`` no worker has taken yet."""
    return int(tx.connection.scalar(_WAITING, {"task": task}) or 0)


def forget_stalled(tx: Tx, *, silence: timedelta) -> int:
    """Delete jobs whose worker has given no sign of life for ``silence``; how many.

    Nothing is lost with them: their deliveries have leases of their own.
    """
    return tx.connection.execute(_FORGET, {"silence": silence.total_seconds()}).rowcount


def _scripts_after(known: str) -> list[str]:
    """Procrastinate's migrations that are newer than the version ``known``, in order."""
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return [file.read_text(encoding="utf-8") for file in files if _numbers(file.name) > _numbers(known)]


def _numbers(name: str) -> tuple[int, ...]:
    """The version at the start of ``name``, as numbers: ``03.04.00_01_pre_x.sql`` and ``3.4.0`` are equal."""
    return tuple(int(number) for number in name.split("_", maxsplit=1)[0].split(".")[:3])


def _driver(tx: Tx) -> Any:  # noqa: ANN401 - a psycopg connection, which the base installation does not have
    return cast("Any", tx.connection.connection.driver_connection)
