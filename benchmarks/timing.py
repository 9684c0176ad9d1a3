"""Measuring candidates side by side in one process, in interleaved rounds.

In charge of: rounds, medians, ratios. Not in charge of: what is measured (``personalising`` and its
neighbors) or printing (``__main__``).

Time is the process's own CPU time: another program on the same machine does not count. Every round runs
every case once, so that a slow minute hurts all of them alike; the median of the rounds is what is told.
"""

import gc
import itertools
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row of a table: something that is done again and again."""

    name: str
    #: Does it once, for one of ``items``.
    run: Callable[[Any], object]
    #: What it is done for, in turn; as varied as in real use.
    items: Sequence[Any]
    #: How many of the table's units one run does.
    units: int = 1
    #: Makes the next run possible; not timed.
    before: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A promise of DESIGN 12: ``case`` is at least ``at_least`` times as fast as ``against``."""

    case: str
    against: str
    at_least: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Cases that do the same job. ``prepare`` has checked that they do."""

    title: str
    #: What is counted, in the plural: ``messages``.
    unit: str
    cases: tuple[Case, ...]
    #: The case that all others are compared with.
    base: str
    budgets: tuple[Budget, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One figure that stands for itself: no rate, no rival."""

    name: str
    value: float
    unit: str
    #: A promise of DESIGN 12 in words, and whether it was kept; None: there is none.
    budget: str = ""
    kept: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """A table of figures."""

    title: str
    rows: tuple[Reading, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one table came to: per case, the median number of times per second of CPU."""

    table: Table
    per_second: dict[str, float]

    def ratio(self, case: str, against: str) -> float:
        """How many times as fast one case is as another."""
        return self.per_second[case] / self.per_second[against]


def measure(table: Table, *, rounds: int, seconds: float) -> Measured:
    """Run every case of ``table`` for about ``seconds`` of CPU in each of ``rounds`` rounds."""
    counts = {case.name: _fitting(case, seconds) for case in table.cases}
    speeds: dict[str, list[float]] = {case.name: [] for case in table.cases}
    for _ in range(rounds):
        for case in table.cases:
            count = counts[case.name]
            speeds[case.name].append(count * case.units / _time(case, count))
    medians = {name: statistics.median(found) for name, found in speeds.items()}
    return Measured(table=table, per_second=medians)


def _fitting(case: Case, seconds: float) -> int:
    """How many times fit into ``seconds``; finding out warms caches up."""
    count, took = 1, _time(case, 1)
    while took < seconds / 8:
        count *= 4
        took = _time(case, count)
    return max(1, int(count * seconds / took))


def _time(case: Case, count: int) -> float:
    items: Iterable[Any] = list(itertools.islice(itertools.cycle(case.items), count))
    run = case.run
    gc.collect()
    if case.before is not None:
        return sum(_time_prepared(case, item, case.before) for item in items)
    begin = time.process_time()
    for item in items:
        run(item)
    # The clock has steps; a case must not seem infinitely fast.
    return max(time.process_time() - begin, 1e-6)


def _time_prepared(case: Case, item: object, before: Callable[[], object]) -> float:
    before()
    begin = time.process_time()
    case.run(item)
    return max(time.process_time() - begin, 1e-6)
