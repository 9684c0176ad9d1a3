"""Workers on PostgreSQL: four at once, two of them killed with -9: nothing twice, nothing lost."""

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import text

from pipeline.delivery.states import State
from pipeline.demo.accepted import taken_twice
from pipeline.demo.faults import Call, Fault
from pipeline.engine.distributed import SEND, DistributedEngine
from pipeline.store import jobs
from pipeline.store.database import Store
from tests.crash.conftest import PATIENCE, ROOT
from tests.crash.crew import crew, work
from tests.engine.sample import NOW, Clinic

#: Longer than the lease of a worker that was killed.
LATER = NOW + timedelta(minutes=6)


@pytest.fixture
def url(postgres) -> Iterator[str]:
    """A database of its own: Procrastinate's tables stand in it too."""
    made = postgres.create()
    yield made
    postgres.drop(made)


@pytest.fixture
def clinic(url, keyring) -> Iterator[Clinic]:
    with Store.open(url, keyring) as store:
        made = Clinic(store=store, keyring=keyring)
        made.prepare()
        yield made


@pytest.fixture
def start_worker(monkeypatch, url, keyring, standin) -> Iterator[Callable]:
    """``start(number, moment)`` gives a process and the event that ends it quietly."""
    monkeypatch.syspath_prepend(str(ROOT))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([work.__module__])
    started = []

    def start(number: int, moment):
        ready, stop = context.Event(), context.Event()
        process = context.Process(
            target=work, args=(ready, stop, url, keyring.to_text(), standin.url, number, moment)
        )
        process.start()
        started.append(process)
        assert ready.wait(PATIENCE)
        return process, stop

    yield start
    for process in started:
        process.kill()
        process.join()
        process.close()


def wait_until(true: Callable[[], bool]) -> None:
    """Look again and again; a test that waits so long has failed."""
    looks = threading.Event()
    for _ in range(PATIENCE * 20):
        if true():
            return
        looks.wait(0.05)
    raise AssertionError("it never came to that")


def test_four_workers_share_the_work_and_end_quietly(clinic, standin, start_worker) -> None:
    clinic.enroll(200)
    standin.plan = lambda _call: Fault.NONE

    workers = [start_worker(number, NOW) for number in range(4)]
    wait_until(lambda: all(state == (State.ACCEPTED, None) for state in clinic.states()))
    for process, stop in workers:
        stop.set()
        process.join()

    assert [process.exitcode for process, _ in workers] == [0, 0, 0, 0]
    assert taken_twice(standin.taken()) == []
    owners = {row.actor.rpartition("-")[0] for row in clinic.history() if row.state == State.CLAIMED}
    assert len(owners) > 1, "more than one of them had work"


def test_two_of_four_workers_are_killed_and_nothing_is_sent_twice_or_lost(
    clinic, standin, start_worker
) -> None:
    workers = [start_worker(number, NOW) for number in range(4)]
    victims = [process for process, _ in workers[:2]]
    calls = 0

    def plan(_call: Call) -> Fault:
        nonlocal calls
        calls += 1
        if calls % 5 == 0 and victims:
            # In the middle of a request: its own, or another worker's while its own is under way.
            victims.pop().kill()
        return Fault.NONE

    standin.plan = plan
    clinic.enroll(200)
    wait_until(lambda: not victims and all(row.state != State.PLANNED for row in clinic.rows()))
    for process, stop in workers[2:]:
        stop.set()
        process.join()
    standin.plan = lambda _call: Fault.NONE
    last, stop = start_worker(9, LATER)
    settled = {State.ACCEPTED, State.UNKNOWN}
    wait_until(lambda: all(State(row.state) in settled for row in clinic.rows()))
    stop.set()
    last.join()

    taken = {entry.key for entry in standin.taken()}
    accepted = {row.key for row in clinic.rows() if row.state == State.ACCEPTED}
    unknown = {row.key for row in clinic.rows() if row.state == State.UNKNOWN}
    assert taken_twice(standin.taken()) == []
    assert accepted <= taken <= accepted | unknown
    # Two processes died; each had at most three jobs (the third has room for a tick), a batch of five each.
    assert len(unknown) <= 2 * 3 * 5


def test_a_tick_adds_its_jobs_in_its_own_transaction(clinic, standin, url) -> None:
    clinic.enroll(23)
    engine = DistributedEngine(
        crew(clinic.store, clinic, url=url, standin=standin.url, name="here", batch_size=5)
    )
    with clinic.store.begin() as tx:
        jobs.make_tables(tx, now=NOW)
        jobs.make_tables(tx, now=NOW)

    assert engine.tick() == 5, "23 due messages are five batches of five"
    assert engine.tick() == 0, "the five jobs still wait"
    with suppress(LookupError), clinic.store.begin() as tx:
        jobs.enqueue(tx, SEND, 3)
        raise LookupError
    with clinic.store.read() as tx:
        assert jobs.waiting(tx, SEND) == 5, "jobs of a transaction that failed were never there"


def test_jobs_of_a_worker_that_died_are_cleared_away_and_others_are_left(clinic) -> None:
    with clinic.store.begin() as tx:
        jobs.make_tables(tx, now=NOW)
        jobs.enqueue(tx, SEND, 3)
        alive, silent = (
            tx.connection.scalar(
                text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - :ago) RETURNING id"),
                {"ago": ago},
            )
            for ago in (timedelta(seconds=5), timedelta(minutes=5))
        )
        for worker, job in ((alive, 1), (silent, 2)):
            tx.connection.execute(
                text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = :worker WHERE id = :job"),
                {"worker": worker, "job": job},
            )

        assert jobs.forget_stalled(tx, silence=timedelta(seconds=60)) == 1
        left = tx.connection.scalars(text("SELECT id FROM procrastinate_jobs ORDER BY id")).all()
    assert left == [1, 3]
