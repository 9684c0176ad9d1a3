"""Column mappings by name: a clinic's own in ``mappings/NAME.toml``, and the bundled ones.

In charge of: finding, reading and writing those files. Not in charge of: their keys (``patients.mappings``)
or the guesses themselves (``patients.columns``).
"""

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

from pipeline.app.files import read_bytes, write_whole
from pipeline.errors import NotAllowedError, Place, RosterError
from pipeline.patients.columns import PRESETS, ColumnMapping
from pipeline.patients.explaining import FIELD_WORDS
from pipeline.patients.mappings import mapping_data, saved_mapping
from pipeline.patients.wording import shown

_FOLDER = "mappings"
_LIMIT = 1_000_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}")
_HEAD = """\
What `pipeline import --mapping {name}` takes each column for. On the left what the pipeline needs,
on the right the column's name in your file; of several names the first one that the file has counts.
Every key with its meaning: docs/patients.md
"""


def mapping_names(folder: Path) -> tuple[str, ...]:
    """Every mapping that can be named in the clinic at ``folder``: its own and the bundled ones."""
    own = {path.stem for path in (folder / _FOLDER).glob("*.toml")}
    return tuple(sorted(own | {each.name for each in PRESETS}))


def load_mapping(folder: Path, name: str) -> ColumnMapping:
    """The mapping ``name``, the clinic's own before a bundled one.

    Raises RosterError for a name that nobody knows, with the nearest, and for a file that is wrong.
    """
    path = _path(folder, name)
    if path.is_file():
        data = {**_read(path), "name": name}
        return saved_mapping(data, file=str(path))
    bundled = next((each for each in PRESETS if each.name == name), None)
    if bundled is None:
        known = mapping_names(folder)
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"did you mean {shown(near[0])}? " if near else ""
        raise RosterError(
            f"There is no column mapping {shown(name)}.",
            where=Place(file=str(path)),
            mend=f"{hint}There are: {', '.join(known)}; --save-mapping {name} makes it from a file",
        )
    return bundled


def save_mapping(folder: Path, mapping: ColumnMapping) -> Path:
    """Write ``mappings/NAME.toml`` for the next import; returns its path.

    Raises NotAllowedError where another mapping of that name stands already: it may be written by hand.
    """
    path = _path(folder, mapping.name)
    text = _toml(mapping)
    if path.exists() and load_mapping(folder, mapping.name) != saved_mapping(tomllib.loads(text)):
        raise NotAllowedError(
            f"There is a mapping {shown(mapping.name)} already, and it says something else.",
            where=Place(file=str(path)),
            mend="choose another name, or delete the file if it is no longer needed",
        )
    if not path.exists():
        write_whole(path, text)
    return path


def _path(folder: Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise RosterError(
            f"{shown(name)} is no name for a mapping.",
            where=Place(key="--mapping"),
            mend="use letters, digits, - and _, like 'frontdesk'",
        )
    return folder / _FOLDER / f"{name}.toml"


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(read_bytes(path, limit=_LIMIT).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RosterError(
            f"The mapping is not valid TOML: {error}.",
            where=Place(file=str(path)),
            mend='put quotes around each column\'s name, like email = "E-mail"',
        ) from error


def _toml(mapping: ColumnMapping) -> str:
    document = tomlkit.document()
    for line in _HEAD.format(name=mapping.name).splitlines():
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    for key, value in mapping_data(mapping).items():
        document.add(key, tomlkit.item(value))
    columns = document["columns"]
    for field in mapping.columns:
        columns[field.value].comment(FIELD_WORDS[field])
    return tomlkit.dumps(document)
