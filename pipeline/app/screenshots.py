"""Pictures of every part in every variant, and one sheet that shows them side by side.

In charge of: finding the system's Chromium, taking pictures without any request, laying them out. Not in
charge of: which parts there are (``authoring``) or the words of a command (``cli.render_command``).

Playwright is an extra (``screenshots``): it is imported only here, when a picture is asked for.
"""

import html
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipeline.app.authoring import Compiled
from pipeline.app.files import write_whole
from pipeline.app.samples import SAMPLE_PATIENTS, SamplePatient, browsable, sample_message
from pipeline.errors import EnvironmentRefusedError, TemplateError
from pipeline.rendering.pictures import measure

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

#: What the system may call its Chromium, in the order in which we look.
BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Where a page is for the browser; nothing is ever asked of this name (RFC 2606).
_HOST = "http://email.invalid/"
_HEIGHT = 800
#: Chromium draws no page higher than 16,384 px; the sheet shrinks its pictures to stay well below.
_SHEET_HEIGHT = 15_000
_THUMB = 0.55


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to look at a part; ``width`` in CSS pixels."""

    width: int
    scheme: Literal["light", "dark"] = "light"
    images: bool = True

    @property
    def name(self) -> str:
        """As it stands in file names."""
        return f"{self.width}-{self.scheme}" if self.images else f"{self.width}-images-off"

    @property
    def label(self) -> str:
        """As it stands below a picture."""
        return f"{self.width} px, {self.scheme if self.images else 'pictures off'}"


VARIANTS = (
    Variant(width=375),
    Variant(width=375, scheme="dark"),
    Variant(width=375, images=False),
    Variant(width=640),
    Variant(width=640, scheme="dark"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture that was taken: its file, and its size in pixels."""

    part: int
    title: str
    variant: Variant
    path: Path
    width: int
    height: int


def find_browser() -> str | None:
    """Path of a Chromium on this machine, or None."""
    return next((path for name in BROWSER_NAMES if (path := shutil.which(name))), None)


def take_screenshots(
    compiled: Compiled,
    folder: Path,
    *,
    patient: SamplePatient = SAMPLE_PATIENTS[0],
    on_each: Callable[[], None] = lambda: None,
) -> tuple[Path, ...]:
    """Write a PNG of every part in every variant to ``folder``, and the contact sheet; their paths.

    ``on_each`` is called after every picture. Raises EnvironmentRefusedError without Playwright or a
    browser, and TemplateError for a part that would ask any host for anything.
    """
    with _browser() as browser:
        shots: list[Shot] = []
        for variant in VARIANTS:
            with _camera(browser, variant) as picture:
                for part in compiled.edition.parts:
                    page = browsable(sample_message(compiled, part.number, patient=patient))
                    shots.append(_kept(picture(page, part.number), compiled, part.number, variant, folder))
                    on_each()
        shots.sort(key=lambda shot: shot.part)
        sheet, sheet_picture = folder / "contact-sheet.html", folder / "contact-sheet.png"
        write_whole(sheet, contact_sheet(compiled.series.title, shots))
        write_whole(sheet_picture, _sheet_picture(browser, sheet, shots))
    return (*(shot.path for shot in shots), sheet, sheet_picture)


def contact_sheet(title: str, shots: Sequence[Shot]) -> str:
    """A page that lays ``shots`` side by side, a row for each part; the pictures lie beside it."""
    rows = [list(row) for _, row in groupby(shots, key=lambda shot: shot.part)]
    total = sum(max(shot.height for shot in row) for row in rows) or 1
    scale = min(_THUMB, (_SHEET_HEIGHT - 120 * len(rows)) / total)
    figures = "\n".join(
        f"<h2>{row[0].part}. {html.escape(row[0].title)}</h2>\n<div>"
        + "".join(_figure(shot, scale) for shot in row)
        + "</div>"
        for row in rows
    )
    return (
        '<!DOCTYPE html>\n<html lang="en" dir="ltr">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}: every part</title>\n<style>{_SHEET_STYLE}</style>\n</head>\n<body>\n"
        f"<main>\n<h1>{html.escape(title)}</h1>\n{figures}\n</main>\n</body>\n</html>\n"
    )


_SHEET_STYLE = (
    "body { margin: 0; padding: 24px; background: #ebe8e2; color: #23292e; font: 16px/1.5 sans-serif; "
    "width: max-content; } h1 { font-size: 26px; margin: 0; } h2 { font-size: 19px; margin: 28px 0 8px; } "
    "div { display: flex; gap: 20px; align-items: flex-start; } figure { margin: 0; } "
    "img { display: block; border: 1px solid #b9b3a8; border-radius: 6px; } figcaption { margin-top: 4px; }"
)


def _figure(shot: Shot, scale: float) -> str:
    width, height = round(shot.width * scale), round(shot.height * scale)
    words = f"Part {shot.part}, {shot.variant.label}"
    return (
        f'<figure><img src="{html.escape(shot.path.name)}" width="{width}" height="{height}" '
        f'alt="{words}"><figcaption>{shot.variant.label}</figcaption></figure>'
    )


@contextmanager
def _browser() -> "Iterator[Browser]":
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - an extra that few need
    except ImportError as error:
        raise EnvironmentRefusedError(
            "Screenshots need Playwright, which is not installed.",
            mend="install it with: pip install 'clinic-newsletter-pipeline[screenshots]'",
        ) from error
    path = find_browser()
    if path is None:
        raise EnvironmentRefusedError(
            "Screenshots need a Chromium, and there is none on this machine.",
            mend=f"install the system's package, so that one of these is found: {', '.join(BROWSER_NAMES)}",
        )
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except Error as error:
            raise EnvironmentRefusedError(
                f"The browser {path} did not start: {error.message.splitlines()[0]}",
                mend="start it once by hand and look at what it says",
            ) from error
        yield browser
        browser.close()


@contextmanager
def _camera(browser: "Browser", variant: Variant) -> Iterator[Callable[[str, int], bytes]]:
    """Takes the whole page as PNG. Whatever it asks for is refused, and then told: an email asks nobody."""
    asked: list[str] = []
    shown = ""
    images = "data:" if variant.images else "'none'"

    def answer(route: "Route") -> None:
        if route.request.url == _HOST and route.request.is_navigation_request():
            headers = {"content-security-policy": f"script-src 'none'; img-src {images}"}
            route.fulfill(body=shown, content_type="text/html; charset=utf-8", headers=headers)
        else:
            asked.append(route.request.url)
            route.abort()

    def picture(html_text: str, part: int) -> bytes:
        nonlocal shown
        shown = html_text
        page.goto(_HOST, wait_until="load")
        png = page.screenshot(full_page=True)
        if asked:
            raise TemplateError(
                f"Part {part} asked for {asked[0][:80]!r} when it was shown.",
                mend="take that address out of the template: an email asks nobody for anything",
            )
        return png

    context = browser.new_context(
        viewport={"width": variant.width, "height": _HEIGHT},
        color_scheme=variant.scheme,
        reduced_motion="reduce",
        java_script_enabled=False,
    )
    try:
        context.route("**/*", answer)
        page = context.new_page()
        yield picture
    finally:
        context.close()


def _kept(png: bytes, compiled: Compiled, part: int, variant: Variant, folder: Path) -> Shot:
    path = folder / f"{compiled.series.name}-{part:02d}-{variant.name}.png"
    write_whole(path, png)
    size = measure(png)
    title = next(each.title for each in compiled.edition.parts if each.number == part)
    return Shot(part=part, title=title, variant=variant, path=path, width=size.width, height=size.height)


def _sheet_picture(browser: "Browser", sheet: Path, shots: Sequence[Shot]) -> bytes:
    files = {_HOST + shot.path.name: shot.path for shot in shots} | {_HOST: sheet}

    def answer(route: "Route") -> None:
        path = files.get(route.request.url)
        if path is None:
            route.abort()
        else:
            route.fulfill(path=path)

    context = browser.new_context(viewport={"width": 1600, "height": _HEIGHT}, java_script_enabled=False)
    try:
        context.route("**/*", answer)
        page = context.new_page()
        page.goto(_HOST, wait_until="load")
        box = page.locator("body").bounding_box()
        if box is not None:
            page.set_viewport_size({"width": round(box["width"]), "height": _HEIGHT})
        return page.screenshot(full_page=True)
    finally:
        context.close()
