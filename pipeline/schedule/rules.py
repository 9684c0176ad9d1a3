"""The rules of a calendar: from the configuration, from holidays and closings, and whether they make sense.

In charge of: making and checking ``Rules``. Not in charge of: the shape of config.toml (``sections``) or
applying the rules (``windows``, ``plan``).
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, time, timedelta
from functools import lru_cache
from types import MappingProxyType

from pipeline.errors import Place
from pipeline.schedule.model import CalendarRulesError, Late, Rules
from pipeline.sections.calendar import Closing, Schedule

_ISO_WEEKDAYS = MappingProxyType({"mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6, "sun": 7})
_YEARS = (1900, 2200)
_ALL_WEEKDAYS = frozenset(_ISO_WEEKDAYS.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChanges:
    """What a series, or one part of it, wants otherwise; None keeps what the clinic has."""

    send_time: time | None = None
    window_open: time | None = None
    window_close: time | None = None
    weekdays: frozenset[int] | None = None
    min_gap_days: int | None = None
    expires_after_days: int | None = None
    late: Late | None = None


def years_around(day: date) -> range:
    """The years whose holidays a plan made on ``day`` may meet: from the year before to three ahead."""
    return range(day.year - 1, day.year + 4)


def rules_from(
    section: Schedule,
    *,
    country: str,
    subdivision: str | None,
    years: Iterable[int],
    file: str = "config.toml",
) -> Rules:
    """The clinic's rules: its [schedule] with the closed days of ``years`` (see ``years_around``).

    ``country`` is ISO 3166-1 alpha-2, ``subdivision`` the ISO 3166-2 part after it. Raises
    CalendarRulesError, naming key and mend, for rules that can never send and for a country or
    subdivision whose holidays nobody knows.
    """
    closed = closed_days(section, country=country, subdivision=subdivision, years=tuple(years), file=file)
    rules = Rules(
        send_time=section.send_time,
        window_open=section.window_open,
        window_close=section.window_close,
        weekdays=weekday_numbers(section.weekdays),
        closed=frozenset(closed),
        min_gap_days=section.min_gap_days,
        expires_after_days=section.expires_after_days,
        late=Late(section.late),
    )
    check_rules(rules, file=file)
    return rules


def weekday_numbers(names: Iterable[str]) -> frozenset[int]:
    """ISO weekdays (Monday is 1) of names like "mon"."""
    return frozenset(_ISO_WEEKDAYS[name] for name in names)


def changed_rules(rules: Rules, changes: RuleChanges) -> Rules:
    """``rules`` with what a series or part wants otherwise; raises as ``check_rules`` does."""
    wanted = {each.name: getattr(changes, each.name) for each in fields(changes)}
    changed = replace(rules, **{name: value for name, value in wanted.items() if value is not None})
    check_rules(changed)
    return changed


def check_rules(rules: Rules, *, file: str | None = None) -> None:
    """Raise CalendarRulesError where the rules could never send anything."""
    opening, closing = rules.window_open, rules.window_close
    if not rules.weekdays & _ALL_WEEKDAYS:
        raise _error("No day of the week is allowed for sending.", "weekdays", "name at least one day", file)
    if opening >= closing:
        what = f"The sending window is empty: it opens at {opening:%H:%M} and closes at {closing:%H:%M}."
        raise _error(what, "window_close", "let it close after it opens, on the same day", file)
    if not opening <= rules.send_time < closing:
        window = f"{opening:%H:%M} to {closing:%H:%M}"
        what = f"The send time {rules.send_time:%H:%M} lies outside the window {window}."
        mend = "the opening minute is in the window, the closing minute is not"
        raise _error(what, "send_time", mend, file)
    if rules.min_gap_days < 0 or rules.expires_after_days < 0:
        raise _error(
            "A number of days is negative.", "min_gap_days, expires_after_days", "write 0 or more", file
        )


def check_start(start: date) -> None:
    """Raise CalendarRulesError for a first visit so far off that its parts could leave the calendar."""
    if not _YEARS[0] <= start.year <= _YEARS[1]:
        raise CalendarRulesError(
            f"No first visit can be on {start}.",
            where=Place(key="start"),
            mend=f"check the year: it has to lie between {_YEARS[0]} and {_YEARS[1]}",
        )


def _error(what: str, key: str, mend: str, file: str | None) -> CalendarRulesError:
    return CalendarRulesError(what, where=Place(file=file, key=f"schedule.{key}"), mend=mend)


def closed_days(
    section: Schedule,
    *,
    country: str,
    subdivision: str | None,
    years: Sequence[int],
    file: str = "config.toml",
) -> Mapping[date, str]:
    """Each closed date of ``years`` and why: the holiday's name, or the clinic's own words."""
    days: dict[date, str] = {}
    if section.public_holidays:
        days |= _holidays(country, subdivision, tuple(sorted(set(years))), file)
    for closing in section.closings:
        days |= _closing_days(closing, years, file)
    return MappingProxyType(days)


def _closing_days(closing: Closing, years: Sequence[int], file: str) -> dict[date, str]:
    if closing.last < closing.first:
        what = f"The closing from {closing.first} to {closing.last} ends before it begins."
        raise _error(what, "closings", "swap first and last", file)
    if not years:
        return {}
    first = max(closing.first, date(min(years), 1, 1))
    last = min(closing.last, date(max(years), 12, 31))
    why = closing.why or "clinic closed"
    return {first + timedelta(days=ahead): why for ahead in range((last - first).days + 1)}


@lru_cache(maxsize=64)
def _holidays(country: str, subdivision: str | None, years: tuple[int, ...], file: str) -> Mapping[date, str]:
    # Loaded here, not at the top: it takes a quarter of a second that `pipeline --help` need not pay.
    import holidays  # noqa: PLC0415

    known = holidays.list_supported_countries(include_aliases=True)
    if country not in known:
        what = f"The public holidays of the country {country!r} are not known."
        raise _unknown(what, "country", country, known, file)
    if subdivision is not None:
        aliases = holidays.country_holidays(country).subdivisions_aliases
        subdivisions = {*known[country], *aliases}
        if subdivision not in subdivisions:
            what = f"The public holidays of {subdivision!r} in {country} are not known."
            raise _unknown(what, "subdivision", subdivision, subdivisions, file)
    # A year's first holiday may be observed in the December before it.
    found = holidays.country_holidays(country, subdiv=subdivision, years=[*years, *(y + 1 for y in years)])
    return MappingProxyType({day: name for day, name in sorted(found.items()) if day.year in years})


def _unknown(what: str, key: str, given: str, known: Iterable[str], file: str) -> CalendarRulesError:
    names = sorted(known)
    near = difflib.get_close_matches(given, names, n=1, cutoff=0.5)
    if near:
        mend = f"did you mean {near[0]!r}?"
    elif names:
        mend = f"known here: {', '.join(names[:60])}"
    else:
        mend = f"take the key out: {key} has no effect for this country"
    return CalendarRulesError(
        what,
        where=Place(file=file, key=f"clinic.{key}"),
        mend=f"{mend}; or set schedule.public_holidays = false and list closings",
    )
