"""Every command explains itself, and a slip of the pen gets words."""

import pytest

from pipeline import __version__
from pipeline.cli.main import TOPICS
from tests.cli.conftest import Run

COMMANDS = [name for topic in TOPICS for name, _ in topic.commands]
WITHIN = [("config", "check"), ("user", "add"), ("user", "list"), ("audit", "verify")]


def test_the_first_help_names_every_command_with_its_line(run: Run) -> None:
    shown = run("--help")

    assert shown.code == 0
    for topic in TOPICS:
        assert topic.heading in shown.out
        for name, line in topic.commands:
            assert f"  {name}" in shown.out
            assert line in shown.out


@pytest.mark.parametrize("words", [(name,) for name in COMMANDS] + WITHIN, ids=" ".join)
def test_every_command_has_a_help_that_says_what_it_does(run: Run, words: tuple[str, ...]) -> None:
    shown = run(*words, "--help")

    assert shown.code == 0
    assert " ".join(("Usage: pipeline", *words)) in shown.out
    assert "--help" in shown.out
    assert len(shown.out.split("Usage")[1].split("Options")[0].split()) > 6, "a sentence, not only a name"


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version").out.strip() == __version__


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("spilt",), "No such command 'spilt'"),
        (("status", "--nope"), "No such option: --nope"),
        (("status", "--delivery", "one"), "--delivery"),
        (("calendar", "P-1001"), "unexpected extra argument"),
        (("import", "patients.csv", "--date-order", "any"), "--date-order"),
        (("import", "patients.csv", "--wording", "x", "--basis", "hope"), "--basis"),
        (("demo", "--days", "0", "--exit"), "--days"),
        (("user", "add", "ana"), "--display"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_command_that_is_written_wrong_ends_with_2_and_names_the_word(
    run: Run, folder, words, says
) -> None:
    ended = run(*words)

    assert ended.code == 2
    assert says in ended.err
    assert list(folder.iterdir()) == []


def test_without_words_the_help_is_shown(run: Run) -> None:
    ended = run()

    assert ended.code == 2
    assert "pipeline COMMAND --help" in ended.out + ended.err
