"""Dates in cells: forms that are read, forms that are refused, and the two that nobody may guess."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from pipeline.patients.dates import (
    AmbiguousDateError,
    UnreadableCellError,
    civil_date,
    is_minor,
    read_date,
    visit_moment,
)
from pipeline.patients.model import DateOrder


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-03", "2026/12/03", "2026.12.3", "20261203", "3 Dec 2026", "3-Dec-2026", "Dec 3, 2026",
        "December 3rd, 2026", "Thu, 3 December 2026", "Thursday, December 3, 2026", " 2026-12-03 ",
        "2026-12-03 00:00:00", "2026-12-03T09:30", "Dec 3, 2026 9:30 AM",
    ],
)  # fmt: skip
def test_a_date_with_one_reading_is_read(text: str) -> None:
    found = read_date(text, None)
    assert (found.year, found.month, found.day) == (2026, 12, 3)


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        ("2026-12-03 9:05", 9, 5), ("2026-12-03 12:05 AM", 0, 5), ("2026-12-03 12:05 pm", 12, 5),
        ("2026-12-03, 1:30p.m.", 13, 30), ("2026-12-03T23:59:59.999", 23, 59),
    ],
)  # fmt: skip
def test_a_time_is_read_on_both_clocks(text: str, hour: int, minute: int) -> None:
    found = read_date(text, None)
    assert isinstance(found, datetime)
    assert (found.hour, found.minute) == (hour, minute)


def test_day_and_month_are_read_in_the_chosen_order_only() -> None:
    assert read_date("03/04/2026", DateOrder.DAY_FIRST) == date(2026, 4, 3)
    assert read_date("03/04/2026", DateOrder.MONTH_FIRST) == date(2026, 3, 4)
    with pytest.raises(AmbiguousDateError, match="could be 3 April 2026 or 4 March 2026: choose") as caught:
        read_date("03/04/2026", None)
    assert caught.value.readings == (date(2026, 4, 3), date(2026, 3, 4))


@pytest.mark.parametrize("text", ["3.4.2026", "3-4-2026", "03/04/2026 09:00 AM"])
def test_dots_dashes_and_a_time_do_not_settle_the_order(text: str) -> None:
    with pytest.raises(AmbiguousDateError):
        read_date(text, None)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("13/04/2026", date(2026, 4, 13)), ("04/13/2026", date(2026, 4, 13)), ("4/4/2026", date(2026, 4, 4))],
)
def test_where_only_one_order_is_possible_nothing_has_to_be_chosen(text: str, wanted: date) -> None:
    assert read_date(text, None) == wanted


def test_a_date_that_contradicts_the_chosen_order_is_refused() -> None:
    with pytest.raises(UnreadableCellError, match="is not a day of the calendar"):
        read_date("25/12/2026", DateOrder.MONTH_FIRST)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("46357", "is only a number, not a date"),
        ("46357.375", "is only a number, not a date"),
        ("03/04/26", "has a year of two digits"),
        ("2026-02-30", "is not a day of the calendar"),
        ("2026-13-01", "is not a day of the calendar"),
        ("29 Feb 2027", "is not a day of the calendar"),
        ("2026-12-03 25:00", "has no readable time"),
        ("2026-12-03 13:00 PM", "has no readable time"),
        ("next Monday", "is not a date that can be read"),
        ("3 Foo 2026", "is not a date that can be read"),
        ("3 Ma 2026", "is not a date that can be read"),
        ("2026-12-03 09:00 CST", "is not a date that can be read"),
        ("٢٠٢٦-١٢-٠٣", "is not a date that can be read"),
        ("0000-00-00", "is not a day of the calendar"),
    ],
)
def test_anything_else_is_refused_in_words_that_quote_it(text: str, words: str) -> None:
    with pytest.raises(UnreadableCellError) as caught:
        read_date(text, None)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"'{text}'")


def test_a_spreadsheets_own_date_is_taken_and_its_bare_number_is_not() -> None:
    assert read_date(date(2026, 12, 3), None) == date(2026, 12, 3)
    with pytest.raises(UnreadableCellError, match="'46357' is not a date: format the cell as a date"):
        read_date(46357.0, None)


@pytest.mark.parametrize(
    ("text", "zone", "wanted"),
    [
        ("2026-12-03T03:00:00Z", "America/Chicago", date(2026, 12, 2)),
        ("2026-12-03T03:00:00Z", "Asia/Tokyo", date(2026, 12, 3)),
        ("2026-12-02T23:30:00-0600", "America/New_York", date(2026, 12, 3)),
        ("2026-12-03 03:00 UTC", "America/Chicago", date(2026, 12, 2)),
        ("2026-12-03 00:00:00", "America/Los_Angeles", date(2026, 12, 3)),
        ("2026-12-03", "Pacific/Kiritimati", date(2026, 12, 3)),
    ],
)
def test_a_moment_is_dated_in_the_patients_zone_and_a_card_time_stays_as_written(
    text: str, zone: str, wanted: date, terms
) -> None:
    assert civil_date(visit_moment(text, terms()), ZoneInfo(zone)) == wanted


def test_times_without_an_offset_are_utc_where_the_import_says_so(terms) -> None:
    moment = visit_moment("2026-12-03 03:00", terms(times_are_utc=True))
    assert moment == datetime(2026, 12, 3, 3, tzinfo=UTC)
    assert civil_date(moment, ZoneInfo("America/Chicago")) == date(2026, 12, 2)


@pytest.mark.parametrize(
    ("born", "minor"),
    [
        ("2008-11-23", False), ("2008-11-24", True), ("2008-02-29", False), ("1926-01-01", False),
        ("03/04/1980", False), ("05/06/2015", True),
    ],
)  # fmt: skip
def test_a_minor_is_under_18_on_the_day_of_the_import(born: str, minor: bool, terms) -> None:  # noqa: FBT001 - the table's answer
    assert is_minor(born, terms()) is minor


def test_born_on_29_february_one_is_of_age_on_1_march(terms) -> None:
    feb, march = (datetime(2026, month, day, 18, tzinfo=UTC) for month, day in ((2, 28), (3, 1)))
    assert is_minor("2008-02-29", terms(now=feb))
    assert not is_minor("2008-02-29", terms(now=march))


def test_the_day_of_the_import_is_the_clinics_not_greenwichs(terms) -> None:
    evening = datetime(2026, 11, 24, 3, tzinfo=UTC)
    assert is_minor("2008-11-24", terms(now=evening)), "still the 23rd in Chicago"
    assert not is_minor("2008-11-24", terms(now=evening, clinic_zone=ZoneInfo("Asia/Tokyo")))


def test_an_ambiguous_birth_date_is_only_refused_where_the_age_hangs_on_it(terms) -> None:
    with pytest.raises(AmbiguousDateError):
        is_minor("12/11/2008", terms())


@pytest.mark.parametrize("born", ["1826-01-01", "2027-01-01", "2026-12-01"])
def test_a_birth_date_in_the_future_or_in_another_century_is_a_mistyped_year(born: str, terms) -> None:
    with pytest.raises(UnreadableCellError, match="cannot be a birth date: check the year"):
        is_minor(born, terms())
