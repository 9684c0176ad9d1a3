"""Both sites of the sample clinic over real HTTP: one server each, every test puts its clinic behind it."""

import email
import email.policy
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.actions import stopping
from pipeline.app.clinic import Clinic
from pipeline.app.files import own_and_bundled
from pipeline.delivery.states import State
from pipeline.keys import TokenPurpose
from pipeline.rendering.loader import TemplateSource
from pipeline.store import overview
from pipeline.store.overview import DeliveryRow
from pipeline.web.pages import Pages
from pipeline.web.patient import PatientPages
from pipeline.web.preview import Source
from pipeline.web.server import bind, serving
from pipeline.web.staff import StaffPages
from tests.app.sample_clinic import Prepared, open_copy, shared

PATHS = {
    TokenPurpose.VIEW: "v", TokenPurpose.UNSUBSCRIBE: "u", TokenPurpose.PREFERENCES: "p",
    TokenPurpose.NOT_ME: "n", TokenPurpose.CALL_ME: "c",
}  # fmt: skip


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Prepared:
    return shared(tmp_path_factory)


class Visitor:
    """Whoever opens pages: a browser, a mail program, a scanner. Keeps no cookie, follows no redirect."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None
        self.url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)

    def request(self, method: str, path: str, **details: object) -> requests.Response:
        return requests.request(method, self.url + path, timeout=20, allow_redirects=False, **details)

    def get(self, path: str, **details: object) -> requests.Response:
        return self.request("GET", path, **details)

    def post(self, path: str, **details: object) -> requests.Response:
        return self.request("POST", path, **details)


@dataclass(frozen=True)
class Visitors:
    staff: Visitor
    public: Visitor


@pytest.fixture(scope="session")
def visitors() -> Iterator[Visitors]:
    both = Visitors(staff=Visitor(), public=Visitor())
    with ExitStack() as running:
        for each in (both.staff, both.public):
            each.url = running.enter_context(serving(each, bind("127.0.0.1", 0)))
        yield both


@dataclass(frozen=True)
class Site:
    """One clinic's pages, and the ways to address them."""

    clinic: Clinic
    staff: Visitor
    public: Visitor
    #: A part that went to a patient who still had parts to come when the site opened.
    delivery: DeliveryRow

    def link(self, purpose: TokenPurpose, delivery: DeliveryRow | None = None) -> str:
        """Path of a patient's page, as it stands in a mail."""
        token = self.clinic.keyring.token(purpose, (delivery or self.delivery).id)
        return f"/{PATHS[purpose]}/{token}"


OpenSite = Callable[..., Site]


@pytest.fixture
def open_site(visitors: Visitors, prepared: Prepared) -> OpenSite:
    """Put a clinic's pages behind the running servers."""

    def put(
        clinic: Clinic, folders: tuple[Path, ...] | None = None, preview: Source = lambda: prepared.compiled
    ) -> Site:
        folders = folders or own_and_bundled(clinic.config.folder, "templates")
        pages = Pages(folders, brand_colour=clinic.config.brand.colour)
        visitors.staff.app = StaffPages(clinic, pages, preview).app()
        visitors.public.app = PatientPages(clinic, pages, TemplateSource(folders).catalogs()).app()
        return Site(clinic=clinic, staff=visitors.staff, public=visitors.public, delivery=sent_to(clinic))

    return put


def sent_to(clinic: Clinic) -> DeliveryRow:
    with clinic.store.read() as tx:
        sent = overview.list_deliveries(tx, overview.Filter(states=[State.ACCEPTED]))
        return next(each for each in sent if stopping.coming(tx, each))


@pytest.fixture
def site(open_site: OpenSite, prepared: Prepared, tmp_path: Path) -> Iterator[Site]:
    with open_copy(prepared, tmp_path / "clinic") as clinic:
        yield open_site(clinic)


def message(path: Path) -> email.message.EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def links_in(html: str) -> list[str]:
    """Every address that a page leads to or loads."""
    return re.findall(r"""(?:href|src|action)\s*=\s*["']([^"']*)["']""", html)
