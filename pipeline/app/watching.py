"""Something made from files, made again when one of them was saved: what previews look at.

In charge of: noticing a save, keeping the last answer, and looking often while a browser waits. Not in charge
of: which files those are and what is made of them (``authoring``), telling a browser (``web.preview_live``).

A look costs one ``stat`` per file: no folder is walked, so an article may lie among ten thousand others.
"""

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

from pipeline.errors import EnvironmentRefusedError

_log = logging.getLogger(__name__)
Made = TypeVar("Made")
#: How often a thread looks for saved files, in seconds.
EVERY = 0.15
#: Editors write in steps: a file that changed is looked at again after this long until it stays as it is.
SETTLE = 0.03
#: Something that changes all the time is made all the same after so many looks.
_LOOKS = 10

#: Of each file: inode, size, time of change. A save by renaming counts; None stands for a missing file.
_State: TypeAlias = Mapping[Path, tuple[int, int, int] | None]


class Watched(Generic[Made]):
    """Makes it anew when a file has changed, else gives what it has. Safe to use from several threads."""

    def __init__(self, make: Callable[[], Made], files: Callable[[Made | None], Iterable[Path]]) -> None:
        """``files`` tells what the next ``make`` would read, given what was made last (None at first)."""
        self._make = make
        self._files = files
        self._lock = threading.Lock()
        self._made: Made | None = None
        self._error: Exception | None = None
        self._seen: _State | None = None
        self._boot = secrets.token_hex(4)
        self._count = 0

    def __call__(self) -> Made:
        """What the files make now. Raises whatever making it raised, until a file changes."""
        with self._lock:
            self._refresh()
            made, error = self._made, self._error
        if error is not None:
            # The same error is raised at every look, and must not collect a trace of all of them.
            raise error.with_traceback(None)
        assert made is not None, "a refresh leaves a result or an error"
        return made

    @property
    def version(self) -> str:
        """Another word after every change, and after a restart; never waits."""
        return f"{self._boot}-{self._count}"

    def look(self) -> None:
        """Make it anew if a file has changed; what goes wrong waits for the next call."""
        with self._lock:
            self._refresh()

    def _refresh(self) -> None:
        seen = self._state()
        if seen == self._seen:
            return
        seen = self._settled(seen)
        try:
            self._made, self._error = self._make(), None
        except OSError as error:
            what = f"A file could not be read just now: {error.strerror or error}."
            self._error = EnvironmentRefusedError(what, mend="save it once more; this page waits for it")
        except Exception as error:
            self._error = error
        # Files that only the result names are as they are now; a save while we were at work counts as new.
        self._seen = {**self._state(), **seen}
        self._count += 1

    def _settled(self, seen: _State) -> _State:
        """``seen`` once it stays as it is: half a file is not worth showing."""
        if self._seen is None:
            return seen
        for _ in range(_LOOKS):
            time.sleep(SETTLE)
            now = self._state()
            if now == seen:
                break
            seen = now
        return seen

    def _state(self) -> _State:
        try:
            return {path: _stamp(path) for path in self._files(self._made)}
        except OSError as error:
            _log.info("a folder cannot be listed (%s): looking again", type(error).__name__)
            return {}


@contextmanager
def looking(source: Watched[Made], *, every: float = EVERY) -> Iterator[None]:
    """Look at ``source`` every so many seconds, in one thread, while the block runs."""
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(every):
            source.look()

    thread = threading.Thread(target=look, name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=10)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - Path.stat costs three times as much, and this is all we do
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
