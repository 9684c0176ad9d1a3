"""Every zone, every clock change from 2020 to 2040: what the calendar promises, without chance."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from pipeline.schedule.model import Late, PartDay, Planned, Rules, Verdict
from pipeline.schedule.plan import plan
from pipeline.schedule.rules import rules_from
from pipeline.schedule.windows import is_open_day
from pipeline.sections.calendar import Schedule

DAY = timedelta(days=1)
#: The default series, and holidays as a clinic in Texas has them.
DAYS = Schedule().days
USUAL = rules_from(Schedule(), country="US", subdivision="TX", years=range(2019, 2043))
#: In most zones clocks change between midnight and three: this clinic writes at just those hours.
NIGHT = replace(
    USUAL, send_time=time(1, 30), window_open=time(0), window_close=time(4), weekdays=frozenset(range(1, 8)),
    closed=frozenset(), min_gap_days=1,
)  # fmt: skip
EVENING = replace(USUAL, send_time=time(18), window_open=time(16), window_close=time(20), late=Late.SKIP)


def planned(zone: ZoneInfo, start: date, rules: Rules, now: datetime) -> tuple[Planned, ...]:
    parts = [PartDay(part=number, offset=offset) for number, offset in enumerate(DAYS, 1)]
    return plan(start=start, zone=zone, parts=parts, rules=rules, now=now, enrolled_at=now)


def change_near(zone: ZoneInfo, moment: datetime) -> bool:
    """Whether the clocks changed within the hours before the moment: it may have been moved over a gap."""
    return (moment - timedelta(hours=4)).astimezone(zone).utcoffset() != moment.astimezone(zone).utcoffset()


def keeps_its_promises(zone: ZoneInfo, start: date, rules: Rules, now: datetime) -> int:
    """Checks one plan; how many parts go."""
    found, enrolled = planned(zone, start, rules, now), now.replace(second=0, microsecond=0)
    assert [each.part for each in found] == list(range(1, len(DAYS) + 1))
    going = [each for each in found if each.verdict is Verdict.PLANNED]
    walls = [each.due.astimezone(zone) for each in going if each.due]
    for each, wall in zip(going, walls, strict=True):
        assert rules.window_open <= wall.time() < rules.window_close
        assert is_open_day(wall.date(), rules)
        assert each.due is not None
        assert each.due >= enrolled
        assert wall.date() <= each.expires_on
        assert wall.fold == 0 or each.due == enrolled, "a doubled minute is its first showing"
        assert wall.time() == rules.send_time or each.due == enrolled or change_near(zone, each.due)
        assert DAYS[each.part - 1] >= 0 or wall.date() < start
    gap = max(rules.min_gap_days, 1) * DAY
    assert all(later.date() - earlier.date() >= gap for earlier, later in pairwise(walls))
    return len(going)


@pytest.mark.parametrize("rules", [USUAL, NIGHT], ids=["office hours", "at night"])
def test_around_every_clock_change_nothing_goes_wrong(clock_changes, rules: Rules) -> None:
    going = 0
    for number, change in enumerate(clock_changes):
        # The parts fall on the day before the change, the day itself and the days after it, turn by turn.
        start = change.new_wall.date() - DAYS[number % len(DAYS)] * DAY
        early = change.at - timedelta(days=40)
        going += keeps_its_promises(change.zone, start, rules, early)
    assert going > 3 * len(clock_changes), "most parts do go"


def test_enrolled_at_the_very_moment_of_a_clock_change(clock_changes) -> None:
    for number, change in enumerate(clock_changes[::3]):
        start = change.new_wall.date() - DAYS[number % len(DAYS)] * DAY
        for seconds in (-1, 0, 1):
            keeps_its_promises(change.zone, start, NIGHT, change.at + timedelta(seconds=seconds))


def test_in_every_zone_through_all_the_years() -> None:
    """Also where clocks never change, and on the days around the turn of each year and in February."""
    for number, name in enumerate(sorted(available_timezones())):
        zone = ZoneInfo(name)
        for year in range(2020 + number % 3, 2041, 3):
            start = (date(year, 2, 28), date(year, 12, 30), date(year, 7, 1))[(number + year) % 3]
            now = datetime.combine(start, time(number % 24), tzinfo=UTC) - timedelta(days=number % 9)
            keeps_its_promises(zone, start, EVENING, now)


def test_the_same_question_has_the_same_answer(clock_changes) -> None:
    for change in clock_changes[::20]:
        asked = (change.zone, change.new_wall.date(), NIGHT, change.at - timedelta(days=40))
        assert planned(*asked) == planned(*asked)
