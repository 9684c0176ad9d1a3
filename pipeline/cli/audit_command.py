"""``pipeline audit``: is the trail of who did what whole?"""

import typer

from pipeline.cli.opening import open_clinic
from pipeline.errors import StoreError
from pipeline.store import audit

app = typer.Typer(help="The trail of who did what.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The trail of who did what."""


@app.command()
def verify(ctx: typer.Context) -> None:
    """Recompute the chain of hashes; names the first row that was changed, removed or reordered."""
    with open_clinic(ctx.obj) as clinic, clinic.store.read() as tx:
        broken = audit.verify(tx)
        head = audit.head(tx)
    if broken is not None:
        raise StoreError(
            f"The audit trail is broken at row {broken}.",
            mend="compare with a backup; rows before it can be trusted, rows from it on cannot",
        )
    typer.echo(
        f"The audit trail is whole: {head.seq if head else 0} rows, head {head.hash if head else 'none'}."
    )
