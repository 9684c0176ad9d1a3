"""A patient's way out: from the link in a real mail to "no more emails", with mouse, and with keys alone."""

import pytest
from lxml import html
from playwright.sync_api import expect

from pipeline.delivery.states import Reason
from pipeline.store import enrollments, overview, patients, suppression
from tests.actions.dump import dump
from tests.journeys.conftest import OpenWindow, Site


def link(mail, words: str) -> str:
    """The address behind a link of the mail's HTML, by its words."""
    page = html.fromstring(mail.get_body(("html",)).get_content())
    return next(a.get("href") for a in page.iter("a") if words in " ".join(a.text_content().split()))


def is_stopped(site: Site, address: str) -> bool:
    with site.clinic.store.read() as tx:
        ids = patients.find_by_address(tx, address)
        running = [each for each in enrollments.enrollments_of(tx, ids) if each.status != "ended"]
        return suppression.is_suppressed(tx, address) and not running


@pytest.mark.parametrize("width", [375, 1200])
def test_by_clicking_the_link_in_the_mail_and_the_button(site: Site, window: OpenWindow, width: int) -> None:
    mail = next(site.mail)
    looker = window(width)
    before = dump(site.clinic.store)

    looker.page.goto(link(mail, "Unsubscribe from these emails"))
    expect(looker.page.get_by_role("heading", level=1)).to_have_text("Stop these emails?")
    assert dump(site.clinic.store) == before, "opening the page changes nothing"
    looker.page.get_by_role("button", name="Yes, stop all emails").click()

    expect(looker.page.get_by_role("heading", level=1)).to_have_text("You will get no more emails")
    assert is_stopped(site, mail["To"])
    assert looker.violations() == []
    assert looker.complaints == []


def test_with_the_keyboard_alone_and_what_has_focus_can_be_seen(site: Site, window: OpenWindow) -> None:
    mail = next(site.mail)
    looker = window(375, "dark")
    looker.page.goto(link(mail, "Unsubscribe from these emails"))

    looker.page.keyboard.press("Tab")
    button = looker.page.get_by_role("button")
    expect(button).to_be_focused()
    assert button.evaluate("element => parseFloat(getComputedStyle(element).outlineWidth)") >= 2
    looker.page.keyboard.press("Enter")

    expect(looker.page.get_by_role("heading", level=1)).to_have_text("You will get no more emails")
    assert is_stopped(site, mail["To"])


def test_not_meant_for_me_stops_and_waits_for_staff(site: Site, window: OpenWindow) -> None:
    mail = next(site.mail)
    looker = window(375)
    looker.page.goto(link(mail, "Tell us, and we will stop"))
    looker.page.get_by_role("button", name="This is not for me").click()
    expect(looker.page.get_by_role("heading", level=1)).to_have_text("Thank you for telling us")

    with site.clinic.store.read() as tx:
        row = overview.find_by_key(tx, mail["X-Delivery-Key"])
        enrollment = enrollments.load_enrollment(tx, row.enrollment_id)
    assert enrollment.reason is Reason.WRONG_PERSON


def test_every_link_of_a_mail_leads_to_a_page_that_says_so(site: Site, window: OpenWindow) -> None:
    mail = next(site.mail)
    looker = window(375)
    headings = {
        "Read this part in your browser": None,
        "Pause them or change how often they come": "Your emails",
        "Tell us, and we will stop": "Not meant for you?",
        "Unsubscribe from these emails": "Stop these emails?",
    }
    for words, heading in headings.items():
        answer = looker.page.goto(link(mail, words))
        assert answer.status == 200
        if heading:
            expect(looker.page.get_by_role("heading", level=1)).to_have_text(heading)


def test_staff_find_their_way_with_the_keyboard(site: Site, window: OpenWindow) -> None:
    looker = window(1200)
    looker.page.goto(site.staff)
    looker.page.keyboard.press("Tab")
    expect(looker.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    looker.page.keyboard.press("Tab")
    looker.page.keyboard.press("Tab")
    expect(looker.page.get_by_role("link", name="Deliveries")).to_be_focused()
    looker.page.keyboard.press("Enter")
    expect(looker.page.get_by_role("heading", level=1)).to_have_text("Deliveries")
    assert looker.page.get_by_role("link", name="Deliveries").get_attribute("aria-current") == "page"
