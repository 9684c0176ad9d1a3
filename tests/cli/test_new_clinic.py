"""From an empty folder to a signed series and enrolled patients, with nothing but commands."""

from pathlib import Path

from pipeline.app.files import BUNDLED
from tests.cli.conftest import Run, contents

SAMPLE = Path("content") / "patients" / "sample.csv"


def test_init_lays_out_a_clinic_that_every_step_then_works_in(run: Run, folder: Path, monkeypatch) -> None:
    assert run("init", "clinic").code == 0
    monkeypatch.chdir(folder / "clinic")
    assert run("config", "check").code == 0
    assert run("user", "add", "ana", "--display", "Ana Sample, PT", "--credential", "PT").code == 0

    signed = run("approve", "first-weeks", "--as", "ana", "--credential", "PT", "--review-by", "2099-01-01")
    assert signed.code == 0
    assert "Signed by Ana Sample, PT (PT) until 2099-01-01" in signed.out

    brought = run("import", SAMPLE, "--wording", "intake-1", "--series", "first-weeks", "--apply", "--json",
                  "--now", "2026-01-12T16:00:00")  # fmt: skip
    assert brought.json["effects"]["enrolled"] > 5
    assert run("calendar", "--json").json
    assert run("audit", "verify").code == 0


def test_init_never_overwrites_a_clinic(run: Run, folder: Path) -> None:
    run("init", "clinic")
    own = folder / "clinic" / "config.toml"
    own.write_text("# ours\n", encoding="utf-8")
    before = contents(folder)

    ended = run("init", "clinic")

    assert ended.code == 1
    assert "already" in ended.err
    assert contents(folder) == before


def test_init_keeps_files_that_stand_there(run: Run, folder: Path) -> None:
    mine = folder / "clinic" / "content" / "first-weeks" / "article.md"
    mine.parent.mkdir(parents=True)
    mine.write_text("# Our own\n", encoding="utf-8")

    assert run("init", "clinic").code == 0

    assert mine.read_text(encoding="utf-8") == "# Our own\n"
    bundled = (BUNDLED / "content" / "patients" / "sample.csv").read_bytes()
    assert (folder / "clinic" / SAMPLE).read_bytes() == bundled


def test_keys_and_data_are_for_their_owner_only(run: Run, clinic: Path) -> None:
    run("status")

    assert {name: (clinic / name).stat().st_mode & 0o077 for name in ("keys.json", "pipeline.db")} == {
        "keys.json": 0, "pipeline.db": 0,
    }  # fmt: skip


def test_a_name_that_is_taken_and_a_person_nobody_named_are_refused(run: Run, clinic: Path) -> None:
    add = ("user", "add", "ana", "--display", "Ana Sample, PT", "--credential", "PT")
    assert run(*add).code == 0
    assert run(*add).code == 1
    assert run("user", "list").out.count("ana") == 1

    ended = run("approve", "first-weeks", "--as", "ben", "--credential", "PT", "--review-by", "2099-01-01")
    assert ended.code == 1
    assert "known now: ana" in ended.err
