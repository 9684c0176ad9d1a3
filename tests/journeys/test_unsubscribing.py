"""A patient's way out: from the link in a real mail to "no more emails", with mouse, and with keys alone."""

import pytest
from lxml import html
from playwright.sync_api import expect

from pipeline.delivery.states import Reason
from pipeline.store import calls, enrollments, overview, patients, suppression
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

    button = looker.page.get_by_role("button")
    # Before it stand the clinic's phone and what to do in an emergency.
    for _ in range(3):
        looker.page.keyboard.press("Tab")
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


def test_the_way_back_is_a_question_and_a_yes_of_its_own(site: Site, window: OpenWindow) -> None:
    mail = next(site.mail)
    looker = window(375)
    looker.page.goto(link(mail, "Unsubscribe from these emails"))
    looker.page.get_by_role("button", name="Yes, stop all emails").click()
    looker.page.get_by_role("link", name="I want these emails again").click()
    expect(looker.page.get_by_role("heading", level=1)).to_have_text("Get our emails again?")
    assert is_stopped(site, mail["To"])

    looker.page.get_by_role("button", name="Yes, you may email me again").click()

    expect(looker.page.get_by_role("heading", level=1)).to_have_text("We may email you again")
    with site.clinic.store.read() as tx:
        assert not suppression.is_suppressed(tx, mail["To"])
    assert looker.complaints == []


def test_more_pain_than_expected_is_two_presses_from_the_mail_to_the_call_list(
    site: Site, window: OpenWindow
) -> None:
    mail = site.kept
    looker = window(320)
    looker.page.goto(link(mail, "More pain than expected? Ask us to call you"))
    expect(looker.page.get_by_text("Chest pain")).to_be_visible()
    looker.page.get_by_role("button", name="Please call me").click()
    expect(looker.page.get_by_role("heading", level=1)).to_have_text("We will call you")

    with site.clinic.store.read() as tx:
        row = overview.find_by_key(tx, mail["X-Delivery-Key"])
        assert row.patient_id in {call.patient_id for call in calls.open_calls(tx)}


def test_a_break_is_chosen_in_the_date_field_without_any_script(site: Site, browser) -> None:
    mail = next(site.mail)
    context = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 800})
    page = context.new_page()
    page.goto(link(mail, "Pause them or change how often they come"))
    last = page.get_by_label("Or until a day that you choose:").get_attribute("max")
    page.get_by_label("Or until a day that you choose:").fill(last)
    page.get_by_role("button", name="Pause until this day").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your emails are paused")

    page.get_by_role("button", name="Start them again now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your emails go on")
    context.close()


def test_every_link_of_a_mail_leads_to_a_page_that_says_so(site: Site, window: OpenWindow) -> None:
    mail = site.kept
    looker = window(375)
    headings = {
        "Read this part in your browser": None,
        "Pause them or change how often they come": "Your emails",
        "More pain than expected? Ask us to call you": "More pain than you expected?",
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
    here = looker.page.get_by_role("link", name="Deliveries", exact=True)
    assert here.get_attribute("aria-current") == "page"
