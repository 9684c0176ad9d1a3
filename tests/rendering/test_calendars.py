"""A series' own calendar travels with its edition, and lies over the clinic's rules."""

from dataclasses import replace
from datetime import date, time

import pytest

from pipeline.errors import SeriesError
from pipeline.rendering.calendars import check_calendar, part_days
from pipeline.rendering.compile import compile_edition
from pipeline.rendering.edition import from_bytes, sealed, to_bytes
from pipeline.schedule.model import Late
from pipeline.schedule.rules import rules_from
from pipeline.sections.calendar import Schedule
from pipeline.series.model import NO_CALENDAR, Calendar

RULES = rules_from(Schedule(public_holidays=False), country="US", subdivision=None, years=())
EVERYTHING = Calendar(
    send_time=time(10, 30), weekdays=("mon", "wed"), min_gap_days=4, expires_after_days=20, late="skip"
)


def with_part(series, number: int, **changes: object):
    parts = [replace(part, **changes) if part.number == number else part for part in series.parts]
    return replace(series, parts=tuple(parts))


def test_calendars_are_part_of_what_is_signed(series, frame, templates) -> None:
    own = with_part(replace(series, calendar=EVERYTHING), 1, calendar=Calendar(send_time=time(11)))
    plain, dated = (compile_edition(each, frame, templates) for each in (series, own))

    assert dated.calendar == EVERYTHING
    assert dated.parts[0].calendar == Calendar(send_time=time(11))
    assert from_bytes(to_bytes(dated)) == dated
    assert dated.sha256 != plain.sha256
    assert sealed(replace(dated, calendar=NO_CALENDAR)).sha256 != dated.sha256


def test_a_series_lies_over_the_clinic_and_a_part_over_its_series(series) -> None:
    own = with_part(
        replace(series, calendar=EVERYTHING), 1, calendar=Calendar(min_gap_days=1, weekdays=("sat",))
    )

    first, *others = [part.rules for part in part_days(own, RULES)]

    of_series = replace(
        RULES, send_time=time(10, 30), weekdays=frozenset({1, 3}), min_gap_days=4, expires_after_days=20,
        late=Late.SKIP,
    )  # fmt: skip
    assert others == [of_series] * len(others)
    assert first == replace(of_series, min_gap_days=1, weekdays=frozenset({6}))


def test_without_a_word_the_clinics_rules_count_whatever_they_become(series) -> None:
    assert {part.rules for part in part_days(series, RULES)} == {None}


def test_closed_days_stay_the_clinics(series) -> None:
    closed = replace(RULES, closed=frozenset({date(2026, 12, 25)}))
    (rules, *_) = [part.rules for part in part_days(replace(series, calendar=EVERYTHING), closed)]
    assert rules.closed == closed.closed


def test_zero_counts_as_a_word(series) -> None:
    own = replace(series, calendar=Calendar(min_gap_days=0, expires_after_days=0))
    assert {(part.rules.min_gap_days, part.rules.expires_after_days) for part in part_days(own, RULES)} == {
        (0, 0)
    }


@pytest.mark.parametrize(
    ("of_series", "of_part", "says", "key"),
    [
        (Calendar(send_time=time(20)), NO_CALENDAR, "Part 1: The send time 20:00", "calendar.send_time"),
        (NO_CALENDAR, Calendar(send_time=time(17)), "Part 1: The send time 17:00", "part.calendar.send_time"),
        (Calendar(weekdays=()), NO_CALENDAR, "Part 1: No day of the week", "calendar.weekdays"),
    ],
)  # fmt: skip
def test_what_could_never_be_sent_is_refused_with_its_part_and_key(
    series, of_series, of_part, says, key
) -> None:
    own = with_part(replace(series, calendar=of_series), 1, calendar=of_part)
    with pytest.raises(SeriesError) as caught:
        check_calendar(own, RULES)
    assert str(caught.value).startswith(says)
    assert (caught.value.where.file, caught.value.where.key) == (f"{series.name}/series.toml", key)
    assert caught.value.mend


def test_a_gap_that_outlasts_the_expiry_is_refused(series) -> None:
    days = with_part(with_part(series, 1, day=1), 2, day=2)
    impossible = with_part(days, 2, calendar=Calendar(min_gap_days=30, expires_after_days=3))
    with pytest.raises(SeriesError, match="Part 2 could never be sent"):
        check_calendar(impossible, RULES)
    check_calendar(with_part(days, 2, calendar=Calendar(min_gap_days=3, expires_after_days=7)), RULES)


def test_one_day_of_the_week_is_enough(series) -> None:
    check_calendar(replace(series, calendar=Calendar(weekdays=("sun",), expires_after_days=7)), RULES)
