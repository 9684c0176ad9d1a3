"""Makes the picture of the README from the sample series: run it again when templates change.

    .venv/bin/python docs/make_pictures.py

Needs the development environment and a Chromium. Nothing is fetched.
"""

import base64
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from pipeline.app.authoring import Desk
from pipeline.app.samples import browsable, sample_message
from pipeline.app.settings import sample_settings

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from find_browser import find  # noqa: E402 - the tests' way to find a browser

OUT = ROOT / "docs" / "pictures" / "series.png"
HEIGHT = 760
#: Width of the window, colour scheme, and the caption below it.
SHOTS = ((640, "light", "desktop, light"), (375, "light", "phone, light"), (375, "dark", "phone, dark"))
SHEET = """
<style>
  body { margin: 0; padding: 36px; background: #e7e3dc; display: flex; gap: 28px; align-items: flex-start;
         font: 15px/1.4 system-ui, sans-serif; color: #3a4146; width: max-content }
  figure { margin: 0 } img { display: block; border-radius: 18px; box-shadow: 0 10px 34px rgb(0 0 0 / .18) }
  figcaption { text-align: center; margin-top: 14px }
</style>
"""


def shot(browser: Browser, html: str, width: int, scheme: str) -> bytes:
    """The top of one email as a PNG."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": HEIGHT})
    page = context.new_page()
    page.set_content(html)
    picture = page.screenshot()
    context.close()
    return picture


def sheet(browser: Browser, html: str) -> str:
    """All shots side by side, as one page."""
    shots = [(shot(browser, html, width, scheme), width, caption) for width, scheme, caption in SHOTS]
    figures = [
        f"<figure>{_image(png, width)}<figcaption>{caption}</figcaption></figure>"
        for png, width, caption in shots
    ]
    return SHEET + "".join(figures)


def _image(png: bytes, width: int) -> str:
    return f'<img width="{width}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def main() -> None:
    """Compile the sample series, photograph its second part, write the picture."""
    compiled = Desk.open(sample_settings()).compiled("first-weeks")
    html = browsable(sample_message(compiled, 2, trial=False))
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1518, "height": HEIGHT})
        page.set_content(sheet(browser, html))
        page.screenshot(path=str(OUT), full_page=True)
        browser.close()
    print(f"Wrote {OUT.relative_to(ROOT)}, {OUT.stat().st_size // 1000} KB")


if __name__ == "__main__":
    main()
