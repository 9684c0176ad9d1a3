"""Every zone, every clock change from 2020 to 2040: nothing goes at a wrong hour, twice, or not at all."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from pipeline.schedule.model import PartDay, Planned, PlanReason, Rules, Verdict
from pipeline.schedule.plan import plan
from pipeline.schedule.rules import rules_from
from pipeline.schedule.zones import instant, local_date
from pipeline.sections.calendar import Schedule

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


USUAL = rules_from(
    Schedule(
        weekdays=("mon", "tue", "wed", "thu", "fri", "sat", "sun"), public_holidays=False, min_gap_days=1
    ),
    country="US",
    subdivision=None,
    years=(),
)


def rules(**changes: object) -> Rules:
    """09:00 in a window from 09:00 to 17:00 on every day, one day apart, but for ``changes``."""
    return replace(USUAL, **changes)


def plan_around(zone, day: date, offsets: tuple[int, ...], given: Rules) -> tuple[Planned, ...]:
    parts = [PartDay(part=number, offset=offset) for number, offset in enumerate(offsets, 1)]
    early = datetime.combine(day - 10 * DAY, time(0), tzinfo=UTC)
    return plan(start=day, zone=zone, parts=parts, rules=given, now=early, enrolled_at=early)


def local(planned: Planned, zone) -> datetime:
    assert planned.due is not None
    return planned.due.astimezone(zone).replace(tzinfo=None)


def test_the_tz_database_holds_the_changes_that_these_tests_are_about(clock_changes) -> None:
    assert {change.zone.key for change in clock_changes} <= available_timezones()
    assert sum(change.jumped for change in clock_changes) > 1000
    sizes = {abs(change.after - change.before) for change in clock_changes}
    assert {timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2)} <= sizes


def test_nine_in_the_morning_stays_nine_in_the_morning_on_every_side_of_every_change(clock_changes) -> None:
    for change in clock_changes:
        day = change.new_wall.date()
        found = plan_around(change.zone, day, (-1, 0, 1), rules(min_gap_days=0))
        assert [local(each, change.zone) for each in found] == [
            datetime.combine(day + ahead * DAY, time(9)) for ahead in (-1, 0, 1)
        ], change


def test_a_jumped_over_minute_moves_to_the_next_one_that_exists(clock_changes) -> None:
    for change in clock_changes:
        if not change.jumped:
            continue
        wall = change.old_wall + (change.new_wall - change.old_wall) / 2
        given = rules(send_time=wall.time(), window_open=time(0), window_close=time(23, 59, 59))
        (found,) = plan_around(change.zone, wall.date(), (0,), given)
        if change.new_wall.date() == wall.date():
            assert found.due == change.at, change
        else:
            assert local(found, change.zone) == datetime.combine(wall.date() + DAY, wall.time()), change
        assert found.reason is PlanReason.CLOCK_GAP


def test_a_jump_past_the_window_moves_to_the_neighbouring_open_day(clock_changes) -> None:
    for change in clock_changes:
        wall, after = change.old_wall, change.new_wall
        if not change.jumped or after.date() != wall.date():
            continue
        given = rules(send_time=wall.time(), window_open=wall.time(), window_close=after.time())
        before_visit, after_visit = (
            plan_around(change.zone, wall.date() - offset * DAY, (offset,), given)[0] for offset in (-2, 2)
        )
        assert local(before_visit, change.zone) == wall - DAY, change
        assert local(after_visit, change.zone) == wall + DAY, change
        assert before_visit.reason is after_visit.reason is PlanReason.CLOCK_GAP


def test_a_doubled_minute_is_its_first_occurrence_and_goes_once(clock_changes) -> None:
    for change in clock_changes:
        if change.jumped:
            continue
        wall = change.new_wall + (change.old_wall - change.new_wall) / 2
        given = rules(send_time=wall.time(), window_open=time(0), window_close=time(23, 59, 59))
        (found,) = plan_around(change.zone, wall.date(), (0,), given)
        assert local(found, change.zone) == wall, change
        assert found.due < change.at, change
        again = plan(
            start=wall.date(), zone=change.zone, parts=[PartDay(part=1, offset=0)], rules=given,
            now=found.due + (change.before - change.after), enrolled_at=found.due - 10 * DAY,
        )  # fmt: skip
        # An hour later the clocks show that minute again: it is still the one part, due at its first showing.
        assert [each.due for each in again] == [found.due], change


def test_an_instant_shows_its_wall_time_or_is_the_end_of_the_jump(clock_changes) -> None:
    ends = {(change.zone.key, change.at) for change in clock_changes if change.jumped}
    for change in clock_changes:
        for ahead in (-90, -45, -1, 0, 1, 45, 90):
            wall = change.old_wall + ahead * MINUTE
            moment = instant(wall.date(), wall.time(), change.zone)
            shown = moment.astimezone(change.zone)
            assert shown.replace(tzinfo=None) == wall or (change.zone.key, moment) in ends
            assert shown.fold == 0
            assert local_date(moment, change.zone) == shown.date()


def test_a_skipped_whole_day_is_no_day_to_send_on() -> None:
    apia = ZoneInfo("Pacific/Apia")
    # Samoa crossed the date line: after 29 December 2011 came 31 December.
    (after,) = plan_around(apia, date(2011, 12, 30), (0,), rules())
    (before,) = plan_around(apia, date(2012, 1, 1), (-2,), rules())
    assert local(after, apia) == datetime.combine(date(2011, 12, 31), time(9))
    assert local(before, apia) == datetime.combine(date(2011, 12, 29), time(9))
    assert after.verdict is before.verdict is Verdict.PLANNED
    assert after.reason is before.reason is PlanReason.CLOCK_GAP
