"""Open days, open minutes, and where the nearest are."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.schedule.rules import rules_from
from pipeline.schedule.windows import SEARCH_DAYS, in_window, next_opening, next_send, previous_send
from pipeline.sections.calendar import Schedule

DAY = timedelta(days=1)
CHICAGO = ZoneInfo("America/Chicago")
RULES = rules_from(Schedule(public_holidays=False), country="US", subdivision=None, years=())
MONDAY, FRIDAY, SATURDAY = date(2026, 12, 7), date(2026, 12, 11), date(2026, 12, 12)


def at(day: date, clock: str, zone: ZoneInfo = CHICAGO) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=zone)


@pytest.mark.parametrize(
    ("clock", "is_in"),
    [("08:59:59", False), ("09:00", True), ("16:59:59", True), ("17:00", False), ("00:00", False)],
)
def test_the_opening_minute_is_in_and_the_closing_minute_is_out(clock: str, is_in: bool) -> None:  # noqa: FBT001 - the table's answer
    assert in_window(at(MONDAY, clock), CHICAGO, RULES) is is_in


def test_a_closed_day_has_no_window() -> None:
    assert not in_window(at(SATURDAY, "12:00"), CHICAGO, RULES)
    assert not in_window(at(MONDAY, "12:00"), CHICAGO, replace(RULES, closed=frozenset({MONDAY})))


def test_the_window_is_the_patients_not_the_servers() -> None:
    kiritimati = ZoneInfo("Pacific/Kiritimati")
    moment = at(MONDAY, "10:00", kiritimati).astimezone(UTC)
    assert moment.date() == MONDAY - DAY, "Sunday in Greenwich"
    assert in_window(moment, kiritimati, RULES)
    assert not in_window(moment, CHICAGO, RULES)


@pytest.mark.parametrize(
    ("day", "clock", "wanted_day", "wanted_clock"),
    [
        (MONDAY, "08:00", MONDAY, "09:00"),
        (MONDAY, "12:34", MONDAY, "12:34"),
        (MONDAY, "17:00", MONDAY + DAY, "09:00"),
        (FRIDAY, "18:00", MONDAY + 7 * DAY, "09:00"),
        (SATURDAY, "12:00", MONDAY + 7 * DAY, "09:00"),
    ],
)
def test_the_next_opening_is_now_or_the_next_open_morning(
    day: date, clock: str, wanted_day: date, wanted_clock: str
) -> None:
    assert next_opening(at(day, clock), CHICAGO, RULES) == at(wanted_day, wanted_clock)


def test_a_search_ends_after_thirty_days_both_ways() -> None:
    around = frozenset(MONDAY + ahead * DAY for ahead in range(-SEARCH_DAYS, SEARCH_DAYS + 1))
    closed = replace(RULES, closed=around, weekdays=frozenset(range(1, 8)))
    assert next_send(MONDAY, CHICAGO, closed) is None
    assert previous_send(MONDAY, CHICAGO, closed) is None
    assert next_opening(at(MONDAY, "12:00"), CHICAGO, closed) is None
    assert next_send(MONDAY + DAY, CHICAGO, closed)[0] == MONDAY + 31 * DAY
    assert previous_send(MONDAY - DAY, CHICAGO, closed)[0] == MONDAY - 31 * DAY
