"""Printing for people and programs.

In charge of: what every command's output has in common. Not in charge of: what is said.
"""

import json
from collections.abc import Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

#: Wide enough for a whole sentence when the output goes to a file or another program.
_PIPED_WIDTH = 160


def console() -> Console:
    """Where commands print for people."""
    plain = Console()
    return plain if plain.is_terminal else Console(width=_PIPED_WIDTH)


def print_json(value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Print ``value`` for programs."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(
    headings: Sequence[str], rows: Sequence[Sequence[object]], *, title: str | None = None
) -> None:
    """Print ``rows`` for people."""
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console().print(table)
