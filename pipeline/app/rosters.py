"""Patients files on disk: how they are opened, and whether the same ones were brought before.

In charge of: files and the trail of imports. Not in charge of: what is in them (``patients``) or what they
do (``bringing``).
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from pipeline.app.files import read_bytes, refused
from pipeline.errors import EnvironmentRefusedError, Place
from pipeline.patients.model import RosterFile
from pipeline.patients.roster import is_fhir
from pipeline.store import audit
from pipeline.store.database import Tx

#: A table is held whole while it is read; a FHIR file is read line by line, in any size.
_LARGEST_TABLE = 500_000_000
_BEGINNING = 4096
_PIECE = 1 << 20
#: Under this name imports stand in the audit trail.
SUBJECT = "patients"
_FHIR_FILES = (".ndjson", ".json")


def roster_files(paths: Sequence[Path]) -> list[RosterFile]:
    """The files to read, a folder standing for the FHIR files in it. Raises EnvironmentRefusedError."""
    return [_open(path) for given in paths for path in _files_of(given)]


def _files_of(given: Path) -> Iterator[Path]:
    if not given.is_dir():
        yield given
        return
    found = sorted(path for path in given.rglob("*") if path.suffix.lower() in _FHIR_FILES)
    if not found:
        raise EnvironmentRefusedError(
            "There is no FHIR file (.ndjson or .json) in this folder.",
            where=Place(file=str(given)),
            mend="name the CSV or XLSX file inside it",
        )
    yield from found


def _open(path: Path) -> RosterFile:
    if path.is_file():
        with _bytes_of(path) as stream:
            beginning = stream.read(_BEGINNING)
        if is_fhir(beginning):
            return RosterFile(name=path.name, data=beginning, reopen=partial(_bytes_of, path))
    return RosterFile(name=path.name, data=read_bytes(path, limit=_LARGEST_TABLE))


def _bytes_of(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise refused(error, path, doing="read") from error


def fingerprint(tx: Tx, files: Sequence[RosterFile]) -> str:
    """The same text for the same contents, in any order and under any name; keyed, so it tells nothing."""
    each = sorted(_content_hash(file) for file in files)
    return tx.keyring.digest(" ".join(each), purpose="import").hex()[:32]


def _content_hash(file: RosterFile) -> str:
    found = hashlib.sha256()
    with file.open() as stream:
        while piece := stream.read(_PIECE):
            found.update(piece)
    return found.hexdigest()


def brought_before(tx: Tx, print_of_files: str) -> datetime | None:
    """When exactly these files were last brought in; None where they never were."""
    before: int | None = None
    while page := audit.entries(tx, subject=SUBJECT, before=before):
        for entry in page:
            if entry.action == "import" and entry.detail.get("files") == print_of_files:
                return entry.at
        before = page[-1].seq
    return None
