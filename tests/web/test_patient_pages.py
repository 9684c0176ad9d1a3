"""Patients' pages: one question, one button, nothing changes by looking, and an answer whatever happens."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.delivery.states import Reason, State
from pipeline.keys import TokenPurpose
from pipeline.rendering.edition import from_bytes
from pipeline.store import audit, editions, enrollments, overview, patients, suppression
from pipeline.store.database import Store
from pipeline.web.choosing import CHOICES
from tests.actions.dump import dump
from tests.app.sample_clinic import open_copy
from tests.web.conftest import OpenSite, Site, links_in, message

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
#: What the button of a choice sends beside its address.
FORMS = {"pause": {"weeks": "2"}}
ASKING = (TokenPurpose.UNSUBSCRIBE, TokenPurpose.PREFERENCES, TokenPurpose.NOT_ME)
#: What a patient's page may weigh on a bad line, style sheet apart.
PAGE_BYTES = 30_000


def address_of(site: Site) -> str:
    with site.clinic.store.read() as tx:
        return patients.load_patient(tx, site.delivery.patient_id).patient.email


def suppressed(site: Site) -> bool:
    with site.clinic.store.read() as tx:
        return suppression.is_suppressed(tx, address_of(site))


@pytest.mark.parametrize("purpose", list(TokenPurpose))
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(site: Site, purpose: TokenPurpose, method: str) -> None:
    before = dump(site.clinic.store)

    answer = site.public.request(method, site.link(purpose))

    assert answer.status_code == 200
    assert dump(site.clinic.store) == before


def test_every_link_of_a_real_mail_opens_a_page_and_changes_nothing(site: Site, prepared) -> None:
    mail = message(prepared.mail[0])
    html = mail.get_body(("html",)).get_content()
    own = site.clinic.config.web.public_url
    leading_here = {link for link in links_in(html) if link.startswith(own)}
    before = dump(site.clinic.store)

    for link in leading_here:
        assert site.public.get(link.removeprefix(own)).status_code == 200, link

    assert {link.removeprefix(own).split("/")[1] for link in leading_here} == {"c", "n", "p", "u", "v"}
    assert f"<{own}{site_path(mail['List-Unsubscribe'], own)}>" == mail["List-Unsubscribe"]
    assert dump(site.clinic.store) == before


def site_path(header: str, own: str) -> str:
    return header.strip("<>").removeprefix(own)


@pytest.mark.parametrize(
    "body",
    [{"data": ONE_CLICK}, {"files": {"List-Unsubscribe": (None, "One-Click")}}, {}, {"data": b"\xff" * 9}],
    ids=["form", "multipart", "empty", "garbage"],
)
def test_one_click_stops_everything_in_any_encoding_and_twice_is_once(site: Site, body) -> None:
    link = site.link(TokenPurpose.UNSUBSCRIBE)

    assert site.public.post(link, **body).status_code == 200
    assert suppressed(site)
    after = dump(site.clinic.store)

    assert site.public.post(link, **body).status_code == 200
    assert dump(site.clinic.store) == after
    with site.clinic.store.read() as tx:
        assert audit.verify(tx) is None
        (entry,) = audit.entries(tx, limit=1)
    assert (entry.actor, entry.action) == ("patient:one_click", "unsubscribe")


def test_after_the_answer_nothing_more_goes_to_that_address(site: Site) -> None:
    site.public.post(site.link(TokenPurpose.UNSUBSCRIBE), data=ONE_CLICK)
    with site.clinic.store.read() as tx:
        row = site.delivery
        left = overview.deliveries_of(tx, [row.enrollment_id])
    assert {each.state for each in left} <= {State.ACCEPTED, State.SKIPPED, State.CANCELED}
    provider = site.clinic.provider()
    sent_before = dump(site.clinic.store)["batch_members"]
    for days in range(1, 30):
        site.clinic.clock.moment += timedelta(days=1)
        site.clinic.dispatcher(provider).tick(site.clinic.clock())
        assert days
    provider.close()
    with site.clinic.store.read() as tx:
        again = overview.deliveries_of(tx, [row.enrollment_id])
    assert {each.id for each in again if each.sending_at} == {each.id for each in left if each.sending_at}
    assert len(dump(site.clinic.store)["batch_members"]) > len(sent_before), "others still get theirs"


def test_the_button_of_the_page_is_told_apart_from_a_mail_programs_click(site: Site) -> None:
    link = site.link(TokenPurpose.UNSUBSCRIBE)
    (action,) = re.findall(r'<form method="post" action="([^"]*)"', site.public.get(link).text)

    answer = site.public.post(link + action)

    assert answer.status_code == 200
    with site.clinic.store.read() as tx:
        assert audit.entries(tx, limit=1)[0].actor == "patient:page"


def test_stop_this_series_ends_it_and_keeps_the_address(site: Site) -> None:
    site.public.post(site.link(TokenPurpose.PREFERENCES) + "?choice=stop")

    with site.clinic.store.read() as tx:
        enrollment = enrollments.load_enrollment(tx, site.delivery.enrollment_id)
    assert enrollment.reason is Reason.STOPPED
    assert not suppressed(site)


def test_not_me_holds_the_rest_for_staff(site: Site) -> None:
    site.public.post(site.link(TokenPurpose.NOT_ME))

    with site.clinic.store.read() as tx:
        enrollment = enrollments.load_enrollment(tx, site.delivery.enrollment_id)
        waiting = overview.list_deliveries(tx, overview.Filter(reason=Reason.WRONG_PERSON))
    assert enrollment.reason is Reason.WRONG_PERSON
    assert waiting


def test_the_preferences_page_lists_what_is_to_come_by_the_patients_own_day(site: Site) -> None:
    link, coming = site.link(TokenPurpose.PREFERENCES), planned_of(site, site.delivery.enrollment_id)
    shown = site.public.get(link).text

    assert shown.count("<li><b>") == len(coming) > 0
    for row in coming:
        assert f"{row.due_at.astimezone(ZoneInfo(row.zone)):%A, %B %-d, %Y}" in shown

    site.public.post(link + "?choice=stop")
    gone = site.public.get(link).text
    assert "You stopped this series." in gone
    assert "<li><b>" not in gone


@pytest.mark.parametrize("choice", ["next", "pause", "slower", "stop"])
def test_every_button_of_the_preferences_page_does_what_it_says_and_twice_is_harmless(
    site: Site, choice: str
) -> None:
    link = site.link(TokenPurpose.PREFERENCES)
    before = planned_of(site, site.delivery.enrollment_id)

    first = site.public.post(f"{link}?choice={choice}", data=FORMS.get(choice))
    after = planned_of(site, site.delivery.enrollment_id)
    second = site.public.post(f"{link}?choice={choice}", data=FORMS.get(choice))

    assert (first.status_code, second.status_code) == (200, 200)
    assert CHOICES[choice].done_heading in first.text
    assert [(row.part, row.due_at) for row in after] != [(row.part, row.due_at) for row in before]
    assert (after == []) == (choice in {"pause", "stop"})


def test_a_post_without_a_button_changes_nothing(site: Site) -> None:
    before = dump(site.clinic.store)
    assert site.public.post(site.link(TokenPurpose.PREFERENCES)).status_code == 200
    assert site.public.post(site.link(TokenPurpose.PREFERENCES) + "?choice=erase").status_code == 200
    assert dump(site.clinic.store) == before


def planned_of(site: Site, enrollment_id: int):
    with site.clinic.store.read() as tx:
        rows = overview.deliveries_of(tx, [enrollment_id])
    return [row for row in rows if row.state is State.PLANNED]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: "sample",
        lambda token: "%00" * 20,
        lambda token: "é" * 32,
        lambda token: "..%2f..%2fetc%2fpasswd",
    ],
    ids=["cut", "longer", "changed", "sample", "nul", "not ascii", "path"],
)
def test_a_wrong_link_is_a_helpful_page_and_changes_nothing(site: Site, spoil, method: str) -> None:
    path, token = site.link(TokenPurpose.UNSUBSCRIBE).rsplit("/", 1)
    before = dump(site.clinic.store)

    answer = site.public.request(method, f"{path}/{spoil(token)}")

    assert answer.status_code == (200 if method == "GET" else 404), (
        "only a POST is told that nothing was done"
    )
    assert site.clinic.config.clinic.phone in answer.text
    assert site.clinic.config.sender.reply_to in answer.text
    assert "This link does not work" in answer.text
    assert dump(site.clinic.store) == before


@pytest.mark.parametrize("purpose", list(TokenPurpose))
def test_a_token_opens_only_what_it_was_made_for(site: Site, purpose: TokenPurpose) -> None:
    token = site.link(purpose).rsplit("/", 1)[1]
    before = dump(site.clinic.store)
    for other in TokenPurpose:
        if other is not purpose:
            path = site.link(other).rsplit("/", 1)[0]
            assert "This link does not work" in site.public.get(f"{path}/{token}").text
            assert site.public.post(f"{path}/{token}").status_code == 404
    assert dump(site.clinic.store) == before


def test_the_link_of_an_erased_patient_leads_to_the_helpful_page(site: Site) -> None:
    link = site.link(TokenPurpose.UNSUBSCRIBE)
    with site.clinic.store.begin() as tx:
        patients.erase_patient(tx, site.delivery.patient_id)

    assert "This link does not work" in site.public.get(link).text
    assert site.public.post(link).status_code == 404


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Another process holds the database's write lock."""
    with closing(sqlite3.connect(folder / "pipeline.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@pytest.fixture
def impatient(open_site: OpenSite, prepared, tmp_path) -> Iterator[Site]:
    """A site whose database gives up after a tenth of a second."""
    with open_copy(prepared, tmp_path / "clinic") as clinic:
        database = f"sqlite:///{tmp_path / 'clinic' / 'pipeline.db'}"
        with Store.open(database, clinic.keyring, patience=timedelta(seconds=0.1)) as store:
            yield open_site(replace(clinic, store=store))


@pytest.mark.parametrize("purpose", ASKING)
def test_while_the_database_is_locked_a_button_answers_503_and_looking_works(
    impatient: Site, tmp_path, purpose: TokenPurpose
) -> None:
    link = impatient.link(purpose)
    button = link + ("?choice=stop" if purpose is TokenPurpose.PREFERENCES else "")
    before = dump(impatient.clinic.store)

    with locked(tmp_path / "clinic"):
        assert impatient.public.get(link).status_code == 200
        answer = impatient.public.post(button)

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert impatient.clinic.config.clinic.phone in answer.text
    assert dump(impatient.clinic.store) == before
    assert impatient.public.post(button).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_database_every_page_says_try_again(site: Site, tmp_path, method: str, capfd) -> None:
    link = site.link(TokenPurpose.UNSUBSCRIBE)
    site.clinic.store.close()
    for name in ("pipeline.db", "pipeline.db-wal", "pipeline.db-shm"):
        (tmp_path / "clinic" / name).unlink(missing_ok=True)
    (tmp_path / "clinic" / "pipeline.db").write_bytes(b"overwritten by something else " * 40)

    answer = site.public.request(method, link)

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "try again" in answer.text
    assert "Traceback" not in capfd.readouterr().err


PAGES = [*TokenPurpose, "nothing", "style.css", "healthz"]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_safe_small_and_loads_nothing_from_elsewhere(site: Site, page) -> None:
    link = site.link(page) if isinstance(page, TokenPurpose) else f"/{page}"

    answer = site.public.get(link)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "script-src" not in policy
    assert "form-action" in policy
    assert "set-cookie" not in answer.headers
    assert "<script" not in answer.text
    assert len(answer.content) < PAGE_BYTES
    loaded = re.findall(
        r"""<(?:link|img|iframe|form|source)\b[^>]*?(?:href|src|action)=["']([^"']*)""", answer.text
    )
    assert [address for address in loaded if "//" in address and not address.startswith("data:")] == []
    if page not in {"style.css", "healthz"}:
        assert re.search(r'<html[^>]*\blang="en(-US)?"', answer.text)


def test_the_page_of_a_part_shows_what_was_mailed_and_its_pictures(site: Site) -> None:
    answer = site.public.get(site.link(TokenPurpose.VIEW))

    assert "cid:" not in answer.text
    assert "in your browser" not in answer.text, "it is there already"
    assert site.link(TokenPurpose.UNSUBSCRIBE) in answer.text, "its own links work"
    with site.clinic.store.read() as tx:
        given = patients.load_patient(tx, site.delivery.patient_id).patient.given
    assert given in answer.text
    assert address_of(site) not in answer.text


def test_the_page_of_a_part_leads_to_the_earlier_ones_and_no_further(site: Site) -> None:
    link, own = site.link(TokenPurpose.VIEW), site.delivery.part
    with site.clinic.store.read() as tx:
        parts = from_bytes(editions.edition_bytes(tx, site.delivery.edition)).parts
    assert own > 1

    for number in range(1, own + 1):
        shown = site.public.get(f"{link}?part={number}").text
        assert f">{parts[number - 1].title}</h1>" in shown
        assert f'href="?part={number}" aria-current="page"' in shown
        assert f"?part={own + 1}" not in shown
    for mischief in (own + 1, 0, "x", "9" * 5000, "-1"):
        assert f">{parts[own - 1].title}</h1>" in site.public.get(f"{link}?part={mischief}").text


def test_no_page_but_the_mail_itself_names_the_patient(site: Site) -> None:
    with site.clinic.store.read() as tx:
        person = patients.load_patient(tx, site.delivery.patient_id).patient
    for purpose in (*ASKING, TokenPurpose.CALL_ME):
        shown = site.public.get(site.link(purpose)).text
        for value in (person.given, person.family, person.email, person.record):
            assert value not in shown


def test_a_name_cannot_break_out_of_the_page(site: Site) -> None:
    evil = '<script>alert("1")</script>'
    with site.clinic.store.begin() as tx:
        person = patients.load_patient(tx, site.delivery.patient_id).patient
        patients.save_patients(tx, [replace(person, given=evil)], now=site.clinic.clock())

    shown = site.public.get(site.link(TokenPurpose.VIEW)).text

    assert "<script" not in shown
    assert "alert(" in shown, "it is shown, as text"


def test_a_clinics_name_is_text_and_not_markup(open_site: OpenSite, prepared, tmp_path) -> None:
    with open_copy(prepared, tmp_path / "clinic") as clinic:
        named = clinic.config.clinic.model_copy(update={"name": "A <b>& B", "phone_hours": "<i>always</i>"})
        config = clinic.config.model_copy(update={"clinic": named})
        site = open_site(replace(clinic, config=config))
        shown = site.public.get(site.link(TokenPurpose.UNSUBSCRIBE)).text
    assert "<b>&" not in shown
    assert "A &lt;b&gt;&amp; B" in shown
    assert "<i>always" not in shown


def test_below_a_path_of_the_clinics_own_site_the_style_sheet_is_found_there(
    open_site: OpenSite, prepared, tmp_path
) -> None:
    with open_copy(prepared, tmp_path / "clinic") as clinic:
        web = clinic.config.web.model_copy(update={"public_url": "https://clinic.example.org/mail/"})
        site = open_site(replace(clinic, config=clinic.config.model_copy(update={"web": web})))
        shown = site.public.get(site.link(TokenPurpose.UNSUBSCRIBE)).text
    assert 'href="/mail/style.css"' in shown
    assert 'action="?by=page"' in shown, "a form that leads to the page itself works below any path"
    assert 'href="/mail/p/' in shown


def test_while_it_is_paused_the_page_says_so_and_not_that_nothing_comes(site: Site) -> None:
    link = site.link(TokenPurpose.PREFERENCES)
    assert site.public.post(f"{link}?choice=pause", data=FORMS["pause"]).status_code == 200

    shown = site.public.get(link).text

    assert "They are paused" in shown
    assert "No more parts" not in shown


@pytest.mark.parametrize("choice", ["next", "pause", "slower", "stop"])
def test_each_choice_answers_503_while_the_database_is_locked_and_then_works(
    impatient: Site, tmp_path, choice: str
) -> None:
    link = f"{impatient.link(TokenPurpose.PREFERENCES)}?choice={choice}"
    before = dump(impatient.clinic.store)

    with locked(tmp_path / "clinic"):
        answer = impatient.public.post(link, data=FORMS.get(choice))

    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert dump(impatient.clinic.store) == before
    assert impatient.public.post(link, data=FORMS.get(choice)).status_code == 200
    assert dump(impatient.clinic.store) != before


@pytest.mark.parametrize("query", ["", "?choice=", "?choice=nonsense", "?choice=stop"])
def test_only_a_pressed_button_changes_anything(site: Site, query: str) -> None:
    link = site.link(TokenPurpose.PREFERENCES)
    before = dump(site.clinic.store)

    assert site.public.get(link + query).status_code == 200
    if query != "?choice=stop":
        assert site.public.post(link + query).status_code == 200

    assert dump(site.clinic.store) == before
