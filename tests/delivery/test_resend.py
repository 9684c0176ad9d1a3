"""When a provider still knows our key, and what of a batch may go again."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.delivery.resend import next_try, oldest_known, to_resend

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("remembers", "used"),
    [
        (timedelta(hours=24), timedelta(hours=23)),
        (timedelta(minutes=30), timedelta(minutes=27)),
        (timedelta.max, timedelta(days=365)),
    ],
    ids=["a day", "half an hour", "for ever"],
)
def test_a_margin_of_the_providers_memory_is_never_used(remembers: timedelta, used: timedelta) -> None:
    assert oldest_known(NOW, remembers) == NOW - used


def test_under_one_key_a_batch_goes_whole_or_not_at_all() -> None:
    assert to_resend([1, 2, 3], [3, 2, 1, 9], key_each=False) == {1, 2, 3}
    assert to_resend([1, 2, 3], [1, 3], key_each=False) == frozenset()


def test_with_a_key_each_only_what_is_unknown_goes() -> None:
    assert to_resend([1, 2, 3], [1, 3, 9], key_each=True) == {1, 3}


def test_waits_grow_up_to_a_limit_and_are_never_nothing() -> None:
    waits = [next_try(tries, NOW, draw=0.0) - NOW for tries in range(1, 20)]

    assert waits == sorted(waits)
    assert waits[0] > timedelta()
    assert waits[-1] <= timedelta(minutes=30)
