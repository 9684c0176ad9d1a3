"""From config.toml to rules: holidays, closings, and errors that say what to change."""

from datetime import date, time, timedelta

import pytest

from pipeline.schedule.model import CalendarRulesError, Late, Rules
from pipeline.schedule.rules import RuleChanges, changed_rules, closed_days, rules_from, years_around
from pipeline.sections.calendar import Closing, Schedule

YEARS = years_around(date(2026, 11, 23))


def texas(section: Schedule) -> Rules:
    return rules_from(section, country="US", subdivision="TX", years=YEARS)


def error_of(section: Schedule, *, country: str = "US", subdivision: str | None = "TX") -> CalendarRulesError:
    with pytest.raises(CalendarRulesError) as caught:
        rules_from(section, country=country, subdivision=subdivision, years=YEARS)
    return caught.value


def test_the_configurations_words_become_rules() -> None:
    section = Schedule(weekdays=("sat", "mon"), send_time=time(10), late="skip", public_holidays=False)
    found = texas(section)
    assert (found.weekdays, found.send_time, found.late) == (frozenset({1, 6}), time(10), Late.SKIP)
    assert (found.min_gap_days, found.expires_after_days) == (2, 7), "the defaults that were promised"
    assert found.closed == frozenset()


def test_national_and_state_holidays_are_closed() -> None:
    closed = texas(Schedule()).closed
    assert {date(2026, 11, 26), date(2026, 12, 25), date(2027, 7, 5)} <= closed, "the last one as observed"
    san_jacinto = date(2027, 4, 21)
    assert san_jacinto in closed
    assert san_jacinto not in rules_from(Schedule(), country="US", subdivision="CA", years=YEARS).closed


def test_a_new_year_observed_in_december_is_closed_though_it_is_the_next_years() -> None:
    assert date(2027, 12, 31) in rules_from(Schedule(), country="US", subdivision=None, years=[2027]).closed


def test_the_clinics_own_closings_are_closed_from_the_first_to_the_last_day() -> None:
    closing = Closing(first=date(2026, 12, 28), last=date(2027, 1, 3), why="moving house")
    section = Schedule(public_holidays=False, closings=(closing,))
    days = closed_days(section, country="US", subdivision=None, years=YEARS)
    assert sorted(days) == [date(2026, 12, 28) + timedelta(days=ahead) for ahead in range(7)]
    assert set(days.values()) == {"moving house"}
    assert texas(section).closed == frozenset(days)


def test_a_closing_without_end_costs_only_the_years_that_are_asked_for() -> None:
    forever = Closing(first=date(1900, 1, 1), last=date(9999, 12, 31))
    section = Schedule(public_holidays=False, closings=(forever,))
    assert len(texas(section).closed) == sum(366 if year % 4 == 0 else 365 for year in YEARS)


def test_a_closing_that_ends_before_it_begins_is_named() -> None:
    section = Schedule(closings=(Closing(first=date(2026, 12, 28), last=date(2026, 12, 20)),))
    error = error_of(section)
    assert "2026-12-28" in error.what
    assert error.where.key == "schedule.closings"


@pytest.mark.parametrize(
    ("country", "subdivision", "key", "mend"),
    [
        ("QX", None, "clinic.country", "did you mean"),
        ("UK", "XYZ", "clinic.subdivision", "known here: ENG"),
        ("US", "TXX", "clinic.subdivision", "did you mean 'TX'"),
        ("DE", "Bayernn", "clinic.subdivision", "did you mean 'Bayern'"),
    ],
)
def test_an_unknown_place_is_an_error_that_names_the_nearest(
    country: str, subdivision: str | None, key: str, mend: str
) -> None:
    error = error_of(Schedule(), country=country, subdivision=subdivision)
    assert error.where.key == key
    assert mend in error.mend


def test_without_public_holidays_no_country_has_to_be_known() -> None:
    found = rules_from(Schedule(public_holidays=False), country="XX", subdivision="??", years=YEARS)
    assert found.closed == frozenset()


def test_a_send_time_outside_the_window_is_an_error_before_anything_is_planned() -> None:
    error = error_of(Schedule(send_time=time(17), public_holidays=False))
    assert (error.where.key, error.where.file) == ("schedule.send_time", "config.toml")
    assert "17:00" in error.what


def test_no_weekday_and_an_empty_window_are_errors() -> None:
    assert error_of(Schedule(weekdays=(), public_holidays=False)).where.key == "schedule.weekdays"
    backwards = Schedule(window_open=time(17), window_close=time(9), public_holidays=False)
    assert error_of(backwards).where.key == "schedule.window_close"


def test_a_series_changes_only_what_it_names() -> None:
    clinic = texas(Schedule())
    series = changed_rules(clinic, RuleChanges(send_time=time(16), late=Late.SKIP, min_gap_days=0))
    assert (series.send_time, series.late, series.min_gap_days) == (time(16), Late.SKIP, 0)
    assert (series.closed, series.weekdays) == (clinic.closed, clinic.weekdays)
    with pytest.raises(CalendarRulesError):
        changed_rules(clinic, RuleChanges(send_time=time(20)))
