"""``pipeline run``: scheduler, staff pages and patients' pages in one process."""

from contextlib import ExitStack
from typing import Annotated

import typer

from pipeline.app.authoring import Desk
from pipeline.cli.opening import open_clinic
from pipeline.cli.serving import everything
from pipeline.cli.stopping import until_asked_to_stop
from pipeline.web.server import bind

app = typer.Typer(help="Scheduler, staff pages and patients' pages in one process.")


@app.command()
def run(
    ctx: typer.Context,
    series: Annotated[str, typer.Option(help="The series to show under Preview.")] = "first-weeks",
) -> None:
    """Send what is due, day by day, and show the pages, until Ctrl-C or SIGTERM."""
    with ExitStack() as open_now:
        clinic = open_now.enter_context(open_clinic(ctx.obj))
        stop = open_now.enter_context(until_asked_to_stop())
        web = clinic.config.web
        staff = open_now.enter_context(bind("127.0.0.1", web.staff_port))
        public = open_now.enter_context(bind(web.host, web.public_port))
        preview = Desk.open(clinic.config).previewing(series)
        with everything(clinic, preview, staff=staff, public=public) as at:
            typer.echo(f"Staff pages:     {at.staff}  (this machine only)")
            typer.echo(f"Patients' pages: {at.public}")
            typer.echo(f"Mode: {clinic.config.sending.mode}. Ctrl-C ends it.")
            stop.wait()
            typer.echo("Finishing the batch in hand ...")
    typer.echo("Ended. Nothing is lost: the next start goes on where this one was.")
