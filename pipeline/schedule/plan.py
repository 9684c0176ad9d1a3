"""The heart of the calendar: a PT start date becomes a dated plan, part by part.

In charge of: deciding each part's day and instant, or why it has none (DESIGN 7). Not in charge of: what
a patient asks for (``requests``), whether the plan may be carried out (``delivery``), or storing it.

The order of decisions, for each part in the order of its number, those already sent left out:

1. **Own day** = start + offset. **Expiry** = own day + ``expires_after_days``; a part before the visit
   (negative offset) also ends the day before the visit. Nothing below moves either.
2. **Over**: the visit day is here (``visit_passed``), or the expiry has gone by (``expired``): skipped,
   before anything else, because no open day could help.
3. **Open day**: the own day, or where it is closed, or the clocks jump over the rest of its window, the
   nearest open day: before it for a part before the visit, after it for any other. None within 30 days:
   held (``no_open_day``), also where the expiry would come first, since a closing that long wants a person.
4. **Gap**: the day must lie ``min_gap_days`` calendar days or more (never less than one) after the last
   date on which any part was sent or, in this plan, is to be sent. If not, the part waits: the first open
   day from there on. Only planned parts push later ones; a skipped or held part pushes nobody.
5. **Late**: that day is past, or it is today and the window has closed. The day that the gap gave counts,
   not the own day: a part that waits for its turn is not late, so planning again does not lose it. Rule
   ``skip``: skipped (``late``). Rule ``catch_up``: the next regular send time from now on that keeps the
   gap. Where today is the day, the minute has passed and the window is open, the part is not late: it
   goes today.
6. **Check of the day found**: not before the visit although it should be: ``visit_passed``. After the
   expiry: ``expired``. Both skip the part.
7. **Instant**: the send time of that day's wall clock in the zone, in UTC (``zones.instant``); a patient
   enrolled later on that very day is due at the enrollment, not before it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.schedule.model import Late, PartDay, Planned, PlanReason, Rules, Sent, Verdict
from pipeline.schedule.rules import check_rules, check_start
from pipeline.schedule.windows import SEARCH_DAYS, is_open_day, next_send, previous_send

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What is the same for all parts of one plan."""

    start: date
    zone: ZoneInfo
    #: The moment of planning, never before the enrollment; UTC and local.
    now: datetime
    local: datetime
    #: The minute of the enrollment, UTC: nothing is due before it.
    earliest: datetime


@dataclass(frozen=True, slots=True)
class _Day:
    """A day found for a part, its send instant, and why it is not the own day."""

    on: date
    due: datetime
    reason: PlanReason | None


def plan(
    *,
    start: date,
    zone: ZoneInfo,
    parts: Sequence[PartDay],
    rules: Rules,
    now: datetime,
    enrolled_at: datetime,
    sent: Sequence[Sent] = (),
) -> tuple[Planned, ...]:
    """What becomes of each part that has not been sent, in the order of part numbers.

    ``start`` is the civil date of the first visit in ``zone``; ``now`` and ``enrolled_at`` are aware.
    ``sent`` holds every part that went or may have gone, with its date in ``zone``: moving a start date
    is planning again with it. Pure: the same input gives the same plan. The order in which things are
    decided stands in the module's docstring. Raises CalendarRulesError for rules that never send, and for a
    start in a year that no patient lives in.
    """
    assert now.tzinfo is not None
    assert enrolled_at.tzinfo is not None
    check_rules(rules)
    check_start(start)
    moment = max(now, enrolled_at).astimezone(UTC)
    earliest = enrolled_at.astimezone(UTC).replace(second=0, microsecond=0)
    case = _Case(start=start, zone=zone, now=moment, local=moment.astimezone(zone), earliest=earliest)
    gone = {each.part for each in sent}
    last = max((each.on for each in sent), default=None)
    result: list[Planned] = []
    for part in _unsent(parts, gone):
        planned, on = _decide(part, case, part.rules or rules, last)
        result.append(planned)
        last = on or last
    return tuple(result)


def _unsent(parts: Sequence[PartDay], gone: set[int]) -> Iterable[PartDay]:
    for part in sorted(parts, key=lambda each: each.part):
        if part.rules is not None:
            check_rules(part.rules)
        if part.part not in gone:
            yield part


def last_day(part: PartDay, start: date, rules: Rules) -> date:
    """The last civil date on which the part may go: its expiry, and before the visit for negative days."""
    expiry = start + timedelta(days=part.offset + rules.expires_after_days)
    return min(expiry, start - _DAY) if part.offset < 0 else expiry


def why_over(part: PartDay, start: date, rules: Rules, day: date) -> PlanReason | None:
    """Why the part may not go on ``day`` any more; None while it may."""
    if part.offset < 0 and day >= start:
        return PlanReason.VISIT_PASSED
    if day > last_day(part, start, rules):
        return PlanReason.EXPIRED
    return None


def _decide(part: PartDay, case: _Case, rules: Rules, last: date | None) -> tuple[Planned, date | None]:
    """The plan of one part, and its date where it is planned."""
    over = why_over(part, case.start, rules, case.local.date())
    found = over or _find_day(part, case, rules, last)
    if isinstance(found, _Day):
        over = why_over(part, case.start, rules, found.on)
        found = over or found
    if not isinstance(found, _Day):
        verdict = Verdict.HELD if found is PlanReason.NO_OPEN_DAY else Verdict.SKIPPED
        return _planned(part, case, rules, verdict=verdict, due=None, reason=found), None
    due = max(found.due, case.earliest)
    return _planned(part, case, rules, verdict=Verdict.PLANNED, due=due, reason=found.reason), found.on


def _planned(
    part: PartDay,
    case: _Case,
    rules: Rules,
    *,
    verdict: Verdict,
    due: datetime | None,
    reason: PlanReason | None,
) -> Planned:
    return Planned(
        part=part.part,
        verdict=verdict,
        due=due,
        zone=case.zone.key,
        expires_on=last_day(part, case.start, rules),
        reason=reason,
    )


def _find_day(part: PartDay, case: _Case, rules: Rules, last: date | None) -> _Day | PlanReason:
    """Decisions 3 to 5: open day, gap, late."""
    day = _open_day(part, case, rules)
    if day is None:
        return PlanReason.NO_OPEN_DAY
    own_late = _is_past(day.on, case, rules)
    free_from = last + max(rules.min_gap_days, 1) * _DAY if last else date.min
    if day.on < free_from:
        # Caught up with, a late part says so: the gap is only why it is not the first of them.
        caught_up = own_late and rules.late is Late.CATCH_UP
        reason = PlanReason.LATE if caught_up else PlanReason.GAP
        waiting = _wait(part, case, rules, free_from, reason)
        if not isinstance(waiting, _Day) or not _is_past(waiting.on, case, rules):
            return waiting
    elif not own_late:
        return day
    if rules.late is Late.SKIP:
        return PlanReason.LATE
    # The gap is over by then: it ended on or before the day that has passed.
    return _wait(part, case, rules, _next_regular_day(case, rules), PlanReason.LATE)


def _open_day(part: PartDay, case: _Case, rules: Rules) -> _Day | None:
    own = case.start + timedelta(days=part.offset)
    search = previous_send if part.offset < 0 else next_send
    found = search(own, case.zone, rules)
    if found is None:
        return None
    on, due = found
    if on == own:
        jumped = due.astimezone(case.zone).time() != rules.send_time
        return _Day(on, due, PlanReason.CLOCK_GAP if jumped else None)
    # An own day that is open and yet was passed over can only have lost its minutes to the clocks.
    return _Day(on, due, PlanReason.CLOCK_GAP if is_open_day(own, rules) else PlanReason.CLOSED)


def _is_past(day: date, case: _Case, rules: Rules) -> bool:
    today = case.local.date()
    return day < today or (day == today and case.local.time() >= rules.window_close)


def _wait(part: PartDay, case: _Case, rules: Rules, day: date, reason: PlanReason) -> _Day | PlanReason:
    found = next_send(day, case.zone, rules)
    if found is not None:
        return _Day(*found, reason)
    # Before the visit no later day helps, so there is nothing a person could release.
    in_vain = part.offset < 0 and case.start <= day + SEARCH_DAYS * _DAY
    return PlanReason.VISIT_PASSED if in_vain else PlanReason.NO_OPEN_DAY


def _next_regular_day(case: _Case, rules: Rules) -> date:
    """Today while its send time is still ahead, else tomorrow."""
    today = case.local.date()
    found = next_send(today, case.zone, rules)
    return today if found is None or found[1] >= case.now else today + _DAY
