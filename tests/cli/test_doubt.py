"""What staff do about doubt at the terminal: unknowns, resolve, restored, status, correct."""

import re
from pathlib import Path

import pytest

from pipeline.app.clinic import Clinic
from pipeline.app.clock import SetClock
from pipeline.config import load_config
from pipeline.delivery.states import State
from pipeline.store import batches, ledger, marks, overview
from pipeline.store.batches import Member
from tests.app.sample_clinic import MOMENT
from tests.cli.conftest import Run, contents


def opened(folder: Path) -> Clinic:
    return Clinic.open(load_config(folder / "config.toml"), clock=SetClock(MOMENT), environment={})


@pytest.fixture
def doubtful(running_clinic) -> Path:
    """Three deliveries of one batch, whose process died while they were sent."""
    with opened(running_clinic) as clinic, clinic.store.begin() as tx:
        due = [row.id for row in overview.list_upcoming(tx, limit=3)]
        later = max(row.due_at for row in overview.list_upcoming(tx, limit=3))
        ids = ledger.claim_due(tx, now=later, owner="dead", lease_until=later, limit=3)
        members = [Member(delivery=each, payload_hash=bytes(32)) for each in ids]
        begun = batches.begin_sending(
            tx,
            members,
            provider="postmark",
            idempotency_key="key",
            owner="dead",
            lease_until=later,
            now=later,
        )
        assert begun is not None
        assert len(ledger.expire_leases(tx, now=later).unknown) == len(due) == 3
    return running_clinic


def test_unknowns_are_listed_for_programs_as_documented(run: Run, doubtful: Path) -> None:
    found = run("unknowns", "--json").json

    assert len(found) == 3
    for each in found:
        assert set(each) == {"delivery", "key", "part", "since", "provider", "reason"}
        assert (each["provider"], each["reason"]) == ("postmark", "lease_expired")


def test_unknowns_are_told_by_outage_without_a_name_or_an_address(run: Run, doubtful: Path) -> None:
    told = run("unknowns").out

    assert re.search(r"Outage \d+ at postmark, .*: 3 deliveries", told)
    assert "pipeline resolve --outage" in told
    assert "example.org" not in told
    assert "P-10" in told


def test_where_nothing_is_in_doubt_it_says_so(run: Run, running_clinic: Path) -> None:
    assert "Nothing is in doubt" in run("unknowns").out
    assert run("unknowns", "--json").json == []


def test_a_dry_run_shows_what_it_would_do_and_changes_nothing(run: Run, doubtful: Path) -> None:
    before = run("unknowns", "--json").json

    told = run("resolve", "--all", "--as", "not-sent", "--dry-run")

    assert told.code == 0
    assert "dry run" in told.out
    assert run("unknowns", "--json").json == before


def test_without_a_person_to_ask_nothing_is_done(run: Run, doubtful: Path) -> None:
    ended = run("resolve", "--all", "--as", "accepted")

    assert ended.code == 1
    assert "--yes" in ended.out
    assert len(run("unknowns", "--json").json) == 3


def test_a_whole_outage_is_settled_in_one_action(run: Run, doubtful: Path) -> None:
    number = re.search(r"Outage (\d+)", run("unknowns").out).group(1)

    done = run("resolve", "--outage", number, "--as", "accepted", "--yes", "--json").json

    assert [each["state"] for each in done["deliveries"]] == ["accepted"] * 3
    assert run("unknowns", "--json").json == []
    assert run("audit", "verify").code == 0


def test_single_deliveries_and_not_sent_follow_the_late_rule(run: Run, doubtful: Path) -> None:
    first, *rest = [each["delivery"] for each in run("unknowns", "--json").json]

    told = run("resolve", first, "--as", "not-sent", "--yes").out

    assert "too late to be useful" in told or "Waiting" in told
    assert [each["delivery"] for each in run("unknowns", "--json").json] == rest


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--as", "accepted"), 2, "--outage"),
        (("1", "--all", "--as", "accepted"), 2, "--outage"),
        (("--outage", "999", "--as", "accepted"), 1, "pipeline unknowns"),
        (("999999", "--as", "accepted"), 1, "not in doubt"),
        (("--all", "--as", "gone"), 2, "accepted"),
        (("--all", "--as", "accepted", "--json"), 2, "--yes"),
        (("--outage", "1", "--since", "2026-01-01", "--as", "accepted"), 2, "--since"),
    ],
)
def test_a_slip_of_the_pen_settles_nothing(run: Run, doubtful: Path, words, code, says) -> None:
    ended = run("resolve", *words)

    assert ended.code == code
    assert says in ended.err
    assert len(run("unknowns", "--json").json) == 3


def test_status_says_what_waits_what_needs_a_person_and_what_is_stuck(run: Run, doubtful: Path) -> None:
    """The machine's clock is long past the sample's, and nobody ticked since."""
    told = run("status").out
    data = run("status", "--json").json

    assert [each["code"] for each in data["stuck"]] == ["silent"]
    assert {"unknown:lease_expired"} <= {each["code"] for each in data["needs"]}
    assert all(each["mend"] for each in data["needs"])
    assert data["breaker"]["open"] is False
    assert data["quota"]["per_day"] is None
    for words in ("has not ticked since", "Needs you", "pipeline unknowns", "Waiting"):
        assert words in told
    assert "example.org" not in told


def test_status_names_a_halt_and_how_to_go_on(run: Run, running_clinic: Path) -> None:
    run("halt")

    assert "pipeline halt --resume" in run("status").out
    assert [each["code"] for each in run("status", "--json").json["stopped"]] == ["halted"]


def test_one_deliverys_life_reads_like_a_story(run: Run, doubtful: Path) -> None:
    number = run("unknowns", "--json").json[0]["delivery"]

    told = run("status", "--delivery", number).out

    for words in ("Waiting for its day", "On its way", "Not known whether it went", "the watchdog",
                  f"pipeline resolve {number}"):  # fmt: skip
        assert words in told


def bring_back_a_backup(folder: Path) -> None:
    """Everything since the last count is gone."""
    with opened(folder) as clinic:
        clinic.generation.count_up(clinic.store, MOMENT)
        with clinic.store.begin() as tx:
            marks.set_mark(tx, "generation", "0", now=MOMENT)


def test_a_restored_backup_sends_nothing_until_somebody_decides(run: Run, running_clinic: Path) -> None:
    run("user", "add", "ana", "--display", "Ana", "--credential", "PT")
    bring_back_a_backup(running_clinic)

    assert "pipeline restored" in run("dispatch").out
    assert "restored" in [each["code"] for each in run("status", "--json").json["stopped"]]
    looked = run("restored")
    assert looked.code == 1
    assert "may have gone" in looked.out
    assert run("restored", "--as", "nobody", "--yes").code == 1
    assert run("restored", "--as", "ana").code == 1, "nobody was there to ask"

    assert run("restored", "--as", "ana", "--yes").code == 0

    assert "living database" in run("restored").out
    assert run("dispatch", "--json").json["stopped_by"] == ""
    assert run("audit", "verify").code == 0


def test_a_folder_without_its_file_is_not_taken_for_the_living_one(run: Run, running_clinic: Path) -> None:
    (running_clinic / "pipeline.db.generation").unlink()

    assert "never sent" in run("dispatch").out
    assert "never sent" in run("restored").out


def test_a_correction_is_shown_first_and_sent_once(run: Run, running_clinic: Path) -> None:
    run("user", "add", "ana", "--display", "Ana", "--credential", "PT")
    (running_clinic / "fix.md").write_text("# A correction\n\nPlease keep moving. It is safe.\n", "utf-8")
    with opened(running_clinic) as clinic, clinic.store.read() as tx:
        part = next(row.part for row in overview.list_deliveries(tx) if row.state is State.ACCEPTED)
    words = ("correct", "first-weeks", "--part", part, "--article", "fix.md", "--author", "ben",
             "--as", "ana", "--credential", "PT", "--review-by", "2030-01-01")  # fmt: skip

    dry = run(*words, "--json").json
    assert (dry["applied"], dry["enrolled"]) == (False, 0)
    assert dry["people"] > 0
    done = run(*words, "--apply", "--yes", "--json").json
    assert (done["applied"], done["enrolled"]) == (True, dry["people"])
    again = run(*words, "--apply", "--yes", "--json").json
    assert (again["enrolled"], again["already"]) == (0, dry["people"])

    assert run("correct", "first-weeks", "--part", 99, *words[4:]).code == 1
    self_signed = [each if each != "ben" else "ana" for each in words]
    assert "another person" in run(*self_signed).err


def test_the_file_beside_the_database_always_keeps_its_length(run: Run, running_clinic: Path) -> None:
    before = contents(running_clinic)["pipeline.db.generation"]

    run("dispatch")

    after = contents(running_clinic)["pipeline.db.generation"]
    assert len(after) == len(before)
    assert after != before
