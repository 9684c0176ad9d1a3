"""The demo's folder: dates around its own day, a clock that is kept, and no real clinic ever touched."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.app.settings import clinic_rules, sample_settings
from pipeline.demo import folder as layout
from pipeline.demo.stage import AUTHOR, CLINICIAN
from pipeline.errors import NotAllowedError

SETTINGS = sample_settings()
BEGINNING = datetime(2026, 1, 10, tzinfo=UTC)
RULES = {year: clinic_rules(SETTINGS, today=date(year, 7, 1)) for year in (2026, 2027)}


@given(st.integers(0, 700 * 24 * 60).map(lambda minutes: BEGINNING + timedelta(minutes=minutes)))
def test_the_clock_starts_at_ten_on_the_last_open_day_and_never_in_the_future(now: datetime) -> None:
    rules = RULES[now.year]
    moment = layout.first_moment(now, SETTINGS.zone, rules)

    assert moment <= now
    assert f"{moment.astimezone(SETTINGS.zone):%H:%M}" == "10:00"
    open_days = [
        day
        for back in range(10)
        if (day := now.astimezone(SETTINGS.zone).date() - timedelta(days=back)).isoweekday() <= 5
        and day not in rules.closed
        and datetime.combine(day, moment.timetz()) <= now
    ]
    assert moment.date() == open_days[0]


def test_the_sample_patients_stand_around_the_day_of_the_demo(tmp_path: Path) -> None:
    today = date(2031, 5, 6)
    layout.make_clinic(tmp_path, today=today)
    with (tmp_path / layout.PATIENTS).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    visits = [date.fromisoformat(row["first_visit"]) for row in rows if row["first_visit"]]
    assert min(visits) < today < max(visits)
    assert max(abs((visit - today).days) for visit in visits) < 30
    assert all(row["email"].endswith("@example.org") for row in rows if row["email"])


def test_a_clinic_that_no_demo_made_is_refused_and_left_alone(tmp_path: Path) -> None:
    layout.refuse_real_clinic(tmp_path)
    (tmp_path / "config.toml").write_text("# ours", encoding="utf-8")

    with pytest.raises(NotAllowedError, match="no demo"):
        layout.refuse_real_clinic(tmp_path)

    demo = tmp_path / "demo"
    layout.make_clinic(demo, today=layout.ANCHOR)
    layout.refuse_real_clinic(demo)


def test_a_start_that_was_killed_while_it_laid_out_is_repeated(tmp_path: Path) -> None:
    layout.make_clinic(tmp_path / "whole", today=layout.ANCHOR)
    half = tmp_path / "half"
    layout.make_clinic(half, today=layout.ANCHOR)
    for name in ("config.toml", "content/first-weeks/article.md", "patients.csv"):
        (half / name).unlink()

    layout.make_clinic(half, today=layout.ANCHOR)

    files = {path.relative_to(half) for path in half.rglob("*") if path.is_file()}
    assert files == {
        path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*") if path.is_file()
    }
    assert all((half / name).read_bytes() == (tmp_path / "whole" / name).read_bytes() for name in files)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-03-02T10:00:00"], ids=["empty", "words", "no zone"])
def test_a_clock_that_cannot_be_read_starts_anew(tmp_path: Path, text: str) -> None:
    assert layout.saved_clock(tmp_path) is None
    (tmp_path / layout.CLOCK).write_text(text, encoding="utf-8")

    assert layout.saved_clock(tmp_path) is None


def test_the_clock_is_kept_to_the_moment(tmp_path: Path) -> None:
    moment = datetime(2026, 3, 8, 1, 59, 59, 5, tzinfo=ZoneInfo("America/Chicago"))
    layout.save_clock(tmp_path, moment)

    assert layout.saved_clock(tmp_path) == moment


def test_the_sample_clinician_is_not_the_sample_author() -> None:
    assert AUTHOR != CLINICIAN
