"""``pipeline approve``: sign a series' exact bytes as a named clinician."""

from datetime import datetime
from typing import Annotated

import typer

from pipeline.actions.approving import approve as sign
from pipeline.app.authoring import Desk
from pipeline.cli.check_command import show_findings
from pipeline.cli.opening import open_clinic

app = typer.Typer(help="Sign a series' exact bytes as a named clinician.")


@app.command()
def approve(
    ctx: typer.Context,
    series: Annotated[str, typer.Argument(help="A series below content/.")],
    user: Annotated[str, typer.Option("--as", help="Who signs: a name from `pipeline user list`.")],
    credential: Annotated[str, typer.Option(help="Credential to sign with, like 'PT, DPT'.")],
    review_by: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day to send it.")],
) -> None:
    """Compile, check, freeze and sign. The last person who changed the series cannot sign it."""
    with open_clinic(ctx.obj) as clinic:
        compiled = Desk.open(clinic.config).compiled(series)
        with clinic.store.begin() as tx:
            approval = sign(
                tx,
                compiled.edition,
                findings=compiled.findings,
                author=compiled.series.author,
                approver=user,
                credential=credential,
                review_by=review_by.date(),
                now=clinic.clock(),
            )
    show_findings(compiled.findings)
    typer.echo(f"Approved edition {approval.edition[:12]} of {series}, {len(compiled.edition.parts)} parts.")
    typer.echo(f"Signed by {approval.display} ({approval.credential}) until {approval.review_by}.")
