"""``pipeline worker``: send what is due, as one of any number of processes on PostgreSQL.

In charge of: the command. Not in charge of: the workers themselves (``app.crew``).
"""

from typing import Annotated

import typer

from pipeline.cli.opening import open_clinic
from pipeline.cli.stopping import until_asked_to_stop
from pipeline.errors import NotAllowedError

app = typer.Typer(help="Send what is due, as one of any number of processes on PostgreSQL.")


@app.command()
def worker(
    ctx: typer.Context,
    concurrency: Annotated[
        int, typer.Option(min=1, max=64, help="Batches that this process has under way at once.")
    ] = 4,
) -> None:
    """Work until Ctrl-C or SIGTERM. Start as many as you like, on as many machines; nothing is sent twice."""
    try:
        from pipeline.app.crew import crew_of  # noqa: PLC0415 - needs the extra for PostgreSQL
        from pipeline.engine.distributed import DistributedEngine  # noqa: PLC0415
    except ImportError:
        raise NotAllowedError(
            "Workers need Procrastinate, which is not installed.",
            mend="install it with: pip install 'clinic-newsletter-pipeline[postgres]'",
        ) from None
    with (
        open_clinic(ctx.obj) as clinic,
        until_asked_to_stop() as stop,
        DistributedEngine(crew_of(clinic, concurrency=concurrency)),
    ):
        typer.echo(f"Working with {concurrency} batches at once. Ctrl-C ends it.")
        stop.wait()
        typer.echo("Finishing the batches in hand ...")
    typer.echo("Ended. Nothing is lost: other workers, or the next start, go on from here.")
