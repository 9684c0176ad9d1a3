"""The table of transitions, read as promises."""

import pytest

from pipeline.delivery.states import FINAL, TRANSITIONS, Reason, State, may_follow
from pipeline.schedule.model import PlanReason


def test_every_state_says_what_may_follow() -> None:
    assert set(TRANSITIONS) == set(State)


def test_what_may_have_left_is_never_simply_sent_again() -> None:
    """From ``sending`` only proof leads on; what is ``unknown`` is never claimed, only sent as it was."""
    assert not may_follow(State.SENDING, State.CLAIMED)
    assert not may_follow(State.UNKNOWN, State.CLAIMED)


@pytest.mark.parametrize(
    "state", [State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.COMPLAINED, State.REFUSED]
)
def test_what_a_provider_took_or_refused_never_becomes_planned(state: State) -> None:
    assert not may_follow(state, State.PLANNED)


def test_only_what_was_claimed_and_the_same_batch_once_more_may_be_sent() -> None:
    assert [state for state in State if may_follow(state, State.SENDING)] == [State.CLAIMED, State.UNKNOWN]


def test_nothing_is_final_that_a_dispatcher_still_works_on() -> None:
    assert not FINAL & {State.PLANNED, State.CLAIMED, State.SENDING, State.UNKNOWN, State.HELD}


def test_every_reason_of_the_calendar_is_a_reason_of_the_ledger() -> None:
    assert {reason.value for reason in PlanReason} <= {reason.value for reason in Reason}
