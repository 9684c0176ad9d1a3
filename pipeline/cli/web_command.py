"""``pipeline web``: staff pages and patients' pages without sending; for clinics with workers."""

from contextlib import ExitStack
from typing import Annotated

import typer

from pipeline.app.authoring import Desk
from pipeline.cli.opening import open_clinic
from pipeline.cli.serving import pages_of
from pipeline.cli.stopping import until_asked_to_stop
from pipeline.web.server import bind

app = typer.Typer(help="Staff pages and patients' pages without sending.")


@app.command()
def web(
    ctx: typer.Context,
    series: Annotated[str, typer.Option(help="The series to show under Preview.")] = "first-weeks",
) -> None:
    """Show the pages until Ctrl-C or SIGTERM; sending is left to `pipeline worker`."""
    with ExitStack() as open_now:
        clinic = open_now.enter_context(open_clinic(ctx.obj))
        stop = open_now.enter_context(until_asked_to_stop())
        settings = clinic.config.web
        staff = open_now.enter_context(bind("127.0.0.1", settings.staff_port))
        public = open_now.enter_context(bind(settings.host, settings.public_port))
        preview = Desk.open(clinic.config).previewing(series)
        with pages_of(clinic, preview, staff=staff, public=public) as at:
            typer.echo(f"Staff pages:     {at.staff}  (this machine only)")
            typer.echo(f"Patients' pages: {at.public}")
            typer.echo("Nothing is sent from here. Ctrl-C ends it.")
            stop.wait()
