"""Files and folders: where a clinic's own and the bundled ones lie, and writing whole files or none.

In charge of: reading, atomic writing, and turning the machine's refusals into words. Not in charge of:
what the files mean.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import EnvironmentRefusedError, NotAllowedError, Place

_PACKAGE = Path(__file__).resolve().parent.parent
#: In an installed wheel the defaults lie inside the package, in a checkout beside it.
BUNDLED = _PACKAGE / "bundled" if (_PACKAGE / "bundled").is_dir() else _PACKAGE.parent


def own_and_bundled(folder: Path, name: str) -> tuple[Path, ...]:
    """The places to look for ``name`` (``templates``, ``content``), the clinic's own first."""
    places = (folder / name, BUNDLED / name)
    return tuple(dict.fromkeys(place.resolve() for place in places if place.is_dir()))


def read_bytes(path: Path, *, limit: int) -> bytes:
    """The whole file, or EnvironmentRefusedError: missing, unreadable, or larger than ``limit`` bytes."""
    try:
        if path.stat().st_size > limit:
            raise EnvironmentRefusedError(
                f"The file has {path.stat().st_size / 1e6:.0f} MB; at most {limit / 1e6:.0f} MB are read.",
                where=Place(file=str(path)),
                mend="cut it down, or check that it is the file you meant",
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise EnvironmentRefusedError(
            "There is no such file.", where=Place(file=str(path)), mend="check the name and the folder"
        ) from error
    except IsADirectoryError as error:
        raise EnvironmentRefusedError(
            "This is a folder, not a file.", where=Place(file=str(path)), mend="name the file inside it"
        ) from error
    except OSError as error:
        raise refused(error, path, doing="read") from error


def write_whole(path: Path, data: str | bytes, *, private: bool = False) -> None:
    """Write ``data`` so that ``path`` holds all of it or what it held before.

    ``private`` is for what names patients: nobody but this account may read it.
    Raises EnvironmentRefusedError where the folder cannot be written or the disk is full.
    """
    content = data.encode() if isinstance(data, str) else data
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o600 if private else 0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise refused(error, path, doing="written") from error


def make_folder(path: Path) -> Path:
    """Make ``path`` with its parents; returns it. Raises EnvironmentRefusedError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(error, path, doing="made") from error
    return path


def refused(error: OSError, path: Path, *, doing: str) -> EnvironmentRefusedError:
    """The machine's refusal in words; ``doing`` completes "cannot be …"."""
    return EnvironmentRefusedError(
        f"{path.name or path} cannot be {doing}: {error.strerror or error}.",
        where=Place(file=str(path)),
        mend="check the folder's permissions and free space, or choose another folder",
    )


@contextmanager
def only_one(path: Path, *, what: str) -> Iterator[None]:
    """Hold the lock file ``path`` while the block runs; it is free again when the process dies.

    Raises NotAllowedError where another process holds it; ``what`` is what runs there, in words.
    """
    make_folder(path.parent)
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise refused(error, path, doing="written") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise NotAllowedError(
            f"{what} is running in this folder already.",
            where=Place(file=str(path.parent)),
            mend="end it with Ctrl-C, or choose another folder",
        ) from None
    try:
        yield
    finally:
        os.close(handle)
