"""Rate and quota over all dispatchers on a database; a set clock, and nobody really waits."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from pipeline.delivery.pacing import Limits
from pipeline.delivery.states import State
from pipeline.engine.dispatch import Dispatcher
from pipeline.store.schema import pacing
from tests.engine.recorder import HERE, Recorder
from tests.engine.remembering import Ends, Remembering
from tests.engine.sample import NOW, SEND_TIME, Clinic


def paced(clinic: Clinic, provider, *, moving: bool = True, **limits: object) -> Dispatcher:
    """A dispatcher whose waits move the clock instead."""
    dispatcher = clinic.dispatcher(provider, limits=Limits(**limits))

    def rest(_stop: threading.Event, span: timedelta) -> None:
        assert span > timedelta()
        if moving:
            clinic.clock.moment += span

    dispatcher._with = replace(dispatcher._with, rest=rest)
    return dispatcher


def test_the_rate_holds_from_the_first_to_the_last_message(clinic: Clinic) -> None:
    clinic.enroll(20)
    times: list[datetime] = []
    provider = Recorder(during=lambda: times.append(clinic.clock.moment))

    report = paced(clinic, provider, per_second=3).tick(NOW)

    assert report.accepted == 20
    assert [len(call) for call in provider.calls] == [3] * 6 + [2]
    assert [(at - NOW).total_seconds() for at in times] == [0, 1, 2, 3, 4, 5, 6]


def test_two_dispatchers_together_keep_the_rate(clinic: Clinic) -> None:
    clinic.enroll(6)
    provider = Recorder()
    first = paced(clinic, provider, moving=False, per_second=3)
    second = paced(clinic, provider, moving=False, per_second=3)

    assert first.tick(NOW).accepted == 3
    assert second.tick(NOW).accepted == 0
    clinic.clock.moment += timedelta(seconds=1)
    assert second.tick(clinic.clock.moment).accepted == 3


def test_nobody_waits_where_nothing_is_due(clinic: Clinic) -> None:
    clinic.enroll(3)
    dispatcher = paced(clinic, Recorder(), per_second=3)

    dispatcher.tick(NOW)

    assert clinic.clock.moment == NOW


def test_asked_to_stop_while_it_waits_it_begins_no_other_batch(clinic: Clinic) -> None:
    clinic.enroll(9)
    dispatcher = paced(clinic, Recorder(), per_second=3)
    dispatcher._with = replace(dispatcher._with, rest=lambda _stop, _span: dispatcher.stop())

    assert dispatcher.tick(NOW).accepted == 3
    assert [state for state, _ in clinic.states()].count(State.PLANNED) == 6


def test_the_quota_of_the_day_is_kept_and_the_rest_goes_the_next_day(clinic: Clinic) -> None:
    clinic.enroll(8)
    provider = Recorder()
    dispatcher = paced(clinic, provider, per_day=5)

    report = dispatcher.tick(NOW)

    assert report.accepted == 5
    assert "quota of 5" in report.stopped_by
    assert "2026-03-04 00:00 UTC" in report.stopped_by
    assert [state for state, _ in clinic.states()].count(State.PLANNED) == 3
    assert dispatcher.tick(NOW).claimed == 0, "nothing is claimed in vain"
    clinic.clock.moment = SEND_TIME + timedelta(days=1)
    assert dispatcher.tick(clinic.clock.moment).accepted == 3


def test_what_may_not_go_uses_up_no_quota(clinic: Clinic) -> None:
    clinic.enroll(4, consent=False)
    dispatcher = paced(clinic, Recorder(), per_day=2)
    for _ in range(2):
        dispatcher.tick(NOW)

    with clinic.store.read() as tx:
        assert tx.connection.scalar(select(pacing.c.used)) in {0, None}


def test_two_dispatchers_that_claimed_for_the_same_rest_of_the_quota_send_no_more_than_it(clinic) -> None:
    clinic.enroll(8)
    provider = Recorder()
    first, second = paced(clinic, provider, per_day=5), paced(clinic, provider, per_day=5)
    begin = first._gateway.begin

    def let_the_other_go(*given):
        first._gateway.begin = begin
        second.tick(NOW)
        return begin(*given)

    first._gateway.begin = let_the_other_go
    first.tick(NOW)

    assert len(provider.keys) == len(set(provider.keys)) == 5
    assert [state for state, _ in clinic.states()].count(State.PLANNED) == 3


def test_a_quota_set_in_the_middle_of_a_day_counts_what_left_before(clinic: Clinic) -> None:
    clinic.enroll(6)
    provider = Recorder(replace(HERE, max_batch=4))
    without = clinic.dispatcher(provider)
    provider._during = without.stop
    assert without.tick(NOW).accepted == 4

    assert paced(clinic, Recorder(), per_day=5).tick(NOW).accepted == 1


def test_a_second_attempt_counts_too_and_goes_whole_or_not_at_all(clinic: Clinic) -> None:
    clinic.enroll(3)
    provider = Remembering(Ends.LOST_BEFORE, clock=clinic.clock)
    dispatcher = paced(clinic, provider, per_day=5)
    dispatcher.tick(NOW)
    clinic.clock.moment += timedelta(minutes=40)

    dispatcher.tick(clinic.clock.moment)
    assert len(provider.calls) == 1, "two are left of the quota, and three would go"

    larger = paced(clinic, provider, per_day=6)
    assert larger.tick(clinic.clock.moment).resent == 3


def test_a_clock_that_stands_still_ends_the_tick(clinic: Clinic) -> None:
    """A simulation's clock: the tick must not wait for a second that never comes."""
    clinic.enroll(9)

    assert paced(clinic, Recorder(), moving=False, per_second=3).tick(NOW).accepted == 3
