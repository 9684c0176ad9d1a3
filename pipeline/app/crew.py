"""A clinic's worker process for the distributed engine.

In charge of: wiring it. Not in charge of: jobs (``engine.distributed``) or dispatching (``engine.dispatch``).
Apart from ``clinic``, because it needs Procrastinate, which comes with the extra for PostgreSQL.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import make_url

from pipeline.app.clinic import Clinic
from pipeline.engine.dispatch import Dispatcher
from pipeline.engine.distributed import Crew
from pipeline.engine.report import TickReport
from pipeline.errors import NotAllowedError, Place


def crew_of(
    clinic: Clinic, *, concurrency: int, on_report: Callable[[TickReport], None] = lambda _report: None
) -> Crew:
    """The worker process of ``clinic`` with so many dispatchers side by side.

    Raises NotAllowedError on SQLite, which one machine has to itself, and ConfigError where the mail API
    cannot be opened: better at the start than in a job.
    """
    config = clinic.config
    if clinic.store.kind != "postgresql":
        raise NotAllowedError(
            "Workers on several machines need PostgreSQL; this clinic keeps its data in SQLite.",
            where=Place(file=config.file, key="database.url"),
            mend="use `pipeline run`, which does everything in one process, or move to PostgreSQL",
        )
    clinic.provider().close()
    return Crew(
        store=clinic.store,
        conninfo=_conninfo(config.database.url),
        clock=clinic.clock,
        every=timedelta(seconds=config.sending.tick_seconds),
        batch_size=config.sending.batch_size,
        concurrency=concurrency,
        housekeep=clinic.housekeep,
        open_dispatcher=lambda: _dispatcher(clinic),
        on_report=on_report,
    )


@contextmanager
def _dispatcher(clinic: Clinic) -> Iterator[Dispatcher]:
    provider = clinic.provider()
    try:
        yield clinic.dispatcher(provider)
    finally:
        provider.close()


def _conninfo(url: str) -> str:
    """A SQLAlchemy address as libpq reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
