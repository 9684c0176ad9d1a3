"""``pipeline user``: the people who may approve."""

from typing import Annotated

import typer

from pipeline.cli.opening import open_clinic
from pipeline.cli.printing import print_table
from pipeline.store import audit, users

app = typer.Typer(help="The people who may approve.", no_args_is_help=True)


@app.command()
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Short name to write on the command line, like 'ana'.")],
    display: Annotated[str, typer.Option(help="Name as a signature shows it.")],
    credential: Annotated[str, typer.Option(help="Credential as a signature shows it, like 'PT, DPT'.")],
) -> None:
    """Add a person who may sign editions."""
    with open_clinic(ctx.obj) as clinic, clinic.store.begin() as tx:
        users.add_user(tx, name=name, display=display, credential=credential, now=clinic.clock())
        audit.append(tx, actor="terminal", action="user.add", subject=f"user:{name}", now=clinic.clock())
    typer.echo(f"{display} ({credential}) may now approve as {name!r}.")


@app.command("list")
def list_users(ctx: typer.Context) -> None:
    """Everyone who may sign editions."""
    with open_clinic(ctx.obj) as clinic, clinic.store.read() as tx:
        found = users.list_users(tx)
    print_table(
        ("Name", "Shown as", "Credential"), [(user.name, user.display, user.credential) for user in found]
    )
