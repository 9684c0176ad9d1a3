"""Deliveries as a timeline that people read: day by day, in the patient's own time.

In charge of: those lines. Not in charge of: which deliveries (``app.calendar``).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from rich.table import Table
from rich.text import Text

from pipeline.app.calendar import CalendarRow
from pipeline.cli.printing import console
from pipeline.delivery.states import State
from pipeline.delivery.words import STATE_WORDS, reason_in_words

_UNDATED = "Without a day"


def show_timeline(rows: Sequence[CalendarRow], *, clinic_zone: str | None = None) -> None:
    """Print deliveries, grouped by the day on the patient's clocks; a zone where it is not the clinic's."""
    out = console()
    for day, found in _days(rows):
        out.print(f"[bold]{day}[/bold]")
        table = Table.grid(padding=(0, 2))
        for row in found:
            table.add_row(*_cells(row, clinic_zone))
        out.print(table)
        out.print()


def when(row: CalendarRow) -> str:
    """A row's day and hour on the patient's clocks; empty where nothing will be sent."""
    return f"{_local(row):%a %d %b %Y, %H:%M}" if row.due_local else ""


def state_and_reason(row: CalendarRow) -> str:
    """What becomes of a row, and why, in words."""
    words = STATE_WORDS[State(row.state)]
    return f"{words}: {reason_in_words(row.reason)}" if row.reason else words


def _days(rows: Iterable[CalendarRow]) -> Iterator[tuple[str, list[CalendarRow]]]:
    """By local day, the dated ones first; within a day by the moment."""
    dated = sorted((row for row in rows if row.due_local), key=lambda row: (_local(row).date(), row.due_utc))
    for day, found in groupby(dated, key=lambda row: _local(row).date()):
        yield f"{day:%A} {day.day} {day:%B %Y}", list(found)
    undated = [row for row in rows if not row.due_local]
    if undated:
        yield _UNDATED, undated


def _cells(row: CalendarRow, clinic_zone: str | None) -> tuple[Text | str, ...]:
    hour = f"{_local(row):%H:%M}" if row.due_local else ""
    zone = "" if row.zone == clinic_zone or not row.due_local else row.zone
    # Record numbers and the like are shown as they are: nothing in them is taken for markup.
    return "", hour, zone, Text(row.patient or ""), f"part {row.part}", state_and_reason(row)


def _local(row: CalendarRow) -> datetime:
    assert row.due_local is not None
    return datetime.fromisoformat(row.due_local)
