"""What a simulation came to, for people and for programs.

In charge of: the order and the words: the worst things first. Not in charge of: counting
(``engine.simulation_summary``) or judging (``engine.simulation_checks``).
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from pipeline.app.simulation import Played, Wanted
from pipeline.cli.printing import console
from pipeline.delivery.states import Reason, State
from pipeline.delivery.words import REASON_WORDS, STATE_WORDS
from pipeline.engine.simulation_checks import Breach
from pipeline.engine.simulation_summary import WORST, Came, Day

_SHOWN_DAYS = 60
_SHOWN_BREACHES = 20
_COLUMNS = (State.ACCEPTED, State.UNKNOWN, State.REFUSED, State.HELD, State.SKIPPED, State.CANCELED)


def show(played: Played, wanted: Wanted, *, to_stderr: bool) -> None:
    """Print the summary for people."""
    out = Console(stderr=True, width=160) if to_stderr else console()
    until = wanted.start + timedelta(days=wanted.days)
    zone = played.zone
    first, last = (f"{each.astimezone(zone):%a %d %b %Y, %H:%M}" for each in (wanted.start, until))
    out.print(f"[bold]Played {wanted.days} days[/bold], from {first} to {last}, clinic time.")
    out.print(f"{played.summary.arrived} emails would have gone out. Nothing has left this machine.")
    for line in _first(played):
        out.print(line)
    _show_done(played, out)
    if played.summary.days:
        out.print(_table(played))


def show_broken(played: Played) -> None:
    """Print each expectation with what breaks it, to standard error."""
    for name, found in played.breaches.items():
        if not found:
            typer.echo(f"kept:   {name}", err=True)
            continue
        typer.echo(f"BROKEN: {name}, by {len(found)} deliveries", err=True)
        for breach in found[:_SHOWN_BREACHES]:
            record = played.records.get(breach.patient, "erased")
            where = f"delivery {breach.delivery} (patient {record}, part {breach.part})"
            typer.echo(f"          {where} {breach.why}", err=True)
        if len(found) > _SHOWN_BREACHES:
            typer.echo(f"          and {len(found) - _SHOWN_BREACHES} more", err=True)


def summary_json(played: Played, wanted: Wanted) -> str:
    """Days, totals and expectations as JSON."""
    zone, summary = played.zone, played.summary
    whole = {
        "from": wanted.start.astimezone(zone).isoformat(),
        "until": (wanted.start + timedelta(days=wanted.days)).astimezone(zone).isoformat(),
        "seed": wanted.seed,
        "arrived": summary.arrived,
        "unknown_arrived": summary.unknown_arrived,
        "days": [{"date": day.on.isoformat(), **_by_state(day.came)} for day in summary.days],
        "standing": _by_state(summary.standing),
        "happened": [
            {"at": each.at.astimezone(zone).isoformat(), "what": each.what, "changed": each.changed}
            for each in played.record.done
        ],
        "expectations": [
            {"name": name, "kept": not found, "broken": [_breach(each, played) for each in found]}
            for name, found in played.breaches.items()
        ],
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _first(played: Played) -> Iterator[str]:
    """What a person should look at first."""
    if played.unsigned:
        yield "Nobody has approved this series: it was played as its files are today."
    if played.imported is not None:
        brought = played.imported
        yield f"Brought {brought.rows} patients; {len(brought.errors)} mistakes in the file were left out."
        not_mailed = [each for each in brought.results if each.reason is not None]
        if not_mailed:
            yield f"Not enrolled, or waiting: {len(not_mailed)} of them ({_reasons(not_mailed)})."
    summary = played.summary
    for state in WORST:
        came = {reason: number for (each, reason), number in summary.standing.items() if each is state}
        if came:
            words = STATE_WORDS[state] if state is not State.PLANNED else "Still waiting although due"
            yield f"{words}: {sum(came.values())} ({_counted(came)})."
        if state is State.UNKNOWN and came:
            yield f"  Of these {summary.unknown_arrived} did reach the patient: only a simulation can know."
    if played.record.left:
        yield f"Of the script's entries {len(played.record.left)} found no moment to happen in."


def _show_done(played: Played, out: Console) -> None:
    if played.record.done:
        out.print("[bold]What happened meanwhile[/bold]")
    for each in played.record.done:
        changed = f": {each.changed} changed" if each.changed else ""
        out.print(f"  {each.at.astimezone(played.zone):%a %d %b, %H:%M}  {each.what}{changed}")


def _table(played: Played) -> Table:
    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("Day")
    shown = [state for state in _COLUMNS if any(day.count(state) for day in played.summary.days)]
    for state in shown:
        table.add_column(STATE_WORDS[state], justify="right")
    table.add_column("Why not")
    for day in played.summary.days[:_SHOWN_DAYS]:
        numbers = [str(day.count(state) or "") for state in shown]
        table.add_row(f"{day.on:%a %d %b %Y}", *numbers, _why(day))
    if len(played.summary.days) > _SHOWN_DAYS:
        table.add_row(f"and {len(played.summary.days) - _SHOWN_DAYS} more days")
    return table


def _why(day: Day) -> str:
    return _counted({
        reason: sum(number for (_, each), number in day.came.items() if each is reason)
        for (state, reason) in day.came
        if state is not State.ACCEPTED and reason is not None
    })  # fmt: skip


def _counted(came: Mapping[Reason | None, int]) -> str:
    most = sorted(came.items(), key=lambda each: -each[1])
    return "; ".join(
        f"{number} {REASON_WORDS[reason]}" if reason else f"{number} without a reason"
        for reason, number in most
    )


def _reasons(results: list[Any]) -> str:
    most = Counter(each.reason for each in results).most_common()
    return "; ".join(f"{number} {reason.replace('_', ' ')}" for reason, number in most)


def _by_state(came: Mapping[Came, int]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (state, reason), number in came.items():
        found.setdefault(state.value, {})[reason.value if reason else ""] = number
    return found


def _breach(each: Breach, played: Played) -> dict[str, object]:
    return {
        "delivery": each.delivery,
        "enrollment": each.enrollment,
        "patient": played.records.get(each.patient),
        "part": each.part,
        "why": each.why,
    }
