"""``pipeline render``: every part as .html, .txt and .eml, and as pictures."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from pipeline.app.authoring import Compiled
from pipeline.app.clock import system_clock
from pipeline.app.files import make_folder, write_whole
from pipeline.app.samples import SAMPLE_PATIENTS, SamplePatient, browsable, sample_message, sample_patient
from pipeline.app.screenshots import VARIANTS, take_screenshots
from pipeline.cli.desk import open_desk
from pipeline.cli.printing import print_json
from pipeline.rendering.mime import to_mime

app = typer.Typer(help="Every part as .html, .txt and .eml.")
_PATIENTS = ", ".join(each.id for each in SAMPLE_PATIENTS)


@app.command()
def render(
    ctx: typer.Context,
    series: Annotated[str, typer.Argument(help="A series below content/, its folder, or an article.")],
    out: Annotated[Path, typer.Option(help="Folder for the files; made if missing.")],
    parts: Annotated[
        int | None, typer.Option(min=1, help="Cut an article that has no series.toml so.")
    ] = None,
    patient: Annotated[
        str,
        typer.Option(
            help=f"A sample patient: {_PATIENTS}. A real patient's values are never written to files."
        ),
    ] = SAMPLE_PATIENTS[0].id,
    screenshots: Annotated[
        bool,
        typer.Option(
            "--screenshots",
            help="Also PNGs of every part (375 and 640 px, light, dark, pictures off) and a contact sheet.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list of files as JSON.")] = False,
) -> None:
    """Write every part as a sample patient gets it: .html, .txt and .eml."""
    who = sample_patient(patient)
    compiled = open_desk(ctx.obj).compiled(series, parts=parts)
    make_folder(out)
    files = _messages(compiled, out, who)
    if screenshots:
        files += _pictures(compiled, out, who)
    if as_json:
        print_json(
            {
                "series": compiled.series.name,
                "patient": who.id,
                "files": [str(path) for path in files],
                "findings": len(compiled.findings),
            }
        )
        return
    for part in compiled.edition.parts:
        typer.echo(f"{out / _stem(compiled, part.number)}.html .txt .eml  {part.title}")
    if screenshots:
        pictures = [path for path in files if path.suffix == ".png"]
        typer.echo(f"{len(pictures)} pictures; open {out / 'contact-sheet.html'}")
    typer.echo(
        f"{len(compiled.edition.parts)} parts, {len(compiled.findings)} findings (see `pipeline check`)."
    )


def _messages(compiled: Compiled, out: Path, patient: SamplePatient) -> list[Path]:
    written: list[Path] = []
    for part in compiled.edition.parts:
        message = sample_message(compiled, part.number, patient=patient)
        stem = _stem(compiled, part.number)
        eml = to_mime(message, date=system_clock())
        contents = ((".html", browsable(message)), (".txt", message.text), (".eml", eml))
        for ending, content in contents:
            write_whole(out / (stem + ending), content)
            written.append(out / (stem + ending))
    return written


def _pictures(compiled: Compiled, out: Path, patient: SamplePatient) -> list[Path]:
    columns = (TextColumn("Taking pictures"), BarColumn(), MofNCompleteColumn())
    # On stderr, so that --json stays JSON; gone when it is done.
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=len(compiled.edition.parts) * len(VARIANTS))
        return list(take_screenshots(compiled, out, patient=patient, on_each=lambda: bar.advance(task)))


def _stem(compiled: Compiled, number: int) -> str:
    return f"{compiled.series.name}-{number:02d}"
