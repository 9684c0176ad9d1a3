"""docs/templates.md names every template, variable, slot, colour and finding: no more, no less."""

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from pipeline.rendering import loader
from pipeline.rendering.colours import palette
from pipeline.rendering.findings import CODES
from pipeline.rendering.layout import Figure, Item, ListNode, Node, Shown
from pipeline.rendering.loader import TemplateSource
from pipeline.rendering.model import Slot
from pipeline.rendering.safety import SafetyLevel, SafetyText
from pipeline.rendering.slots import Tokens
from pipeline.rendering.views import PartView, SenderView, context, prepared, setting_for
from tests.rendering.conftest import frame_with, paragraphs, series_of

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
TEXT = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, list[str]]:
    """The table below the header row that begins with ``heading``: first cell to the others."""
    (table,) = re.findall(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()]
    return {first: rest for first, *rest in cells}


def named(heading: str) -> set[str]:
    """Everything in backquotes in the first column of that table."""
    return {name for first in rows(heading) for name in re.findall(r"`([^`]+)`", first)}


def field_names(kind: type, prefix: str) -> set[str]:
    return {f"{prefix}.{each.name}" for each in fields(kind)}


@pytest.fixture(scope="module")
def given() -> dict:
    """What a template is given, as ``views`` makes it."""
    templates = TemplateSource((TEMPLATES,))
    series = series_of(paragraphs("Rest well."))
    setting = setting_for(series, frame_with(), templates)
    tokens = Tokens("0" * 20)
    return context(prepared(series.parts[0], setting), setting, tokens.slots(), tokens=tokens, html=True)


def test_every_template_file_has_a_line() -> None:
    files = {
        path.relative_to(TEMPLATES).as_posix()
        for folder in ("email", "locale")
        for path in (TEMPLATES / folder).iterdir()
    }
    assert named("file") == files


def test_every_style_file_says_what_belongs_there() -> None:
    assert named("style file") == {path.name for path in (TEMPLATES / "email").glob("*.css")}


def test_every_name_that_a_template_is_given_has_a_line(given) -> None:
    assert named("name") == set(given)


def test_every_field_of_the_views_has_a_line() -> None:
    assert named("of a part") == field_names(PartView, "part")
    of_clinic = {name.replace("sender.", "clinic.") for name in field_names(SenderView, "clinic")}
    assert named("of the clinic") == of_clinic
    safety = field_names(SafetyText, "safety") | field_names(SafetyLevel, "level")
    assert named("of the safety text") == safety


def test_every_kind_of_block_has_a_line_with_its_fields() -> None:
    described = rows("kind")
    assert set(described) == {f"`{node.kind}`" for node in get_args(Node)}
    for node in get_args(Node):
        words = set(re.findall(r"`(\w+)`", described[f"`{node.kind}`"][0]))
        parts = {ListNode: Item, Figure: Shown}.get(node)
        inner = {each.name for each in fields(parts)} if parts else set()
        assert words - {"lead", "caption"} == ({each.name for each in fields(node)} | inner) - {"caption"}


def test_every_slot_has_a_line_with_where_it_may_stand() -> None:
    assert named("slot") == {f"slot.{slot.value}" for slot in Slot if slot is not Slot.TRIAL}
    assert all(len(cells) == 2 for cells in rows("slot").values())


def test_every_filter_of_ours_has_a_line() -> None:
    source = Path(loader.__file__).read_text(encoding="utf-8")
    assert named("filter") == set(re.findall(r'environment\.filters\["(\w+)"\] =', source))


def test_every_colour_has_a_line_and_a_twin_for_the_night() -> None:
    light = named("colour")
    assert set(palette("#1f6f6b")) == light | {f"dark-{name}" for name in light}


def test_every_finding_has_a_line_with_its_weight() -> None:
    described = rows("code")
    assert set(described) == {f"`{code}`" for code in CODES}
    for code, known in CODES.items():
        assert described[f"`{code}`"][0].startswith(known.severity.value), code
