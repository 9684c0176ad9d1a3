"""When would a patient who starts then get what? No patient, no database.

In charge of: planning a patient who is not there, by the clinic's rules and a series' own. Not in charge of:
the plan (``schedule``), or printing it (``cli``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.app.authoring import Desk
from pipeline.app.calendar import CalendarRow, row_of
from pipeline.app.settings import weekly_rules
from pipeline.config import Config
from pipeline.delivery.states import State
from pipeline.rendering.calendars import check_calendar, part_days
from pipeline.schedule.model import PartDay, Planned, PlanReason, Rules
from pipeline.schedule.plan import plan
from pipeline.schedule.rules import check_start, closed_days, rules_from, years_around


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants to know."""

    #: The first visit, a civil date in ``zone``.
    start: date
    zone: ZoneInfo
    #: The moment of enrolling, aware.
    now: datetime
    #: None: as many parts as [schedule] has days.
    series: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """One part of the answer."""

    row: CalendarRow
    #: Days from the first visit, and that date: where nothing moves the part.
    offset: int
    own_day: date
    #: Last date on which it may go.
    expires_on: date
    #: Why its own day is closed, where that moved it: a holiday's name, the clinic's words, a weekday.
    closed_by: str | None


def foresee(desk: Desk, asked: Asked) -> tuple[Foreseen, ...]:
    """What becomes of each part, in the order of part numbers.

    Raises SeriesError for a series that is not there, CalendarRulesError for rules that never send and for a
    start in an impossible year.
    """
    check_start(asked.start)
    rules, closed = _rules(desk.config, asked)
    parts = _parts(desk, asked.series, rules)
    found = plan(
        start=asked.start, zone=asked.zone, parts=parts, rules=rules, now=asked.now, enrolled_at=asked.now
    )
    days = {part.part: part for part in parts}
    return tuple(_foreseen(each, days[each.part], asked, rules, closed) for each in found)


def _rules(config: Config, asked: Asked) -> tuple[Rules, Mapping[date, str]]:
    """The clinic's rules with the holidays around today and around the visit, and why each day is closed."""
    years = sorted({*years_around(asked.now.date()), *years_around(asked.start)})
    country, subdivision = config.clinic.country, config.clinic.subdivision
    closed = closed_days(
        config.schedule, country=country, subdivision=subdivision, years=years, file=config.file
    )
    rules = rules_from(
        config.schedule, country=country, subdivision=subdivision, years=years, file=config.file
    )
    return rules, closed


def _parts(desk: Desk, series: str | None, rules: Rules) -> Sequence[PartDay]:
    if series is None:
        days = desk.config.schedule.days
        return [PartDay(part=number, offset=offset) for number, offset in enumerate(days, 1)]
    whole = desk.series(desk.find(series))
    check_calendar(whole, weekly_rules(desk.config))
    return part_days(whole, rules)


def _foreseen(
    each: Planned, part: PartDay, asked: Asked, rules: Rules, closed: Mapping[date, str]
) -> Foreseen:
    own = asked.start + timedelta(days=part.offset)
    is_closed = each.reason in {PlanReason.CLOSED, PlanReason.NO_OPEN_DAY}
    row = row_of(
        enrollment=None, patient=None, part=each.part, due=each.due, zone=each.zone,
        state=State(each.verdict.value), reason=each.reason.value if each.reason else None,
    )  # fmt: skip
    return Foreseen(
        row=row,
        offset=part.offset,
        own_day=own,
        expires_on=each.expires_on,
        closed_by=_why_closed(own, part.rules or rules, closed) if is_closed else None,
    )


def _why_closed(day: date, rules: Rules, closed: Mapping[date, str]) -> str:
    """A holiday or closing by its name; else it is the weekday that does not count."""
    return closed.get(day, f"no mail on {day:%A}s" if day.isoweekday() not in rules.weekdays else "closed")
