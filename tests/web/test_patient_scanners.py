"""Mail scanners, link previews and prefetching browsers: they open everything, and nothing changes."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin

import pytest

from pipeline.app.files import own_and_bundled
from pipeline.app.samples import browsable
from pipeline.delivery.links import links_for
from pipeline.rendering.compose import Recipient, compose
from pipeline.rendering.edition import from_bytes
from pipeline.rendering.loader import TemplateSource
from pipeline.store import editions, overview
from pipeline.web.limits import Act, Limits, Most
from pipeline.web.pages import Pages
from pipeline.web.patient import PatientPages
from tests.actions.dump import dump
from tests.web.conftest import Site, links_in

_LINK = re.compile(r"https?://[^\s<>\"')\]]+")
#: A scanner behind one address opens a whole list's mail; this test is about what it changes.
WITHOUT_LIMITS = Limits({act: Most(link=None, address=None) for act in Act})
LOOKING = [
    ("GET", {}),
    ("HEAD", {}),
    ("OPTIONS", {}),
    ("GET", {"Sec-Purpose": "prefetch"}),
    ("GET", {"User-Agent": "Mail-Scanner/1.0 (+https://scanner.example.org)", "Accept": "*/*"}),
]


@pytest.fixture
def scanned(site: Site) -> Site:
    clinic = site.clinic
    folders = own_and_bundled(clinic.config.folder, "templates")
    pages = Pages(folders, brand_colour=clinic.config.brand.colour)
    catalogs = TemplateSource(folders).catalogs()
    site.public.app = PatientPages(clinic, pages, catalogs, limits=WITHOUT_LIMITS).app()
    return site


def mails(site: Site) -> Iterator[tuple[int, str]]:
    """Every part of the series as its patient gets it: HTML, text and the headers' addresses."""
    clinic, own = site.clinic, site.clinic.config.web.public_url
    with clinic.store.read() as tx:
        rows = overview.deliveries_of(tx, [site.delivery.enrollment_id])
        edition = from_bytes(editions.edition_bytes(tx, site.delivery.edition))
    for row in rows:
        links = links_for(row.id, keyring=clinic.keyring, public_url=own)
        recipient = Recipient(to="somebody@example.org", given="Ana", links=links, key=row.key)
        message = compose(edition, row.part, recipient, trial=False)
        headers = "\n".join(f"{name}: {value}" for name, value in message.headers)
        yield row.part, "\n".join((browsable(message), message.text, headers))
    assert {row.part for row in rows} == {part.number for part in edition.parts}


def own_links(site: Site, text: str, *, page: str = "") -> set[str]:
    """The addresses of our site in a mail, or in the page at ``page``: also those of forms."""
    own = site.clinic.config.web.public_url
    found = {unescape(each) for each in links_in(text)} | (set() if page else set(_LINK.findall(text)))
    absolute = {urljoin(own + page, each) for each in found if not each.startswith(("#", "data:", "mailto:"))}
    return {each.removeprefix(own) for each in absolute if each.startswith(own + "/")}


def crawl(site: Site, start: set[str]) -> set[str]:
    """Every address that can be reached by looking, forms' included: a crawler may try those with GET."""
    seen: set[str] = set()
    todo = set(start)
    while todo:
        path = todo.pop()
        seen.add(path)
        answer = site.public.get(path)
        if answer.headers.get("content-type", "").startswith("text/html"):
            todo |= own_links(site, answer.text, page=path) - seen
    return seen


def test_every_link_of_every_part_and_all_that_lies_behind_them_changes_nothing(scanned: Site) -> None:
    by_part = {part: own_links(scanned, text) for part, text in mails(scanned)}
    kinds = {part: {path.split("/")[1] for path in paths} for part, paths in by_part.items()}
    assert set(map(frozenset, kinds.values())) == {frozenset("ucpnv")}, "all five links in each part"
    before = dump(scanned.clinic.store)

    reached = {path for paths in by_part.values() for path in crawl(scanned, paths)}

    assert {path.rpartition("/")[2] for path in reached} >= {"helpful", "stop"}
    assert any("?choice=stop" in path for path in reached), "also where a button would lead"
    wrong: dict[str, int] = {}
    for path in sorted(reached):
        for method, headers in LOOKING:
            answer = scanned.public.request(method, path, headers=headers)
            if answer.status_code not in {200, 204} and path != "/style.css":
                wrong[f"{method} {path}"] = answer.status_code
            assert "set-cookie" not in answer.headers
    assert wrong == {}
    assert dump(scanned.clinic.store) == before
