"""``pipeline run``: scheduler, staff pages and patients' pages in one process."""

import typer

from pipeline.cli.serving import everything
from pipeline.cli.until_stopped import SeriesShown, shown_until_stopped

app = typer.Typer(help="Scheduler, staff pages and patients' pages in one process.")


@app.command()
def run(ctx: typer.Context, series: SeriesShown = "first-weeks") -> None:
    """Send what is due, day by day, and show the pages, until Ctrl-C or SIGTERM."""
    with shown_until_stopped(ctx.obj, series, everything, says="Mode: {mode}. Ctrl-C ends it."):
        typer.echo("Finishing the batch in hand ...")
    typer.echo("Ended. Nothing is lost: the next start goes on where this one was.")
