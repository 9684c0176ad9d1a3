"""docs/simulate.md names everything that there is, and its example and its commands work."""

import re
import shlex
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.engine import simulation_file
from pipeline.engine.simulation_checks import EXPECTATIONS
from pipeline.engine.simulation_file import read_script
from pipeline.engine.simulation_scenarios import Scenario
from pipeline.engine.simulation_script import Do, Point
from pipeline.providers.simulated import Arrives, Trouble
from tests.cli.conftest import Run, folder, run

__all__ = ["folder", "run"]

TEXT = (Path(__file__).parents[2] / "docs" / "simulate.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)[0]
COMMANDS = [line for block in re.findall(r"```\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
START = datetime.fromisoformat("2026-01-12T00:00-06:00")


def test_the_table_of_expectations_is_the_list_that_the_program_has() -> None:
    told = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", TEXT, re.MULTILINE))
    assert told == {name: each.meaning for name, each in EXPECTATIONS.items()}


@pytest.mark.parametrize("name", [*Scenario])
def test_every_scenario_is_named(name: str) -> None:
    assert f"`{name}`" in TEXT


@pytest.mark.parametrize("word", [*Do, *Point, *Trouble, *Arrives])
def test_every_word_of_a_script_stands_in_the_example(word: str) -> None:
    assert re.search(rf"\b{word}\b", EXAMPLE)


def test_every_key_of_a_script_stands_in_the_example() -> None:
    keys = {
        field.alias or name
        for model in (simulation_file._File, *simulation_file._TABLES.values())
        for name, field in model.model_fields.items()
    }
    assert {key for key in keys if not re.search(rf"\b{key}\b", EXAMPLE)} == set()


def test_the_example_is_read_whole() -> None:
    script = read_script(EXAMPLE, name="simulate.md", start=START, zone=START.tzinfo)
    assert len(script.moments()) == len(set(re.findall(r'"day .*"', EXAMPLE)))


def test_the_example_can_be_played(run: Run, folder: Path) -> None:
    (folder / "script.toml").write_text(EXAMPLE, encoding="utf-8")
    sample = next(line for line in COMMANDS if "--patients" in line).replace("--days 30", "--days 9")

    always = ",".join(name for name in EXPECTATIONS if name not in {"no-unknown", "all-sent"})
    played = run(*shlex.split(sample)[1:], "--script", "script.toml", "--expect", always)

    assert played.code == 0
    assert "found no moment" not in played.out
