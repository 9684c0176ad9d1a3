"""docs/operations.md: its units, its compose file and its commands are what they claim to be."""

import configparser
import re
import shlex
from pathlib import Path

import pytest

from pipeline.cli.main import TOPICS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
COMMANDS = {name for topic in TOPICS for name, _ in topic.commands}
UNITS = re.findall(r"```ini\n(.+?)```", TEXT, re.DOTALL)


def said() -> list[str]:
    """Every `pipeline …` command of the document, as it is written."""
    inline = re.findall(r"`(pipeline [^`\n]+)`", TEXT)
    blocks = "\n".join(re.findall(r"```sh\n(.+?)```", TEXT, re.DOTALL)).replace("\\\n", "")
    return [*inline, *re.findall(r"^(pipeline .+?)(?:\s+#.*)?$", blocks, re.MULTILINE)]


@pytest.mark.parametrize("line", sorted(set(said())))
def test_every_command_it_names_exists(line: str) -> None:
    words = [word for word in shlex.split(line, comments=True)[1:] if not word.startswith("-")]
    assert not words or words[0] in COMMANDS


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_can_be_read_and_ends_the_process_quietly(unit: str) -> None:
    read = configparser.ConfigParser(strict=True, interpolation=None)
    read.optionxform = str
    read.read_string(unit)

    command = shlex.split(read["Service"]["ExecStart"])
    assert command[0].endswith("/pipeline")
    assert command[1] in COMMANDS
    # SIGTERM is the default, and it lets the batch in hand end.
    assert "KillSignal" not in read["Service"]
    assert int(read["Service"]["TimeoutStopSec"]) >= 60


def test_both_engines_have_their_unit() -> None:
    assert [re.search(r"pipeline (run|worker)", unit)[1] for unit in UNITS] == ["run", "worker"]
