"""Everything that can befall a clinic while its mail goes out; the first line of each docstring names it.

In charge of: making it happen to one ``Round``. Not in charge of: how often, in which order (``chaos`` and
the tests), or what must hold afterwards (``invariants``).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.process import BaseProcess
from typing import TypeAlias

from pipeline.delivery.states import State
from pipeline.demo.faults import NOT_TAKEN, Call, Fault, no_faults
from tests.crash.crew import work as crew_work
from tests.crash.invariants import stands_still
from tests.crash.ordered import PATIENCE
from tests.crash.rounds import STEP, Round

Disturbance: TypeAlias = Callable[[Round], None]

HOUR = timedelta(hours=1)
#: Work enough for four workers that two of them are killed over it.
CREWS_PEOPLE = 60
#: These leave doubt; after the others every message has a proper answer.
DOUBTFUL = (frozenset(Fault) - NOT_TAKEN - {Fault.NONE, Fault.FAILED_ITEMS}) | {
    Fault.CUT_BEFORE, Fault.ERROR_BEFORE,
}  # fmt: skip
#: SLOW would take as long as anybody waits for an answer.
QUICK = tuple(fault for fault in Fault if fault not in {Fault.NONE, Fault.SLOW})


def killed_at_any_time(running: Round) -> None:
    """kill -9 after a random time"""
    process = running.start()
    process.join(running.chance.uniform(0, 0.12))
    running.kill(process)


def killed_at_a_request(running: Round) -> None:
    """kill -9 while the mail API has a request"""
    with _at_a_request(running) as trap:
        trap.act = lambda: _kill_first(running, trap)
        trap.victims.append(running.start())
        running.wait_for(trap.victims[0])


def faults(running: Round) -> None:
    """mail API failing in every way, and kill -9"""
    running.standin.plan = lambda call: _some_fault(running, call)
    process = running.start()
    if running.chance.random() < 0.5:
        process.join(running.chance.uniform(0.05, 0.3))
        process.kill()
    running.wait_for(process)
    running.standin.plan = no_faults


def two_at_once(running: Round) -> None:
    """two schedulers at once, one of them kill -9"""
    # Slow enough that the second one comes before the first has done everything.
    quick, running.standin.latency_seconds = running.standin.latency_seconds, 0.04
    with _at_a_request(running) as trap:
        trap.act = lambda: _kill_first(running, trap)
        both = [running.start(step=False), running.start()]
        trap.victims += both
        for process in both:
            running.wait_for(process)
    running.standin.latency_seconds = quick


def locked(running: Round) -> None:
    """database locked for longer than anybody waits"""
    _while_in_flight(running, running.place.lock)


def full(running: Round) -> None:
    """disk full in the middle of a batch"""
    if running.place.has_server:
        _while_in_flight(running, running.place.fill)
    else:
        few = running.chance.randint(0, 2)
        running.wait_for(running.start(pages=(running.place.pages() or 0) + few))


def restarted(running: Round) -> None:
    """database server crashed under a batch"""
    _while_in_flight(running, lambda: _server_crash(running))


def set_back(running: Round) -> None:
    """clock set back an hour in the middle"""
    after = running.chance.randint(1, 8)
    running.wait_for(running.start(back=HOUR, back_after=after, step=False))
    true, running.moment = running.moment, running.moment - HOUR
    running.wait_for(running.start())
    running.moment = true + STEP
    running.tally.counts["clocks set back"] += 1


def power_cut(running: Round) -> None:
    """power cut: only what the disk held is left"""
    process = running.start()
    process.join(running.chance.uniform(0, 0.1))
    if process.exitcode is None and process.pid is not None:
        running.store.close()
        up_again = running.place.cut_power(process.pid)
        process.kill()
        process.join()
        up_again()
        running.tally.counts["power cuts"] += 1
    running.kill(process)


def backed_up(running: Round) -> None:
    """backup made"""
    running.store.close()
    running.place.back_up()
    running.backed_up = True


def restored(running: Round) -> None:
    """backup brought back"""
    if not running.backed_up:
        return
    running.store.close()
    running.place.restore()
    running.backed_up = False
    tick = lambda: running.wait_for(running.start())  # noqa: E731 - one call, one line
    wrong = stands_still(running.store, tick, running.standin.taken)
    running.wrong += wrong
    running.tally.counts["backups restored"] += 1
    running.tally.counts["held until confirmed"] += not wrong
    lost = running.generation.confirm(
        running.store, actor="staff:ana", provider=running.api, leave_open=True, now=running.moment
    )
    running.in_flight += len(lost.deliveries)


def crew_killed(running: Round) -> None:
    """two of four workers kill -9 (PostgreSQL)"""
    workers = [_start_worker(running) for _ in range(4)]
    alive = [process for process, _ in workers[:2]]
    calls = 0

    def plan(_call: Call) -> Fault:
        nonlocal calls
        calls += 1
        if calls % 3 == 0 and alive:
            # Whose request this is nobody knows; a line that is cut would stop the others for a while.
            alive.pop().kill()
        return Fault.NONE

    running.standin.plan = plan
    running.enroll(CREWS_PEOPLE)
    _look_until(lambda: not alive and all(row.state != State.PLANNED for row in running.clinic.rows()))
    for process, stop in workers:
        if process.is_alive():
            # An event waits for whoever waited for it, also for the dead.
            stop.set()
        # Each worker has two dispatchers, each of them one batch under way.
        running.wait_for(process, batches=2)
    running.moment += STEP
    running.standin.plan = no_faults


@dataclass(slots=True)
class _Trap:
    """Something happens once, at one of the next requests after there is a victim."""

    calls_left: int
    act: Callable[[], Fault] = field(default=lambda: Fault.NONE)
    victims: list[BaseProcess] = field(default_factory=list)

    def plan(self, _call: Call) -> Fault:
        self.calls_left -= bool(self.victims)
        return self.act() if self.victims and self.calls_left == 0 else Fault.NONE


@contextmanager
def _at_a_request(running: Round) -> Iterator[_Trap]:
    trap = _Trap(calls_left=running.chance.randint(1, 4))
    running.standin.plan = trap.plan
    try:
        yield trap
    finally:
        running.standin.plan = no_faults


def _while_in_flight(running: Round, trouble: Callable[[], AbstractContextManager[object]]) -> None:
    """Trouble begins while a request is with the mail API, and ends with the process."""
    with ExitStack() as over, _at_a_request(running) as trap:

        def begin() -> Fault:
            over.enter_context(trouble())
            return Fault.NONE

        trap.act = begin
        trap.victims.append(running.start(patience=timedelta(seconds=0.2)))
        running.wait_for(trap.victims[0])


def _kill_first(running: Round, trap: _Trap) -> Fault:
    """Half of what was on the way arrives all the same: the sender cannot know."""
    trap.victims[0].kill()
    return running.chance.choice([Fault.NONE, Fault.CUT_BEFORE])


def _some_fault(running: Round, call: Call) -> Fault:
    if running.chance.random() < 0.5:
        return Fault.NONE
    fault = running.chance.choice(QUICK)
    running.tally.counts["faults"] += 1
    running.in_flight += len(call.keys) * (fault in DOUBTFUL)
    return fault


@contextmanager
def _server_crash(running: Round) -> Iterator[None]:
    running.store.close()
    with running.place.down():
        running.tally.counts["server crashes"] += 1
        yield


def _start_worker(running: Round) -> tuple[BaseProcess, threading.Event]:
    process, _ready, stop = running.processes.start_other(
        crew_work, running.place.url, running.keyring.to_text(), running.standin.url, running.next_number(),
        running.moment, events=2,
    )  # fmt: skip
    return process, stop


def _look_until(true: Callable[[], bool]) -> None:
    looks = threading.Event()
    for _ in range(PATIENCE * 20):
        if true():
            return
        looks.wait(0.05)
    raise TimeoutError("the workers never came to an end")
