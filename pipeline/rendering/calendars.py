"""What a series and its parts say of the calendar, laid over the clinic's rules.

In charge of: that joining, and refusing what could never be sent, in words. Not in charge of: what the rules
mean (``schedule``), or reading series.toml (``series``).
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from pipeline.errors import Place, SeriesError
from pipeline.rendering.model import Edition
from pipeline.schedule.model import CalendarRulesError, Late, PartDay, Planned, Rules, Verdict
from pipeline.schedule.plan import plan
from pipeline.schedule.rules import RuleChanges, changed_rules, weekday_numbers
from pipeline.series.model import NO_CALENDAR, Calendar, Series

#: A Monday far from every holiday: a part is tried with a first visit on each day of this week.
_WEEK = date(2026, 6, 1)
_EARLY = timedelta(days=60)


class _Dated(Protocol):
    """A part, as far as its days go."""

    @property
    def number(self) -> int: ...
    @property
    def day(self) -> int: ...
    @property
    def calendar(self) -> Calendar: ...


def part_days(whole: Series | Edition, rules: Rules) -> tuple[PartDay, ...]:
    """The parts of a series or edition as the calendar takes them; ``rules`` are the clinic's.

    Raises CalendarRulesError where a part's own rules and the clinic's could never send it.
    """
    return tuple(part_day(part, whole.calendar, rules) for part in _parts(whole))


def part_day(part: _Dated, series: Calendar, rules: Rules) -> PartDay:
    """One part as the calendar takes it: its own rules over those of its series over the clinic's."""
    if series == part.calendar == NO_CALENDAR:
        return PartDay(part=part.number, offset=part.day)
    own = changed_rules(rules, _changes(_over(series, part.calendar)))
    return PartDay(part=part.number, offset=part.day, rules=own)


def check_calendar(series: Series, rules: Rules) -> None:
    """Raise SeriesError, with the part, the key and a mend, where a part could never be sent.

    ``rules`` are the clinic's without holidays and closings: those pass.
    """
    for part in series.parts:
        try:
            part_day(part, series.calendar, rules)
        except CalendarRulesError as error:
            key = (error.where.key or "" if error.where else "").removeprefix("schedule.")
            # The part's own table where it says something, else the series'.
            table = "part.calendar" if getattr(part.calendar, key, None) is not None else "calendar"
            raise SeriesError(
                f"Part {part.number}: {error.what}",
                where=Place(file=f"{series.name}/series.toml", key=f"{table}.{key}"),
                mend=f"{error.mend}; the window stands in config.toml, [schedule]",
            ) from error
    _check_reached(series, part_days(series, rules), rules)


def _check_reached(series: Series, parts: Sequence[PartDay], rules: Rules) -> None:
    """With a first visit on every day of a week, each part has to find a day at least once."""
    found = {each.part for start in range(7) for each in _tried(parts, rules, _WEEK + timedelta(days=start))}
    for part in parts:
        if part.part not in found:
            raise SeriesError(
                f"Part {part.part} could never be sent: day, gap and expiry leave no date for it.",
                where=Place(file=f"{series.name}/series.toml", key="calendar"),
                mend="move its day away from the part before, let it expire later, or make the gap smaller",
            )


def _tried(parts: Sequence[PartDay], rules: Rules, start: date) -> list[Planned]:
    early = datetime.combine(start - _EARLY, time(), UTC)
    found = plan(start=start, zone=ZoneInfo("UTC"), parts=parts, rules=rules, now=early, enrolled_at=early)
    return [each for each in found if each.verdict is Verdict.PLANNED]


def _parts(whole: Series | Edition) -> Sequence[_Dated]:
    return whole.parts


def _over(series: Calendar, part: Calendar) -> Calendar:
    """What the part says, and what the series says of the rest."""
    return Calendar(
        **{
            each.name: getattr(series, each.name)
            if getattr(part, each.name) is None
            else getattr(part, each.name)
            for each in fields(Calendar)
        }
    )


def _changes(calendar: Calendar) -> RuleChanges:
    return RuleChanges(
        send_time=calendar.send_time,
        weekdays=None if calendar.weekdays is None else weekday_numbers(calendar.weekdays),
        min_gap_days=calendar.min_gap_days,
        expires_after_days=calendar.expires_after_days,
        late=None if calendar.late is None else Late(calendar.late),
    )
