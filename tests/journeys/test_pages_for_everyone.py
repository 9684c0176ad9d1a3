"""Every page on a phone and a desktop, by day and by night: no barrier, nothing sideways, nothing foreign."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from pipeline.delivery.states import State
from pipeline.keys import TokenPurpose
from pipeline.store import overview
from pipeline.store.schema import editions
from tests.journeys.conftest import OpenWindow, Site

STAFF = ("/", "/deliveries", "/preview", "/preview/parts/1", "/preview/parts/1?look=text", "/nothing")
PATHS = {"v": TokenPurpose.VIEW, "u": TokenPurpose.UNSUBSCRIBE, "p": TokenPurpose.PREFERENCES,
         "n": TokenPurpose.NOT_ME, "c": TokenPurpose.CALL_ME}  # fmt: skip
LOOKS = [(375, "light"), (375, "dark"), (1200, "light"), (1200, "dark")]


def patients_pages(site: Site) -> list[str]:
    """Of a patient who got several parts: each page, an earlier part, and a link that was cut off."""
    with site.clinic.store.read() as tx:
        sent = overview.list_deliveries(tx, overview.Filter(states=[State.ACCEPTED]), limit=100)
    row = next(each for each in sent if each.part > 1)
    token = site.clinic.keyring.token
    links = {path: f"/{path}/{token(purpose, row.id)}" for path, purpose in PATHS.items()}
    below = [f"{links['p']}/stop", f"{links['p']}/helpful", f"{links['u']}/again"]
    return [*links.values(), *below, f"{links['v']}?part=1", "/u/cut-off"]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("who", ["staff", "patients"])
def test_no_page_has_a_barrier_scrolls_sideways_or_asks_anyone_else(
    site: Site, window: OpenWindow, who: str, width: int, scheme: str
) -> None:
    start = site.staff if who == "staff" else site.public
    looker = window(width, scheme)
    # At night only the colours differ.
    rules = ("color-contrast", "link-in-text-block") if scheme == "dark" else ()
    found: dict[str, object] = {}
    for path in STAFF if who == "staff" else patients_pages(site):
        looker.page.goto(start + path, wait_until="load")
        found[f"{path} axe"] = looker.violations(*rules)
        found[f"{path} overflow"] = looker.overflow()

    assert {what: problem for what, problem in found.items() if problem} == {}
    assert {urlsplit(url).netloc for url in looker.asked} == {urlsplit(start).netloc}
    refused = "Failed to load resource: the server responded with a status of 404 (Not Found)"
    assert [text for text in looker.complaints if text != refused] == []


def test_no_page_scrolls_sideways_at_320_pixels(site: Site, window: OpenWindow) -> None:
    """WCAG 2.2, 1.4.10: what a desktop at 400 % shows."""
    looker = window(320)
    wide: dict[str, int] = {}
    for start, paths in ((site.staff, STAFF), (site.public, patients_pages(site))):
        for path in paths:
            looker.page.goto(start + path)
            wide[path] = looker.overflow()
    assert {path: pixels for path, pixels in wide.items() if pixels > 0} == {}


def test_on_a_phone_a_table_is_cards_that_screen_readers_still_know_as_a_table(
    site: Site, window: OpenWindow
) -> None:
    looker = window(375)
    looker.page.goto(site.staff)

    table = looker.page.get_by_role("region", name="What goes out next").get_by_role("table")
    assert table.get_by_role("columnheader").count() == 3
    first = table.get_by_role("row").nth(1)
    assert first.get_by_role("cell").count() == 3
    left = [cell.bounding_box()["x"] for cell in first.get_by_role("cell").all()]
    assert len(set(left)) == 1, "one below the other"


@pytest.fixture
def spanish(site: Site) -> Iterator[None]:
    """The clinic's series as if it were written in Spanish; put back afterwards."""
    with site.clinic.store.begin() as tx:
        before = tx.connection.scalar(select(editions.c.language).limit(1))
        tx.connection.execute(update(editions).values(language="es-US"))
    yield
    with site.clinic.store.begin() as tx:
        tx.connection.execute(update(editions).values(language=before))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_spanish_at_320_pixels_no_page_for_patients_has_a_barrier(
    site: Site, window: OpenWindow, spanish: None, scheme: str
) -> None:
    looker = window(320, scheme)
    found: dict[str, object] = {}
    for path in patients_pages(site):
        looker.page.goto(site.public + path, wait_until="load")
        own = path != "/u/cut-off"
        if own and not path.startswith("/v/"):
            assert looker.page.locator("html").get_attribute("lang") == "es-US"
            assert looker.page.get_by_text("Emergencia: llame al 911").first.is_visible()
        found[f"{path} axe"] = looker.violations()
        found[f"{path} overflow"] = looker.overflow()
    assert {what: problem for what, problem in found.items() if problem} == {}


def test_what_patients_press_is_large_and_nothing_is_small_or_cut_off_at_twice_the_size(
    site: Site, window: OpenWindow
) -> None:
    """WCAG 2.2, 1.4.4 and 2.5.5: text at 200 %, targets of 44 pixels."""
    looker = window(375)
    small: dict[str, object] = {}
    for path in patients_pages(site):
        looker.page.goto(site.public + path)
        small[f"{path} text"] = looker.page.evaluate(_SMALL_TEXT)
        if not path.startswith("/v/"):
            small[f"{path} targets"] = looker.page.evaluate(_SMALL_TARGETS)
            looker.page.evaluate("document.documentElement.style.fontSize = '225%'")
            small[f"{path} doubled"] = looker.overflow()
    assert {what: problem for what, problem in small.items() if problem} == {}


#: Text below 16 pixels, by its words.
_SMALL_TEXT = """() => [...document.querySelectorAll("p, li, a, button, label, summary, h1, h2")]
  .filter(each => each.checkVisibility() && parseFloat(getComputedStyle(each).fontSize) < 16)
  .map(each => each.textContent)"""
#: What is pressed and stands alone (not inside a sentence), and is lower than 44 pixels.
_SMALL_TARGETS = """() => [...document.querySelectorAll("button, input, summary, .tap, .phone")]
  .filter(each => each.checkVisibility() && each.getBoundingClientRect().height < 44)
  .map(each => `${each.textContent} ${each.getBoundingClientRect().height}`)"""
