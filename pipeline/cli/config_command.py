"""``pipeline config``: is config.toml right?

In charge of: the command. Not in charge of: the checks (``app.settings``, ``app.mail_api``).
"""

import os
from pathlib import Path

import typer

from pipeline.app.clock import system_clock
from pipeline.app.mail_api import check_mail_api
from pipeline.app.settings import check_settings
from pipeline.store.database import database_url

app = typer.Typer(help="Check config.toml.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Check config.toml."""


@app.command()
def check(ctx: typer.Context) -> None:
    """Read config.toml, check every key and what the values mean together."""
    path: Path = ctx.obj
    config = check_settings(path, today=system_clock().date())
    database_url(config.database.url, config.folder)
    lacking = check_mail_api(config, os.environ, clock=system_clock)
    typer.echo(
        f"{path} is right: {config.clinic.name}, {config.sending.mode} mode, mail by {config.provider.name}."
    )
    if lacking:
        typer.echo("What its mail API lacks: pipeline provider show")
