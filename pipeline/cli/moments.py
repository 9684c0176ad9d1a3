"""Days, moments and zones as people write them on the command line, and spans of time as they read them.

In charge of: reading and wording them, or saying how to write them. Not in charge of: what they mean.
"""

import difflib
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from pipeline.errors import NotAllowedError, Place


def read_day(text: str, *, option: str, zone: ZoneInfo) -> date:
    """A civil date: 2026-03-06, or the date in ``zone`` of a moment with an offset."""
    moment = _read(text, option=option, example="2026-03-06")
    return moment.astimezone(zone).date() if moment.tzinfo else moment.date()


def read_moment(text: str, *, option: str) -> datetime:
    """An aware moment; without an offset it is UTC, and a date alone is its first minute."""
    moment = _read(text, option=option, example="2026-03-06T15:00:00+00:00")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_zone(name: str, *, option: str) -> ZoneInfo:
    """The zone with this IANA name."""
    known = available_timezones()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        raise NotAllowedError(
            f"There is no time zone {name!r}.",
            where=Place(key=option),
            mend=f"did you mean {near[0]!r}?" if near else "write an IANA name, like America/Chicago",
        )
    return ZoneInfo(name)


_UNITS = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute"))


def span_in_words(span: timedelta) -> str:
    """A span of time in its largest unit: "3 hours"."""
    for unit, name in _UNITS:
        if span >= unit:
            count = span // unit
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "less than a minute"


def _read(text: str, *, option: str, example: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise NotAllowedError(
            f"{text!r} is no date: year, month and day, like 2026-03-06.",
            where=Place(key=option),
            mend=f"write {option} {example}",
        ) from error
