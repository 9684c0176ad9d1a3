"""The exact search, against plain ways that try everything."""

from itertools import combinations, pairwise
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.series.cheapest import Curve, Road, cheapest_path, path_cost

bounded = settings(deadline=None, max_examples=250, derandomize=True)


def step_cost(road: Road, i: int, j: int) -> float:
    """The definition, written down a second time."""
    length, curve = road.positions[j] - road.positions[i], road.curve
    missing_half = max(0.0, 0.5 - length / curve.target)
    too_short = max(0.0, curve.shortest - length)
    return road.tolls[i] + (length / curve.target - 1) ** 2 + curve.steep * missing_half + 1e5 * too_short


def brute_force(road: Road, steps: int) -> float:
    """Every way there is."""
    return min(
        sum(step_cost(road, i, j) for i, j in pairwise((0, *cuts, road.end)))
        for cuts in combinations(range(1, road.end), steps - 1)
    )


def layer_by_layer(road: Road, steps: int) -> float:
    """The textbook way: the best cost of each place in each number of steps, nothing left out."""
    best = [0.0] + [inf] * road.end
    for _ in range(steps):
        best = [
            min((best[i] + step_cost(road, i, j) for i in range(j)), default=inf) for j in range(road.end + 1)
        ]
    return best[-1]


@st.composite
def roads(draw: st.DrawFn, most: int) -> tuple[Road, int]:
    lengths = draw(
        st.one_of(
            st.lists(st.integers(0, 120), min_size=1, max_size=most),
            st.integers(1, most).map(lambda number: [40] * number),  # equal: every tie there can be
        )
    )
    tolls = draw(
        st.lists(
            st.sampled_from([0.0, 0.05, 0.1, 0.4, 0.65]), min_size=len(lengths) + 1, max_size=len(lengths) + 1
        )
    )
    steps = draw(st.integers(1, len(lengths)))
    positions = [sum(lengths[:at]) for at in range(len(lengths) + 1)]
    curve = Curve(
        target=max(1.0, positions[-1] / steps),
        steep=draw(st.sampled_from([0.0, 4.0])),
        shortest=draw(st.sampled_from([0, 50])),
    )
    return Road(positions=positions, tolls=tolls, curve=curve), steps


@bounded
@given(roads(most=9))
def test_no_other_path_is_cheaper_than_the_one_found(case: tuple[Road, int]) -> None:
    road, steps = case
    path = cheapest_path(road, steps)
    assert (path[0], path[-1], len(path)) == (0, road.end, steps + 1)
    assert all(i < j for i, j in pairwise(path))
    assert path_cost(road, path) == pytest.approx(brute_force(road, steps))


@bounded
@given(roads(most=40))
def test_the_quick_search_equals_the_one_that_leaves_nothing_out(case: tuple[Road, int]) -> None:
    road, steps = case
    assert path_cost(road, cheapest_path(road, steps)) == pytest.approx(layer_by_layer(road, steps))


@bounded
@given(roads(most=30))
def test_the_cost_of_a_path_is_the_sum_of_its_steps(case: tuple[Road, int]) -> None:
    road, steps = case
    path = cheapest_path(road, steps)
    assert path_cost(road, path) == pytest.approx(sum(step_cost(road, i, j) for i, j in pairwise(path)))


def test_equal_stretches_are_cut_evenly_where_every_cut_costs_the_same() -> None:
    road = Road(
        positions=[100 * at for at in range(13)],
        tolls=[0.0] + [0.4] * 12,
        curve=Curve(target=400, steep=4, shortest=50),
    )
    assert cheapest_path(road, 3) == (0, 4, 8, 12)


def test_no_step_is_shorter_than_the_shortest_where_another_way_exists() -> None:
    road = Road(
        positions=[0, 200, 230, 260, 500],
        tolls=[0.0, 0.0, 9.0, 0.0, 0.0],
        curve=Curve(target=166, steep=4, shortest=50),
    )
    path = cheapest_path(road, 3)
    assert min(road.positions[j] - road.positions[i] for i, j in pairwise(path)) >= 50
