"""An author's desk for a command: the clinic's configuration, or the bundled sample where there is none.

In charge of: choosing the configuration of authoring commands, which work without a clinic folder. Not in
charge of: what they do (``app.authoring``).
"""

from pathlib import Path

import typer

from pipeline.app.authoring import Desk
from pipeline.app.settings import sample_settings
from pipeline.config import load_config


def open_desk(config: Path) -> Desk:
    """The desk of ``config``; without such a file the bundled sample clinic's, and says so."""
    if not _is_there(config):
        typer.echo(
            "No config.toml here: using the sample clinic's. `pipeline init DIR` makes your own.", err=True
        )
    return reopen_desk(config)


def reopen_desk(config: Path) -> Desk:
    """As ``open_desk``, without a word: for a command that runs on while the file changes."""
    return Desk.open(load_config(config) if _is_there(config) else sample_settings())


def _is_there(config: Path) -> bool:
    """A file that was asked for by name has to be there: its absence is an error of its own."""
    return config.exists() or config != Path("config.toml")
