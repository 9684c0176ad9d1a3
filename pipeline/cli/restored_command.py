"""``pipeline restored``: look at a database that may be a restored backup, and let it go on.

In charge of: saying what it means, and asking. Not in charge of: noticing it (``actions.generation``).
"""

from datetime import datetime
from typing import Annotated

import typer

from pipeline.actions.generation import Lost, Standing
from pipeline.app.clinic import Clinic
from pipeline.cli.deeds import confirm
from pipeline.cli.opening import open_clinic
from pipeline.cli.signed_in import check_user

app = typer.Typer(help="This database is a restored backup: look at what that means, and go on.")


@app.command()
def restored(
    ctx: typer.Context,
    user: Annotated[
        str | None,
        typer.Option("--as", help="Who decides that it goes on: a name from `pipeline user list`."),
    ] = None,
    *,
    send_again: Annotated[
        bool, typer.Option("--send-again", help="Send what was due meanwhile; it surely never went.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
) -> None:
    """After a backup was brought back nothing is sent until somebody says here that it is to go on.

    Without --as it only shows how things stand.
    """
    with open_clinic(ctx.obj) as clinic:
        now = clinic.clock()
        standing = clinic.generation.standing(clinic.store, now)
        if standing is Standing.FINE:
            typer.echo("This is the living database: nothing is held back.")
            return
        with clinic.store.read() as tx:
            if user is not None:
                check_user(tx, user)
            _show(clinic, standing, clinic.generation.lost(tx, now))
        if user is None:
            typer.echo("Nothing is sent until somebody decides: pipeline restored --as USER")
            raise typer.Exit(1)
        _say_what_happens(send_again=send_again)
        if not yes:
            confirm()
        clinic.generation.confirm(
            clinic.store, actor=f"staff:{user}", provider=clinic.config.provider.name,
            leave_open=not send_again, now=now,
        )  # fmt: skip
    typer.echo("It goes on. See what is in doubt with: pipeline unknowns")


def _show(clinic: Clinic, standing: Standing, lost: Lost) -> None:
    since = _local(clinic, lost.since) if lost.since else "its beginning"
    if standing is Standing.RESTORED:
        typer.echo("This database is a restored backup: sending went on after it was made.")
        typer.echo(f"It knows nothing of the time from {since} to {_local(clinic, lost.until)}.")
    else:
        typer.echo("This machine never sent from this database, but some machine did.")
        typer.echo(f"Either it is new here, or the database is a copy. It was last used at {since}.")
    typer.echo(f"{len(lost.deliveries)} deliveries were due since then, and may have gone.")
    typer.echo(
        "Lost are also unsubscribes, imports and changes of that time: import today's list, and put the\n"
        "addresses that your mail service reports as unsubscribed or bounced on the list again."
    )


def _say_what_happens(*, send_again: bool) -> None:
    if send_again:
        typer.echo("They will be sent by the usual rules. Whoever did get one gets it twice.")
    else:
        typer.echo("They will stand under `pipeline unknowns` until an event or a person settles them.")


def _local(clinic: Clinic, moment: datetime) -> str:
    return f"{moment.astimezone(clinic.config.zone):%Y-%m-%d %H:%M}"
