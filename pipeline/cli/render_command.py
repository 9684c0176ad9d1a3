"""``pipeline render``: every part as .html, .txt and .eml."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.app.clock import system_clock
from pipeline.app.files import make_folder, write_whole
from pipeline.app.samples import browsable, sample_message
from pipeline.cli.desk import open_desk
from pipeline.rendering.mime import to_mime

app = typer.Typer(help="Every part as .html, .txt and .eml.")


@app.command()
def render(
    ctx: typer.Context,
    series: Annotated[str, typer.Argument(help="A series below content/, its folder, or an article.")],
    out: Annotated[Path, typer.Option(help="Folder for the files; made if missing.")],
    parts: Annotated[
        int | None, typer.Option(min=1, help="Cut an article that has no series.toml so.")
    ] = None,
) -> None:
    """Write every part as a sample patient gets it: .html, .txt and .eml."""
    compiled = open_desk(ctx.obj).compiled(series, parts=parts)
    make_folder(out)
    for part in compiled.edition.parts:
        message = sample_message(compiled, part.number)
        stem = f"{compiled.series.name}-{part.number:02d}"
        write_whole(out / f"{stem}.html", browsable(message))
        write_whole(out / f"{stem}.txt", message.text)
        write_whole(out / f"{stem}.eml", to_mime(message, date=system_clock()))
        typer.echo(f"{out / stem}.html .txt .eml  {part.title}")
    typer.echo(
        f"{len(compiled.edition.parts)} parts, {len(compiled.findings)} findings (see `pipeline check`)."
    )
