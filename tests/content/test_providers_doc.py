"""docs/providers.md: its table is what the program says, its examples are configurations that work."""

import re
import tomllib
from pathlib import Path

import pytest

from pipeline.app.mail_api import CAPABILITIES, capability_row
from pipeline.app.settings import sample_settings
from pipeline.config import parse_config
from pipeline.providers.registry import capabilities

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")
SAMPLE = (ROOT / "config.toml").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)


def test_the_table_of_abilities_is_the_programs_own() -> None:
    rows = [capability_row(name, can) for name, can in capabilities(sample_settings()).items()]
    expected = [f"| {' | '.join(row)} |" for row in (CAPABILITIES, *rows)]

    written = [line for line in TEXT.splitlines() if line in expected]

    assert written == expected


def test_each_column_is_explained() -> None:
    assert [name for name in CAPABILITIES[1:] if f"| {name} | " not in TEXT.partition("| column |")[2]] == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_a_configuration_that_is_accepted(example: str) -> None:
    # What only listens is set up beside whichever service sends.
    name = tomllib.loads(example)["provider"].get("name", "outbox")
    config = parse_config(SAMPLE.partition("[provider]")[0] + example, name="example", folder=ROOT)

    assert config.provider.name == name
    assert name in capabilities(config)


def test_every_provider_has_its_paragraph() -> None:
    headings = " ".join(re.findall(r"^## (.+)$", TEXT, re.MULTILINE)).lower()
    named = {"ses": "amazon ses", "http": "any other api", "smtp": "smtp", "outbox": "what each can do"}

    assert [name for name in capabilities(sample_settings()) if named.get(name, name) not in headings] == []
