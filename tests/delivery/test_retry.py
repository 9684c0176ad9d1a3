"""Backoff, jitter, Retry-After, and when a person is asked."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.delivery.outcome import Deferred
from pipeline.delivery.retry import GiveUp, RetryRules, TryAgain, after_deferral, backoff

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
RULES = RetryRules()

draws = st.floats(min_value=0, max_value=1, exclude_max=True)
attempts = st.integers(min_value=1, max_value=RULES.max_attempts - 1)


def again(deferred: Deferred, *, attempts: int = 1, draw: float = 0.0, rules: RetryRules = RULES) -> TryAgain:
    decision = after_deferral(deferred, attempts=attempts, now=NOW, draw=draw, rules=rules)
    assert isinstance(decision, TryAgain)
    return decision


@given(attempts=attempts, draw=draws)
@settings(deadline=None, max_examples=100)
def test_a_wait_lies_between_half_and_all_of_the_backoff(attempts: int, draw: float) -> None:
    wait = again(Deferred(reason="busy"), attempts=attempts, draw=draw).at - NOW

    full = backoff(attempts, first=RULES.first, longest=RULES.longest)
    assert full / 2 <= wait <= full


@given(attempts=st.integers(min_value=1, max_value=10_000))
@settings(deadline=None, max_examples=100)
def test_the_backoff_doubles_until_it_is_as_long_as_it_may_be(attempts: int) -> None:
    this, following = (backoff(n, first=RULES.first, longest=RULES.longest) for n in (attempts, attempts + 1))

    assert following == min(this * 2, RULES.longest)


@given(asked=st.integers(min_value=-100, max_value=10**9), draw=draws, attempts=attempts)
@settings(deadline=None, max_examples=100)
def test_nothing_is_tried_before_the_provider_said(asked: int, draw: float, attempts: int) -> None:
    wish = timedelta(seconds=asked)

    wait = again(Deferred(reason="busy", retry_after=wish), attempts=attempts, draw=draw).at - NOW

    assert wait >= min(wish, RULES.longest_asked)
    assert wait <= RULES.longest_asked + RULES.longest


def test_two_deliveries_of_one_batch_do_not_come_back_at_the_same_moment() -> None:
    deferred = Deferred(reason="busy", retry_after=timedelta(seconds=60))

    assert again(deferred, draw=0.1).at != again(deferred, draw=0.9).at


def test_after_the_last_attempt_a_person_decides() -> None:
    decision = after_deferral(
        Deferred(reason="busy"), attempts=RULES.max_attempts, now=NOW, draw=0.0, rules=RULES
    )

    assert decision == GiveUp(attempts=RULES.max_attempts)


def test_an_outage_uses_up_no_delivery() -> None:
    outage = Deferred(reason="no connection", everyone=True)

    decision = again(outage, attempts=RULES.max_attempts * 100)

    assert not decision.counted


def test_a_deferral_of_one_message_counts() -> None:
    assert again(Deferred(reason="mailbox busy")).counted
