"""One cell to one value: names, ids, yes and no, states of a visit, languages, zones.

In charge of: what each kind of cell may hold, with a sentence for staff where it holds something else.
Not in charge of: dates (``dates``), addresses (``addresses``), which column is which (``columns``).
"""

import difflib
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any
from zoneinfo import available_timezones

from pipeline.patients.dates import Cell, UnreadableCellError
from pipeline.patients.model import VisitStatus
from pipeline.patients.wording import shown

_LONGEST = 200
#: The apostrophe that keeps a cell from being a formula (``annotated``, and spreadsheets themselves).
_PROTECTED = re.compile(r"'[=+\-@|]")
_FORMULA = re.compile(r"[=@]|[+-].*[A-Za-z(]")
#: Language, script, region of BCP 47 (RFC 5646, 2.1); nothing longer names a translation.
_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?")
#: What spreadsheets show where a formula has no result (ECMA-376, part 1, 18.17.2.7), also in CSV.
_SHEET_ERRORS = frozenset(
    {"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA",
     "#ERROR!", "#FIELD!", "#BLOCKED!", "#CONNECT!"}
)  # fmt: skip
_YES = frozenset({"yes", "y", "true", "t", "1", "x", "on", "si", "sí", "oui", "ja"})
_NO = frozenset({"no", "n", "false", "f", "0", "off", "non", "nein"})

#: No words of the clinic's own.
_NO_WORDS: Mapping[str, Any] = MappingProxyType({})

#: Words of practice systems for the state of a visit, without blanks and punctuation.
_STATUS: Mapping[str, VisitStatus] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "booked",
                "scheduled",
                "confirmed",
                "unconfirmed",
                "active",
                "pending",
                "open",
                "new",
                "planned",
            ),
            VisitStatus.BOOKED,
        ),
        **dict.fromkeys(
            ("arrived", "checkedin", "completed", "complete", "fulfilled", "attended", "seen", "inprogress"),
            VisitStatus.ARRIVED,
        ),
        **dict.fromkeys(
            ("canceled", "cancelled", "latecancel", "latecancelled", "rescheduled", "inactive", "deleted"),
            VisitStatus.CANCELED,
        ),
        **dict.fromkeys(
            ("noshow", "didnotarrive", "didnotattend", "dna", "missed", "absent"), VisitStatus.NO_SHOW
        ),
        **dict.fromkeys(("discharged", "finished", "closed", "ended", "archived"), VisitStatus.DISCHARGED),
        **dict.fromkeys(("onhold", "hold", "paused", "suspended"), VisitStatus.ON_HOLD),
    }
)


def read_text(value: Cell) -> str:
    """The cell as one trimmed line; "" where it is blank. Raises UnreadableCellError for what is no text."""
    if value is None:
        return ""
    # A spreadsheet keeps a whole number as 1001.0; its cell shows 1001.
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    text = text.strip() if text.isascii() and text.isprintable() else _clean(text)
    text = unprotected(text)
    if text[:1] == "#" and text.upper() in _SHEET_ERRORS:
        raise UnreadableCellError(f"{shown(text)} is an error of the spreadsheet: mend the cell there")
    if len(text) > _LONGEST:
        raise UnreadableCellError(f"{shown(text)} is {len(text):,} characters long: at most {_LONGEST} fit")
    return text


def unprotected(text: str) -> str:
    """The text without an apostrophe that only keeps a spreadsheet from reading it as a formula."""
    return text[1:] if _PROTECTED.match(text) else text


def _clean(text: str) -> str:
    if "\0" in text:
        raise UnreadableCellError("holds a NUL character: the file was damaged, export it again")
    if "\N{REPLACEMENT CHARACTER}" in text:
        raise UnreadableCellError(f"{shown(text)} holds a character that cannot be read: save as UTF-8")
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def read_name(value: Cell) -> str:
    """A name as written; "" where blank. Raises UnreadableCellError for a formula, which nobody is called."""
    text = read_text(value)
    if _FORMULA.match(text):
        raise UnreadableCellError(f"{shown(text)} looks like a spreadsheet formula, not a name")
    return text


def read_full_name(value: Cell) -> tuple[str, str]:
    """Given and family name from one cell: "Family, Given". Without a comma it is all kept as the given name,
    because where the family name begins is not to be guessed."""
    family, comma, given = read_name(value).partition(",")
    return (given.strip(), family.strip()) if comma else (family.strip(), "")


def read_record(value: Cell) -> str:
    """The practice system's id of a patient. Raises UnreadableCellError where blank or a formula."""
    text = read_text(value)
    if not text:
        raise UnreadableCellError("is blank: every patient needs the practice system's id")
    if _FORMULA.match(text):
        raise UnreadableCellError(f"{shown(text)} looks like a spreadsheet formula, not an id")
    return text


def read_flag(value: Cell, own: Mapping[str, bool] = _NO_WORDS) -> bool | None:
    """Yes or no; None where the cell is blank. Raises UnreadableCellError for anything else.

    ``own`` are the clinic's words (letters and digits alone, casefolded), looked up before the usual ones.
    """
    text = read_text(value).casefold()
    if not text:
        return None
    if own and (said := own.get(_letters(text))) is not None:
        return said
    if text in _YES or text in _NO:
        return text in _YES
    raise UnreadableCellError(f"{shown(text)} is neither yes nor no")


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def read_status(value: Cell, own: Mapping[str, VisitStatus] = _NO_WORDS) -> VisitStatus | None:
    """The state of a visit in the words of practice systems; None where blank.

    ``own`` are the clinic's words, as for ``read_flag``.
    """
    text = read_text(value)
    word = _letters(text)
    if not word:
        return None
    if word in own:
        return own[word]
    if word in _STATUS:
        return _STATUS[word]
    # Closer than for other words: "tentative" is not "inactive", and a wrong hint would cancel a visit.
    near = difflib.get_close_matches(word, _STATUS, n=1, cutoff=0.75)
    known = ", ".join(status.value for status in VisitStatus)
    hint = f"did you mean {near[0]!r}?" if near else f"write one of {known}"
    raise UnreadableCellError(f"{shown(text)} is no state of a visit: {hint}")


@lru_cache(maxsize=512)
def _language(text: str) -> str:
    match = _TAG.fullmatch(text)
    if match and match[1].lower() in _languages().values():
        tag = (match[1].lower(), (match[2] or "").title(), (match[3] or "").upper())
        return "-".join(part for part in tag if part)
    if code := _languages().get(text.casefold()):
        return code
    raise UnreadableCellError(f"{shown(text)} is not a language: write a code like 'en' or 'es-MX'")


@cache
def _languages() -> Mapping[str, str]:
    """English and own names of languages to their codes; loaded on first need, it takes a moment."""
    from babel import Locale  # noqa: PLC0415 - see the docstring

    names: dict[str, str] = {}
    for code, name in Locale("en").languages.items():
        if re.fullmatch("[a-z]{2,3}", code):
            names[name.casefold()] = code
    for code in ("es", "fr", "de", "pt", "it", "vi", "zh", "ru", "ar", "ko", "ja", "pl", "hi"):
        names[(Locale(code).get_display_name() or code).casefold()] = code
    return MappingProxyType(names)


def read_language(value: Cell) -> str | None:
    """A BCP 47 tag from a tag or a language's name; None where blank."""
    text = read_text(value)
    return _language(text) if text else None


@cache
def _zones() -> Mapping[str, str]:
    return MappingProxyType({name.casefold(): name for name in available_timezones()})


def read_zone(value: Cell) -> str | None:
    """The IANA name of a time zone; None where blank. Raises UnreadableCellError, naming the nearest one."""
    text = read_text(value)
    if not text:
        return None
    known = _zones().get(text.casefold().replace(" ", "_"))
    if known is not None:
        return known
    near = difflib.get_close_matches(text.casefold(), _zones(), n=1, cutoff=0.6)
    hint = f": did you mean {_zones()[near[0]]!r}?" if near else ": write one like 'America/Chicago'"
    raise UnreadableCellError(f"{shown(text)} is not a time zone{hint}")
