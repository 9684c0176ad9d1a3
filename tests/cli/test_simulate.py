"""``pipeline simulate`` as a person and as a CI job use it."""

import json
from datetime import date, datetime
from pathlib import Path

import pytest

from pipeline.engine.simulation_checks import EXPECTATIONS
from pipeline.engine.simulation_scenarios import Scenario
from tests.cli.conftest import Run, contents
from tests.cli.test_json import is_calendar_row

#: The sample patients' first visits lie around this day.
FROM = ("--from", "2026-01-12T10:00")
SAMPLE = ("--patients", "content/patients/sample.csv")
CUT = """
[[restart]]
at = "day 1 00:00"
point = "after_send"
"""


def test_days_are_played_and_told_worst_first(run: Run, running_clinic: Path) -> None:
    told = run("simulate", "--days", "10", *FROM)

    assert told.code == 0
    assert "Played 10 days, from Mon 12 Jan 2026, 10:00 to Thu 22 Jan 2026, 10:00, clinic time." in told.out
    assert "Nothing has left this machine" in told.out
    assert "Tue 13 Jan 2026" in told.out
    assert "example.org" not in told.out + told.err


def test_the_clinics_own_files_stay_as_they_are(run: Run, running_clinic: Path) -> None:
    run("status")  # opens the database once, so that its side files are there
    before = contents(running_clinic)

    run("simulate", "--days", "10", *FROM, "--scenario", "crash")

    assert contents(running_clinic) == before


def test_json_is_the_calendars_rows_and_nothing_else(run: Run, running_clinic: Path) -> None:
    told = run("simulate", "--days", "40", *FROM, "--json")

    assert all(map(is_calendar_row, told.json))
    assert {(row["enrollment"], row["part"]) for row in told.json} == {
        (row["enrollment"], row["part"]) for row in run("calendar", "--json").json
    }
    assert {row["state"] for row in told.json} <= {"accepted", "skipped", "canceled", "held"}
    assert "Played 40 days" in told.err


def test_kept_expectations_end_with_0_and_are_named(run: Run, running_clinic: Path) -> None:
    told = run("simulate", "--days", "10", *FROM, "--expect", "no-duplicates,no-late")

    assert told.code == 0
    assert [line.split() for line in told.err.splitlines()] == [
        ["kept:", "no-duplicates"],
        ["kept:", "no-late"],
    ]


def test_a_broken_expectation_ends_with_1_and_names_deliveries_but_nobody(
    run: Run, running_clinic: Path
) -> None:
    (running_clinic / "cut.toml").write_text(CUT, encoding="utf-8")
    ended = run(
        "simulate",
        "--days",
        "10",
        *FROM,
        "--script",
        "cut.toml",
        "--expect",
        "all",
        "--summary-json",
        "s.json",
    )

    assert ended.code == 1
    assert "BROKEN: no-unknown, by " in ended.err
    assert "kept:   no-duplicates" in ended.err
    assert "example.org" not in ended.err
    summary = json.loads((running_clinic / "s.json").read_text(encoding="utf-8"))
    by_name = {each["name"]: each for each in summary["expectations"]}
    assert list(by_name) == list(EXPECTATIONS)
    broken = by_name["no-unknown"]["broken"]
    assert broken[0].keys() == {"delivery", "enrollment", "patient", "part", "why"}
    assert f"delivery {broken[0]['delivery']} (patient {broken[0]['patient']}, part" in ended.err
    assert summary["unknown_arrived"] == len(broken)
    assert sum(summary["standing"]["unknown"].values()) == len(broken)
    assert [each["what"] for each in summary["happened"]] == ["the process was killed (after_send)"]
    assert date.fromisoformat(summary["days"][0]["date"]) == datetime.fromisoformat(summary["from"]).date()


def test_without_a_clinic_the_message_names_a_command_that_works(run: Run, folder: Path) -> None:
    refused = run("simulate", "--days", "5")

    assert refused.code == 1
    assert list(folder.iterdir()) == []
    words = refused.err.split("pipeline simulate")[1].split()
    tried = run("simulate", *words, "--expect", "all")
    assert tried.code == 0
    assert "Nobody has approved this series" in tried.out
    assert "Not enrolled" in tried.out
    assert list(folder.iterdir()) == [], "no database, no keys, no mail"


def test_a_new_clinic_is_told_the_same_and_gets_no_database(run: Run, clinic: Path) -> None:
    before = contents(clinic)

    assert "content/patients/sample.csv" in run("simulate").err
    assert contents(clinic) == before


def test_patients_of_a_file_can_be_played_alone_or_beside_the_clinics_own(
    run: Run, running_clinic: Path
) -> None:
    file = running_clinic / "more.csv"
    file.write_text(
        "record_id,given_name,family_name,email,first_visit,email_consent\n"
        "X-1,Ada,Made,ada@example.org,2026-01-20,yes\n",
        encoding="utf-8",
    )
    words = ("simulate", "--days", "1", *FROM, "--patients", file, "--json")

    assert {row["patient"] for row in run(*words, "--fresh").json} == {"X-1"}
    assert {"X-1", "P-1001"} <= {row["patient"] for row in run(*words, "--series", "first-weeks").json}


def test_every_email_can_be_looked_at(run: Run, running_clinic: Path) -> None:
    rows = run("simulate", "--days", "3", *FROM, "--outbox", "mail", "--json").json

    files = {path.stem for path in (running_clinic / "mail").glob("*.eml")}
    assert files
    assert files <= {f"enrollment-{row['enrollment']}-part-{row['part']}" for row in rows}


@pytest.mark.parametrize("scenario", Scenario)
def test_every_scenario_keeps_what_must_always_hold(run: Run, running_clinic: Path, scenario) -> None:
    always = ",".join(name for name in EXPECTATIONS if name not in {"no-unknown", "all-sent"})
    assert run("simulate", "--days", "9", *FROM, "--scenario", scenario, "--expect", always).code == 0


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--expect", "no-duplicate"), 1, "did you mean 'no-duplicates'?"),
        (("--from", "soon"), 1, "'soon' is no moment"),
        (("--script", "there-is-none.toml"), 1, "There is no such file"),
        (("--script", "config.toml"), 2, "There is no key"),
        (("--scenario", "storm"), 2, "--scenario"),
        (("--patients", "nobody.csv"), 1, "There is no such file"),
        (("--days", "0"), 2, "--days"),
        ((*SAMPLE, "--series", "no-such", "--fresh"), 1, "There is no series"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_slip_of_the_pen_gets_words_and_changes_nothing(
    run: Run, running_clinic: Path, words, code, says
) -> None:
    before = contents(running_clinic)
    ended = run("simulate", *words)

    assert ended.code == code
    assert says in ended.err
    assert contents(running_clinic) == before
