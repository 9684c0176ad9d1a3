"""A worker of the distributed engine in a process of its own, to be watched and to be killed.

In charge of: running one until it is told to stop. Not in charge of: judging what is left (the tests do).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing.synchronize import Event

from sqlalchemy import make_url

from pipeline.engine.dispatch import Dispatcher
from pipeline.engine.distributed import Crew, DistributedEngine
from pipeline.keys import Keyring
from pipeline.providers.postmark import Postmark
from pipeline.sections.mail import PostmarkProvider
from pipeline.store.database import Store
from tests.engine.sample import Clinic


def crew(store: Store, clinic: Clinic, *, url: str, standin: str, name: str, batch_size: int) -> Crew:
    """What a worker process works with; its dispatchers' names begin with ``name``."""
    section = PostmarkProvider(base_url=standin, timeout_seconds=10)

    @contextmanager
    def dispatcher() -> Iterator[Dispatcher]:
        provider = Postmark(section, environment={"POSTMARK_SERVER_TOKEN": "token"}, file="config.toml")
        owner = f"{name}-{next(clinic.numbers)}"
        yield clinic.dispatcher(provider, owner=owner, batch_size=batch_size)
        provider.close()

    return Crew(
        store=store,
        conninfo=make_url(url).set(drivername="postgresql").render_as_string(hide_password=False),
        clock=clinic.clock,
        every=timedelta(seconds=1),
        batch_size=batch_size,
        concurrency=2,
        housekeep=lambda: None,
        open_dispatcher=dispatcher,
    )


def _running_from(moment: datetime) -> Callable[[], datetime]:
    """A clock that goes on: after an outage all workers wait together, and a set one would never end that."""
    began = time.monotonic()
    return lambda: moment + timedelta(seconds=time.monotonic() - began)


def work(ready: Event, stop: Event, url: str, keys: str, standin: str, number: int, moment: datetime) -> None:
    """Open everything anew, say ``ready``, work at ``moment`` until ``stop``."""
    keyring = Keyring.from_text(keys, name="test")
    with Store.open(url, keyring) as store:
        clinic = Clinic(store=store, keyring=keyring, clock=_running_from(moment))
        team = crew(store, clinic, url=url, standin=standin, name=f"worker-{number}", batch_size=5)
        with DistributedEngine(team):
            ready.set()
            stop.wait()
