"""The engine of one process: APScheduler ticks, the dispatcher does the rest.

In charge of: calling the dispatcher again and again, and a quiet end. Not in charge of: what is due; that
is all in rows. The scheduler holds one job in memory, and losing it loses nothing.

APScheduler 3.11: ``coalesce`` makes one tick of many missed ones, ``max_instances=1`` keeps ticks from
overlapping, ``misfire_grace_time=None`` lets a late tick run (its default drops it after a second).
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Self

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from pipeline.engine.dispatch import Dispatcher
from pipeline.engine.report import TickReport
from pipeline.errors import PipelineError

_log = logging.getLogger(__name__)


class _AtOnceAndEvery(IntervalTrigger):  # type: ignore[misc]  # APScheduler 3 has no types
    """An interval that does not let the first tick wait for its first end."""

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """``now`` at first, then as every interval."""
        if previous_fire_time is None:
            return now
        following: datetime | None = super().get_next_fire_time(previous_fire_time, now)
        return following


class EmbeddedEngine:
    """A dispatcher that ticks by itself; a context manager that ends it quietly."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        *,
        clock: Callable[[], datetime],
        every: timedelta,
        before: Callable[[], object] = lambda: None,
        on_report: Callable[[TickReport], None] = lambda _report: None,
    ) -> None:
        """``clock`` is asked for each tick's time; ``before`` and ``on_report`` are called around each, in
        its thread.
        """
        self._dispatcher = dispatcher
        self._clock = clock
        self._before = before
        self._on_report = on_report
        # A tick may outlast the interval, where the rate asks for patience; APScheduler would warn each time.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = BackgroundScheduler(timezone=UTC)
        trigger = _AtOnceAndEvery(seconds=every.total_seconds(), timezone=UTC)
        self._scheduler.add_job(
            self._tick, trigger, id="dispatch", coalesce=True, max_instances=1, misfire_grace_time=None
        )

    def start(self) -> None:
        """Tick now, and then every so often."""
        self._scheduler.start()

    def stop(self) -> None:
        """Finish the batch in hand, then end; returns when nothing is under way any more."""
        self._dispatcher.stop()
        self._scheduler.shutdown(wait=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _tick(self) -> None:
        """One tick that never raises: the schedule goes on, whatever happened."""
        try:
            self._before()
            self._on_report(self._dispatcher.tick(self._clock()))
        except PipelineError as error:
            # A locked database or a wrong key: no row is harmed, and the next tick tries again.
            self._failed(error.what)
        except Exception as error:
            # A bug of ours. Its text may hold a patient's data; the type is enough to find it.
            self._failed(f"a fault of ours ({type(error).__name__})")

    def _failed(self, what: str) -> None:
        _log.error("%s", what)
        try:
            self._dispatcher.trouble(what, self._clock())
        except Exception as error:
            # The database itself is the trouble: `pipeline status` shows that no tick came through.
            _log.error("and it could not be noted (%s)", type(error).__name__)
