"""``pipeline calendar`` for people: day by day, what if, and with a series' own calendar."""

import shutil
from datetime import date, datetime, timedelta

import pytest

from pipeline.app.files import BUNDLED
from pipeline.delivery.states import Reason
from tests.app.sample_clinic import MOMENT
from tests.cli.conftest import Run

KEYS = {"enrollment", "patient", "part", "due_utc", "due_local", "zone", "state", "reason"}
THANKSGIVING = date(2026, 11, 26)


def what_if(run: Run, start: object, *words: object, now: str = "2026-11-01") -> list[dict]:
    return run("calendar", "--what-if", start, "--now", now, *words, "--json").json


def test_what_if_needs_no_patient_no_database_and_no_folder(run: Run, folder) -> None:
    rows = what_if(run, "2026-12-01")

    assert all(set(row) == KEYS for row in rows)
    assert {row["enrollment"] for row in rows} == {row["patient"] for row in rows} == {None}
    assert [row["part"] for row in rows] == [1, 2, 3, 4, 5]
    assert {row["zone"] for row in rows} == {"America/Chicago"}
    assert {row["due_local"][11:16] for row in rows} == {"09:00"}
    assert list(folder.iterdir()) == []


def test_what_if_says_why_each_day_moved(run: Run, folder) -> None:
    start = THANKSGIVING - timedelta(days=1)
    rows = what_if(run, start)
    assert [row["reason"] for row in rows[:3]] == [None, Reason.CLOSED, Reason.GAP]

    told = run("calendar", "--what-if", start, "--now", "2026-11-01").out
    assert "Thanksgiving" in told
    assert "+1" in told


@pytest.mark.parametrize(
    ("zone", "offset"),
    [("America/Los_Angeles", "-08:00"), ("Pacific/Chatham", "+13:45"), ("Pacific/Honolulu", "-10:00")],
)
def test_what_if_is_in_the_patients_own_time(run: Run, folder, zone: str, offset: str) -> None:
    row = what_if(run, "2026-12-01", "--zone", zone)[1]
    assert (row["due_local"], row["zone"]) == (f"2026-12-02T09:00:00{offset}", zone)
    assert datetime.fromisoformat(row["due_utc"]) == datetime.fromisoformat(row["due_local"])


def test_a_moment_with_an_offset_is_the_date_in_that_zone(run: Run, folder) -> None:
    late_evening = "2026-12-02T04:30:00+00:00"
    assert what_if(run, late_evening) == what_if(run, "2026-12-01")


def test_a_start_in_the_past_shows_what_a_late_patient_would_get(run: Run, folder) -> None:
    rows = what_if(run, "2026-11-09", now="2026-11-23T17:00:00Z")
    assert [row["reason"] for row in rows[:4]] == [
        Reason.VISIT_PASSED, Reason.EXPIRED, Reason.EXPIRED, Reason.LATE,
    ]  # fmt: skip
    assert [row["due_utc"] is None for row in rows] == [True, True, True, False, False]


def test_what_if_follows_the_series_own_calendar(run: Run, clinic) -> None:
    shutil.copytree(BUNDLED / "content" / "first-weeks", clinic / "content" / "first-weeks")
    file = clinic / "content" / "first-weeks" / "series.toml"
    plain = what_if(run, "2026-12-01", "--series", "first-weeks")

    head, first, rest = file.read_text(encoding="utf-8").partition("\n[[part]]")
    file.write_text(
        f'{head}\n[calendar]\nsend_time = 16:30:00\nweekdays = ["sat"]\n\n{first}{rest}', encoding="utf-8"
    )
    own = what_if(run, "2026-12-01", "--series", "first-weeks")

    assert [row["part"] for row in own] == [row["part"] for row in plain]
    for row in own:
        if row["due_local"]:
            moment = datetime.fromisoformat(row["due_local"])
            assert (moment.isoweekday(), f"{moment:%H:%M}") == (6, "16:30")

    file.write_text(f"{head}\n[calendar]\nsend_time = 22:00:00\n\n{first}{rest}", encoding="utf-8")
    for words in (
        ("calendar", "--what-if", "2026-12-01", "--series", "first-weeks"),
        ("check", "first-weeks"),
    ):
        ended = run(*words)
        assert (ended.code, "22:00 lies outside the window" in ended.err) == (1, True)
        assert "series.toml, calendar.send_time" in ended.err


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--what-if", "soon"), 1, "is no date"),
        (("--what-if", "2026-12-01", "--zone", "Chicago"), 1, "America/Chicago"),
        (("--what-if", "2026-12-01", "--series", "nope"), 1, "first-weeks"),
        (("--what-if", "0900-12-01"), 2, "No first visit can be on"),
        (("--what-if", "2026-12-01", "--days", "3"), 2, "--what-if is about nobody"),
        (("--zone", "America/Chicago"), 2, "belong to --what-if"),
        (("--what-if", "2026-12-01", "--now", "noon"), 1, "is no date"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_is_written_wrong_gets_words(run: Run, folder, words, code, says) -> None:
    ended = run("calendar", *words)
    assert ended.code == code
    assert says in ended.err


def test_the_next_days_are_what_is_planned_until_their_midnight(run: Run, running_clinic) -> None:
    everything = [row for row in run("calendar", "--json").json if row["state"] == "planned"]
    now = MOMENT.isoformat()

    for days in (1, 3, 400):
        rows = run("calendar", "--days", days, "--now", now, "--json").json
        last = MOMENT.date() + timedelta(days=days)
        wanted = [row for row in everything if datetime.fromisoformat(row["due_utc"]).date() < last]
        assert rows == wanted
    one = everything[0]["patient"]
    mine = run("calendar", "--days", 400, "--now", now, "--patient", one, "--json").json
    assert mine == [row for row in everything if row["patient"] == one]


def test_the_timeline_has_days_hours_and_zones_other_than_the_clinics(run: Run, running_clinic) -> None:
    told = run("calendar").out
    rows = run("calendar", "--json").json
    dated = {date.fromisoformat(row["due_local"][:10]) for row in rows if row["due_local"]}

    places = [told.index(f"{day:%A} {day.day} {day:%B %Y}") for day in sorted(dated)]
    assert places == sorted(places)
    assert told.index("Without a day") > places[-1]
    assert "Pacific/Honolulu" in told
    assert told.count("America/Chicago") == 1, "the clinic's own is said once, at the top"
    assert "it was meant for before the first visit" in told
