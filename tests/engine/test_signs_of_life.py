"""What one process leaves for the others to see: ticks, troubles, an open breaker."""

from datetime import timedelta

from pipeline.delivery.breaker import Breaker
from pipeline.store import watch
from tests.engine.recorder import Recorder
from tests.engine.remembering import Ends, Remembering
from tests.engine.sample import NOW, Clinic


def test_a_tick_is_seen_and_ends_the_troubles_before_it(clinic: Clinic) -> None:
    dispatcher = clinic.dispatcher(Recorder())
    dispatcher.trouble("The disk is full.", NOW)
    with clinic.store.read() as tx:
        assert watch.last_trouble(tx) == watch.Trouble(at=NOW, what="The disk is full.")
        assert watch.last_tick(tx) is None

    dispatcher.tick(NOW)

    with clinic.store.read() as tx:
        assert watch.last_trouble(tx) is None
        assert watch.last_tick(tx) == NOW


def test_a_long_tick_goes_on_giving_signs_of_life(clinic: Clinic) -> None:
    clinic.enroll(3)

    def minutes_go_by() -> None:
        clinic.clock.moment += timedelta(minutes=10)

    clinic.dispatcher(Recorder(during=minutes_go_by), batch_size=1).tick(NOW)

    with clinic.store.read() as tx:
        assert watch.last_tick(tx) == NOW + timedelta(minutes=30)


def test_an_outage_that_one_process_met_keeps_the_next_from_making_more_unknowns(clinic: Clinic) -> None:
    """As with `pipeline dispatch` from a timer: every tick is a new process."""
    clinic.enroll(9)
    provider = Remembering(*[Ends.LOST_AFTER] * 9, clock=clinic.clock, batch=3)
    provider.capabilities = Recorder().capabilities
    first = clinic.dispatcher(provider, batch_size=3)
    first.tick(NOW)

    second = clinic.dispatcher(provider, batch_size=3)
    report = second.tick(NOW)

    assert (report.claimed, report.stopped_by) == (0, "no answer")
    assert second.breaker == first.breaker
    clinic.clock.moment += timedelta(minutes=5)
    assert clinic.dispatcher(provider, batch_size=3).tick(clinic.clock.moment).unknown == 1, "one probe"


def test_when_the_provider_is_well_again_nothing_of_the_breaker_is_left(clinic: Clinic) -> None:
    clinic.enroll(9)
    provider = Remembering(Ends.LOST_BEFORE, clock=clinic.clock, batch=3)
    provider.capabilities = Recorder().capabilities
    clinic.dispatcher(provider, batch_size=3).tick(NOW)
    clinic.clock.moment += timedelta(minutes=5)

    other = clinic.dispatcher(provider, batch_size=3)
    other.tick(clinic.clock.moment)

    assert other.breaker == Breaker()
    with clinic.store.read() as tx:
        assert watch.load_breaker(tx, provider.name) == Breaker()


def test_another_providers_outage_stops_nobody(clinic: Clinic) -> None:
    clinic.enroll(3)
    with clinic.store.begin() as tx:
        broken = Breaker(failures=3, since=NOW, open_until=NOW + timedelta(hours=1), size=1, reason="down")
        watch.save_breaker(tx, "elsewhere", broken, now=NOW)
        assert watch.load_breaker(tx, "elsewhere") == broken

    assert clinic.dispatcher(Recorder()).tick(NOW).accepted == 3
