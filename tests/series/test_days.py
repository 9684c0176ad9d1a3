"""Days around the first visit."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.series.days import default_days, fill_days

PATTERN = (-2, 1, 4, 9, 16)


@pytest.mark.parametrize(
    ("count", "pattern", "days"),
    [
        (3, PATTERN, (-2, 1, 4)),
        (7, PATTERN, (-2, 1, 4, 9, 16, 23, 30)),
        (3, (5,), (5, 9, 13)),
        (2, (), (0, 4)),
        (3, (4, 1, 4), (1, 4, 7)),
    ],
)
def test_the_pattern_goes_on_with_its_last_gap(
    count: int, pattern: tuple[int, ...], days: tuple[int, ...]
) -> None:
    assert default_days(count, pattern) == days


@pytest.mark.parametrize(
    ("kept", "days"),
    [
        ((None, None, None), (-2, 1, 4)),
        ((-2, 3, None, 20), (-2, 3, 4, 20)),
        ((-2, None, 20), (-2, 1, 20)),
        ((-2, 10, None, 20), (-2, 10, 15, 20)),
        ((-2, 30, None), (-2, 30, 34)),
        ((None, -7), (-8, -7)),
        ((0, None, 1, 2), (0, 1, 2, 3)),
        ((5, 3, 9), (5, 6, 9)),
    ],
)
def test_kept_days_stay_and_new_ones_find_room(kept: tuple[int | None, ...], days: tuple[int, ...]) -> None:
    assert fill_days(kept, PATTERN) == days


@given(st.lists(st.none() | st.integers(-60, 400), min_size=1, max_size=12))
def test_days_always_rise(kept: list[int | None]) -> None:
    assert all(before < after for before, after in pairwise(fill_days(kept, PATTERN)))


@given(st.sets(st.integers(-60, 400), min_size=1, max_size=12).map(sorted))
def test_days_that_rise_already_all_stay(kept: list[int]) -> None:
    assert fill_days(kept, PATTERN) == tuple(kept)
