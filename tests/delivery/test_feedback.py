"""What events mean: the same in any order, and never a step that the ledger refuses."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.delivery.events import PROVES, Event, EventKind
from pipeline.delivery.feedback import REASONS, decisive, soft_run, steps
from pipeline.delivery.states import State, may_follow

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
SOFT, DELIVERED, HARD = EventKind.BOUNCED_SOFT, EventKind.DELIVERED, EventKind.BOUNCED_HARD


def event(kind: EventKind, minutes: int = 0, name: str = "") -> Event:
    at = NOW + timedelta(minutes=minutes)
    return Event(kind=kind, said=kind, at=at, dedupe=name or f"{kind} {minutes}")


EVENTS = st.builds(event, st.sampled_from(EventKind), st.integers(0, 5))


def test_no_event_ever_takes_a_step_that_the_ledger_refuses() -> None:
    for now, kind in product(State, PROVES):
        state = now
        for step in steps(now, kind):
            assert may_follow(state, step), (now, kind)
            state = step
        assert state in {now, PROVES[kind]}


def test_an_event_settles_what_is_unknown_and_proves_what_is_on_its_way() -> None:
    assert steps(State.UNKNOWN, DELIVERED) == (State.DELIVERED,)
    assert steps(State.SENDING, HARD) == (State.ACCEPTED, State.BOUNCED)
    assert steps(State.SENDING, EventKind.ACCEPTED) == (State.ACCEPTED,)


@pytest.mark.parametrize("now", [State.PLANNED, State.CLAIMED, State.HELD, State.SKIPPED])
def test_what_went_after_all_is_not_sent_again(now: State) -> None:
    assert steps(now, DELIVERED)[-1] is State.DELIVERED
    assert steps(now, EventKind.DROPPED) == (), "the service did not even try"


@pytest.mark.parametrize("now", [State.REFUSED, State.CANCELED])
def test_what_is_over_stays_over(now: State) -> None:
    assert {steps(now, kind) for kind in PROVES} == {()}


@given(st.lists(EVENTS, max_size=6).flatmap(lambda told: st.tuples(st.just(told), st.permutations(told))))
@settings(deadline=None, max_examples=300)
def test_the_same_events_mean_the_same_in_any_order_and_told_twice(pair) -> None:
    told, again = pair
    assert decisive(told) == decisive(again) == decisive([*told, *again])


@given(st.lists(EVENTS, min_size=1, max_size=6), st.sampled_from([State.UNKNOWN, State.ACCEPTED]))
@settings(deadline=None, max_examples=300)
def test_events_one_by_one_end_where_all_at_once_end(told, start: State) -> None:
    """The ledger follows the decisive event of what is known, each time one more is known."""
    state = start
    for known in range(1, len(told) + 1):
        end = decisive(told[:known])
        state = (steps(state, end.kind) or (state,))[-1] if end else state
    end = decisive(told)
    at_once = (steps(start, end.kind) or (start,))[-1] if end else start
    assert state is at_once


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ([event(SOFT, 0), event(DELIVERED, 5)], DELIVERED),
        ([event(SOFT, 5), event(DELIVERED, 0)], SOFT),
        ([event(HARD, 0), event(DELIVERED, 5)], HARD),
        ([event(EventKind.COMPLAINED, 0), event(HARD, 5)], EventKind.COMPLAINED),
        ([event(EventKind.ACCEPTED, 5), event(DELIVERED, 0)], DELIVERED),
    ],
    ids=["full, then delivered", "delivered, then back", "gone is gone", "spam counts most", "late receipt"],
)
def test_what_counts_is_the_weightiest_and_of_equals_the_latest(told, kind) -> None:
    assert decisive(told).kind is kind


@pytest.mark.parametrize(
    "kind", [EventKind.AUTO_REPLY, EventKind.DELAYED, EventKind.UNSUBSCRIBED, EventKind.OTHER]
)
def test_an_answering_machine_or_a_delay_says_nothing_of_the_delivery(kind) -> None:
    assert decisive([event(kind)]) is None
    assert kind not in REASONS


def run(*kinds: EventKind) -> int:
    return soft_run([(number, event(kind, number)) for number, kind in enumerate(kinds)])


def test_soft_bounces_are_counted_in_a_row_and_a_delivery_ends_the_row() -> None:
    assert run() == 0
    assert run(SOFT, SOFT, SOFT) == 3
    assert run(SOFT, SOFT, DELIVERED) == 0
    assert run(SOFT, DELIVERED, SOFT) == 1
    assert run(SOFT, EventKind.AUTO_REPLY, SOFT) == 2


def test_several_tries_of_one_email_count_once_and_not_at_all_once_it_arrives() -> None:
    tries = [(1, event(SOFT, minutes)) for minutes in range(9)]
    assert soft_run(tries) == 1
    assert soft_run([*tries, (1, event(DELIVERED, 10))]) == 0


@given(
    st.lists(st.tuples(st.integers(1, 4), EVENTS), max_size=8).flatmap(
        lambda told: st.tuples(st.just(told), st.permutations(told))
    )
)
@settings(deadline=None, max_examples=200)
def test_the_run_of_an_address_does_not_depend_on_the_order_of_the_calls(pair) -> None:
    told, again = pair
    assert soft_run(told) == soft_run(again)
