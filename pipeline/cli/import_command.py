"""``pipeline import``: patients from a file; a dry run unless --apply."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipeline.actions.effects import Effect, RowResult
from pipeline.app.bringing import Import, bring
from pipeline.app.clinic import Clinic
from pipeline.app.clock import Clock, SetClock, system_clock
from pipeline.app.files import read_bytes
from pipeline.app.settings import check_settings
from pipeline.cli.printing import console, print_json, print_table
from pipeline.delivery.words import reason_in_words
from pipeline.patients.model import Basis, DateOrder, ImportTerms, RosterFile

app = typer.Typer(help="Patients from a file; a dry run unless --apply.")

_LIMIT = 500_000_000
_SHOWN = 40
_EFFECT_WORDS = {
    Effect.ENROLLED: "enrolled",
    Effect.MOVED: "moved to a new first visit",
    Effect.HELD: "held",
    Effect.RELEASED: "released",
    Effect.ENDED: "ended",
    Effect.UNCHANGED: "unchanged",
    Effect.NOT_ENROLLED: "not enrolled",
    Effect.BROUGHT: "brought in without a series",
}


@app.command("import")
def import_(
    ctx: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(
            help="CSV or XLSX; with an appointments file beside it; or FHIR NDJSON or Bundle files."
        ),
    ],
    wording: Annotated[
        str, typer.Option(help="Version of the words the patients saw, like 'intake-2026-01'.")
    ],
    basis: Annotated[Basis, typer.Option(help="The legal ground the clinic declares.")] = Basis.CONSENT,
    series: Annotated[str | None, typer.Option(help="Enroll in this approved series.")] = None,
    date_order: Annotated[DateOrder | None, typer.Option(help="How dates like 03/04/2026 are meant.")] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Character encoding of text files; otherwise found out.")
    ] = None,
    now: Annotated[datetime | None, typer.Option(help="As if it were this moment (ISO, UTC).")] = None,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Keep it; otherwise nothing is changed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Bring patients from files and enroll them. A dry run shows what would happen, and changes nothing."""
    config = check_settings(ctx.obj, today=system_clock().date())
    read = [RosterFile(name=file.name, data=read_bytes(file, limit=_LIMIT)) for file in files]
    clock: Clock = SetClock(now.replace(tzinfo=UTC)) if now else system_clock
    with Clinic.open(config, clock=clock) as clinic:
        terms = ImportTerms(
            clinic_zone=config.zone,
            now=clock(),
            basis=basis,
            wording=wording,
            date_order=date_order,
            encoding=encoding,
        )
        done = _with_progress(clinic, read, terms, series, apply=apply, quiet=as_json)
    if as_json:
        print_json(_as_json(done))
    else:
        _show(done, ", ".join(file.name for file in files))
    if done.errors:
        raise typer.Exit(1)


def _with_progress(
    clinic: Clinic,
    files: list[RosterFile],
    terms: ImportTerms,
    series: str | None,
    *,
    apply: bool,
    quiet: bool,
) -> Import:
    columns = (SpinnerColumn(), TextColumn("{task.completed} rows"), TimeElapsedColumn())
    with Progress(*columns, console=console(), transient=True, disable=quiet) as progress:
        task = progress.add_task("rows", total=None)
        return bring(
            clinic, files, terms=terms, series=series, actor="terminal", apply=apply,
            progress=lambda rows: progress.update(task, completed=rows),
        )  # fmt: skip


def _show(done: Import, name: str) -> None:
    tense = "" if done.applied else "would be "
    typer.echo(f"{name}: {done.rows} good rows, {len(done.errors)} mistakes.")
    typer.echo(f"Patients: {done.added} {tense}new, {done.changed} {tense}changed.")
    for effect, count in done.effects.items():
        typer.echo(f"  {count} {tense}{_EFFECT_WORDS[effect]}")
    if done.results:
        print_table(("Row", "What", "Why"), [_result_words(each) for each in done.results[:_SHOWN]])
    if done.errors:
        rows = [(each.row, each.column, each.message) for each in done.errors[:_SHOWN]]
        print_table(("Row", "Column", "What to mend"), rows, title="Left out until mended")
    if not done.applied:
        typer.echo("This was a dry run: nothing was changed. Add --apply to keep it.")


def _result_words(each: RowResult) -> tuple[object, ...]:
    return each.row, _EFFECT_WORDS[each.effect], reason_in_words(each.reason) if each.reason else ""


def _as_json(done: Import) -> dict[str, object]:
    return {
        "applied": done.applied,
        "rows": done.rows,
        "added": done.added,
        "changed": done.changed,
        "effects": {effect.value: count for effect, count in done.effects.items()},
        "results": [
            {"row": each.row, "effect": each.effect.value, "reason": each.reason} for each in done.results
        ],
        "errors": [{"row": each.row, "column": each.column, "message": each.message} for each in done.errors],
    }
