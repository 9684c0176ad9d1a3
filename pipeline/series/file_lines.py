"""Where keys and tables stand in the text of a TOML file.

In charge of: lines, for messages and for edits that leave the rest of a file alone. Not in charge of: values
(``tomllib`` reads them) or what the keys mean (``file_keys``).

Reads text that is known to be valid TOML; knows arrays of tables, which ``pipeline.config`` has no need for.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.errors import Place

__all__ = ["Chunk", "KeyPath", "chunks", "key_lines", "place_of"]

#: Keys, and for an array of tables the index counted from 0: ("part", 2, "day").
KeyPath: TypeAlias = tuple[str | int, ...]

#: Strings and comments: the places where brackets, equals signs and line breaks mean nothing.
_OPAQUE = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL
)
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_\-]+|\"[^\"\n]*\"|'[^'\n]*')\s*(?:\.[^=\n]*)?=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A table of the file with the comments right above it: lines ``start`` up to ``stop``, from 0."""

    path: KeyPath
    start: int
    stop: int


def key_lines(text: str) -> dict[KeyPath, int]:
    """Line, counted from 1, of every table and key, by its path."""
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, header, key in _scan(text):
        if header is not None:
            table = header
            lines.setdefault(table, number)
        elif key is not None:
            lines.setdefault((*table, key), number)
    return lines


def place_of(path: KeyPath, lines: Mapping[KeyPath, int], file: str) -> Place:
    """The place of a key for a message: its own line, else that of the nearest table around it.

    The key is written as a person counts: ("part", 1, "day") is "part 2: day".
    """
    around = (path[:end] for end in range(len(path), 0, -1))
    line = next((lines[one] for one in around if one in lines), None)
    steps = [str(step + 1) if isinstance(step, int) else step for step in path]
    tables, key = " ".join(steps[:-1]), steps[-1] if steps else ""
    shown = f"{tables}: {key}" if tables and not str(path[-1]).isdigit() else f"{tables} {key}".strip()
    return Place(file=file, key=shown or None, line=line)


def chunks(text: str) -> tuple[Chunk, ...]:
    """The file cut before each top-level table: the keys before the first table, then each table in order.

    A table below another ([part.calendar]) belongs to its chunk. Comments that stand right above a header,
    without a blank line between, belong to the table that follows.
    """
    lines = text.split("\n")
    heads: list[tuple[int, KeyPath]] = [(0, ())]
    for number, header, _ in _scan(text):
        if header is not None and len([step for step in header if isinstance(step, str)]) == 1:
            heads.append((_with_comments_above(lines, number - 1), header))
    stops = [start for start, _ in heads[1:]] + [len(lines)]
    return tuple(
        Chunk(path=path, start=start, stop=stop) for (start, path), stop in zip(heads, stops, strict=True)
    )


def _with_comments_above(lines: list[str], at: int) -> int:
    while at > 0 and lines[at - 1].lstrip().startswith("#"):
        at -= 1
    return at


def _scan(text: str) -> Iterator[tuple[int, KeyPath | None, str | None]]:
    """For each line that opens a table or a key: its number, the table's path or else the key."""
    seen: Counter[tuple[str, ...]] = Counter()
    for number, line in enumerate(_OPAQUE.sub(_hidden, text).split("\n"), 1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            yield number, _table_path(header, seen), None
        elif key:
            yield number, None, key.group(1).strip("\"'")


def _hidden(match: re.Match[str]) -> str:
    """A short string may be a key and is kept; a comment goes; of a long string only the line breaks stay."""
    text = match.group()
    if text.startswith("#"):
        return ""
    return "''" + "\n" * text.count("\n") if "\n" in text or text.startswith(('"""', "'''")) else text


def _table_path(header: re.Match[str], seen: Counter[tuple[str, ...]]) -> KeyPath:
    names = tuple(step.strip().strip("\"'") for step in header.group(2).split("."))
    if header.group(1) == "[[":
        seen[names] += 1
    path: list[str | int] = []
    for depth, name in enumerate(names, 1):
        path.append(name)
        if seen[names[:depth]]:
            path.append(seen[names[:depth]] - 1)
    return tuple(path)
