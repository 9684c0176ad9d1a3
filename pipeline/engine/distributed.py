"""The engine of many machines: Procrastinate on PostgreSQL wakes workers, the dispatcher does the rest.

In charge of: the two kinds of jobs, and one worker process from start to quiet end. Not in charge of: what
is due or what becomes of it; that is the same ``dispatch`` as in one process, line for line.

``tick`` comes every so often on one of the workers: in Procrastinate's table each moment counts once,
however many of them ask. In one transaction it looks at what is due and adds as many ``send`` jobs as there
are batches, so that idle workers wake up. A ``send`` job is a dispatcher that works until nothing is left.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition

from pipeline.engine.dispatch import Dispatcher
from pipeline.engine.report import TickReport
from pipeline.errors import PipelineError
from pipeline.store import jobs
from pipeline.store.database import Store
from pipeline.store.due import count_due

_log = logging.getLogger(__name__)

TICK: Final = "tick"
SEND: Final = "send"
#: Send jobs that may wait at once; each of them works until nothing is left.
_MOST_JOBS: Final = 64
#: A worker that has been silent for so long is taken for dead (Procrastinate's own sign of life: 10 s).
_SILENCE: Final = timedelta(seconds=60)
#: Between two attempts to reach the database again.
_AGAIN_AFTER: Final = 5.0
_MINUTE: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """What a worker process is made of."""

    store: Store
    #: The same database, as libpq knows it: Procrastinate has connections of its own.
    conninfo: str
    #: Aware.
    clock: Callable[[], datetime]
    every: timedelta
    #: Messages that one dispatcher claims at once.
    batch_size: int
    #: How many dispatchers work side by side in this process.
    concurrency: int
    #: What has to happen before mail goes out, such as the end of pauses.
    housekeep: Callable[[], object]
    #: A new dispatcher with a mail API of its own: neither is shared between threads.
    open_dispatcher: Callable[[], AbstractContextManager[Dispatcher]]
    on_report: Callable[[TickReport], None] = lambda _report: None


class DistributedEngine:
    """One worker process of any number; a context manager that ends it quietly."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._desks = _Desks(crew.open_dispatcher)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker")
        self._end: Callable[[], object] = lambda: None

    def start(self) -> None:
        """Make Procrastinate's tables if they are missing, and begin to work. Raises StoreError."""
        with self._crew.store.begin() as tx:
            jobs.make_tables(tx, now=self._crew.clock())
        self._thread.start()

    def stop(self) -> None:
        """Finish the batches in hand, then end; returns when nothing is under way any more."""
        self._stopping.set()
        self._desks.stop()
        self._end()
        self._thread.join()
        self._desks.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def tick(self) -> int:
        """Wake as many workers as there is work for; how many ``send`` jobs were added."""
        crew = self._crew
        crew.housekeep()
        with crew.store.begin() as tx:
            jobs.forget_stalled(tx, silence=_SILENCE)
            due = count_due(tx, now=crew.clock(), limit=_MOST_JOBS * crew.batch_size)
            # One job at least, also when nothing is due: a dispatcher takes back leases that have ended.
            wanted = max(-(-due // crew.batch_size), 1)
            added = max(wanted - jobs.waiting(tx, SEND), 0)
            jobs.enqueue(tx, SEND, added)
        return added

    def send(self) -> None:
        """Send what is due until nothing is left."""
        with self._desks.one() as dispatcher:
            self._crew.on_report(dispatcher.tick(self._crew.clock()))

    def _run(self) -> None:
        """Work, and come back after the database was away."""
        while not self._stopping.is_set():
            with suppress(asyncio.CancelledError):
                try:
                    asyncio.run(self._work())
                except (ConnectorException, OSError) as error:
                    _log.error("the database cannot be reached (%s); trying again", type(error).__name__)
                    self._stopping.wait(_AGAIN_AFTER)

    async def _work(self) -> None:
        app = self._app()
        loop = asyncio.get_running_loop()
        async with app.open_async():
            working = asyncio.ensure_future(
                app.run_worker_async(
                    concurrency=self._crew.concurrency + 1,  # one more, so that ticks are never kept waiting
                    delete_jobs=DeleteJobCondition.ALWAYS,
                    install_signal_handlers=False,
                )
            )
            self._end = lambda: loop.call_soon_threadsafe(working.cancel)
            if self._stopping.is_set():
                working.cancel()
            await working

    def _app(self) -> App:
        app = App(connector=PsycopgConnector(conninfo=self._crew.conninfo, min_size=1, max_size=4))
        app.task(name=SEND)(_guarded(self.send))

        def tick(timestamp: int) -> None:
            _guarded(self.tick)()

        periodic = app.periodic(cron=cron_of(self._crew.every), queueing_lock=TICK)
        periodic(app.task(name=TICK)(tick))
        return app


def cron_of(every: timedelta) -> str:
    """The rhythm nearest to ``every``, and not slower, that a cron line with seconds can say."""
    seconds = max(int(every.total_seconds()), 1)
    if seconds >= _MINUTE:
        return f"*/{_divisor(seconds // _MINUTE)} * * * *"
    return f"* * * * * */{_divisor(seconds)}"


def _divisor(number: int) -> int:
    """The largest divisor of 60 that is not above ``number``: other steps start anew at each full hour."""
    return max(each for each in range(1, _MINUTE) if _MINUTE % each == 0 and each <= max(number, 1))


def _guarded(work: Callable[[], Any]) -> Callable[[], None]:
    """``work`` that never raises: Procrastinate would log its arguments and its traceback."""

    def guarded() -> None:
        try:
            work()
        except PipelineError as error:
            _log.error("%s", error.what)
        except Exception as error:
            # Its text may hold a patient's data; rows are safe, and the next tick tries again.
            _log.error("a job failed with %s", type(error).__name__)

    return guarded


class _Desks:
    """Dispatchers of this process, each used by one thread at a time."""

    def __init__(self, open_one: Callable[[], AbstractContextManager[Dispatcher]]) -> None:
        self._open_one = open_one
        self._free: queue.LifoQueue[Dispatcher] = queue.LifoQueue()
        self._all: list[Dispatcher] = []
        self._opened = ExitStack()
        self._lock = threading.Lock()
        self._stopped = False

    @contextmanager
    def one(self) -> Iterator[Dispatcher]:
        """A dispatcher that no other thread has."""
        try:
            dispatcher = self._free.get_nowait()
        except queue.Empty:
            dispatcher = self._new()
        try:
            yield dispatcher
        finally:
            self._free.put(dispatcher)

    def stop(self) -> None:
        """Let every dispatcher finish the batch in hand and begin no other."""
        with self._lock:
            self._stopped = True
            for dispatcher in self._all:
                dispatcher.stop()

    def close(self) -> None:
        """Close what they worked with."""
        self._opened.close()

    def _new(self) -> Dispatcher:
        with self._lock:
            dispatcher = self._opened.enter_context(self._open_one())
            self._all.append(dispatcher)
            if self._stopped:
                dispatcher.stop()
        return dispatcher
