"""A new clinic folder: config.toml, content and templates to own.

In charge of: what ``pipeline init`` lays out, also for the demo. Not in charge of: keys and database,
which come to be when the clinic is first opened (``clinic``).
"""

import shutil
from pathlib import Path

from pipeline.app.files import BUNDLED, make_folder, refused, write_whole
from pipeline.errors import NotAllowedError, Place

_OWNED = ("content", "templates")
_IGNORED = "keys.json\npipeline.db*\noutbox/\n"


def lay_out(folder: Path, *, config_text: str | None = None, copy: tuple[str, ...] = _OWNED) -> Path:
    """Make a clinic folder at ``folder``; returns the path of its config.toml.

    ``config_text`` None takes the bundled config.toml; ``copy`` names what the clinic gets as its own.
    Raises NotAllowedError where a clinic is there already, EnvironmentRefusedError where nothing can be
    written. Nothing is overwritten, and config.toml comes last: without it there is no half clinic.
    """
    config = folder / "config.toml"
    if config.exists():
        raise NotAllowedError(
            "There is a clinic in this folder already.",
            where=Place(file=str(config)),
            mend="choose another folder; an existing clinic is never overwritten",
        )
    make_folder(folder)
    for name in copy:
        _copy(BUNDLED / name, folder / name)
    write_whole(folder / ".gitignore", _IGNORED)
    text = config_text if config_text is not None else (BUNDLED / "config.toml").read_text(encoding="utf-8")
    write_whole(config, text)
    return config


def _copy(source: Path, target: Path) -> None:
    try:
        shutil.copytree(source, target, dirs_exist_ok=True, copy_function=_copy_missing)
    except OSError as error:
        raise refused(error, target, doing="written") from error


def _copy_missing(source: str, target: str) -> str:
    if not Path(target).exists():
        # Whole or not at all: a start that was killed in the middle is repeated, and keeps what is there.
        write_whole(Path(target), Path(source).read_bytes())
    return target
