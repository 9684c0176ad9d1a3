"""``pipeline calendar``: what goes out when, in whose time, and why not.

In charge of: its options and words. Not in charge of: the rows (``app.calendar``, ``app.what_if``) or the
timeline (``timeline``).
"""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.actions.finding import patient_with
from pipeline.app.calendar import calendar_rows, coming_rows
from pipeline.app.clock import system_clock
from pipeline.app.what_if import Asked, Foreseen, foresee
from pipeline.cli.desk import open_desk
from pipeline.cli.moments import read_day, read_moment, read_zone
from pipeline.cli.opening import open_clinic
from pipeline.cli.printing import print_json, print_table
from pipeline.cli.timeline import show_timeline, state_and_reason, when

app = typer.Typer(help="What goes out when, in whose time, and why not.")


@app.command()
def calendar(
    ctx: typer.Context,
    patient: Annotated[str | None, typer.Option(help="Record number of one patient.")] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=400, help="What goes out in the clinic's next so many days.")
    ] = None,
    what_if: Annotated[
        str | None,
        typer.Option(metavar="START", help="A patient whose first visit is then: gets what, when?"),
    ] = None,
    zone: Annotated[
        str | None, typer.Option(help="With --what-if: the patient's time zone; else the clinic's.")
    ] = None,
    series: Annotated[
        str | None, typer.Option(help="With --what-if: the days of this series; else those of [schedule].")
    ] = None,
    now: Annotated[
        str | None, typer.Option(help="As if it were this moment (ISO; without an offset it is UTC).")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Every delivery with its day in the patient's own time, its state, and why it will not go.

    With --what-if no patient and no database is needed: the answer is for somebody who would be enrolled now.
    """
    if what_if is not None:
        if patient is not None or days is not None:
            raise typer.BadParameter("--what-if is about nobody: leave out --patient and --days")
        _show_what_if(ctx.obj, what_if, zone, series, now, as_json=as_json)
        return
    if zone is not None or series is not None:
        raise typer.BadParameter("--zone and --series belong to --what-if")
    _show_kept(ctx.obj, patient, days, now, as_json=as_json)


def _show_kept(
    config: Path, patient: str | None, days: int | None, now: str | None, *, as_json: bool
) -> None:
    with open_clinic(config) as clinic, clinic.store.read() as tx:
        moment = clinic.clock() if now is None else read_moment(now, option="--now")
        zone = clinic.config.zone
        one = None if patient is None else patient_with(tx, patient)
        if days is None:
            rows = calendar_rows(tx, patient_id=one)
        else:
            rows = coming_rows(tx, days=days, now=moment, zone=zone)
            rows = rows if patient is None else tuple(row for row in rows if row.patient == patient.strip())
    if as_json:
        print_json([row.as_dict() for row in rows])
        return
    if not rows:
        typer.echo(_nothing(patient, days))
        return
    typer.echo(f"Times are the patient's own; no zone is shown where it is the clinic's, {zone.key}.\n")
    show_timeline(rows, clinic_zone=zone.key)


def _nothing(patient: str | None, days: int | None) -> str:
    if days is not None:
        return f"Nothing goes out in the next {days} days."
    if patient is not None:
        return f"Nothing was planned for {patient}. Enroll them with: pipeline enroll {patient} --series NAME"
    return "Nothing is planned yet. Bring patients with: pipeline import FILE --apply"


def _show_what_if(
    config: Path, start: str, zone: str | None, series: str | None, now: str | None, *, as_json: bool
) -> None:
    desk = open_desk(config)
    own = desk.config.zone if zone is None else read_zone(zone, option="--zone")
    moment = system_clock() if now is None else read_moment(now, option="--now")
    day = read_day(start, option="--what-if", zone=own)
    found = foresee(desk, Asked(start=day, zone=own, now=moment, series=series))
    if as_json:
        print_json([each.row.as_dict() for each in found])
        return
    what = f"the series {series}" if series else "the days of [schedule]"
    typer.echo(
        f"First visit {day:%A} {day.day} {day:%B %Y}, {own.key}; {what}; "
        f"enrolled on {moment.astimezone(own):%a %d %b %Y, %H:%M}.\n"
    )
    print_table(
        ("Part", "Day", "Its own day", "Goes", "What becomes of it", "Last day"),
        [_told(each) for each in found],
    )


def _told(each: Foreseen) -> tuple[object, ...]:
    """One part: where it would be by itself, where it is, and why."""
    row = each.row
    why = f" ({each.closed_by})" if each.closed_by else ""
    day = f"{each.offset:+d}" if each.offset else "0"
    own = f"{each.own_day:%a %d %b %Y}"
    # The offset shows at a glance that the hour stays the same on both sides of a clock change.
    goes = f"{when(row)} (UTC{row.due_local[-6:]})" if row.due_local else ""
    return row.part, day, own, goes, f"{state_and_reason(row)}{why}", f"{each.expires_on:%a %d %b %Y}"
