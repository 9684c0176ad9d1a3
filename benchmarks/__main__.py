"""``make bench``: every table, measured in one run on this machine.

In charge of: the list of tables, printing, JSON. Not in charge of: what is measured.
"""

import argparse
import json
import platform
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.table import Table as Grid

from benchmarks import commands, delivering, idle, merging, personalising, workers
from benchmarks.material import materials, short_material
from benchmarks.timing import Measured, Readings, Table, measure


def _personalising() -> Iterator[Table]:
    for material in materials():
        yield from personalising.tables(material)


def _delivery() -> Iterator[Table]:
    yield from delivering.tables([short_material(), next(materials())])


#: Every group of tables; a new one is a function that gives tables, and a line here.
GROUPS: dict[str, Callable[[], Iterator[Table | Readings]]] = {
    "personalising": _personalising,
    "delivery": _delivery,
    "template-and-variables": lambda: merging.tables(next(materials())),
    "workers": lambda: workers.tables(next(materials())),
    "idle-tick": lambda: idle.tables(next(materials()), large=False),
    "splitting": commands.tables,
}
#: What takes many minutes in place of the group of that name.
LARGE: dict[str, Callable[[], Iterator[Table | Readings]]] = {
    "idle-tick": lambda: idle.tables(next(materials()), large=True),
}


def run(
    groups: Sequence[str], *, rounds: int, seconds: float, large: bool = False
) -> Iterator[Measured | Readings]:
    """Measure the tables of these groups, one after another."""
    chosen = {**GROUPS, **LARGE} if large else GROUPS
    for name in groups:
        for table in chosen[name]():
            found = table if isinstance(table, Readings) else measure(table, rounds=rounds, seconds=seconds)
            yield found


def main(words: Sequence[str] | None = None) -> None:
    """Parse, measure, print."""
    options = _options(words)
    groups = [*options.groups, *(options.only or [])] or list(GROUPS)
    measured = run(groups, rounds=options.rounds, seconds=options.seconds, large=options.large)
    if options.json:
        print(json.dumps([_as_json(each) for each in measured], indent=2))
        return
    console = Console(width=None if Console().is_terminal else 120)
    console.print(f"Python {platform.python_version()}, {options.rounds} rounds, median, per second of CPU.")
    for each in measured:
        _show(each, console)


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Side-by-side timings.")
    parser.add_argument("groups", nargs="*", help=f"some of: {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--only", action="append", metavar="GROUP", help="the same, as an option")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; the median counts")
    parser.add_argument("--seconds", type=float, default=0.2, help="CPU seconds per case and round")
    parser.add_argument("--large", action="store_true", help="a million deliveries; takes minutes more")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(words)
    unknown = {*options.groups, *(options.only or [])} - set(GROUPS)
    if unknown:
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    return options


def _show(measured: Measured | Readings, console: Console) -> None:
    console.print()
    if isinstance(measured, Readings):
        _show_readings(measured, console)
        return
    table = measured.table
    grid = _grid(table.title)
    grid.add_column("Candidate", min_width=44)
    grid.add_column(f"{table.unit}/s", justify="right")
    grid.add_column(f"× {table.base}", justify="right", max_width=40)
    for case in table.cases:
        ratio = measured.ratio(case.name, table.base)
        grid.add_row(case.name, f"{measured.per_second[case.name]:,.0f}", _times(ratio))
    console.print(grid)
    for budget in table.budgets:
        ratio = measured.ratio(budget.case, budget.against)
        verdict = "kept" if ratio >= budget.at_least else "MISSED"
        console.print(
            f"  budget {verdict}: {budget.case} ÷ {budget.against} is {_times(ratio)},"
            f" at least {_times(budget.at_least)} wanted"
        )


def _show_readings(readings: Readings, console: Console) -> None:
    grid = _grid(readings.title)
    grid.add_column("What", min_width=44)
    grid.add_column("Measured", justify="right")
    grid.add_column("Budget")
    for row in readings.rows:
        verdict = "" if row.kept is None else "  kept" if row.kept else "  MISSED"
        grid.add_row(
            row.name, f"{row.value:,.{0 if row.value >= 100 else 2}f} {row.unit}", row.budget + verdict
        )
    console.print(grid)


def _grid(title: str) -> Grid:
    return Grid(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}×" if ratio >= 20 else f"{ratio:.2f}×"


def _as_json(measured: Measured | Readings) -> dict[str, object]:
    if isinstance(measured, Readings):
        rows = [
            {"name": row.name, "value": row.value, "unit": row.unit, "budget": row.budget, "kept": row.kept}
            for row in measured.rows
        ]
        return {"title": measured.title, "rows": rows}
    table = measured.table
    return {
        "title": table.title,
        "unit": table.unit,
        "base": table.base,
        "per_cpu_second": measured.per_second,
        "ratios": {case.name: measured.ratio(case.name, table.base) for case in table.cases},
        "budgets": [
            {
                "case": budget.case,
                "against": budget.against,
                "at_least": budget.at_least,
                "measured": measured.ratio(budget.case, budget.against),
            }
            for budget in table.budgets
        ],
    }


if __name__ == "__main__":
    main()
