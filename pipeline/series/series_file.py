"""series.toml: text to ``SeriesFile`` and back.

In charge of: reading the file with errors that name line, key and mend, and writing it so that comments and
hand edits stay. Not in charge of: files on disk (callers read and replace them), or whether the cuts
fit the article (``loading``).
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from pipeline.article.model import BlockKind, Override
from pipeline.errors import Place, SeriesError
from pipeline.series.file_keys import (
    CALENDAR_KEYS,
    FILE_KEYS,
    PART_KEYS,
    STRUCTURE_KEYS,
    Ask,
    Key,
    check_table,
)
from pipeline.series.file_lines import KeyPath, key_lines, place_of
from pipeline.series.file_model import PartEntry, SeriesFile
from pipeline.series.file_writing import as_comment, new_text, updated_text
from pipeline.series.model import Calendar, Purpose

__all__ = ["read_series", "write_series"]


def read_series(text: str, *, name: str = "series.toml") -> SeriesFile:
    """The text of a series.toml as a ``SeriesFile``; ``name`` is its path, for messages.

    Raises SeriesError with file, line, key and mend: broken TOML, an unknown or missing key, a wrong type or
    value, no part, days out of order or used twice.
    """
    data, lines = _parse(text, name), key_lines(text)

    def ask(path: KeyPath) -> Place:
        return place_of(path, lines, name)

    check_table(data, FILE_KEYS, (), ask)
    parts = _checked_tables(data, "part", PART_KEYS, ask)
    structure = _checked_tables(data, "structure", STRUCTURE_KEYS, ask)
    _check_days([part["day"] for part in parts], ask)
    return SeriesFile(
        article=data["article"],
        article_sha256=data["article_sha256"],
        title=data["title"],
        language=data["language"],
        purpose=Purpose(data["purpose"]),
        author=data.get("author"),
        structure=tuple(_override(table, at, ask) for at, table in enumerate(structure)),
        calendar=_calendar(data, (), ask),
        parts=tuple(_part(table, at, ask) for at, table in enumerate(parts)),
        name=name,
        lines=lines,
    )


def write_series(file: SeriesFile, *, over: str | None = None) -> str:
    """The text of a series.toml that reads back as ``file``.

    With ``over``, the text of an earlier series.toml, its comments and spelling stay: a part keeps the table
    that its ``origin`` counts in ``over``; a table that is no longer needed becomes a comment at the end.
    Raises SeriesError where ``over`` itself cannot be read.
    """
    if over is None:
        return new_text(file)
    old = read_series(over, name=file.name)
    text = updated_text(file, over, old.structure)
    if _reads_as(text, file):
        return text
    # A spelling that chunks cannot follow, such as inline tables: write anew, and keep the old words below.
    return f"{new_text(file)}\n# The file as it was:\n{as_comment(over)}"


def _reads_as(text: str, file: SeriesFile) -> bool:
    try:
        return read_series(text) == file
    except SeriesError:
        return False


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = re.search(r"line (\d+)", str(error))
        raise SeriesError(
            f"The file is not valid TOML: {error}",
            where=Place(file=name, line=int(line.group(1)) if line else None),
            mend="look for a missing quote, bracket or equals sign there",
        ) from error


def _checked_tables(
    data: Mapping[str, Any], key: str, keys: Mapping[str, Key], ask: Ask
) -> Sequence[Mapping[str, Any]]:
    tables = data.get(key, [])
    for at, table in enumerate(tables):
        if not isinstance(table, dict):
            raise SeriesError(
                f"{key} should hold tables.", where=ask((key,)), mend=f"begin each one with [[{key}]]"
            )
        check_table(table, keys, (key, at), ask)
    if key == "part" and not tables:
        raise SeriesError("The series has no part.", where=ask((key,)), mend="run `pipeline split --write`")
    return tables if isinstance(tables, list) else []


def _check_days(days: Sequence[int], ask: Ask) -> None:
    for at, (before, day) in enumerate(pairwise(days), 1):
        if day <= before:
            what = (
                "is the day of the part before, too"
                if day == before
                else f"comes before day {before} of the part before"
            )
            raise SeriesError(
                f"Day {day} of part {at + 1} {what}.",
                where=ask(("part", at, "day")),
                mend=f"parts go out in order, one a day: use {before + 1} or later",
            )


def _override(table: Mapping[str, Any], at: int, ask: Ask) -> Override:
    kind, level = BlockKind(table["kind"]), table.get("level")
    if level is not None and kind is not BlockKind.HEADING:
        raise SeriesError(
            "Only a heading has a level.",
            where=ask(("structure", at, "level")),
            mend='take the level out, or write kind = "heading"',
        )
    return Override(text=table["text"], kind=kind, level=level, line=table.get("line"))


def _part(table: Mapping[str, Any], at: int, ask: Ask) -> PartEntry:
    return PartEntry(
        title=table["title"],
        starts_at=table["starts_at"],
        line=table.get("line"),
        subject=table["subject"],
        preheader=table["preheader"],
        day=table["day"],
        reveals_ok=table.get("reveals_ok"),
        fingerprint=table.get("fingerprint"),
        calendar=_calendar(table, ("part", at), ask),
        origin=at,
    )


def _calendar(table: Mapping[str, Any], at: KeyPath, ask: Ask) -> Calendar:
    values = table.get("calendar", {})
    check_table(values, CALENDAR_KEYS, (*at, "calendar"), ask)
    weekdays = values.get("weekdays")
    return Calendar(**{**values, "weekdays": None if weekdays is None else tuple(weekdays)})
