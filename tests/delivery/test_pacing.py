"""Rate and quota: never more than allowed, in any order of askers, and never stuck by a clock."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.delivery.pacing import Limits, counting, fresh, leave, left_of_quota, taking_turn

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_without_limits_everything_may_leave() -> None:
    assert leave(fresh(NOW), Limits(), NOW, 500).count == 500
    assert not Limits().any


def test_a_seconds_worth_leaves_at_once_and_the_next_a_second_later() -> None:
    limits = Limits(per_second=14)
    pace = fresh(NOW)

    assert leave(pace, limits, NOW, 100).count == 14
    pace = taking_turn(pace, limits, NOW, 14)
    assert leave(pace, limits, NOW, 100).count == 0
    assert leave(pace, limits, NOW, 100).again_at == NOW + SECOND
    assert leave(pace, limits, NOW + SECOND, 100).count == 14


def test_a_rate_below_one_lets_single_messages_leave() -> None:
    limits = Limits(per_second=0.25)
    pace = taking_turn(fresh(NOW), limits, NOW, leave(fresh(NOW), limits, NOW, 9).count)

    assert leave(pace, limits, NOW, 9).again_at == NOW + 4 * SECOND


def test_a_used_up_quota_says_when_it_goes_on() -> None:
    limits = Limits(per_day=100)
    pace = counting(fresh(NOW), NOW, 98)

    assert leave(pace, limits, NOW, 10).count == 2
    found = leave(counting(pace, NOW, 2), limits, NOW, 10)
    assert (found.count, found.quota_used) == (0, True)
    assert found.again_at == datetime(2026, 3, 4, tzinfo=UTC)
    assert leave(counting(pace, NOW, 2), limits, found.again_at, 10).count == 10


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1)])
def test_a_clock_that_is_set_back_gives_no_quota_anew_and_waits_no_hour(back: timedelta) -> None:
    limits = Limits(per_second=10, per_day=100)
    pace = counting(taking_turn(fresh(NOW), limits, NOW, 10), NOW, 100)

    assert left_of_quota(pace, limits, NOW - back, 1) == 0
    found = leave(pace, Limits(per_second=10), NOW - back, 5)
    assert found.again_at is not None
    assert found.again_at - (NOW - back) < timedelta(minutes=2)


@settings(deadline=None, max_examples=200)
@given(
    rate=st.floats(0.2, 50),
    asks=st.lists(st.tuples(st.floats(0, 3), st.integers(1, 200)), min_size=1, max_size=60),
)
def test_no_second_ever_has_more_than_twice_the_rate_and_no_long_time_more_than_it(rate, asks) -> None:
    """Whoever asks, and whenever: the pace is one for all."""
    limits, pace, now = Limits(per_second=rate), fresh(NOW), NOW
    left: list[tuple[datetime, int]] = []
    for wait, wanted in asks:
        now += SECOND * wait
        count = leave(pace, limits, now, wanted).count
        pace = taking_turn(pace, limits, now, count)
        left.append((now, count))
    most = max(int(rate), 1)
    for start, _ in left:
        for span in (1, 10):
            gone = sum(count for at, count in left if start <= at < start + SECOND * span)
            assert gone <= rate * span + most


@settings(deadline=None, max_examples=200)
@given(
    quota=st.integers(1, 300),
    asks=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 200)), min_size=1, max_size=40),
)
def test_no_day_ever_has_more_than_its_quota(quota, asks) -> None:
    limits, pace, now = Limits(per_day=quota), fresh(NOW), NOW
    gone: dict[object, int] = {}
    for hours, wanted in asks:
        now += timedelta(hours=hours)
        count = left_of_quota(pace, limits, now, wanted)
        pace = counting(pace, now, count)
        gone[now.date()] = gone.get(now.date(), 0) + count
    assert max(gone.values()) <= quota
