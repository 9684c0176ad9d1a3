"""A real Chromium before a real clinic: staff and patients' pages, and mail whose links lead to them."""

import email
import email.policy
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import tomlkit
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from pipeline.app.authoring import Desk
from pipeline.app.clinic import Clinic
from pipeline.app.clock import SetClock
from pipeline.app.files import own_and_bundled
from pipeline.config import load_config
from pipeline.delivery.states import Reason, State
from pipeline.rendering.loader import TemplateSource
from pipeline.store import overview
from pipeline.store.schema import deliveries
from pipeline.web.pages import Pages
from pipeline.web.patient import PatientPages
from pipeline.web.server import bind, serving
from pipeline.web.staff import StaffPages
from tests.app.sample_clinic import MOMENT, shared
from tests.find_browser import find

NOT_RUN = "Browser tests not run: no Chromium here (install the package 'chromium' to run them)"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium; with CI=true it must be there, elsewhere one line says that it is not."""
    path = find()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("a Chromium must be there with CI=true", pytrace=False)
        pytest.skip(NOT_RUN)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@dataclass(frozen=True)
class Site:
    """Both sites of one clinic, and the mail it sent."""

    clinic: Clinic
    staff: str
    public: str
    #: A mail that no journey stops.
    kept: email.message.EmailMessage
    #: One for each journey that changes something for good.
    mail: Iterator[email.message.EmailMessage]


@pytest.fixture(scope="session")
def site(browser, tmp_path_factory) -> Iterator[Site]:
    """The sample clinic some days later, with things that need a person."""
    folder = tmp_path_factory.mktemp("journey")
    config = shared(tmp_path_factory).copy(folder)
    with ExitStack() as running:
        staff, public = bind("127.0.0.1", 0), bind("127.0.0.1", 0)
        _set_public_url(config, f"http://127.0.0.1:{public.getsockname()[1]}")
        clock = SetClock(MOMENT)
        clinic = running.enter_context(Clinic.open(load_config(config), clock=clock, environment={}))
        _play(clinic, clock, days=7)
        kept, *rest = _one_mail_each(folder / "outbox")
        _lose_one(clinic)
        folders = own_and_bundled(folder, "templates")
        pages = Pages(folders, brand_colour=clinic.config.brand.colour)
        preview = Desk.open(clinic.config).previewing("first-weeks")
        patient_pages = PatientPages(clinic, pages, TemplateSource(folders).catalogs())
        yield Site(
            clinic=clinic,
            staff=running.enter_context(serving(StaffPages(clinic, pages, preview).app(), staff)),
            public=running.enter_context(serving(patient_pages.app(), public)),
            kept=kept,
            mail=iter(rest),
        )


def _set_public_url(config: Path, url: str) -> None:
    document = tomlkit.parse(config.read_text(encoding="utf-8"))
    document["web"]["public_url"] = url
    config.write_text(tomlkit.dumps(document), encoding="utf-8")


def _play(clinic: Clinic, clock: SetClock, *, days: int) -> None:
    provider = clinic.provider()
    for _ in range(days * 24):
        clock.moment += timedelta(hours=1)
        clinic.dispatcher(provider).tick(clock.moment)
    provider.close()


def _lose_one(clinic: Clinic) -> None:
    """One outcome that nobody knows."""
    with clinic.store.begin() as tx:
        row = overview.list_deliveries(tx, overview.Filter(states=[State.ACCEPTED]), limit=1)[0]
        lost = {"state": State.UNKNOWN.value, "reason": Reason.LEASE_EXPIRED.value}
        tx.connection.execute(deliveries.update().where(deliveries.c.id == row.id).values(lost))


def _one_mail_each(outbox: Path) -> list[email.message.EmailMessage]:
    """The newest mail of every patient, so that what one journey stops is not another one's."""
    mails = sorted(map(_message, outbox.rglob("*.eml")), key=lambda mail: mail["Date"].datetime)
    return list({mail["To"]: mail for mail in mails}.values())


def _message(path: Path) -> email.message.EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


class Looker:
    """One window: what it loads, what its console says, and what axe-core finds."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def violations(self, *only: str) -> list[str]:
        """What axe-core has against the page, of any impact; by all its rules, or ``only`` these."""
        chosen = {"runOnly": list(only)} if only else {}
        options = {"resultTypes": ["violations"], "iframes": False, **chosen}
        found = Axe().run(self.page, options=options)
        return [
            f"{each['id']} ({each['impact']}): {each['help']}; {each['nodes'][0]['target']}"
            for each in found.response["violations"]
        ]

    def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )


OpenWindow = Callable[..., Looker]


@pytest.fixture
def window(browser) -> Iterator[OpenWindow]:
    """Open a window of this width and colour scheme."""
    with ExitStack() as open_now:

        def make(width: int = 1200, scheme: str = "light") -> Looker:
            context = browser.new_context(
                viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
            )
            open_now.callback(context.close)
            return Looker(context.new_page())

        yield make
