"""How much more 2 and 4 workers send than one, when every answer of the mail API takes 100 ms.

In charge of: worker processes of the distributed engine on PostgreSQL, and the embedded one on SQLite. Not
in charge of: CPU (``delivering``): here the wall clock counts, and most of it is waiting for answers.
"""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from multiprocessing.synchronize import Event

from sqlalchemy import make_url, text

from benchmarks.delivering import postmark, sent_all
from benchmarks.ledger import NOW, Ledger, postgresql, sqlite
from benchmarks.material import Material
from benchmarks.sink import sink
from benchmarks.timing import Reading, Readings
from pipeline.engine.dispatch import Dispatcher
from pipeline.engine.distributed import Crew, DistributedEngine
from pipeline.keys import Keyring
from pipeline.rendering.edition import from_bytes
from pipeline.store.database import Store
from pipeline.store.editions import edition_bytes

_LATENCY = 100
_DUE = 4_000
_CREWS = (1, 2, 4)
_PATIENCE = 120.0


def tables(material: Material) -> Iterator[Readings]:
    """Messages per second of the wall clock."""
    with sink(_LATENCY) as url:
        rows = [_embedded(material, url), *_distributed(material, url)]
    yield Readings(
        title=f"Workers, {_LATENCY} ms for every answer to 500 messages (wall clock: it waits, it does not"
        " compute)",
        rows=tuple(rows),
    )


def _embedded(material: Material, url: str) -> Reading:
    with sqlite(material.edition, material.number) as ledger, closing(postmark(url)) as provider:
        ledger.enroll(_DUE)
        began = time.perf_counter()
        sent_all(ledger.dispatcher(provider), _DUE)
        rate = _DUE / (time.perf_counter() - began)
    return Reading(name="embedded, one process, SQLite", value=rate, unit="messages/s")


def _distributed(material: Material, url: str) -> Iterator[Reading]:
    with postgresql(material.edition, material.number) as (ledger, database):
        ledger.enroll(_DUE)
        for workers in _CREWS:
            ledger.put_back()
            rate = _DUE / _seconds(ledger, database, url, workers)
            yield Reading(name=f"distributed, {workers} workers, PostgreSQL", value=rate, unit="messages/s")


def _seconds(ledger: Ledger, database: str, url: str, workers: int) -> float:
    """From the moment at which all workers are ready to the last answer that was recorded."""
    spawn = multiprocessing.get_context("spawn")
    go, stop = spawn.Event(), spawn.Event()
    ready = [spawn.Event() for _ in range(workers)]
    crew = [
        spawn.Process(target=_work, args=(number, each, go, stop, database, ledger.keyring.to_text(), url))
        for number, each in enumerate(ready)
    ]
    for process in crew:
        process.start()
    for each in ready:
        each.wait(_PATIENCE)
    began = time.perf_counter()
    go.set()
    while _unsent(ledger):
        time.sleep(0.02)
        if time.perf_counter() - began > _PATIENCE:
            raise SystemExit(f"{_unsent(ledger)} of {_DUE} messages are still there")
    took = time.perf_counter() - began
    stop.set()
    for process in crew:
        process.join(_PATIENCE)
    return took


def _unsent(ledger: Ledger) -> int:
    with ledger.store.read() as tx:
        query = "SELECT count(*) FROM deliveries WHERE part = 1 AND state <> 'accepted'"
        return int(tx.connection.scalar(text(query)) or 0)


def _work(number: int, ready: Event, go: Event, stop: Event, database: str, keys: str, url: str) -> None:
    """One worker process, as ``pipeline worker`` runs it, with one dispatcher."""
    keyring = Keyring.from_text(keys, name="benchmark")
    with Store.open(database, keyring) as store:
        with store.read() as tx:
            sha256 = tx.connection.scalar(text("SELECT sha256 FROM editions"))
            ledger = Ledger(store=store, keyring=keyring, edition=from_bytes(edition_bytes(tx, str(sha256))))

        @contextmanager
        def dispatcher() -> Iterator[Dispatcher]:
            with closing(postmark(url)) as provider:
                yield ledger.dispatcher(provider, owner=f"worker-{number}")

        crew = Crew(
            store=store,
            conninfo=make_url(database).set(drivername="postgresql").render_as_string(hide_password=False),
            clock=lambda: NOW,
            every=timedelta(seconds=1),
            batch_size=500,
            concurrency=1,
            housekeep=lambda: None,
            open_dispatcher=dispatcher,
        )
        ready.set()
        go.wait()
        with DistributedEngine(crew):
            stop.wait()
