"""Every part is valid HTML, by a strict parser always, and by the Nu validator where it is at hand."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.app.authoring import Desk
from pipeline.app.settings import sample_settings
from pipeline.rendering.compile import compile_edition
from pipeline.rendering.compose import compose
from pipeline.rendering.model import Edition
from tests.peers import VNU
from tests.validators import broken, nu_errors, parse_errors

REAL = sorted((Path(__file__).parents[3] / "shared" / "data" / "article").glob("*.txt"))
SERIES = ["first-weeks", *map(str, REAL)]


@pytest.fixture(scope="module")
def editions(make_series, make_frame, rich, frame, templates) -> Mapping[str, Edition]:
    """The series at hand, and every kind of block in both directions of writing."""
    desk = Desk.open(sample_settings())
    found = {Path(each).stem: desk.compiled(each).edition for each in SERIES}
    both = make_frame(catalogs={**frame.catalogs, "he": replace(frame.catalogs["es"], language="he")})
    for language in ("en-US", "es-US", "he-IL"):
        found[language] = compile_edition(make_series(rich, rich, language=language), both, templates)
    return found


@pytest.fixture(scope="module")
def pages(editions: Mapping[str, Edition], make_recipient) -> Mapping[str, str]:
    """Each part with the banner of a trial and without, for a name that could break out of its place."""
    given = "Zoë \"<b> & 'Co'"
    return {
        f"{name}, part {part.number}, trial {trial}": compose(
            edition, part.number, make_recipient(given=given), trial=trial
        ).html
        for name, edition in editions.items()
        for part in edition.parts
        for trial in (True, False)
    }


def test_a_page_with_a_mistake_is_told() -> None:
    assert parse_errors("<!DOCTYPE html><title>x</title><p><div></p>") != []


def test_every_part_is_valid(pages: Mapping[str, str]) -> None:
    assert any('dir="rtl"' in html for html in pages.values())
    assert broken(pages) == {}


@pytest.mark.parametrize("jar", VNU, ids=["vnu"] * len(VNU))
def test_the_nu_validator_finds_no_error(jar: Path, pages: Mapping[str, str], tmp_path: Path) -> None:
    assert nu_errors(jar, pages, tmp_path) == []


@pytest.mark.parametrize("jar", VNU, ids=["vnu"] * len(VNU))
def test_the_nu_validator_is_heard(jar: Path, tmp_path: Path) -> None:
    wrong = "<!DOCTYPE html><html lang='en'><title>x</title><p><div></p></html>"
    assert any("wrong: " in error for error in nu_errors(jar, {"wrong": wrong}, tmp_path))
