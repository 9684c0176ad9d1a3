"""``pipeline calendar``: what goes out when, in whose time, and why not."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from pipeline.app.calendar import CalendarRow, calendar_rows
from pipeline.app.clinic import Clinic
from pipeline.cli.opening import open_clinic
from pipeline.cli.printing import print_json, print_table
from pipeline.delivery.states import Reason, State
from pipeline.delivery.words import REASON_WORDS, STATE_WORDS
from pipeline.errors import NotAllowedError
from pipeline.store import patients

app = typer.Typer(help="What goes out when, in whose time, and why not.")


@app.command()
def calendar(
    ctx: typer.Context,
    patient: Annotated[str | None, typer.Option(help="Record number of one patient.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Every delivery with its day in the patient's own time, its state, and why it will not go."""
    with open_clinic(ctx.obj) as clinic, clinic.store.read() as tx:
        rows = calendar_rows(tx, patient_id=_id_of(clinic, patient))
    if as_json:
        print_json([row.as_dict() for row in rows])
        return
    if not rows:
        typer.echo("Nothing is planned yet. Bring patients with: pipeline import FILE --apply")
        return
    show_rows(rows)


def show_rows(rows: Sequence[CalendarRow]) -> None:
    """Print deliveries for people."""
    shown = [
        (
            when(row),
            row.zone,
            row.patient,
            row.part,
            STATE_WORDS[State(row.state)],
            REASON_WORDS[Reason(row.reason)] if row.reason else "",
        )
        for row in rows
    ]
    print_table(("Patient's time", "Zone", "Patient", "Part", "State", "Why"), shown)


def when(row: CalendarRow) -> str:
    """A row's day and hour on the patient's clocks; empty where nothing will be sent."""
    return f"{datetime.fromisoformat(row.due_local):%a %d %b %Y, %H:%M}" if row.due_local else ""


def _id_of(clinic: Clinic, record: str | None) -> int | None:
    if record is None:
        return None
    with clinic.store.read() as tx:
        found = patients.find_by_record(tx, record)
    if found is None:
        raise NotAllowedError(
            f"There is no patient with the record number {record!r}.",
            mend="look for it in `pipeline calendar`",
        )
    return found
