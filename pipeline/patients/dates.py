"""A date cell, as text or as a spreadsheet's own value, to a date; two readings are never guessed at.

In charge of: forms of dates and times, and their refusal in words. Not in charge of: what a date is for
(``rows``).
"""

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

from pipeline.patients.model import DateOrder, ImportTerms
from pipeline.patients.wording import shown

#: What a cell may hold: text from CSV, a spreadsheet's typed value from XLSX.
Cell: TypeAlias = str | float | bool | date | time | timedelta | None


class UnreadableCellError(ValueError):
    """A cell that cannot be read; its text is a sentence for staff. Never leaves this package."""


class AmbiguousDateError(UnreadableCellError):
    """A date with two readings; ``readings`` holds both, day first and month first."""

    def __init__(self, message: str, readings: tuple[date, date]) -> None:
        super().__init__(message)
        self.readings = readings


_CLOCK = re.compile(
    r"(?:T|,?\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
    r"\s*(?P<half>[AaPp])?(?:\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?$",
    re.ASCII,
)
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})", re.ASCII)
_SHORT_YEAR = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}", re.ASCII)
_SERIAL = re.compile(r"\d+(?:[.,]\d+)?", re.ASCII)
#: "3 Apr 2026", "3-Apr-2026", "Apr 3, 2026", each with or without a weekday before it.
_WITH_NAME = re.compile(
    r"(?:[a-z]{3,9}\.?,?\s+)??(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?[-\s]+)?(?P<month>[a-z]{3,9})\.?"
    r"(?:[-\s]+(?P<after>\d{1,2})(?:st|nd|rd|th)?)?,?[-\s]+(?P<year>\d{4})",
    re.ASCII | re.IGNORECASE,
)
_MONTHS = tuple(name.lower() for name in calendar.month_name[1:])
_EXAMPLE = "write it like 2026-12-01"


def read_date(value: Cell, order: DateOrder | None) -> date | datetime:
    """The date in a cell, with its time where it has one (aware where it says an offset).

    Raises UnreadableCellError with the reason, AmbiguousDateError where only ``order`` could tell. A number
    is refused: a serial number is a date only where the spreadsheet's cell is formatted as one, and then it
    arrives here as a date.
    """
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        number = int(value) if isinstance(value, float) and value.is_integer() else value
        raise UnreadableCellError(f"{shown(number)} is not a date: format the cell as a date")
    text = value.strip()
    clock = _CLOCK.search(text)
    if clock is None:
        return _read_day(text, order)
    day = _read_day(text[: clock.start()], order)
    return datetime.combine(day, _read_clock(clock, text), tzinfo=_read_offset(clock["zone"]))


def _read_clock(clock: re.Match[str], text: str) -> time:
    hour, half = int(clock["hour"]), (clock["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        raise UnreadableCellError(f"{shown(text)} has no readable time")
    hour = hour % 12 + (12 if half == "p" else 0) if half else hour
    try:
        return time(hour, int(clock["minute"]), int(clock["second"] or 0))
    except ValueError as error:
        raise UnreadableCellError(f"{shown(text)} has no readable time") from error


def _read_offset(zone: str | None) -> timezone | None:
    if zone is None:
        return None
    if zone[0] not in "+-":
        return UTC
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return timezone(-offset if zone[0] == "-" else offset) if offset < timedelta(days=1) else UTC


@lru_cache(maxsize=4096)
def _read_day(text: str, order: DateOrder | None) -> date:
    if match := _YEAR_FIRST.fullmatch(text):
        return _day(int(match[1]), int(match[3]), int(match[4]), text)
    if match := _COMPACT.fullmatch(text):
        return _day(int(match[1]), int(match[2]), int(match[3]), text)
    if match := _YEAR_LAST.fullmatch(text):
        return _in_order(int(match[1]), int(match[3]), int(match[4]), order, text)
    if match := _WITH_NAME.fullmatch(text):
        return _named(match, text)
    if _SERIAL.fullmatch(text):
        raise UnreadableCellError(f"{shown(text)} is only a number, not a date: {_EXAMPLE}")
    if _SHORT_YEAR.fullmatch(text):
        raise UnreadableCellError(f"{shown(text)} has a year of two digits: {_EXAMPLE}")
    raise UnreadableCellError(f"{shown(text)} is not a date that can be read: {_EXAMPLE}")


def _day(year: int, month: int, day: int, text: str) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise UnreadableCellError(f"{shown(text)} is not a day of the calendar") from error


def _in_order(first: int, second: int, year: int, order: DateOrder | None, text: str) -> date:
    if order is DateOrder.DAY_FIRST or (order is None and first > 12):
        return _day(year, second, first, text)
    if order is DateOrder.MONTH_FIRST or second > 12 or first == second:
        return _day(year, first, second, text)
    readings = _day(year, second, first, text), _day(year, first, second, text)
    raise AmbiguousDateError(
        f"{shown(text)} could be {readings[0]:%-d %B %Y} or {readings[1]:%-d %B %Y}: "
        "choose whether the day or the month comes first",
        readings,
    )


def _named(match: re.Match[str], text: str) -> date:
    wanted = match["month"].lower()
    months = [number for number, name in enumerate(_MONTHS, 1) if name.startswith(wanted)]
    days = [each for each in (match["day"], match["after"]) if each]
    if len(months) != 1 or len(days) != 1:
        raise UnreadableCellError(f"{shown(text)} is not a date that can be read: {_EXAMPLE}")
    return _day(int(match["year"]), months[0], int(days[0]), text)


def visit_moment(value: Cell, terms: ImportTerms) -> date | datetime:
    """When a visit is: an aware moment where the cell says an offset (or all times are UTC), else its date.

    A time without an offset is the one on the patient's appointment card, so its date stands as it is:
    many exports write midnight where they mean the whole day. Raises as ``read_date`` does.
    """
    found = read_date(value, terms.date_order)
    if isinstance(found, datetime) and found.tzinfo is None:
        return found.replace(tzinfo=UTC) if terms.times_are_utc else found.date()
    return found


def civil_date(found: date | datetime, zone: ZoneInfo) -> date:
    """The date of a moment in ``zone``; a date is its own."""
    return found.astimezone(zone).date() if isinstance(found, datetime) else found


def is_minor(value: Cell, terms: ImportTerms) -> bool:
    """Whether someone born on the date in the cell is under 18 on the import's day in the clinic's zone.

    A date with two readings is fine where both give the same answer. Raises as ``read_date`` does.
    """
    today = terms.now.astimezone(terms.clinic_zone).date()
    try:
        born = read_date(value, terms.date_order)
    except AmbiguousDateError as error:
        answers = {_under_18(reading, today) for reading in error.readings}
        if len(answers) > 1:
            raise
        return answers.pop()
    born = born.date() if isinstance(born, datetime) else born
    if not 0 <= today.year - born.year <= 130 or born > today:
        raise UnreadableCellError(f"{shown(born)} cannot be a birth date: check the year")
    return _under_18(born, today)


def _under_18(born: date, today: date) -> bool:
    # Born on 29 February: of age on 1 March, as the month and day compare.
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day)) < 18
