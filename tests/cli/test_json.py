"""``--json`` is for programs: it parses, has the documented keys, and says the same as the words."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from pipeline.app.files import BUNDLED
from pipeline.delivery.states import Reason, State
from tests.app.sample_clinic import MOMENT
from tests.cli.conftest import Run

#: DESIGN 11: what a row of ``calendar --json`` and ``simulate --json`` holds.
CALENDAR = {"enrollment", "patient", "part", "due_utc", "due_local", "zone", "state", "reason"}
SAMPLE = BUNDLED / "content" / "patients" / "sample.csv"


def is_calendar_row(row: dict) -> bool:
    """Checks one row as DESIGN 11 words it."""
    assert set(row) == CALENDAR
    assert isinstance(row["enrollment"], int)
    assert isinstance(row["part"], int)
    assert State(row["state"])
    assert row["reason"] is None or Reason(row["reason"])
    assert (row["due_utc"] is None) == (row["due_local"] is None)
    if row["due_utc"] is not None:
        utc, local = datetime.fromisoformat(row["due_utc"]), datetime.fromisoformat(row["due_local"])
        assert utc == local, "the same moment"
        assert row["due_utc"].endswith("+00:00")
        assert local.utcoffset() == utc.astimezone(ZoneInfo(row["zone"])).utcoffset()
    return (row["due_utc"] is None) == (row["state"] in {"skipped", "canceled", "held"})


def test_the_calendar_lists_every_delivery_with_the_documented_keys(run: Run, running_clinic) -> None:
    rows = run("calendar", "--json").json

    assert all(map(is_calendar_row, rows))
    assert sum(run("status", "--json").json["deliveries"].values()) == len(rows)
    assert len({(row["enrollment"], row["part"]) for row in rows}) == len(rows)
    dated = [row["due_utc"] for row in rows if row["due_utc"]]
    assert dated == sorted(dated)


def test_the_calendar_of_one_patient_is_the_same_rows_alone(run: Run, running_clinic) -> None:
    everyone = run("calendar", "--json").json
    one = everyone[0]["patient"]

    mine = run("calendar", "--patient", one, "--json").json

    assert mine == [row for row in everyone if row["patient"] == one]
    assert run("calendar", "--patient", "P-0000").code == 1


def test_the_calendar_in_words_names_nobody(run: Run, running_clinic) -> None:
    told = run("calendar").out

    assert "P-1001" in told
    assert "example.org" not in told
    assert "Harold" not in told


def test_an_empty_clinics_calendar_is_an_empty_list_and_says_what_to_do(run: Run, clinic) -> None:
    assert run("calendar", "--json").json == []
    assert "pipeline import" in run("calendar").out


def test_one_deliverys_life_is_told_step_by_step(run: Run, running_clinic) -> None:
    counts = run("status", "--json").json
    assert counts["halted"] == []
    assert datetime.fromisoformat(counts["next_due"]) > MOMENT

    lives = [run("status", "--delivery", number, "--json").json for number in range(1, 6)]

    sent = [life for life in lives if life[-1]["state"] == "accepted"]
    assert sent, "something went at the first moment"
    assert [step["state"] for step in sent[0]] == ["planned", "claimed", "sending", "accepted"]


def test_a_halt_is_told_for_programs_too(run: Run, running_clinic) -> None:
    run("halt", "--series", "first-weeks")
    assert run("status", "--json").json["halted"] == ["first-weeks"]
    run("halt")
    assert run("status", "--json").json["halted"] is True
    run("halt", "--resume")
    assert run("status", "--json").json["halted"] == ["first-weeks"]


def test_a_dry_run_says_what_would_happen_and_apply_does_exactly_that(run: Run, running_clinic) -> None:
    words = (
        "import",
        SAMPLE,
        "--wording",
        "again-2",
        "--series",
        "first-weeks",
        "--now",
        "2026-01-12T16:00:00",
    )

    dry = run(*words, "--json").json
    done = run(*words, "--apply", "--json").json

    assert dry["applied"] is False
    assert {**dry, "applied": True} == done
    assert done["rows"] == 16
    assert sum(done["effects"].values()) == done["rows"]


def test_a_dispatch_counts_what_it_did(run: Run, running_clinic) -> None:
    told = run("dispatch", "--json").json

    datetime.fromisoformat(told.pop("at"))
    assert told.pop("stopped_by") == ""
    assert all(isinstance(count, int) for count in told.values())


@pytest.mark.parametrize("words", [("check", "first-weeks"), ("split", "first-weeks")], ids=" ".join)
def test_authoring_answers_programs_without_a_clinic(run: Run, folder, words) -> None:
    told = run(*words, "--json")

    assert told.code == 0
    assert told.json
    assert list(folder.iterdir()) == []


def test_the_audit_trail_is_verified_and_a_changed_row_is_named(run: Run, running_clinic) -> None:
    assert "is whole" in run("audit", "verify").out

    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(running_clinic / "pipeline.db")) as meddler:
        meddler.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 3")
        meddler.commit()

    ended = run("audit", "verify")
    assert ended.code == 1
    assert "broken at row 3" in ended.err
