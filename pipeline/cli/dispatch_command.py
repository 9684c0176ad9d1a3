"""``pipeline dispatch``: one tick, then exit; for cron or a timer."""

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.cli.opening import open_clinic
from pipeline.cli.printing import print_json
from pipeline.cli.stopping import until_asked_to_stop

app = typer.Typer(help="Send what is due now, once, then exit.")


@app.command()
def dispatch(
    ctx: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Send everything that is due now, once, then exit. Safe beside a running `pipeline run`."""
    with open_clinic(ctx.obj) as clinic:
        clinic.housekeep()
        provider = clinic.provider()
        dispatcher = clinic.dispatcher(provider)
        try:
            # Asked to stop, it finishes the batch in hand: nothing is left in doubt.
            with until_asked_to_stop(dispatcher.stop):
                report = dispatcher.tick(clinic.clock())
        finally:
            provider.close()
    if as_json:
        print_json({**asdict(report), "at": report.at.isoformat()})
        return
    typer.echo(
        f"Sent {report.accepted}; waiting {report.waiting + report.deferred}; held {report.held}; "
        f"left out {report.skipped + report.canceled}; refused {report.refused}; unknown {report.unknown}."
    )
    if report.resent:
        typer.echo(f"{report.resent} of these were in doubt, and went once more with the same key.")
    if report.stopped_by:
        typer.echo(f"Stopped early: {report.stopped_by}.")
