"""What a patient or staff may ask of a calendar: slower, the next part now, and what a change would do.

In charge of: pure answers to those requests. Not in charge of: the plan itself (``plan``), or carrying the
answer out (``actions``). Moving a start date needs nothing of its own: plan again, and show ``difference``.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.schedule.model import Change, PartDay, Planned, Rules, SaidT, Sent, Verdict
from pipeline.schedule.plan import last_day, why_over
from pipeline.schedule.rules import check_rules, check_start
from pipeline.schedule.windows import SEARCH_DAYS, in_hours, opening_moment

_DAY = timedelta(days=1)


def slower(parts: Sequence[PartDay]) -> tuple[PartDay, ...]:
    """The same parts with doubled offsets, and so with new own days and expiries (DESIGN 7.4)."""
    return tuple(replace(part, offset=part.offset * 2) for part in parts)


def next_now(
    *,
    start: date,
    zone: ZoneInfo,
    parts: Sequence[PartDay],
    rules: Rules,
    now: datetime,
    sent: Sequence[Sent] = (),
) -> Planned | None:
    """When the next part goes if the patient asks for it at ``now`` (aware); None where none may go any more.

    The gap and closed days do not count (DESIGN 7.4). What does: one part a day, the order of part
    numbers, the window's hours, expiry, and no part for before the visit on or after its day. To see what
    that does to the others, plan them with this part as ``Sent`` on its day. Raises CalendarRulesError as
    ``plan`` does.
    """
    assert now.tzinfo is not None
    check_start(start)
    gone = {each.part for each in sent}
    last = max((each.on for each in sent), default=date.min)
    for part in sorted(parts, key=lambda each: each.part):
        own_rules = part.rules or rules
        check_rules(own_rules)
        found = None if part.part in gone else _first_minute(now, zone, own_rules, last)
        if found is not None and why_over(part, start, own_rules, found.astimezone(zone).date()) is None:
            return Planned(
                part=part.part,
                verdict=Verdict.PLANNED,
                due=found,
                zone=zone.key,
                expires_on=last_day(part, start, own_rules),
            )
    return None


def _first_minute(now: datetime, zone: ZoneInfo, rules: Rules, last: date) -> datetime | None:
    """The first instant within the window's hours from ``now`` on, on a date after ``last``; UTC."""
    local = now.astimezone(zone)
    today = local.date()
    if today > last and in_hours(local, rules):
        return now.astimezone(UTC).replace(second=0, microsecond=0)
    first = max(today, last + _DAY)
    for ahead in range(SEARCH_DAYS + 1):
        opening = opening_moment(first + ahead * _DAY, zone, rules)
        if opening is not None and opening >= now:
            return opening
    return None


def difference(before: Sequence[SaidT], after: Sequence[SaidT]) -> tuple[Change[SaidT], ...]:
    """The parts of which something else is said, in the order of part numbers; empty where nothing does."""
    was = {each.part: each for each in before}
    becomes = {each.part: each for each in after}
    return tuple(
        Change(part=part, before=was.get(part), after=becomes.get(part))
        for part in sorted({*was, *becomes})
        if was.get(part) != becomes.get(part)
    )
