"""The cheapest way through a row of places in an exact number of steps.

In charge of: exact dynamic programming on numbers. Not in charge of: what they mean (``split``).

Places stand on a line at growing positions. A step from place i to place j costs ``tolls[i]`` plus a
convex function of the distance. Such costs have the Monge property, which gives two things: the
best origin never moves back as the goal moves on (so one sweep over n places costs n log n), and the
best cost is convex in the number of steps, so that a fee per step steers the number and the answer
stays exact. Where the fee jumps over the wanted number, two optimal paths are spliced.
Source: Aggarwal, Schieber, Tokuyama, "Finding a minimum-weight k-link path in graphs with the
concave Monge property and applications", Discrete & Computational Geometry 12 (1994).
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

__all__ = ["Curve", "Path", "Road", "cheapest_path", "path_cost"]

Path: TypeAlias = tuple[int, ...]

#: Costs nearer than this are equal: far below any difference that matters, far above rounding.
_EQUAL = 1e-9
#: What each unit of length below the shortest costs: more than any plan can save elsewhere.
_TOO_SHORT = 1e5


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What a step of a given length costs: (length / target - 1)² and what shortness adds."""

    target: float
    #: Added per missing target below half the target.
    steep: float
    #: No step is shorter than this where another way exists.
    shortest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """Positions (never decreasing) of the places, and what leaving each one costs."""

    positions: Sequence[float]
    tolls: Sequence[float]
    curve: Curve

    @property
    def end(self) -> int:
        """Index of the last place."""
        return len(self.positions) - 1


def path_cost(road: Road, path: Sequence[int]) -> float:
    """The cost of a path of place indexes."""
    cost = _coster(road, road.tolls)
    return sum(cost(i, j) for i, j in pairwise(path))


def cheapest_path(road: Road, steps: int) -> Path:
    """The cheapest path from the first place to the last in exactly ``steps`` steps, 1..``road.end``."""
    few, many = _bracket(road, steps)
    while len(few) - 1 < steps < len(many) - 1:
        fee = _fee_between(road, few, many)
        found = _sweep(road, fee)
        saved = _with_fees(road, few, fee) - _with_fees(road, found, fee)
        if saved < _EQUAL or not len(few) < len(found) < len(many):
            return _splice(few, many, steps)
        few, many = (found, many) if len(found) - 1 <= steps else (few, found)
    return few if len(few) - 1 == steps else many


def _bracket(road: Road, steps: int) -> tuple[Path, Path]:
    """Two paths, each the best for its own number of steps: at most, and at least, ``steps``."""
    few: Path = (0, road.end)
    many: Path = tuple(range(road.end + 1))
    fee, stride = 0.0, 0.1
    sides: set[bool] = set()
    while len(sides) < 2 and len(few) - 1 < steps < len(many) - 1:
        found = _sweep(road, fee)
        above = len(found) - 1 > steps
        few, many = (few, found) if above else (found, many)
        sides.add(above)
        fee += stride if above else -stride
        stride *= 4
    return few, many


def _with_fees(road: Road, path: Path, fee: float) -> float:
    return path_cost(road, path) + fee * (len(path) - 1)


def _fee_between(road: Road, few: Path, many: Path) -> float:
    """The fee per step at which both paths cost the same."""
    return (path_cost(road, few) - path_cost(road, many)) / (len(many) - len(few))


def _splice(few: Path, many: Path, steps: int) -> Path:
    """The start of ``few`` and the end of ``many``, joined where one step of ``few`` spans one of ``many``.

    Both are optimal at the same fee, so by the Monge property the joined path is optimal too.
    """
    lead = len(many) - 1 - steps
    at = max(a for a in range(len(few) - 1) if few[a] <= many[a + lead])
    return (*few[: at + 1], *many[at + lead + 1 :])


_Cost: TypeAlias = Callable[[int, int], float]


def _coster(road: Road, leave: Sequence[float]) -> _Cost:
    """A function of origin and goal: ``leave[origin]`` and the step; flat, as it runs a million times."""
    positions, target, shortest = road.positions, road.curve.target, road.curve.shortest
    half, steep = target / 2, road.curve.steep / target

    def cost(origin: int, goal: int) -> float:
        length = positions[goal] - positions[origin]
        total = leave[origin] + (length / target - 1) ** 2
        if length < half:
            total += steep * (half - length)
        if length < shortest:
            total += _TOO_SHORT * (shortest - length)
        return total

    return cost


def _sweep(road: Road, fee: float) -> Path:
    """The cheapest path in any number of steps, each of which also costs ``fee``."""
    end = road.end
    leave = [road.tolls[0] + fee] + [0.0] * end  # best cost of reaching a place and leaving it
    came_from = [0] * (end + 1)
    cost = _coster(road, leave)
    rivals = deque([(0, 1)])  # origins, each with the first goal where it beats those before it
    for goal in range(1, end + 1):
        while len(rivals) > 1 and rivals[1][1] <= goal:
            rivals.popleft()
        came_from[goal] = rivals[0][0]
        leave[goal] = cost(came_from[goal], goal) + road.tolls[goal] + fee
        _enter(goal, rivals, cost, end)
    return _walk_back(came_from)


def _enter(origin: int, rivals: deque[tuple[int, int]], cost: _Cost, end: int) -> None:
    """Let a new origin in, from the first goal on where it wins; drop those that it beats outright."""
    while len(rivals) > 1 and cost(origin, rivals[-1][1]) < cost(*rivals[-1]):
        rivals.pop()
    last, since = rivals[-1]
    low, high = max(since, origin + 1), end + 1
    while low < high:
        middle = (low + high) // 2
        if cost(origin, middle) < cost(last, middle):
            high = middle
        else:
            low = middle + 1
    if low <= end:
        rivals.append((origin, low))


def _walk_back(came_from: Sequence[int]) -> Path:
    path = [len(came_from) - 1]
    while path[-1] != 0:
        path.append(came_from[path[-1]])
    return tuple(reversed(path))
