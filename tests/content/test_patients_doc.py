"""docs/patients.md says everything that an import can: every column, effect, reason and option."""

import csv
import re
import tomllib
from pathlib import Path

import pytest

from pipeline.actions.effects import Effect
from pipeline.delivery.states import Reason
from pipeline.patients.columns import Field
from pipeline.patients.eligibility import Ineligible
from pipeline.patients.explaining import FIELD_WORDS
from pipeline.patients.mappings import saved_mapping
from pipeline.patients.model import Basis, VisitStatus

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "patients.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "content" / "patients" / "sample.csv"
#: Reasons that an import gives besides those of eligibility.
OF_IMPORTS = {
    Reason.UNSUBSCRIBED, Reason.STOPPED, Reason.NO_LANGUAGE, Reason.NO_SERIES, Reason.NOT_APPROVED,
}  # fmt: skip


def described(heading: str) -> list[str]:
    """The codes in the first column of the tables below a heading."""
    section = TEXT.partition(f"## {heading}")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


def test_every_column_that_is_read_is_described_the_examples_first() -> None:
    header = next(csv.reader(EXAMPLE.read_text(encoding="utf-8").splitlines()))
    columns = described("The example, column by column")
    assert columns[: len(header)] == header
    assert sorted(columns) == sorted(Field)
    assert set(FIELD_WORDS) == set(Field)


def test_every_effect_and_every_reason_against_enrolling_is_described() -> None:
    codes = described("What happened to each row")
    assert sorted(codes) == sorted({*Effect, *Ineligible, *OF_IMPORTS})


@pytest.mark.parametrize("word", [*VisitStatus, *Basis])
def test_every_state_and_ground_is_named(word: str) -> None:
    assert f"`{word}`" in TEXT


def test_the_mapping_shown_is_one_that_can_be_read() -> None:
    shown = re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    mapping = saved_mapping(tomllib.loads(shown[1]))
    assert mapping.answers == {"signed": True, "declined": False}
    assert mapping.columns[Field.EMAIL] == ("Email", "E-mail 2")


@pytest.mark.parametrize("option", sorted(set(re.findall(r"--[a-z][a-z-]+", TEXT))))
def test_every_option_it_names_is_one_of_the_command(option: str) -> None:
    from pipeline.cli import import_options

    source = Path(import_options.__file__).read_text(encoding="utf-8")
    name = option.removeprefix("--").replace("-", " ").title().replace(" ", "")
    assert f'"{option}"' in source or f"{name}: TypeAlias" in source
