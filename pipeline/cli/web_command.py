"""``pipeline web``: staff pages and patients' pages without sending; for clinics with workers.

In charge of: the command. Not in charge of: the pages (``cli.serving``), ending (``cli.until_stopped``).
"""

import typer

from pipeline.cli.serving import pages_of
from pipeline.cli.until_stopped import SeriesShown, shown_until_stopped

app = typer.Typer(help="Staff pages and patients' pages without sending.")


@app.command()
def web(ctx: typer.Context, series: SeriesShown = "first-weeks") -> None:
    """Show the pages until Ctrl-C or SIGTERM; sending is left to `pipeline worker`."""
    with shown_until_stopped(ctx.obj, series, pages_of, says="Nothing is sent from here. Ctrl-C ends it."):
        typer.echo("Ended.")
