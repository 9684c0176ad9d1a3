"""Unknown deliveries of one cause are one outage, and events only ever add to what is known."""

from datetime import UTC, datetime, timedelta
from itertools import product

from pipeline.delivery.outages import InDoubt, outages
from pipeline.delivery.reported import after_event
from pipeline.delivery.states import Reason, State, may_follow

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
EVENTS = (State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.COMPLAINED)


def doubt(number: int, minutes: int, *, provider: str = "postmark", batch: int | None = 1) -> InDoubt:
    return InDoubt(
        delivery=number, key=f"k{number}", enrollment=number, part=1, since=NOW + timedelta(minutes=minutes),
        provider=provider, reason=Reason.NO_ANSWER, detail=None, batch=batch,
    )  # fmt: skip


def test_a_batch_and_the_failed_probes_after_it_are_one_outage() -> None:
    found = [doubt(1, 0, batch=7), doubt(2, 0, batch=7), doubt(3, 15, batch=8), doubt(4, 60, batch=9)]

    (outage,) = outages(found)

    assert (outage.name, outage.batches, len(outage.members)) == (7, {7, 8, 9}, 4)


def test_another_provider_another_day_or_a_restore_is_another_outage() -> None:
    found = [
        doubt(1, 0), doubt(2, 0, provider="ses", batch=2), doubt(3, 24 * 60, batch=3),
        doubt(4, 1, batch=None),
    ]  # fmt: skip

    assert [[each.delivery for each in outage.members] for outage in outages(found)] == [[1], [2], [4], [3]]
    assert [outage.name for outage in outages(found)] == [1, 2, 0, 3]


def test_nothing_in_doubt_is_no_outage() -> None:
    assert outages([]) == ()


def test_an_event_never_takes_a_step_that_the_ledger_refuses() -> None:
    for now, says in product(State, EVENTS):
        state = now
        for step in after_event(now, says):
            assert may_follow(state, step)
            state = step


def test_an_event_settles_what_is_unknown_and_proves_what_is_on_its_way() -> None:
    assert after_event(State.UNKNOWN, State.DELIVERED) == (State.DELIVERED,)
    assert after_event(State.SENDING, State.BOUNCED) == (State.ACCEPTED, State.BOUNCED)


def test_events_in_any_order_end_where_the_weightiest_says() -> None:
    for first, second in product(EVENTS, EVENTS):
        state = State.UNKNOWN
        for says in (first, second):
            for step in after_event(state, says):
                state = step
        assert state is max(first, second, key=EVENTS.index)


def test_an_event_changes_nothing_that_has_not_gone() -> None:
    for now in (State.PLANNED, State.HELD, State.SKIPPED, State.CANCELED, State.REFUSED, State.CLAIMED):
        assert after_event(now, State.DELIVERED) == ()
