"""``pipeline check`` as an author reads it."""

import shutil
from pathlib import Path

import pytest

from pipeline.app.files import BUNDLED
from pipeline.app.spam import spamassassin
from pipeline.cli.check_command import show_findings
from pipeline.rendering.findings import finding
from tests.cli.conftest import Run

WIDEST = 100


@pytest.fixture
def own(folder: Path) -> Path:
    """A folder with a config.toml and an article of its own."""
    shutil.copy(BUNDLED / "config.toml", folder)
    series = folder / "content" / "mine"
    series.mkdir(parents=True)
    long = "and so it goes on with one more word " * 4
    article = f"# Mine\n\nBook now {long}.\n\nThis is {long}.\n\nAsk about DOMS."
    (series / "article.md").write_text(article, encoding="utf-8")
    return folder


def test_findings_are_told_worst_first_with_what_why_where_and_how_to_mend(run: Run, own: Path) -> None:
    told = run("check", "mine", "--no-spam")
    assert told.code == 1
    codes = [line.split()[1] for line in told.out.splitlines() if line[:1] in "EWA" and line.strip()]
    assert codes[0] == "promotional"
    assert codes[-1] in ("links-insecure", "long-sentences")
    for label in ("what", "why", "mend", "part 1", "where"):
        assert f"\n  {label} " in told.out
    assert max(len(line) for line in told.out.splitlines()) <= WIDEST


def test_what_several_places_share_is_said_once(run: Run, own: Path) -> None:
    told = run("check", "mine", "--no-spam").out
    assert "long-sentences  (2 places)" in told
    assert told.count("cut it in two") == 1
    assert "line 3, " in told
    assert "line 5, " in told


def test_the_last_lines_count_and_say_what_was_not_checked(run: Run, own: Path) -> None:
    told = run("check", "mine", "--no-spam")
    found = run("check", "mine", "--no-spam", "--json").json["findings"]
    severities = [each["severity"] for each in found]
    warnings, advice = severities.count("warning"), severities.count("advice")
    assert f"1 error, {warnings} warnings, {advice} pieces of advice." in told.out
    assert "The spam score was not checked: --no-spam was given." in told.out


def test_without_spamassassin_the_command_says_so(run: Run, own: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    told = run("check", "mine")
    assert "The spam score was not checked: SpamAssassin is not installed." in told.out
    assert "spam-score" not in told.out


@pytest.mark.parametrize("program", [each for each in (spamassassin(),) if each])
def test_with_spamassassin_the_score_is_checked(run: Run, own: Path, program) -> None:
    assert run("check", "mine", "--json").json["spam_checked"] is True


def test_json_has_every_field_of_a_finding(run: Run, own: Path) -> None:
    told = run("check", "mine", "--no-spam", "--json")
    assert told.code == 1
    for each in told.json["findings"]:
        assert set(each) == {
            "code", "severity", "message", "why", "mend", "part", "place", "path", "line",
        }  # fmt: skip
        assert each["why"]
    (long, _) = (each for each in told.json["findings"] if each["code"] == "long-sentences")
    assert (long["line"], long["path"] != "") == (3, True)


def test_an_unknown_family_of_mail_programs_is_told_with_its_nearest_neighbour(run: Run, own: Path) -> None:
    with (own / "config.toml").open("a", encoding="utf-8") as file:
        file.write('\n[checks]\nmail_clients = ["gmial"]\n')
    for command in (("check", "mine"), ("config", "check")):
        told = run(*command)
        assert told.code == 2
        assert "checks.mail_clients" in told.err
        assert 'did you mean "gmail"?' in told.err


def test_parts_with_the_same_finding_share_a_line(capsys) -> None:
    show_findings([finding("size", "Large.", "cut", part=part, place="x") for part in (1, 2, 3, 5)])
    assert "  parts 1, 2, 3, 5  x" in capsys.readouterr().out
    show_findings([finding("size", "Large.", "cut", part=part, place="x") for part in (3, 2, 1)])
    assert "  parts 1-3  x" in capsys.readouterr().out


def test_no_findings_are_said_too(capsys) -> None:
    show_findings([])
    assert capsys.readouterr().out == "No findings.\n"
