"""Processes that can be killed, on a prepared database, mailing through one stand-in."""

import multiprocessing
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from pipeline.demo.standin import Standin
from tests.crash.worker import tick_once
from tests.engine.sample import Clinic

ROOT = Path(__file__).resolve().parents[2]
#: No process takes this long to open a database; it only keeps a broken test from hanging.
PATIENCE = 60


@pytest.fixture
def clinic(store, keyring) -> Clinic:
    """Approved, without patients; the test runs once on each kind of database."""
    made = Clinic(store=store, keyring=keyring)
    made.prepare()
    return made


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Standin]:
    """Answers after a few milliseconds, so that a kill may hit every step; tests set its plan."""
    clock = lambda: datetime(2026, 3, 3, tzinfo=UTC)  # noqa: E731 - one clock, one line
    with Standin(tmp_path / "standin", latency_seconds=0.005, keep_mail=False, clock=clock) as running:
        yield running


StartProcess = Callable[..., BaseProcess]


@pytest.fixture
def start_process(monkeypatch, database_url, keyring, standin) -> Iterator[StartProcess]:
    """``start(number, moment, batch_size)`` returns when the tick begins; the end kills what still runs.

    ``work`` is another function of ``worker`` than ``tick_once``.
    """
    # The server that forks them imports everything once; it takes its path from this process.
    monkeypatch.syspath_prepend(str(ROOT))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([tick_once.__module__])
    started: list[BaseProcess] = []

    def start(number: int, moment: datetime, batch_size: int, work=tick_once) -> BaseProcess:
        ready = context.Event()
        given = (ready, database_url, keyring.to_text(), standin.url, number, moment, batch_size)
        process = context.Process(target=work, args=given)
        process.start()
        started.append(process)
        assert ready.wait(PATIENCE)
        return process

    yield start
    for process in started:
        process.kill()
        process.join()
        process.close()
