"""The engine of one process: it ticks by itself, survives errors, and ends quietly."""

import threading
from datetime import timedelta

import pytest

from pipeline.delivery.states import State
from pipeline.engine.embedded import EmbeddedEngine
from pipeline.engine.report import TickReport
from pipeline.errors import StoreError
from tests.engine.recorder import Recorder
from tests.engine.sample import NOW, Clinic

SOON = timedelta(milliseconds=20)
#: Nothing here takes this long; it only keeps a broken test from hanging.
PATIENCE = 10


def test_what_is_due_goes_at_once_without_waiting_for_the_first_interval(clinic: Clinic) -> None:
    clinic.enroll(2)
    reports: list[TickReport] = []
    ticked = threading.Event()

    def keep(report: TickReport) -> None:
        reports.append(report)
        ticked.set()

    dispatcher = clinic.dispatcher(Recorder())
    with EmbeddedEngine(dispatcher, clock=clinic.clock, every=timedelta(hours=1), on_report=keep):
        assert ticked.wait(PATIENCE)

    assert [report.accepted for report in reports] == [2]


def test_it_goes_on_ticking(clinic: Clinic) -> None:
    clinic.enroll(1)
    provider = Recorder()
    clinic.clock.moment = NOW - timedelta(days=1)
    sent = threading.Event()

    def look(report: TickReport) -> None:
        clinic.clock.moment = NOW
        if report.accepted:
            sent.set()

    with EmbeddedEngine(clinic.dispatcher(provider), clock=clinic.clock, every=SOON, on_report=look):
        assert sent.wait(PATIENCE)

    assert len(provider.keys) == 1


def test_an_error_in_one_tick_is_said_and_the_next_one_tries_again(clinic: Clinic, caplog) -> None:
    ticks = iter([StoreError("The database is locked."), None])
    dispatcher = clinic.dispatcher(Recorder())
    went_on = threading.Event()
    tick = dispatcher.tick

    def sometimes(now):
        error = next(ticks, None)
        if error is not None:
            raise error
        return tick(now)

    dispatcher.tick = sometimes
    with EmbeddedEngine(dispatcher, clock=clinic.clock, every=SOON, on_report=lambda _report: went_on.set()):
        assert went_on.wait(PATIENCE)

    assert "The database is locked." in caplog.text


@pytest.mark.parametrize("people", [5])
def test_stopping_waits_for_the_batch_in_hand_and_its_record(clinic: Clinic, people: int) -> None:
    clinic.enroll(people)
    asked, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        asked.set()
        assert go_on.wait(PATIENCE)

    dispatcher = clinic.dispatcher(Recorder(during=slow), batch_size=2)
    engine = EmbeddedEngine(dispatcher, clock=clinic.clock, every=SOON)
    engine.start()
    assert asked.wait(PATIENCE)
    stopping = threading.Thread(target=engine.stop)
    stopping.start()
    go_on.set()
    stopping.join(PATIENCE)

    states = [state for state, _ in clinic.states()]
    assert State.SENDING not in states
    assert State.CLAIMED not in states
    assert states.count(State.ACCEPTED) >= 2
