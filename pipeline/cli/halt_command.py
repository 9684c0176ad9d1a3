"""``pipeline halt``: stop every send at once, or go on."""

from typing import Annotated

import typer

from pipeline.actions.halting import go_on
from pipeline.actions.halting import halt as stop_sending
from pipeline.cli.opening import open_clinic

app = typer.Typer(help="Stop every send at once, or go on.")


@app.command()
def halt(
    ctx: typer.Context,
    series: Annotated[str | None, typer.Option(help="Only this series; otherwise everything.")] = None,
    *,
    resume: Annotated[bool, typer.Option("--resume", help="Go on sending.")] = False,
) -> None:
    """Stop every send at once, for all or one series. A batch already handed over cannot be called back."""
    what = f"series {series!r}" if series else "everything"
    with open_clinic(ctx.obj) as clinic, clinic.store.begin() as tx:
        if not resume:
            stop_sending(tx, series, actor="terminal", now=clinic.clock())
            typer.echo(f"Stopped {what}. Nothing more goes out until: pipeline halt --resume")
        elif go_on(tx, series, actor="terminal", now=clinic.clock()):
            typer.echo(f"Sending goes on for {what}.")
        else:
            typer.echo(f"Nothing was stopped for {what}.")
