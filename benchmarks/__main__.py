"""``make bench``: every table, measured in one run on this machine.

In charge of: the list of tables, printing, JSON. Not in charge of: what is measured.
"""

import argparse
import json
import platform
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.table import Table as Grid

from benchmarks import personalising
from benchmarks.material import materials
from benchmarks.timing import Measured, Table, measure


def _personalising() -> Iterator[Table]:
    for material in materials():
        yield from personalising.tables(material)


#: Every group of tables; a new one is a function that gives tables, and a line here.
GROUPS: dict[str, Callable[[], Iterator[Table]]] = {"personalising": _personalising}


def run(groups: Sequence[str], *, rounds: int, seconds: float) -> Iterator[Measured]:
    """Measure the tables of these groups, one after another."""
    for name in groups:
        for table in GROUPS[name]():
            yield measure(table, rounds=rounds, seconds=seconds)


def main(words: Sequence[str] | None = None) -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Side-by-side timings.")
    parser.add_argument("groups", nargs="*", help=f"some of: {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; the median counts")
    parser.add_argument("--seconds", type=float, default=0.2, help="CPU seconds per case and round")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(words)
    unknown = set(options.groups) - set(GROUPS)
    if unknown:
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    measured = run(options.groups or list(GROUPS), rounds=options.rounds, seconds=options.seconds)
    if options.json:
        print(json.dumps([_as_json(each) for each in measured], indent=2))
        return
    console = Console(width=None if Console().is_terminal else 120)
    console.print(f"Python {platform.python_version()}, {options.rounds} rounds, median, per second of CPU.")
    for each in measured:
        _show(each, console)


def _show(measured: Measured, console: Console) -> None:
    table = measured.table
    grid = Grid(title=table.title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    grid.add_column("Candidate", min_width=44)
    grid.add_column(f"{table.unit}/s", justify="right")
    grid.add_column(f"× {table.base}", justify="right")
    for case in table.cases:
        ratio = measured.ratio(case.name, table.base)
        grid.add_row(case.name, f"{measured.per_second[case.name]:,.0f}", _times(ratio))
    console.print()
    console.print(grid)
    for budget in table.budgets:
        ratio = measured.ratio(budget.case, budget.against)
        verdict = "kept" if ratio >= budget.at_least else "MISSED"
        console.print(
            f"  budget {verdict}: {budget.case} ÷ {budget.against} is {_times(ratio)},"
            f" at least {_times(budget.at_least)} wanted"
        )


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}×" if ratio >= 20 else f"{ratio:.2f}×"


def _as_json(measured: Measured) -> dict[str, object]:
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
