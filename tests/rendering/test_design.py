"""The design in a real browser: readable on a phone, at night, without pictures, for a screen reader."""

import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from pipeline.article.model import BlockKind, Run
from pipeline.rendering.compile import compile_edition
from pipeline.rendering.compose import compose
from pipeline.rendering.embedding import embedded

BROWSERS = [
    path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))
][:1]

pytestmark = pytest.mark.parametrize("browser", BROWSERS, indirect=True)


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=request.param, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def show(browser: Browser, make_recipient) -> Iterator:
    contexts = []
    asked: list[str] = []

    def open_part(edition, part: int, *, width: int, scheme: str, trial: bool = False) -> Page:
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        message = compose(edition, part, make_recipient(given="Wilhelmina-Charlotte"), trial=trial)
        page.set_content(embedded(message.html, message.pictures))
        return page

    yield open_part
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(("data:", "about:"))] == [], "something was fetched"


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (640, "dark")])
def test_axe_finds_no_violation_of_any_impact(show, edition, width: int, scheme: str) -> None:
    page = show(edition, 2, width=width, scheme=scheme, trial=True)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


@pytest.mark.parametrize("width", [320 // 2, 320, 375, 1280])
def test_nothing_is_wider_than_the_screen_not_even_at_two_hundred_percent(show, edition, width: int) -> None:
    page = show(edition, 2, width=width, scheme="light")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_table_of_many_columns_stays_on_a_phone(show, blocks, make_series, frame, templates) -> None:
    cells = tuple((Run(text="Rehabilitation"),) for _ in range(7))
    words = " | ".join(cell[0].text for cell in cells)
    for header in (True, False):
        blocks.add(BlockKind.TABLE_ROW, words, cells=cells, header=header, group=1)
    wide = compile_edition(make_series(tuple(blocks.made)), frame, templates)

    page = show(wide, 1, width=375, scheme="light")

    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_the_column_is_never_wider_than_six_hundred(show, edition) -> None:
    page = show(edition, 2, width=1280, scheme="light")
    assert page.evaluate("document.querySelector('.column').getBoundingClientRect().width") == 600


def test_no_words_are_smaller_than_sixteen_pixels_and_lines_stand_apart(show, edition) -> None:
    page = show(edition, 2, width=375, scheme="light", trial=True)
    sizes = page.evaluate(
        """() => [...document.querySelectorAll('p, li, a, h1, h2, h3, th, td.data-cell')]
          .filter(e => e.innerText.trim() && e.offsetParent)
          .map(e => [e.tagName, getComputedStyle(e)])
          .map(([tag, s]) => [tag, parseFloat(s.fontSize), parseFloat(s.lineHeight)])
          .map(([tag, size, line]) => [tag, size, line / size])"""
    )
    assert min(size for _, size, _ in sizes) >= 16
    assert min(height for tag, _, height in sizes if tag in ("P", "LI") and height) >= 1.4
    body = [size for tag, size, _ in sizes if tag == "LI"]
    assert set(body) == {18}


def test_what_is_pressed_with_a_thumb_is_large_enough(show, edition) -> None:
    page = show(edition, 2, width=375, scheme="light")
    heights = page.evaluate(
        "() => [...document.querySelectorAll('a.button, a.tap')].map(e => e.getBoundingClientRect().height)"
    )
    assert len(heights) == 3
    assert min(heights) >= 44


def test_dark_mode_is_dark_and_light_mode_is_light(show, edition) -> None:
    def brightness(page: Page, selector: str) -> int:
        return page.evaluate(
            f"getComputedStyle(document.querySelector('{selector}')).backgroundColor.match(/\\d+/g).map(Number)[0]"
        )

    for selector in (".page", ".card", ".next"):
        assert brightness(show(edition, 2, width=375, scheme="light"), selector) > 200
        assert brightness(show(edition, 2, width=375, scheme="dark"), selector) < 60


def test_a_printed_part_is_black_on_white_without_its_button(show, edition) -> None:
    page = show(edition, 2, width=640, scheme="light")
    page.emulate_media(media="print")
    assert not page.locator(".action").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 0, 0)"
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
        == "rgb(255, 255, 255)"
    )


def test_a_printed_draft_still_says_that_it_is_one(show, edition) -> None:
    page = show(edition, 2, width=640, scheme="light", trial=True)
    page.emulate_media(media="print")
    assert page.get_by_text("This is a draft for checking.").is_visible()


def test_progress_is_told_in_words_and_by_shape_not_by_colour_alone(show, edition) -> None:
    page = show(edition, 2, width=375, scheme="light")
    assert page.get_by_text("Part 2 of 3 · 1 minute to read").is_visible()
    thick, thin = (
        page.evaluate(
            "step => { const cell = document.querySelector(step);"
            " return cell.offsetHeight - 2 * parseFloat(getComputedStyle(cell).borderTopWidth) }",
            step,
        )
        for step in (".done", ".ahead")
    )
    assert thick >= 2 * thin > 0


def test_right_to_left_mirrors_the_page(show, series, make_frame, templates) -> None:
    frame = make_frame()
    catalogs = {"he": replace(frame.catalogs["es"], language="he")}
    edition = compile_edition(replace(series, language="he-IL"), make_frame(catalogs=catalogs), templates)
    page = show(edition, 2, width=375, scheme="light")
    sides = page.evaluate(
        "(() => { const s = getComputedStyle(document.querySelector('.emergency'));"
        " return [parseFloat(s.borderRightWidth), parseFloat(s.borderLeftWidth)] })()"
    )
    assert sides == [6, 0]
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert Axe().run(page).response["violations"] == []


def test_the_greeting_is_where_a_screen_reader_expects_it(show, edition) -> None:
    page = show(edition, 2, width=375, scheme="light")
    words = page.get_by_role("main").inner_text()
    assert (
        words.index("Part 2 of 3")
        < words.index("Hello Wilhelmina-Charlotte,")
        < words.index("Why it can hurt")
    )
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_role("link", name="Unsubscribe from these emails").count() == 1
