"""What a patient may change about a series: each button's answer says what happens now and how to undo it."""

import re
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.actions import enrolling
from pipeline.delivery.states import Reason, State
from pipeline.keys import TokenPurpose
from pipeline.store import enrollments, overview
from pipeline.store.calls import CallReason, open_calls
from pipeline.store.enrollments import Enrollment, EnrollmentStatus
from pipeline.web import questions
from pipeline.web.choosing import LONGEST_BREAK
from tests.actions.dump import dump
from tests.web.conftest import Site


def enrollment_of(site: Site) -> Enrollment:
    with site.clinic.store.read() as tx:
        return enrollments.load_enrollment(tx, site.delivery.enrollment_id)


def planned(site: Site) -> list[int]:
    with site.clinic.store.read() as tx:
        rows = overview.deliveries_of(tx, [site.delivery.enrollment_id])
    return [row.part for row in rows if row.state is State.PLANNED]


def today(site: Site) -> date:
    return site.clinic.clock().astimezone(ZoneInfo(site.delivery.zone)).date()


def preferences(site: Site) -> str:
    return site.link(TokenPurpose.PREFERENCES)


def in_words(day: date) -> str:
    return f"{day:%A, %B %-d, %Y}"


@pytest.mark.parametrize("weeks", list(questions.BREAKS))
def test_a_ready_made_break_says_until_when_and_how_to_end_it(site: Site, weeks: int) -> None:
    answer = site.public.post(preferences(site) + "?choice=pause", data={"weeks": str(weeks)})

    until = today(site) + timedelta(weeks=weeks)
    assert enrollment_of(site).paused_until == until
    assert in_words(until) in answer.text
    assert f'action="{preferences(site)}?choice=resume"' in answer.text
    assert planned(site) == []
    assert in_words(until) in site.public.get(preferences(site)).text


@pytest.mark.parametrize("days", [1, 9, LONGEST_BREAK.days])
def test_any_day_within_half_a_year_may_be_chosen(site: Site, days: int) -> None:
    until = today(site) + timedelta(days=days)
    form = {"until": until.isoformat()}

    assert site.public.post(preferences(site) + "?choice=pause", data=form).status_code == 200
    first = dump(site.clinic.store)
    assert enrollment_of(site).paused_until == until
    assert site.public.post(preferences(site) + "?choice=pause", data=form).status_code == 200
    assert dump(site.clinic.store) == first, "the same day twice is one wish"


@pytest.mark.parametrize(
    "form",
    [
        {}, {"until": ""}, {"until": "soon"}, {"until": "2026-02-30"}, {"until": "<script>"}, {"weeks": "99"},
        {"weeks": "-1"}, {"until": "9999-12-31"}, {"until": "0001-01-01"}, {"until": "{today}"},
        {"until": "{after}"},
    ],
    ids=lambda form: str(form) or "nothing",
)  # fmt: skip
def test_a_day_that_is_none_is_asked_for_again_and_changes_nothing(site: Site, form: dict[str, str]) -> None:
    after = today(site) + LONGEST_BREAK + timedelta(days=1)
    form = {name: text.format(today=today(site), after=after) for name, text in form.items()}
    before = dump(site.clinic.store)

    answer = site.public.post(preferences(site) + "?choice=pause", data=form)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert in_words(today(site) + timedelta(days=1)) in answer.text
    assert "<script" not in answer.text
    assert dump(site.clinic.store) == before


def test_the_page_itself_names_the_limits_of_the_date_field(site: Site) -> None:
    shown = site.public.get(preferences(site)).text
    first, last = today(site) + timedelta(days=1), today(site) + LONGEST_BREAK
    assert f'min="{first}" max="{last}"' in shown


def test_a_break_can_be_ended_from_its_answer_and_the_parts_come_again(site: Site) -> None:
    before = planned(site)
    answer = site.public.post(preferences(site) + "?choice=pause", data={"weeks": "1"})
    (undo,) = re.findall(r'<form class="undo" method="post" action="([^"]+)"', answer.text)

    ended = site.public.post(undo)

    assert "Your emails go on" in ended.text
    assert enrollment_of(site).status is EnrollmentStatus.ACTIVE
    assert planned(site) == before
    assert "Nothing had to be changed" in site.public.post(undo).text


def test_the_next_part_now_is_promised_for_the_day_that_the_ledger_has(site: Site) -> None:
    answer = site.public.post(preferences(site) + "?choice=next")

    with site.clinic.store.read() as tx:
        rows = overview.deliveries_of(tx, [site.delivery.enrollment_id])
    row = next(row for row in rows if row.state is State.PLANNED)
    assert in_words(row.due_at.astimezone(ZoneInfo(row.zone)).date()) in answer.text


def test_a_series_is_stopped_after_a_question_only(site: Site) -> None:
    before = dump(site.clinic.store)
    asked = site.public.get(preferences(site) + "/stop")
    (action,) = re.findall(r'<form method="post" action="([^"]+)"', asked.text)
    assert "Stop this series?" in asked.text
    assert dump(site.clinic.store) == before

    stopped = site.public.post(action)

    assert "This series has stopped" in stopped.text
    assert enrollment_of(site).reason is Reason.STOPPED
    shown = site.public.get(preferences(site)).text
    assert "You stopped this series." in shown
    assert "choice=" not in shown, "no button is left that could do nothing"


@pytest.mark.parametrize("choice", ["next", "pause", "slower", "resume"])
def test_what_the_clinic_holds_offers_no_button_and_none_works(site: Site, choice: str) -> None:
    with site.clinic.store.begin() as tx:
        enrolling.hold(tx, enrollment_of(site), site.clinic.dating(actor="staff:ana"), reason=Reason.NO_SHOW)
    shown = site.public.get(preferences(site)).text
    assert "They are on hold at the moment" in shown
    assert "?choice=" not in shown
    assert enrollment_of(site).reason is Reason.NO_SHOW

    assert site.public.post(f"{preferences(site)}?choice={choice}", data={"weeks": "1"}).status_code == 200

    assert enrollment_of(site).status is EnrollmentStatus.HELD


@pytest.mark.parametrize("purpose", [each for each in TokenPurpose if each is not TokenPurpose.VIEW])
def test_phone_and_emergency_text_stand_on_every_page_and_every_answer(
    site: Site, purpose: TokenPurpose
) -> None:
    link = site.link(purpose)
    for page in (site.public.get(link), site.public.post(link), site.public.get("/u/cut-off")):
        assert f'href="tel:{site.clinic.config.clinic.phone.replace(" ", "")}"' in page.text
        assert "Emergency: call 911" in page.text.partition("<main")[0], "before anything else"
        assert "Chest pain" in page.text
    view = site.public.get(site.link(TokenPurpose.VIEW)).text
    assert "Emergency: call 911" in view.partition("<h1")[0]


# Asking for a call, and saying whether a part helped


def calls(site: Site):
    with site.clinic.store.read() as tx:
        return [each for each in open_calls(tx) if each.reason is CallReason.PAIN]


def test_asking_for_a_call_takes_a_press_and_stands_on_the_list_once(site: Site) -> None:
    link = site.link(TokenPurpose.CALL_ME)
    asked = site.public.get(link)
    assert "More pain than you expected?" in asked.text
    assert "<details" in asked.text
    assert " open>" in asked.text, "the emergency signs are read before the button"
    assert calls(site) == []

    answers = [site.public.post(link) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}
    assert "Your request is on our call list" in answers[0].text
    assert site.clinic.config.clinic.phone_hours in answers[0].text
    (call,) = calls(site)
    assert call.patient_id == site.delivery.patient_id


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_whether_it_helped_takes_a_press_too_and_can_be_answered_again(site: Site, answer: str) -> None:
    link = f"{preferences(site)}/helpful"
    before = dump(site.clinic.store)
    for looked in (site.public.get(link), site.public.get(f"{link}?answer={answer}"), site.public.post(link)):
        assert "Was this part helpful?" in looked.text
    assert dump(site.clinic.store) == before

    thanks = site.public.post(f"{link}?answer={answer}")
    kept = dump(site.clinic.store)

    assert "Thank you for your answer" in thanks.text
    assert f'href="{link}"' in thanks.text, "the way to change it"
    assert kept != before
    assert site.public.post(f"{link}?answer={answer}").status_code == 200
    assert dump(site.clinic.store) == kept, "said twice it counts once"
    other = {"yes": "no", "no": "yes"}[answer]
    site.public.post(f"{link}?answer={other}")
    ((_, first, *_),) = kept["helpful"]
    ((_, last, *_),) = dump(site.clinic.store)["helpful"]
    assert (first, last) == (answer == "yes", other == "yes"), "the last answer counts"


def test_the_part_in_the_browser_asks_whether_it_helped_and_its_pictures_are_the_clinics_own(
    site: Site,
) -> None:
    shown = site.public.get(site.link(TokenPurpose.VIEW)).text
    assert f'href="{preferences(site)}/helpful"' in shown
    pictures = re.findall(r'<img[^>]*?src="([^"]+)"', shown)
    assert pictures
    for address in pictures:
        assert address.startswith("/v/")
        picture = site.public.get(address.replace("&amp;", "&"))
        assert picture.headers["content-type"].startswith("image/")
        assert picture.content[:4] in {b"\x89PNG", b"\xff\xd8\xff\xe0"}
    for number in ("99", "-1", "x", "1e3"):
        assert site.public.get(f"{site.link(TokenPurpose.VIEW)}/pictures/{number}").status_code == 404
    assert "?part=1" in shown, "an earlier part asks nothing"
    assert "/helpful" not in site.public.get(site.link(TokenPurpose.VIEW) + "?part=1").text
