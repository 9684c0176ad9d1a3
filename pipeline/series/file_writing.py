"""The text of series.toml: a new one, or an old one brought up to date around its comments.

In charge of: the file's text. Not in charge of: checking it (``series_file``), or putting it on disk
(callers write a temporary file and replace).

An old file is cut into chunks, one for each table with its comments. A chunk whose values change is edited
by tomlkit, which leaves everything else in it as it was; one that is no longer needed is kept at the end of
the file as a comment, so that no hand-written word is lost.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import tomlkit
from tomlkit.items import Table

from pipeline.article.model import Override
from pipeline.series.file_lines import Chunk, KeyPath, chunks
from pipeline.series.file_model import FORMAT, PartEntry, SeriesFile
from pipeline.series.model import NO_CALENDAR, Calendar

__all__ = ["as_comment", "new_text", "updated_text"]

#: Key to value; None takes the key out.
_Values: TypeAlias = Mapping[str, Any]

_WELCOME = """\
# How the article becomes a series of emails. Change it here or in the console: it is the same file.
#
# You may change the title, subject, preheader and day of each part, and where it starts:
#   starts_at   the first words of its first heading or paragraph, copied from the article
#   line        decides only where the same words stand more than once
#   subject     may hold {clinic}, {number} and {total}; name no illness and no part of the body, because
#               others see it on a locked phone (with a good reason: reveals_ok = "the reason")
#   day         counts from the first visit: -2 is two days before it, 0 the day itself
# To join two parts, delete the second [[part]]. To cut one in two, copy a [[part]] and change it.
# `pipeline split --write` fills in format, article_sha256 and fingerprint: leave them alone.
#
# If a line of the article was taken for the wrong thing, say what it is:
#   [[structure]]
#   text = "the first words of the line"
#   kind = "heading"      # or title, subtitle, paragraph, list_item, quote, picture, caption, table_row
#   level = 2             # of a heading: 2, 3 or 4
"""
_RETIRED = "# No longer in the series; kept here so that no words are lost. Delete what you do not need.\n"


def new_text(file: SeriesFile) -> str:
    """A new series.toml, with comments that say what a person may change."""
    structure = [_new_table("structure", _structure_values(one)) for one in file.structure]
    parts = [_new_table("part", _part_values(one)) for one in file.parts]
    return "\n".join((_WELCOME + _new_top(file), *structure, *_new_calendar(file), *parts))


def updated_text(file: SeriesFile, old: str, old_structure: Sequence[Override]) -> str:
    """``old`` with the values of ``file``; ``old_structure`` are the overrides that ``old`` holds."""
    pieces = {chunk.path: _piece(chunk, old) for chunk in chunks(old)}
    last = list(pieces)[-1]
    pieces[last], tail = _without_tail(pieces[last])
    top = _edited(pieces.pop(()), (), _top_values(file))
    calendar = _calendar_chunk(file, pieces)
    structure = _structure_chunks(file, old_structure, pieces)
    parts = [_part_chunk(entry, pieces) for entry in file.parts]
    retired = [as_comment(piece) for piece in pieces.values()]
    ends = [tail.strip("\n"), *([_RETIRED + "\n".join(retired)] if retired else [])]
    return _join((top, *structure, *calendar, *parts, *(end for end in ends if end)))


def as_comment(text: str) -> str:
    """``text`` with every line made a comment."""
    return "".join(f"# {line}".rstrip() + "\n" for line in text.strip("\n").split("\n"))


def _piece(chunk: Chunk, text: str) -> str:
    return "\n".join(text.split("\n")[chunk.start : chunk.stop]).rstrip("\n") + "\n"


def _without_tail(piece: str) -> tuple[str, str]:
    """A last chunk, and the comments that stand apart at its end."""
    lines = piece.split("\n")
    end = max(
        (at for at, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")),
        default=-1,
    )
    blank = next((at for at in range(end + 1, len(lines)) if not lines[at].strip()), len(lines))
    return "\n".join(lines[:blank]) + "\n", "\n".join(lines[blank:])


def _join(pieces: Sequence[str]) -> str:
    return "\n".join(piece.rstrip("\n") + "\n" for piece in pieces if piece.strip())


def _calendar_chunk(file: SeriesFile, pieces: dict[KeyPath, str]) -> list[str]:
    old = pieces.pop(("calendar",), None)
    if old is None or file.calendar == NO_CALENDAR:
        return [] if old is None and file.calendar == NO_CALENDAR else [old] if old else _new_calendar(file)
    return [_edited(old, ("calendar",), _calendar_values(file.calendar))]


def _structure_chunks(
    file: SeriesFile, old_structure: Sequence[Override], pieces: dict[KeyPath, str]
) -> list[str]:
    left = list(enumerate(old_structure))
    result = []
    for override in file.structure:
        at = next((at for at, old in left if old == override), None)
        old = pieces.pop(("structure", at), None) if at is not None else None
        left = [(other, one) for other, one in left if other != at]
        result.append(old or _new_table("structure", _structure_values(override)))
    return result


def _part_chunk(entry: PartEntry, pieces: dict[KeyPath, str]) -> str:
    old = pieces.pop(("part", entry.origin), None) if entry.origin is not None else None
    values = _part_values(entry)
    return _edited(old, ("part", 0), values) if old is not None else _new_table("part", values)


def _edited(chunk: str, path: KeyPath, values: _Values) -> str:
    """``chunk`` with ``values`` set in its table at ``path``; what is right already is not touched."""
    document = tomlkit.parse(chunk)
    table: Any = document
    for step in path:
        table = table[step]
    _set(table, values)
    return tomlkit.dumps(document)


def _set(table: Any, values: _Values) -> None:  # noqa: ANN401 - a tomlkit document or table
    for key, value in values.items():
        if isinstance(value, Mapping):
            _set_inner(table, key, value)
        elif value is None:
            table.pop(key, None)
        elif key not in table or table[key] != value:
            table[key] = value


def _set_inner(table: Any, key: str, values: _Values) -> None:  # noqa: ANN401 - as above
    if key not in table and any(value is not None for value in values.values()):
        table[key] = tomlkit.table()
    if key in table:
        _set(table[key], values)


def _new_top(file: SeriesFile) -> str:
    document = tomlkit.document()
    document.add(tomlkit.nl())
    _set(document, {"format": FORMAT, **_top_values(file)})
    return tomlkit.dumps(document)


def _new_calendar(file: SeriesFile) -> list[str]:
    values = {key: value for key, value in _calendar_values(file.calendar).items() if value is not None}
    return [tomlkit.dumps({"calendar": values})] if values else []


def _new_table(name: str, values: _Values) -> str:
    table: Table = tomlkit.table()
    _set(table, values)
    document, tables = tomlkit.document(), tomlkit.aot()
    tables.append(table)
    document.add(name, tables)
    return tomlkit.dumps(document)


def _top_values(file: SeriesFile) -> _Values:
    return {
        "article": file.article,
        "article_sha256": file.article_sha256,
        "title": file.title,
        "language": file.language,
        "purpose": file.purpose.value,
        "author": file.author,
    }


def _structure_values(override: Override) -> _Values:
    return {
        "text": override.text,
        "line": override.line,
        "kind": override.kind.value,
        "level": override.level,
    }


def _part_values(entry: PartEntry) -> _Values:
    return {
        "title": entry.title,
        "starts_at": entry.starts_at,
        "line": entry.line,
        "subject": entry.subject,
        "preheader": entry.preheader,
        "day": entry.day,
        "reveals_ok": entry.reveals_ok,
        "fingerprint": entry.fingerprint,
        "calendar": _calendar_values(entry.calendar),
    }


def _calendar_values(calendar: Calendar) -> _Values:
    return {
        "send_time": calendar.send_time,
        "weekdays": list(calendar.weekdays) if calendar.weekdays is not None else None,
        "min_gap_days": calendar.min_gap_days,
        "expires_after_days": calendar.expires_after_days,
        "late": calendar.late,
    }
