"""Several dispatchers, and dispatchers killed with -9 at random points: nothing twice, nothing lost."""

import random
import signal
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess

import pytest

from pipeline.delivery.states import State
from pipeline.demo.accepted import taken_twice
from pipeline.demo.faults import Call, Fault, no_faults
from tests.engine.sample import NOW

BATCH = 5
#: Longer than the lease, and short enough that the last one still meets the day's window.
STEP = timedelta(minutes=6)


def test_two_processes_at_once_send_everything_once(clinic, standin, start_process) -> None:
    clinic.enroll(120)

    running = [start_process(number, NOW, BATCH) for number in range(2)]
    for process in running:
        process.join()

    assert [process.exitcode for process in running] == [0, 0]
    assert clinic.states() == [(State.ACCEPTED, None)] * 120
    assert taken_twice(standin.taken()) == []
    assert len(standin.taken()) == 120
    owners = {row.actor for row in clinic.history() if row.state == State.CLAIMED}
    assert owners == {"process-0", "process-1"}, "both had work"


class Killer:
    """Kills each process: at a random time, or while its request is with the stand-in."""

    def __init__(self, standin, start_process, seed: int) -> None:
        self.chance = random.Random(seed)
        self.kills = 0
        self.started = 0
        self.in_flight = 0
        self._standin = standin
        self._start = start_process
        self._victim: BaseProcess | None = None
        self._calls_left = 0

    def run(self, moment: datetime) -> None:
        """Start one process and kill it, unless it is done before."""
        by_request = self.chance.random() < 0.5
        self._calls_left = self.chance.randint(1, 4)
        self._standin.plan = self._at_a_request if by_request else no_faults
        self._victim = self._start(self.started, moment, BATCH)
        self.started += 1
        self._victim.join(None if by_request else self.chance.uniform(0, 0.1))
        self._victim.kill()
        self._victim.join()
        self.kills += self._victim.exitcode == -signal.SIGKILL

    def _at_a_request(self, _call: Call) -> Fault:
        self._calls_left -= 1
        if self._calls_left or self._victim is None:
            return Fault.NONE
        self._victim.kill()
        self.in_flight += 1
        # Half of them arrive all the same: the sender cannot know.
        return self.chance.choice([Fault.NONE, Fault.CUT_BEFORE])


@pytest.mark.parametrize("seed", [1])
def test_killed_at_random_points_nothing_is_sent_twice_and_nothing_is_lost(
    clinic, standin, start_process, seed
) -> None:
    clinic.enroll(300)
    killer = Killer(standin, start_process, seed)
    moment = NOW
    while killer.kills < 15:
        killer.run(moment)
        moment += STEP
        assert killer.started < 30, "there is not enough work to be killed in"
    standin.plan = no_faults
    for _ in range(2):
        start_process(killer.started, moment, BATCH).join()
        killer.started += 1
        moment += STEP

    taken = {entry.key for entry in standin.taken()}
    rows = clinic.rows()
    accepted = {row.key for row in rows if row.state == State.ACCEPTED}
    unknown = {row.key for row in rows if row.state == State.UNKNOWN}
    assert taken_twice(standin.taken()) == []
    assert accepted | unknown == {row.key for row in rows}, "none is left in the middle"
    assert accepted <= taken, "nothing is called accepted that never arrived"
    assert taken <= accepted | unknown, "nothing arrived that the ledger does not know of"
    assert killer.in_flight * BATCH <= len(unknown) <= killer.kills * BATCH, "what was in flight, no more"
