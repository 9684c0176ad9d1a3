"""The engine of one process: it ticks by itself, survives errors, and ends quietly."""

import threading
from datetime import timedelta

import pytest

from pipeline.delivery.states import State
from pipeline.engine.embedded import EmbeddedEngine
from pipeline.engine.report import TickReport
from pipeline.errors import StoreError
from pipeline.store.watch import last_trouble
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


def test_no_error_whatever_ends_the_schedule_and_each_is_seen_from_outside(clinic: Clinic, caplog) -> None:
    """A bug's text may hold a patient's data: it is in no log, and not in the database."""
    failing = ["before", "report"]
    went_on = threading.Event()

    def fail_once(where: str) -> None:
        if failing and failing[0] == where:
            failing.pop(0)
            raise ValueError("patient0@example.org")

    def report(_report: TickReport) -> None:
        fail_once("report")
        went_on.set()

    dispatcher = clinic.dispatcher(Recorder())
    noted: list[str] = []
    note = dispatcher.trouble

    def keep(what: str, now) -> None:
        note(what, now)
        with clinic.store.read() as tx:
            noted.append(last_trouble(tx).what)

    dispatcher.trouble = keep
    with EmbeddedEngine(
        dispatcher, clock=clinic.clock, every=SOON, before=lambda: fail_once("before"), on_report=report
    ):
        assert went_on.wait(PATIENCE)

    assert noted == ["a fault of ours (ValueError)"] * 2
    assert "example.org" not in caplog.text


def test_where_even_the_trouble_cannot_be_noted_it_still_ticks_on(clinic: Clinic, caplog) -> None:
    dispatcher = clinic.dispatcher(Recorder())
    ticks = iter([True, False])
    went_on = threading.Event()

    def sometimes() -> None:
        if next(ticks, False):
            raise StoreError("The disk is full: nothing was changed.")

    def never(_what: str, _now) -> None:
        raise StoreError("The disk is full: nothing was changed.")

    dispatcher.trouble = never
    with EmbeddedEngine(
        dispatcher, clock=clinic.clock, every=SOON, before=sometimes, on_report=lambda _r: went_on.set()
    ):
        assert went_on.wait(PATIENCE)

    assert "The disk is full" in caplog.text
