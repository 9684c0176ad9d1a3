"""The traps of the calendar by name, and how its rules act on each other."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from pipeline.schedule.model import (
    CalendarRulesError,
    Late,
    PartDay,
    Planned,
    PlanReason,
    Rules,
    Sent,
    Verdict,
)
from pipeline.schedule.plan import plan
from pipeline.schedule.rules import rules_from
from pipeline.sections.calendar import Schedule

DAY = timedelta(days=1)
CHICAGO = ZoneInfo("America/Chicago")
MONDAY_TO_FRIDAY = frozenset(range(1, 6))
EVERY_DAY = frozenset(range(1, 8))


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


def planned(
    start: date,
    offsets: tuple[int, ...],
    given: Rules,
    *,
    zone: ZoneInfo = CHICAGO,
    now: datetime | str | None = None,
    enrolled_at: datetime | None = None,
    sent: dict[int, date] | None = None,
) -> tuple[Planned, ...]:
    """A plan made long before, unless ``now`` (a wall time in ``zone``, or an instant) says otherwise."""
    at = datetime.fromisoformat(now).replace(tzinfo=zone) if isinstance(now, str) else now
    at = at or datetime.combine(start - 60 * DAY, time(12), tzinfo=UTC)
    parts = [PartDay(part=number, offset=offset) for number, offset in enumerate(offsets, 1)]
    went = [Sent(part=part, on=on) for part, on in (sent or {}).items()]
    return plan(
        start=start, zone=zone, parts=parts, rules=given, now=at, enrolled_at=enrolled_at or at, sent=went
    )


def walls(found: tuple[Planned, ...]) -> list[str | None]:
    """Local times, or the reason where there is none."""
    return [
        f"{each.due.astimezone(ZoneInfo(each.zone)):%a %Y-%m-%d %H:%M}" if each.due else each.reason
        for each in found
    ]


def test_nine_oclock_after_the_us_spring_change_is_nine_oclock() -> None:
    start = date(2026, 3, 6)
    found = planned(start, (0, 3), rules())
    assert walls(found) == ["Fri 2026-03-06 09:00", "Mon 2026-03-09 09:00"]
    assert found[1].due - found[0].due == 3 * DAY - timedelta(hours=1)


def test_friday_evening_in_los_angeles_on_weekdays_only_is_friday_or_monday_never_sunday() -> None:
    zone = ZoneInfo("America/Los_Angeles")
    evening = rules(send_time=time(18), window_close=time(20), weekdays=MONDAY_TO_FRIDAY)
    friday = date(2026, 11, 27)
    assert walls(planned(friday, (0,), evening, zone=zone)) == ["Fri 2026-11-27 18:00"]
    assert walls(planned(friday, (1,), evening, zone=zone)) == ["Mon 2026-11-30 18:00"]
    asked_late = planned(friday, (0,), evening, zone=zone, now="2026-11-27T20:01")
    assert walls(asked_late) == ["Mon 2026-11-30 18:00"]


@pytest.mark.parametrize(
    ("start", "walls_wanted"),
    [
        (date(2028, 2, 28), ["Mon 2028-02-28 09:00", "Tue 2028-02-29 09:00", "Wed 2028-03-01 09:00"]),
        (date(2028, 2, 29), ["Tue 2028-02-29 09:00", "Wed 2028-03-01 09:00", "Thu 2028-03-02 09:00"]),
        (date(2027, 2, 28), ["Sun 2027-02-28 09:00", "Mon 2027-03-01 09:00", "Tue 2027-03-02 09:00"]),
    ],
)
def test_the_29th_of_february_is_a_day_like_any_other(start: date, walls_wanted: list[str]) -> None:
    assert walls(planned(start, (0, 1, 2), rules())) == walls_wanted


@pytest.mark.parametrize(
    "name", ["Pacific/Kiritimati", "Pacific/Apia", "Pacific/Tongatapu", "Pacific/Chatham"]
)
def test_east_of_the_date_line_the_civil_day_is_the_patients_not_greenwichs(name: str) -> None:
    zone = ZoneInfo(name)
    (found,) = planned(date(2026, 7, 6), (0,), rules(weekdays=frozenset({1})), zone=zone)
    assert walls((found,)) == ["Mon 2026-07-06 09:00"]
    assert found.due.date() == date(2026, 7, 5), "still Sunday in UTC"


@pytest.mark.parametrize("name", ["Pacific/Pago_Pago", "Pacific/Honolulu"])
def test_west_of_the_date_line_an_evening_is_tomorrow_in_greenwich_and_today_for_the_patient(
    name: str,
) -> None:
    late = rules(send_time=time(18), window_close=time(20), weekdays=frozenset({5}))
    (found,) = planned(date(2026, 7, 3), (0,), late, zone=ZoneInfo(name))
    assert walls((found,)) == ["Fri 2026-07-03 18:00"]
    assert found.due.date() == date(2026, 7, 4)


@pytest.mark.parametrize(
    ("name", "start", "hours"),
    [
        ("Pacific/Honolulu", date(2026, 3, 8), [24, 24]),
        ("Pacific/Chatham", date(2026, 4, 5), [25, 24]),
        ("Pacific/Chatham", date(2026, 9, 27), [23, 24]),
        ("Australia/Lord_Howe", date(2026, 4, 5), [24.5, 24]),
        ("Australia/Lord_Howe", date(2026, 10, 4), [23.5, 24]),
    ],
)
def test_across_a_clock_change_the_wall_time_stays_and_the_distance_gives(
    name: str, start: date, hours: list[float]
) -> None:
    found = planned(start, (-1, 0, 1), rules(), zone=ZoneInfo(name))
    assert {wall[-5:] for wall in walls(found)} == {"09:00"}
    distances = [later.due - earlier.due for earlier, later in pairwise(found)]
    assert distances == [timedelta(hours=each) for each in hours]


def test_half_past_one_in_the_doubled_hour_goes_once_at_its_first_showing() -> None:
    night = rules(send_time=time(1, 30), window_open=time(0), window_close=time(4))
    start = date(2026, 11, 1)
    (found,) = planned(start, (0,), night)
    assert found.due == datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "CDT, before the clocks go back"
    second_showing = datetime(2026, 11, 1, 7, 30, tzinfo=UTC)
    assert planned(start, (0,), night, now=second_showing, enrolled_at=found.due - DAY) == (found,)
    assert planned(start, (0,), night, now=second_showing, sent={1: start}) == ()


def test_half_past_two_in_the_missing_hour_goes_at_three() -> None:
    night = rules(send_time=time(2, 30), window_open=time(1), window_close=time(5))
    (found,) = planned(date(2026, 3, 8), (0,), night)
    assert (walls((found,)), found.reason) == (["Sun 2026-03-08 03:00"], PlanReason.CLOCK_GAP)


def test_where_three_is_past_the_window_it_moves_a_day_away_from_the_visit() -> None:
    night = rules(send_time=time(2, 30), window_open=time(1), window_close=time(3))
    assert walls(planned(date(2026, 3, 8), (0,), night)) == ["Mon 2026-03-09 02:30"]
    assert walls(planned(date(2026, 3, 9), (-1,), night)) == ["Sat 2026-03-07 02:30"]


def test_a_start_date_in_the_past_catches_up_with_what_has_not_expired_one_per_gap() -> None:
    """Enrolled two weeks after the visit: part 3 expired, part 4 is late, part 5 waits its turn."""
    given = rules(weekdays=MONDAY_TO_FRIDAY, min_gap_days=3)
    found = planned(date(2026, 11, 9), (-2, 1, 4, 9, 16), given, now="2026-11-23T11:00")
    assert walls(found) == [
        PlanReason.VISIT_PASSED, PlanReason.EXPIRED, PlanReason.EXPIRED,
        "Tue 2026-11-24 09:00", "Fri 2026-11-27 09:00",
    ]  # fmt: skip
    assert [each.reason for each in found[3:]] == [PlanReason.LATE, PlanReason.GAP]


def test_the_same_late_enrollment_under_skip_sends_only_what_is_still_ahead() -> None:
    given = rules(weekdays=MONDAY_TO_FRIDAY, min_gap_days=3, late=Late.SKIP)
    found = planned(date(2026, 11, 9), (-2, 1, 4, 9, 16), given, now="2026-11-23T11:00")
    assert [each.verdict for each in found] == [Verdict.SKIPPED] * 4 + [Verdict.PLANNED]
    assert [each.reason for each in found[2:]] == [PlanReason.EXPIRED, PlanReason.LATE, None]
    assert walls(found)[4] == "Wed 2026-11-25 09:00"


def test_closed_days_move_a_part_before_the_visit_back_and_the_others_on_without_moving_their_followers() -> (
    None
):
    tuesday = date(2026, 12, 1)
    weekend_and_thanksgiving = rules(weekdays=MONDAY_TO_FRIDAY, closed=frozenset({date(2026, 11, 26)}))
    found = planned(tuesday, (-5, -2, 4, 9), weekend_and_thanksgiving)
    assert walls(found) == [
        "Wed 2026-11-25 09:00", "Fri 2026-11-27 09:00", "Mon 2026-12-07 09:00", "Thu 2026-12-10 09:00",
    ]  # fmt: skip
    assert [each.reason for each in found] == [PlanReason.CLOSED] * 3 + [None]


def test_where_a_move_breaks_the_gap_the_later_part_waits() -> None:
    """Saturday's part moves to Monday; the one of Tuesday then waits until Wednesday."""
    found = planned(date(2026, 12, 4), (1, 4, 9), rules(weekdays=MONDAY_TO_FRIDAY, min_gap_days=2))
    assert walls(found) == ["Mon 2026-12-07 09:00", "Wed 2026-12-09 09:00", "Mon 2026-12-14 09:00"]
    assert [each.reason for each in found] == [PlanReason.CLOSED, PlanReason.GAP, PlanReason.CLOSED]


def test_a_gap_of_two_days_lets_wednesday_follow_monday_whatever_the_hour() -> None:
    found = planned(date(2026, 12, 7), (0, 2), rules(min_gap_days=2), sent={1: date(2026, 12, 7)})
    assert walls(found) == ["Wed 2026-12-09 09:00"]


def test_a_gap_of_zero_still_never_sends_two_parts_on_one_day() -> None:
    found = planned(date(2026, 12, 4), (1, 2), rules(weekdays=MONDAY_TO_FRIDAY, min_gap_days=0))
    assert walls(found) == ["Mon 2026-12-07 09:00", "Tue 2026-12-08 09:00"]


def test_a_part_that_waits_for_the_gap_before_the_visit_is_skipped_once_the_visit_is_there() -> None:
    found = planned(date(2026, 12, 7), (-3, -1), rules(weekdays=MONDAY_TO_FRIDAY, min_gap_days=2))
    assert walls(found) == ["Fri 2026-12-04 09:00", PlanReason.VISIT_PASSED]


def test_no_open_day_within_thirty_days_holds_the_part_and_pushes_nobody() -> None:
    start = date(2026, 12, 1)
    closed = frozenset(start + ahead * DAY for ahead in range(2, 34))
    found = planned(start, (2, 33, 40), rules(closed=closed))
    assert [each.verdict for each in found] == [Verdict.HELD, Verdict.PLANNED, Verdict.PLANNED]
    assert found[0].reason is PlanReason.NO_OPEN_DAY
    assert walls(found)[1] == "Mon 2027-01-04 09:00"


def test_before_the_visit_a_long_closing_leaves_nothing_for_a_person_to_release() -> None:
    """Missed on the last open day; every day from then on until the visit, and long after it, is closed."""
    start = date(2026, 12, 10)
    closed = frozenset(date(2026, 12, 2) + ahead * DAY for ahead in range(60))
    found = planned(start, (-2,), rules(closed=closed, expires_after_days=60), now="2026-12-03T12:00")
    assert walls(found) == [PlanReason.VISIT_PASSED]
    after_it = planned(start, (1,), rules(closed=closed, expires_after_days=60), now="2026-12-03T12:00")
    assert (walls(after_it), after_it[0].verdict) == ([PlanReason.NO_OPEN_DAY], Verdict.HELD)


def test_a_part_before_the_visit_ends_the_day_before_it_however_long_it_would_keep() -> None:
    start = date(2026, 12, 7)
    ends = [each.expires_on for each in planned(start, (-9, -2, 0), rules(expires_after_days=7))]
    assert ends == [start - 2 * DAY, start - DAY, start + 7 * DAY]


def test_nothing_is_planned_before_the_enrollment_even_if_the_plan_is_made_before_it() -> None:
    enrolled = datetime(2026, 12, 3, 18, tzinfo=CHICAGO)
    found = planned(date(2026, 12, 3), (0, 1), rules(), now="2026-12-01T12:00", enrolled_at=enrolled)
    assert walls(found) == ["Fri 2026-12-04 09:00", "Sat 2026-12-05 09:00"]


def test_the_thirtieth_day_still_counts() -> None:
    start = date(2026, 12, 1)
    closed = frozenset(start + ahead * DAY for ahead in range(30))
    found = planned(start, (0,), rules(closed=closed, expires_after_days=30))
    assert walls(found) == [f"{start + 30 * DAY:%a %Y-%m-%d} 09:00"]


def test_a_move_for_closed_days_does_not_lengthen_the_life_of_a_part() -> None:
    saturday = date(2026, 12, 5)
    found = planned(saturday, (0,), rules(weekdays=MONDAY_TO_FRIDAY, expires_after_days=1))
    assert walls(found) == [PlanReason.EXPIRED]
    assert found[0].expires_on == saturday + DAY


@pytest.mark.parametrize(
    ("minute", "wanted"),
    [
        ("08:59", "Mon 2026-12-07 09:00"),
        ("09:00", "Mon 2026-12-07 09:00"),
        ("11:30", "Mon 2026-12-07 11:30"),
        ("16:59", "Mon 2026-12-07 16:59"),
        ("17:00", "Tue 2026-12-08 09:00"),
    ],
)
def test_enrolled_on_the_day_itself_the_part_goes_that_day_while_the_window_is_open(
    minute: str, wanted: str
) -> None:
    now = f"2026-12-07T{minute}"
    assert walls(planned(date(2026, 12, 7), (0,), rules(), now=now)) == [wanted]


def test_after_a_short_downtime_the_part_keeps_its_minute_which_has_passed() -> None:
    enrolled = datetime(2026, 12, 1, tzinfo=UTC)
    now = datetime(2026, 12, 7, 15, tzinfo=CHICAGO)
    found = planned(date(2026, 12, 7), (0,), rules(), now=now, enrolled_at=enrolled)
    assert (walls(found), found[0].reason) == (["Mon 2026-12-07 09:00"], None)


def test_the_last_day_counts_until_the_window_closes() -> None:
    enrolled = datetime(2026, 11, 1, tzinfo=UTC)
    start, last_day = date(2026, 12, 1), date(2026, 12, 8)
    in_time = planned(start, (0,), rules(), now="2026-12-08T08:00", enrolled_at=enrolled)
    too_late = planned(start, (0,), rules(), now="2026-12-08T09:01", enrolled_at=enrolled)
    assert (walls(in_time), in_time[0].expires_on) == (["Tue 2026-12-08 09:00"], last_day)
    assert walls(too_late) == [PlanReason.EXPIRED], "the next regular send time lies after the last day"


def test_after_three_weeks_pause_late_parts_come_one_per_gap_never_as_a_burst() -> None:
    start = date(2026, 12, 7)
    given = rules(weekdays=MONDAY_TO_FRIDAY, min_gap_days=2, expires_after_days=30)
    resumed = datetime(2027, 1, 4, 14, tzinfo=CHICAGO)
    found = planned(
        start, (-2, 1, 4, 9, 16), given, now=resumed, enrolled_at=datetime(2026, 12, 1, tzinfo=UTC),
        sent={1: date(2026, 12, 4), 2: date(2026, 12, 8)},
    )  # fmt: skip
    assert walls(found) == ["Tue 2027-01-05 09:00", "Thu 2027-01-07 09:00", "Mon 2027-01-11 09:00"]


def test_a_part_for_before_the_visit_that_was_missed_on_a_closed_day_still_goes_if_a_day_is_left() -> None:
    """Enrolled on Saturday for a Tuesday: Sunday's part would have gone on Friday, and goes on Monday."""
    given = rules(weekdays=MONDAY_TO_FRIDAY)
    found = planned(date(2026, 12, 8), (-2,), given, now="2026-12-05T12:00")
    assert (walls(found), found[0].reason) == (["Mon 2026-12-07 09:00"], PlanReason.LATE)


def test_moving_the_start_date_plans_again_what_was_skipped_and_never_what_was_sent() -> None:
    late = {"now": "2026-12-08T08:00", "enrolled_at": datetime(2026, 12, 8, 13, tzinfo=UTC)}
    before = planned(date(2026, 12, 7), (-2, 1, 4), rules(), **late)
    after = planned(date(2026, 12, 21), (-2, 1, 4), rules(), sent={2: date(2026, 12, 8)}, **late)
    assert walls(before)[0] is PlanReason.VISIT_PASSED
    assert [each.part for each in after] == [1, 3]
    assert walls(after) == ["Sat 2026-12-19 09:00", "Fri 2026-12-25 09:00"]


def test_a_part_may_have_rules_of_its_own() -> None:
    start = date(2026, 12, 7)
    evening = rules(send_time=time(19), window_open=time(18), window_close=time(21))
    parts = [PartDay(part=1, offset=0), PartDay(part=2, offset=2, rules=evening)]
    at = datetime(2026, 12, 1, tzinfo=UTC)
    found = plan(start=start, zone=CHICAGO, parts=parts, rules=rules(), now=at, enrolled_at=at)
    assert walls(found) == ["Mon 2026-12-07 09:00", "Wed 2026-12-09 19:00"]


@pytest.mark.parametrize(
    "never",
    [
        {"weekdays": frozenset()},
        {"window_close": time(9)},
        {"send_time": time(17)},
        {"send_time": time(8, 59)},
        {"min_gap_days": -1},
        {"expires_after_days": -1},
    ],
    ids=str,
)
def test_rules_that_can_never_send_are_an_error_of_the_configuration(never: dict[str, object]) -> None:
    with pytest.raises(CalendarRulesError) as caught:
        planned(date(2026, 12, 7), (0,), rules(**never))
    assert caught.value.where.key.startswith("schedule.")
    assert caught.value.mend


@pytest.mark.parametrize("start", [date.min, date.max, date(2262, 12, 1)])
def test_a_visit_in_an_impossible_year_is_asked_about_before_the_calendar_runs_out(start: date) -> None:
    with pytest.raises(CalendarRulesError, match="No first visit can be on"):
        planned(start, (-2, 0, 400), rules(), now="2026-12-01T12:00")


def test_in_samoas_own_zone_a_friday_is_a_friday_on_both_sides_of_its_last_clock_change() -> None:
    zone = ZoneInfo("Pacific/Apia")
    fridays = rules(weekdays=frozenset({5}), expires_after_days=10)
    found = planned(date(2021, 4, 1), (0, 7), fridays, zone=zone)
    assert walls(found) == ["Fri 2021-04-02 09:00", "Fri 2021-04-09 09:00"]
    assert found[1].due - found[0].due == 7 * DAY + timedelta(hours=1), "summer time ended for good between"


def test_caught_up_with_by_rules_of_their_own_each_part_keeps_its_own() -> None:
    """Late by two weeks: part 1 is left out late, part 2 is caught up with in the evening of a Saturday."""
    start = date(2026, 12, 1)
    parts = [
        PartDay(part=1, offset=1, rules=rules(late=Late.SKIP, expires_after_days=60)),
        PartDay(part=2, offset=2, rules=rules(
            weekdays=frozenset({6}), send_time=time(16), expires_after_days=60, min_gap_days=5)),
        PartDay(part=3, offset=3, rules=rules(expires_after_days=60)),
    ]  # fmt: skip
    now = datetime(2026, 12, 15, 12, tzinfo=CHICAGO)
    found = plan(start=start, zone=CHICAGO, parts=parts, rules=rules(), now=now, enrolled_at=now)
    assert walls(found) == [PlanReason.LATE, "Sat 2026-12-19 16:00", "Sun 2026-12-20 09:00"]


def test_a_part_of_one_day_goes_on_it_or_not_at_all() -> None:
    """Expiry 0: a closed own day, a gap, or a late enrollment leave no other day."""
    given = rules(weekdays=MONDAY_TO_FRIDAY, expires_after_days=0)
    tuesday = date(2026, 12, 1)
    assert walls(planned(tuesday, (0, 1, 4), given)) == [
        "Tue 2026-12-01 09:00", "Wed 2026-12-02 09:00", PlanReason.EXPIRED,
    ]  # fmt: skip
    assert walls(planned(tuesday, (0,), given, now="2026-12-01T17:00")) == [PlanReason.EXPIRED]
    assert walls(planned(tuesday, (0,), given, now="2026-12-01T16:59")) == ["Tue 2026-12-01 16:59"]
    assert walls(planned(tuesday, (0, 1), replace(given, min_gap_days=2)))[1] is PlanReason.EXPIRED


def test_moved_to_an_earlier_day_what_is_overdue_is_caught_up_with_and_the_rest_comes_sooner() -> None:
    enrolled = datetime(2026, 11, 1, tzinfo=UTC)
    given = rules(weekdays=MONDAY_TO_FRIDAY, min_gap_days=2)
    later = planned(date(2026, 12, 21), (-2, 1, 4, 9), given, now="2026-12-08T10:00", enrolled_at=enrolled)
    sooner = planned(date(2026, 12, 4), (-2, 1, 4, 9), given, now="2026-12-08T10:00", enrolled_at=enrolled)
    assert walls(later)[0] == "Fri 2026-12-18 09:00"
    assert walls(sooner) == [
        PlanReason.VISIT_PASSED, "Wed 2026-12-09 09:00", "Fri 2026-12-11 09:00", "Mon 2026-12-14 09:00",
    ]  # fmt: skip


def test_a_long_pause_leaves_out_what_expired_and_never_sends_two_in_a_gap() -> None:
    start = date(2026, 12, 7)
    given = rules(weekdays=MONDAY_TO_FRIDAY, min_gap_days=2)
    found = planned(
        start, (-2, 1, 4, 9, 16), given, now="2026-12-28T11:00",
        enrolled_at=datetime(2026, 12, 1, tzinfo=UTC), sent={1: date(2026, 12, 4), 2: date(2026, 12, 8)},
    )  # fmt: skip
    assert walls(found) == [PlanReason.EXPIRED, PlanReason.EXPIRED, "Tue 2026-12-29 09:00"]
    assert found[2].reason is PlanReason.LATE
