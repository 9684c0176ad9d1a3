"""A dispatcher in a process of its own that is told exactly how things stand, and processes of that kind.

In charge of: one tick under an ``Order``, starting and ending such processes. Not in charge of: what befalls
them (``disturbances``) or judging what is left (``invariants``).
"""

import itertools
import multiprocessing
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine, event

from pipeline.actions.generation import Generation
from pipeline.demo.standin import GENERIC_BODY, IDEMPOTENCY_HEADER
from pipeline.errors import PipelineError
from pipeline.keys import Keyring
from pipeline.providers.http import Http
from pipeline.providers.port import Provider
from pipeline.providers.postmark import Postmark
from pipeline.providers.resend import Resend
from pipeline.sections.mail import HttpProvider, PostmarkProvider, ResendProvider
from pipeline.store.database import Store
from tests.engine.sample import Clinic

#: No process takes this long to open a database; it only keeps a broken one from hanging everything.
PATIENCE = 60
#: What a process ends with that met an error we have words for.
SAID_WHY = 3


def open_http(url: str, seconds: float) -> Provider:
    """One request per message, each with a key that is honoured."""
    section = HttpProvider(
        url=f"{url}/send", body=dict(GENERIC_BODY), idempotency_header=IDEMPOTENCY_HEADER,
        timeout_seconds=seconds,
    )  # fmt: skip
    return Http(section, environment={}, file="config.toml")


def open_resend(url: str, seconds: float) -> Provider:
    """Batch calls, each with a key that is honoured."""
    section = ResendProvider(base_url=url, timeout_seconds=seconds)
    return Resend(section, environment={"RESEND_API_KEY": "key"}, file="config.toml")


def open_postmark(url: str, seconds: float) -> Provider:
    """Batch calls without any key."""
    section = PostmarkProvider(base_url=url, timeout_seconds=seconds)
    return Postmark(section, environment={"POSTMARK_SERVER_TOKEN": "token"}, file="config.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One way to ask the stand-in."""

    #: From its address and the seconds an answer may take.
    open: Callable[[str, float], Provider]
    #: It sends nothing twice under a key that it knows.
    keyed: bool


APIS = {
    "http": Api(open=open_http, keyed=True),
    "resend": Api(open=open_resend, keyed=True),
    "postmark": Api(open=open_postmark, keyed=False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a process is to do, and how things stand for it."""

    url: str
    keys: str
    api: str
    standin: str
    generation: Path
    number: int
    moment: datetime
    batch_size: int
    #: An answer that takes longer is none.
    timeout_seconds: float = 10
    #: How long a statement waits for another one's lock.
    patience: timedelta = timedelta(seconds=30)
    #: SQLite: pages the file may have; None: as many as it likes.
    pages: int | None = None
    #: The clock is set back by so much after it was asked so often.
    back: timedelta = timedelta()
    back_after: int = 0


class TurningClock:
    """Stands still, and is set back once."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._asked = itertools.count(1)
        self.moment = order.moment

    def __call__(self) -> datetime:
        set_back = self._order.back and next(self._asked) > self._order.back_after
        return self._order.moment - self._order.back if set_back else self._order.moment


def work(ready: Event, order: Order) -> None:
    """Open everything anew, say ``ready``, tick once, end; an error that has words ends it with SAID_WHY."""
    if order.pages is not None:
        _bound(order.pages)
    keyring = Keyring.from_text(order.keys, name="test")
    provider = APIS[order.api].open(order.standin, order.timeout_seconds)
    try:
        with Store.open(order.url, keyring, patience=order.patience) as store:
            clinic = Clinic(
                store=store, keyring=keyring, clock=TurningClock(order),
                generation=Generation(order.generation),
            )  # fmt: skip
            dispatcher = clinic.dispatcher(
                provider, seed=order.number, owner=f"process-{order.number}", batch_size=order.batch_size
            )
            ready.set()
            dispatcher.tick(order.moment)
    except PipelineError:
        raise SystemExit(SAID_WHY) from None
    finally:
        ready.set()
        provider.close()


def _bound(pages: int) -> None:
    @event.listens_for(Engine, "connect")
    def bound(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")


class Processes:
    """Starts processes, and leaves none behind; a context manager."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        # The server that forks them imports everything once.
        self._context.set_forkserver_preload([work.__module__])
        self._started: list[BaseProcess] = []

    def start(self, order: Order) -> BaseProcess:
        """Returns when the process is about to tick."""
        return self.start_other(work, order)[0]

    def start_other(self, target: Callable[..., None], *given: object, events: int = 1) -> tuple[Any, ...]:
        """A process of another kind: ``target(*events, *given)``, the first event says that it is ready.

        Returns the process and its events.
        """
        made = [self._context.Event() for _ in range(events)]
        process = self._context.Process(target=target, args=(*made, *given))
        process.start()
        self._started.append(process)
        if not made[0].wait(PATIENCE):
            raise TimeoutError("a process never began to work")
        return (process, *made)

    def end(self) -> None:
        """Kill what still runs."""
        for process in self._started:
            process.kill()
            process.join()
            process.close()
        self._started.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()


def was_killed(process: BaseProcess) -> bool:
    return process.exitcode == -signal.SIGKILL
