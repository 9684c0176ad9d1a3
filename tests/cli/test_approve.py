"""``pipeline approve`` as a clinician types it: what is shown, what is asked, what is signed."""

import io
import shutil
from pathlib import Path

import pytest

from pipeline.app.files import BUNDLED
from tests.app.sample_clinic import MOMENT
from tests.cli.conftest import Ended, Run

SERIES = "first-weeks"
TERMS = ("--credential", "PT, DPT", "--review-by", "2099-01-01", "--no-spam")
#: Words of the sample article's second part.
OLD, NEW = "muscles that rest a lot", "muscles that rest too much"


@pytest.fixture
def changed(run: Run, running_clinic: Path) -> Path:
    """A running clinic whose own copy of the article has two words changed since it was signed."""
    shutil.copytree(BUNDLED / "content" / SERIES, running_clinic / "content" / SERIES)
    article = running_clinic / "content" / SERIES / "article.md"
    text = article.read_text(encoding="utf-8")
    assert OLD in text
    article.write_text(text.replace(OLD, NEW), encoding="utf-8")
    assert run("user", "add", "ana", "--display", "Ana Sample, PT", "--credential", "PT").code == 0
    return running_clinic


def approve(run: Run, *words: str, user: str = "ana") -> Ended:
    return run("approve", SERIES, "--as", user, *TERMS, *words)


def signatures(run: Run) -> list[dict]:
    return run("approve", SERIES, "--history", "--json").json


def test_a_dry_run_shows_every_changed_word_and_signs_nothing(run: Run, changed: Path) -> None:
    before = signatures(run)

    told = approve(run, "--dry-run")

    assert told.code == 0
    assert "muscles that rest [-a lot-] {+too much+}" in told.out, "readable without colors"
    assert "Parts 1, 3, 4, 5: unchanged" in told.out
    assert "which Sample Clinician signed on 2026-01-12" in told.out, f"the clinic's day of {MOMENT}"
    assert "Signer: Ana Sample, PT (PT, DPT), until 2099-01-01." in told.out
    assert "nothing was signed" in told.out
    assert signatures(run) == before


def test_signing_is_kept_once_and_listed(run: Run, changed: Path) -> None:
    assert "Approved edition" in approve(run).out
    again = approve(run)

    assert "Nothing: these are the very same words" in again.out
    (newest, first) = signatures(run)
    assert (newest["user"], newest["review_by"]) == ("ana", "2099-01-01")
    assert newest["edition"] != first["edition"]
    listed = run("approve", SERIES, "--history").out
    assert newest["edition"][:12] in listed
    assert "Sample Clinician" in listed
    assert "Nobody has signed" in run("approve", "another", "--history").out


def test_for_programs_the_difference_comes_as_spans(run: Run, changed: Path) -> None:
    told = approve(run, "--dry-run", "--json").json

    assert told["dry_run"] is True
    assert told["difference"]["changed"] is True
    spans = [
        span
        for part in told["difference"]["parts"]
        for text in part["texts"]
        for line in text["lines"]
        for span in line
        if span["kind"] != "same"
    ]
    assert spans == [{"kind": "removed", "text": "a lot"}, {"kind": "added", "text": "too much"}]
    assert "approval" not in told
    assert approve(run, "--json").json["approval"]["user"] == "ana"


def test_replacing_asks_first_and_a_no_changes_nothing(run: Run, changed: Path, monkeypatch) -> None:
    before = run("calendar", "--json").json, signatures(run)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))

    told = approve(run, "--replace-unsent")

    assert told.code != 0
    assert "enrollments would move" in told.out
    assert "replace the unsent parts of" in told.out
    assert (run("calendar", "--json").json, signatures(run)) == before


def test_replacing_moves_whoever_waits_and_a_second_run_finds_nobody(run: Run, changed: Path) -> None:
    trial = approve(run, "--replace-unsent", "--dry-run", "--json").json["replaces"]
    done = approve(run, "--replace-unsent", "--yes", "--json").json["replaces"]

    assert done["enrollments"] > 0
    assert {**done, "applied": False} == {**trial, "examples": done["examples"]}
    again = approve(run, "--replace-unsent", "--yes")
    assert "No running enrollment waits for parts of an older edition." in again.out
    assert "is whole" in run("audit", "verify").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--as", "ana"), "signing needs --as, --credential and --review-by"),
        (("--as", "ana", *TERMS, "--json", "--replace-unsent"), "add --yes or --dry-run"),
        (("--as", "carla", *TERMS), "There is no user 'carla'"),
        (
            ("--as", "ana", "--credential", "PT", "--review-by", "2020-01-01", "--no-spam"),
            "not in the future",
        ),
        (("--as", "ana", "--credential", "PT", "--review-by", "soon"), "review-by"),
    ],
    ids=["nothing to sign with", "no answer possible", "unknown user", "a past date", "no date"],
)
def test_what_cannot_be_signed_is_refused_in_words(run: Run, changed: Path, words, says: str) -> None:
    before = signatures(run)

    ended = run("approve", SERIES, *words)

    assert ended.code in {1, 2}
    assert says in ended.err
    assert signatures(run) == before


def test_a_dry_run_refuses_what_signing_would_refuse(run: Run, changed: Path) -> None:
    settings = changed / "content" / SERIES / "series.toml"
    author = f'author = "ana"\n{settings.read_text(encoding="utf-8")}'
    settings.write_text(author, encoding="utf-8")

    ended = approve(run, "--dry-run")

    assert ended.code == 1
    assert "another person must approve it" in ended.err
    assert "{+too much+}" in ended.out, "what changed is shown all the same"
