"""Pictures of the parts: the sheet that shows them, and what is said where none can be taken."""

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipeline.app.authoring import Compiled, Desk
from pipeline.app.screenshots import (
    BROWSER_NAMES,
    VARIANTS,
    Shot,
    Variant,
    contact_sheet,
    find_browser,
    take_screenshots,
)
from pipeline.app.settings import sample_settings
from pipeline.errors import EnvironmentRefusedError, TemplateError
from pipeline.rendering.pictures import measure
from tests.journeys.conftest import NOT_RUN


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    """The sample series with its first part alone."""
    whole = Desk.open(sample_settings()).compiled("first-weeks")
    return replace(whole, edition=replace(whole.edition, parts=whole.edition.parts[:1]))


@pytest.fixture
def browser_here() -> None:
    if find_browser() is None:
        pytest.skip(NOT_RUN)


def taken(compiled: Compiled, folder: Path, **details: object) -> tuple[Path, ...]:
    """In a thread of its own: other tests of this process keep a browser open in theirs."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(take_screenshots, compiled, folder, **details).result()


def shots(parts: int, height: int) -> list[Shot]:
    return [
        Shot(part=n, title=f"<Part> {n}", variant=each, path=Path(f"{n}-{each.name}.png"), width=each.width,
             height=height)
        for n in range(1, parts + 1)
        for each in VARIANTS
    ]  # fmt: skip


def test_variants_are_both_widths_by_day_and_night_and_a_phone_without_pictures() -> None:
    assert {(each.width, each.scheme) for each in VARIANTS if each.images} == {
        (375, "light"), (375, "dark"), (640, "light"), (640, "dark"),
    }  # fmt: skip
    assert [each for each in VARIANTS if not each.images] == [Variant(width=375, images=False)]
    assert len({each.name for each in VARIANTS}) == len(VARIANTS)


@pytest.mark.parametrize(("parts", "height"), [(1, 900), (5, 3500), (12, 6000)])
def test_the_sheet_shows_every_picture_with_words_and_fits_into_one_image(parts: int, height: int) -> None:
    made = shots(parts, height)
    sheet = contact_sheet("A & B", made)
    assert re.findall(r'src="([^"]+)"', sheet) == [shot.path.name for shot in made]
    assert "<h1>A &amp; B</h1>" in sheet
    assert "<Part>" not in sheet
    heights = [int(each) for each in re.findall(r' height="(\d+)"', sheet)]
    rows = [max(heights[at : at + len(VARIANTS)]) for at in range(0, len(heights), len(VARIANTS))]
    assert sum(rows) + 100 * parts < 16_384
    alts = re.findall(r'alt="([^"]+)"', sheet)
    assert len(set(alts)) == len(made)
    HTMLParser().feed(sheet)


def test_every_variant_is_a_picture_of_its_own(compiled: Compiled, tmp_path: Path, browser_here) -> None:
    seen: list[int] = []
    paths = taken(compiled, tmp_path, on_each=lambda: seen.append(1))
    assert len(seen) == len(VARIANTS)
    assert sorted(paths) == sorted(tmp_path.iterdir())
    pictures = {
        each: (tmp_path / f"{compiled.series.name}-01-{each.name}.png").read_bytes() for each in VARIANTS
    }
    assert {each.width: measure(data).width for each, data in pictures.items()} == {375: 375, 640: 640}
    assert len(set(pictures.values())) == len(VARIANTS)
    assert measure((tmp_path / "contact-sheet.png").read_bytes()).width > 5 * 200


def test_a_part_that_asks_anyone_for_anything_is_refused_by_name(
    compiled: Compiled, tmp_path: Path, browser_here
) -> None:
    part = compiled.edition.parts[0]
    first, *rest = part.html.literals
    asking = first.replace("</head>", "<link rel=stylesheet href='http://tracker.example/x.css'></head>")
    html = replace(part.html, literals=(asking, *rest))
    twisted = replace(compiled, edition=replace(compiled.edition, parts=(replace(part, html=html),)))
    with pytest.raises(TemplateError, match=r"Part 1 asked for 'http://tracker\.example/x\.css'"):
        taken(twisted, tmp_path)


def test_without_a_browser_one_reads_how_to_get_one(
    compiled: Compiled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentRefusedError, match="Chromium") as error:
        take_screenshots(compiled, tmp_path / "out")
    assert BROWSER_NAMES[0] in str(error.value.mend)
    assert not (tmp_path / "out").exists()


def test_without_playwright_one_reads_how_to_get_it(
    compiled: Compiled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(EnvironmentRefusedError, match="Playwright") as error:
        take_screenshots(compiled, tmp_path / "out")
    assert "[screenshots]" in str(error.value.mend)
    assert not (tmp_path / "out").exists()
