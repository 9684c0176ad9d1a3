"""What the stand-in took: an append-only log on disk, and an .eml per message for a person to open.

In charge of: recording acceptance before it is answered. Not in charge of: HTTP (``standin``).
"""

import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from pipeline.app.files import write_whole
from pipeline.errors import EnvironmentRefusedError, Place
from pipeline.rendering.mime import to_mime
from pipeline.rendering.model import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One line of the log."""

    key: str
    id: str
    at: str


class AcceptedLog:
    """The stand-in's memory. Safe for many threads; survives a restart."""

    def __init__(self, folder: Path, *, clock: Callable[[], datetime], keep_mail: bool) -> None:
        """``folder`` gets ``accepted.jsonl`` and, with ``keep_mail``, ``mail/<key>.eml``."""
        self._path = folder / "accepted.jsonl"
        self._mail = folder / "mail" if keep_mail else None
        self._clock = clock
        self._lock = threading.Lock()
        try:
            (self._mail or folder).mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise EnvironmentRefusedError(
                f"The stand-in's folder cannot be written: {error.strerror}.",
                where=Place(file=str(folder)),
                mend="choose a folder that this account may write",
            ) from error
        earlier = read_log(self._path)
        self._ids = {taken.key: taken.id for taken in earlier}
        self._count = len(earlier)

    def take(self, messages: Sequence[Message], *, once: bool = False) -> list[str]:
        """Log these messages and give their ids; with ``once``, a known key is only answered again."""
        now = self._clock()
        if self._mail is not None:
            # Before the log: whatever is called accepted can be opened, also after a kill.
            for message in messages:
                write_whole(self._mail / f"{message.key}.eml", to_mime(message, date=now), private=True)
        with self._lock:
            taken = [self._id_of(message.key, once) for message in messages]
            new = [
                Taken(key=message.key, id=found, at=now.isoformat())
                for message, (found, is_new) in zip(messages, taken, strict=True)
                if is_new
            ]
            lines = "".join(json.dumps({"key": e.key, "id": e.id, "at": e.at}) + "\n" for e in new)
            os.write(self._file, lines.encode())
        return [found for found, _ in taken]

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _id_of(self, key: str, once: bool) -> tuple[str, bool]:  # noqa: FBT001 - private
        if once and key in self._ids:
            return self._ids[key], False
        self._count += 1
        self._ids[key] = f"standin-{self._count}"
        return self._ids[key], True


def read_log(path: Path) -> list[Taken]:
    """Every acceptance so far, oldest first; none where there is no log yet."""
    if not path.exists():
        return []
    return [Taken(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def taken_twice(log: Sequence[Taken]) -> list[str]:
    """Keys that were accepted more than once: there must be none."""
    return [key for key, times in Counter(taken.key for taken in log).items() if times > 1]
