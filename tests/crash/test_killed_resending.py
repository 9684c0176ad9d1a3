"""Where the API honours a key: killed with -9 at random, also while it sends again, each arrives once."""

import random
import signal
from datetime import timedelta

from pipeline.delivery.states import State
from pipeline.demo.accepted import taken_twice
from pipeline.demo.faults import Call, Fault, no_faults
from tests.crash.worker import tick_with_keys
from tests.engine.sample import NOW

BATCH = 5
PEOPLE = 40
KILLS = 8
#: Longer than the lease and the first waits between two tries.
STEP = timedelta(minutes=6)


def test_what_was_in_flight_goes_again_under_its_key_and_nothing_arrives_twice(
    clinic, standin, start_process
) -> None:
    clinic.enroll(PEOPLE)
    chance, moment, kills, number = random.Random(5), NOW, 0, 0
    while kills < KILLS:
        calls_left = chance.randint(1, 7)
        running: list = []

        def kill_at_a_request(_call: Call, running=running) -> Fault:
            nonlocal calls_left
            calls_left -= 1
            if calls_left or not running:
                return Fault.NONE
            running[0].kill()
            # Half of them arrive all the same: the sender cannot know.
            return chance.choice([Fault.NONE, Fault.CUT_BEFORE])

        standin.plan = kill_at_a_request
        process = start_process(number, moment, BATCH, work=tick_with_keys)
        running.append(process)
        process.join()
        kills += process.exitcode == -signal.SIGKILL
        number, moment = number + 1, moment + STEP
        assert number < 3 * KILLS, "there is not enough work to be killed in"
    standin.plan = no_faults
    for _ in range(3):
        start_process(number, moment, BATCH, work=tick_with_keys).join()
        number, moment = number + 1, moment + STEP

    again = [row for row in clinic.history() if row.state == State.SENDING]
    assert len(again) > PEOPLE, "some went more than once over the wire"
    assert clinic.states() == [(State.ACCEPTED, None)] * PEOPLE
    assert taken_twice(standin.taken()) == []
    assert {each.key for each in standin.taken()} == {row.key for row in clinic.rows()}
