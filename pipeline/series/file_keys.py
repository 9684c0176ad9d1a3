"""The keys of series.toml: which there are, of what type, and what a wrong value is told.

In charge of: the shape of the file, key by key. Not in charge of: what only the article can tell
(``loading``).
"""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from types import MappingProxyType
from typing import Any, TypeAlias

from pipeline.article.model import BlockKind
from pipeline.errors import Place, SeriesError
from pipeline.series.file_lines import KeyPath
from pipeline.series.file_model import FORMAT
from pipeline.series.model import Purpose
from pipeline.series.wording import PLACEHOLDERS, wrong_placeholders

__all__ = ["CALENDAR_KEYS", "FILE_KEYS", "PART_KEYS", "STRUCTURE_KEYS", "Ask", "Key", "check_table"]

#: Says what is wrong with a value and how to mend it; None where it is right.
Check: TypeAlias = Callable[[Any], tuple[str, str] | None]
#: Where a key stands, for a message.
Ask: TypeAlias = Callable[[KeyPath], Place]

_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a table."""

    type: type
    #: Shown where the key is missing or of the wrong type.
    example: str
    check: Check | None = None
    required: bool = False


def check_table(table: Mapping[str, Any], keys: Mapping[str, Key], at: KeyPath, ask: Ask) -> None:
    """Raise SeriesError for the first unknown key, missing key, wrong type or wrong value of ``table``."""
    for name in table:
        if name not in keys:
            raise _unknown((*at, name), keys, ask)
    for name, key in keys.items():
        if name not in table:
            if key.required:
                raise _missing(name, key, at, ask)
            continue
        _check_value(table[name], key, (*at, name), ask)


def _check_value(value: object, key: Key, path: KeyPath, ask: Ask) -> None:
    if not isinstance(value, key.type) or (isinstance(value, bool) and key.type is not bool):
        raise SeriesError(
            f"{path[-1]} should be {_TYPE_NAMES[key.type]}, not {_shown(value)}.",
            where=ask(path),
            mend=f"write it as {path[-1]} = {key.example}",
        )
    wrong = key.check(value) if key.check else None
    if wrong:
        raise SeriesError(wrong[0], where=ask(path), mend=wrong[1])


def _unknown(path: KeyPath, keys: Mapping[str, Key], ask: Ask) -> SeriesError:
    near = difflib.get_close_matches(str(path[-1]), keys, n=1, cutoff=0.5)
    mend = f"did you mean {near[0]!r}?" if near else f"known keys here: {', '.join(sorted(keys))}"
    return SeriesError(f"There is no key {str(path[-1])!r} here.", where=ask(path), mend=mend)


def _missing(name: str, key: Key, at: KeyPath, ask: Ask) -> SeriesError:
    return SeriesError(f"The key {name!r} is missing.", where=ask(at), mend=f"add {name} = {key.example}")


_TYPE_NAMES = MappingProxyType(
    {
        str: "text in quotes",
        int: "a whole number",
        time: "a time of day",
        list: "a list in square brackets",
        dict: "a table",
    }
)


def _shown(value: object) -> str:
    shown = repr(value) if isinstance(value, str | int | float | bool) else type(value).__name__
    return shown if len(shown) <= 40 else shown[:39] + "…"


def _some_words(value: str) -> tuple[str, str] | None:
    return None if value.strip() else ("The text is empty.", "write a few words, or leave the key out")


def _one_line(value: str) -> tuple[str, str] | None:
    if any(ord(character) < 32 for character in value):
        return (
            "The text holds a line break or a control character, which could forge a mail header.",
            "make it one line",
        )
    if len(value) > _LONGEST:
        return f"The text is {len(value)} characters long.", f"keep it under {_LONGEST}"
    return _some_words(value)


def _with_placeholders(value: str) -> tuple[str, str] | None:
    wrong = wrong_placeholders(value)
    if wrong:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        return f"{wrong[0]!r} is no placeholder.", f"use only {known}, and no other braces"
    return _one_line(value)


def _one_of(choices: Sequence[str]) -> Check:
    def check(value: str) -> tuple[str, str] | None:
        if value in choices:
            return None
        near = difflib.get_close_matches(value, choices, n=1, cutoff=0.5)
        listed = ", ".join(f'"{choice}"' for choice in choices)
        return (
            f"{value!r} is not known here.",
            f'did you mean "{near[0]}"?' if near else f"use one of {listed}",
        )

    return check


def _between(low: int, high: int) -> Check:
    def check(value: int) -> tuple[str, str] | None:
        return (
            None
            if low <= value <= high
            else (f"{value} is out of range.", f"use a number from {low} to {high}")
        )

    return check


def _matching(pattern: str, what: str, mend: str) -> Check:
    def check(value: str) -> tuple[str, str] | None:
        return None if re.fullmatch(pattern, value) else (f"{value!r} is not {what}.", mend)

    return check


def _format(value: int) -> tuple[str, str] | None:
    if value == FORMAT:
        return None
    return (
        f"This file is of format {value}; this program reads format {FORMAT}.",
        "use the program that wrote it",
    )


_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _weekdays(value: list[object]) -> tuple[str, str] | None:
    wrong = [day for day in value if day not in _WEEKDAYS]
    if wrong or not value or len(set(map(str, value))) < len(value):
        named = f"{wrong[0]!r} is no weekday" if wrong else "The weekdays are none, or one stands twice"
        return f"{named}.", f"use some of {', '.join(_WEEKDAYS)}, each once"
    return None


def _file_name(value: str) -> tuple[str, str] | None:
    if "/" in value or "\\" in value or value.startswith("."):
        return (
            f"{value!r} is not a plain file name.",
            "name a file that stands beside this one, without folders",
        )
    return _one_line(value)


_LANGUAGE = _matching(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", "a language tag", 'write it like "en-US" or "es"')
_SHA256 = _matching("[0-9a-f]{64}", "a SHA-256", "run `pipeline split --write`, which fills it in")
_FINGERPRINT = _matching(
    "[0-9a-f]{12}", "a fingerprint", "take the line out; `pipeline split --write` fills it in"
)
_SUBJECT = '"Part {number} of {total} from {clinic}"'

CALENDAR_KEYS: Mapping[str, Key] = MappingProxyType(
    {
        "send_time": Key(type=time, example="09:00:00"),
        "weekdays": Key(type=list, example='["mon", "wed"]', check=_weekdays),
        "min_gap_days": Key(type=int, example="2", check=_between(0, 60)),
        "expires_after_days": Key(type=int, example="7", check=_between(0, 365)),
        "late": Key(type=str, example='"catch_up"', check=_one_of(("skip", "catch_up"))),
    }
)
STRUCTURE_KEYS: Mapping[str, Key] = MappingProxyType(
    {
        "text": Key(type=str, required=True, example='"the opening words of the line"', check=_one_line),
        "line": Key(type=int, example="12", check=_between(1, 10_000_000)),
        "kind": Key(
            type=str, required=True, example='"heading"', check=_one_of([kind.value for kind in BlockKind])
        ),
        "level": Key(type=int, example="2", check=_between(2, 4)),
    }
)
PART_KEYS: Mapping[str, Key] = MappingProxyType(
    {
        "title": Key(type=str, required=True, example='"What to expect"', check=_one_line),
        "starts_at": Key(
            type=str, required=True, example='"the opening words of its first paragraph"', check=_some_words
        ),
        "line": Key(type=int, example="12", check=_between(1, 10_000_000)),
        "subject": Key(type=str, required=True, example=_SUBJECT, check=_with_placeholders),
        "preheader": Key(type=str, required=True, example='"A short read."', check=_with_placeholders),
        "day": Key(type=int, required=True, example="4", check=_between(-365, 3650)),
        "reveals_ok": Key(type=str, example='"the reason"', check=_one_line),
        "fingerprint": Key(type=str, example='"3f9a0c12d4e5"', check=_FINGERPRINT),
        "calendar": Key(type=dict, example="a table [part.calendar]"),
    }
)
FILE_KEYS: Mapping[str, Key] = MappingProxyType(
    {
        "format": Key(type=int, required=True, example=str(FORMAT), check=_format),
        "article": Key(type=str, required=True, example='"article.txt"', check=_file_name),
        "article_sha256": Key(type=str, required=True, example='"…"', check=_SHA256),
        "title": Key(type=str, required=True, example='"Your first weeks"', check=_one_line),
        "language": Key(type=str, required=True, example='"en-US"', check=_LANGUAGE),
        "purpose": Key(
            type=str, required=True, example='"treatment"', check=_one_of([p.value for p in Purpose])
        ),
        "author": Key(type=str, example='"Ana Example"', check=_one_line),
        "structure": Key(type=list, example="tables [[structure]]"),
        "calendar": Key(type=dict, example="a table [calendar]"),
        "part": Key(type=list, required=True, example="tables [[part]]"),
    }
)
