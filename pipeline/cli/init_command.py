"""``pipeline init DIR``: a clinic folder to own."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.app.new_clinic import lay_out

app = typer.Typer(help="Make a clinic folder to own.")


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make; it may exist, but not hold a clinic.")],
) -> None:
    """Make a clinic folder: config.toml, content/ and templates/ to change as you like."""
    config = lay_out(folder)
    typer.echo(f"Made {config.parent}: config.toml, content/, templates/.")
    typer.echo("Next: write your clinic's name and addresses into config.toml, then")
    typer.echo(f"  cd {config.parent} && pipeline config check && pipeline demo")
