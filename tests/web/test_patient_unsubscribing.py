"""One click, many clicks, hostile clicks: RFC 8058 on the unsubscribe link, and the way back."""

import http.client
import json
import logging
from contextlib import closing
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from pipeline.delivery.states import State
from pipeline.keys import Keyring, TokenPurpose
from pipeline.patients.model import Basis
from pipeline.store import audit, enrollments, overview, patients, suppression
from pipeline.web.patient_door import BODY_LIMIT
from pipeline.web.patient_stopping import AGAIN_WORDING
from tests.actions.dump import dump
from tests.app.sample_clinic import open_copy
from tests.web.conftest import OpenSite, Site

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def is_stopped(site: Site) -> bool:
    with site.clinic.store.read() as tx:
        address = patients.load_patient(tx, site.delivery.patient_id).patient.email
        return suppression.is_suppressed(tx, address)


def raw(site: Site, method: str, path: str, headers: dict[str, str], body: bytes | None = None):
    """What goes over the wire just as it stands here."""
    with closing(http.client.HTTPConnection(urlsplit(site.public.url).netloc, timeout=20)) as connection:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data"},
        {"Content-Type": "multipart/form-data; boundary=" + "x" * 500},
        {"Content-Type": "application/json"},
        {"Cookie": "a=b", "Authorization": "Basic eA==", "Origin": "https://evil.example.org"},
        {"Sec-Purpose": "prefetch"},
    ],
    ids=["nothing", "form", "no boundary", "long boundary", "json", "cookie and foreign origin", "prefetch"],
)
def test_any_post_of_the_link_stops_whatever_it_carries(site: Site, headers: dict[str, str]) -> None:
    status, answered, _ = raw(
        site, "POST", site.link(TokenPurpose.UNSUBSCRIBE), headers, b"--x\r\nList-Unsubscribe=One-Click"
    )

    assert status == 200
    assert "set-cookie" not in {name.lower() for name in answered}
    assert "location" not in {name.lower() for name in answered}
    assert is_stopped(site)


def test_a_body_in_chunks_is_read(site: Site) -> None:
    link = site.link(TokenPurpose.UNSUBSCRIBE)
    assert site.public.post(link, data=iter([b"List-Unsubscribe=", b"One-Click"])).status_code == 200
    assert is_stopped(site)


@pytest.mark.parametrize("page", [TokenPurpose.UNSUBSCRIBE, TokenPurpose.PREFERENCES, TokenPurpose.CALL_ME])
def test_a_body_beyond_all_measure_is_refused_before_it_is_held(site: Site, page: TokenPurpose) -> None:
    before = dump(site.clinic.store)

    answer = site.public.post(site.link(page), data=b"x" * (BODY_LIMIT + 1))

    assert answer.status_code == 413
    assert "Nothing was changed" in answer.text
    assert dump(site.clinic.store) == before


@pytest.mark.parametrize("purpose", list(TokenPurpose))
@pytest.mark.parametrize(
    ("method", "headers"),
    [("GET", {}), ("HEAD", {}), ("OPTIONS", {}), ("GET", {"Sec-Purpose": "prefetch"}),
     ("GET", {"Sec-Purpose": "prefetch;prerender"}), ("GET", {"Purpose": "preview", "X-Moz": "prefetch"}),
     ("PUT", {}), ("DELETE", {}), ("PATCH", {})],
    ids=["get", "head", "options", "prefetch", "prerender", "old prefetch", "put", "delete", "patch"],
)  # fmt: skip
def test_nothing_but_a_post_changes_anything(
    site: Site, purpose: TokenPurpose, method: str, headers: dict[str, str]
) -> None:
    before = dump(site.clinic.store)
    for query in ("", "?by=page", "?choice=stop", "?choice=next", "?answer=yes"):
        status, _, _ = raw(site, method, site.link(purpose) + query, headers)
        assert status == {"OPTIONS": 204, "GET": 200, "HEAD": 200}.get(method, 404)
    assert dump(site.clinic.store) == before


def test_a_link_of_an_older_key_still_works(open_site: OpenSite, prepared, tmp_path) -> None:
    config = prepared.copy(tmp_path / "clinic")
    keys = config.parent / "keys.json"
    old = Keyring.from_text(keys.read_text("utf-8"), name="keys.json")
    keys.write_text(old.rotated().rotated().to_text(), encoding="utf-8")
    assert json.loads(keys.read_text("utf-8"))["current"] != 1
    with open_copy(replace(prepared, folder=config.parent), tmp_path / "again") as clinic:
        site = open_site(clinic)
        link = f"/u/{old.token(TokenPurpose.UNSUBSCRIBE, site.delivery.id)}"
        assert link != site.link(TokenPurpose.UNSUBSCRIBE)

        assert site.public.get(link).status_code == 200
        assert site.public.post(link, data=ONE_CLICK).status_code == 200
        assert is_stopped(site)


def hostile(site: Site) -> dict[str, str]:
    good = site.link(TokenPurpose.UNSUBSCRIBE).rsplit("/", 1)[1]
    stranger = Keyring.generate().token(TokenPurpose.UNSUBSCRIBE, site.delivery.id)
    nobody = site.clinic.keyring.token(TokenPurpose.UNSUBSCRIBE, 2**40)
    return {
        "another clinic's key": stranger,
        "nobody's delivery": nobody,
        "too long": "A" * 5000,
        "NUL inside": good[:-3] + "%00AA",
        "line break": good + "%0d%0aSet-Cookie:%20a=b",
        "SQL": "1'%20OR%201=1--",
        "markup": "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "lone surrogate": "%ED%A0%80" * 8,
        "padding": good + "==",
        "spaces": "%20" + good[1:],
    }


def test_hostile_links_get_the_helpful_page_are_not_echoed_and_not_logged(site: Site, caplog, capfd) -> None:
    caplog.set_level(logging.DEBUG)
    before = dump(site.clinic.store)
    good = site.link(TokenPurpose.UNSUBSCRIBE).rsplit("/", 1)[1]
    tokens = hostile(site)

    for number, (name, token) in enumerate(tokens.items()):
        # Each from an address of its own: who tries many links is slowed down.
        guest = {"X-Forwarded-For": f"198.51.100.{number}"}
        for purpose in ("u", "v", "p", "n", "c"):
            seen = site.public.get(f"/{purpose}/{token}", headers=guest)
            asked = site.public.post(f"/{purpose}/{token}", data=ONE_CLICK, headers=guest)
            assert (seen.status_code, asked.status_code) == (200, 404), name
            assert "This link does not work" in seen.text
            assert "alert(1)" not in seen.text
            assert "set-cookie" not in seen.headers
            assert seen.headers["referrer-policy"] == "no-referrer"
            assert seen.headers["cache-control"] == "no-store"

    assert dump(site.clinic.store) == before
    ours = "\n".join(each.getMessage() for each in caplog.records if not each.name.startswith("urllib3"))
    said = ours + "".join(capfd.readouterr())
    assert not [name for name, token in tokens.items() if token in said]
    assert good not in said


def test_no_token_stands_in_a_log_when_a_page_fails(site: Site, caplog) -> None:
    link = site.link(TokenPurpose.UNSUBSCRIBE)
    caplog.set_level(logging.DEBUG)
    with site.clinic.store.begin() as tx:
        tx.connection.exec_driver_sql("DROP TABLE suppressions")

    assert site.public.post(link, data=ONE_CLICK).status_code == 503
    assert site.public.get(link).status_code == 503

    ours = [each.getMessage() for each in caplog.records if not each.name.startswith("urllib3")]
    assert ours
    assert link.rsplit("/", 1)[1] not in "".join(ours)


# The way back


def test_after_a_stop_the_page_leads_back_by_a_question_of_its_own(site: Site) -> None:
    link = site.link(TokenPurpose.UNSUBSCRIBE)
    stopped = site.public.post(link + "?by=page")
    assert f'href="{link}/again"' in stopped.text
    assert f'href="{link}/again"' in site.public.get(link).text, "also later, from the email"
    before = dump(site.clinic.store)

    asked = site.public.get(f"{link}/again")

    assert "may email you again" in asked.text
    assert dump(site.clinic.store) == before
    assert is_stopped(site)


def test_a_yes_is_recorded_with_its_words_and_lifts_the_stop_once(site: Site) -> None:
    link = site.link(TokenPurpose.UNSUBSCRIBE)
    site.public.post(link, data=ONE_CLICK)

    answer = site.public.post(f"{link}/again")

    assert answer.status_code == 200
    assert "We may email you again" in answer.text
    assert not is_stopped(site)
    after = dump(site.clinic.store)
    with site.clinic.store.read() as tx:
        given = patients.consents_of(tx, [site.delivery.patient_id])[site.delivery.patient_id][-1]
        entry = audit.entries(tx, limit=1)[0]
        assert audit.verify(tx) is None
    assert (given.basis, given.source) == (Basis.CONSENT, "page")
    assert given.wording.startswith(AGAIN_WORDING)
    assert (entry.actor, entry.action) == ("patient:page", "consent")

    assert site.public.post(f"{link}/again").status_code == 200
    assert dump(site.clinic.store) == after, "pressed twice it is one yes"


def test_the_way_back_brings_no_series_back_and_says_so(site: Site) -> None:
    link = site.link(TokenPurpose.UNSUBSCRIBE)
    site.public.post(link, data=ONE_CLICK)
    answer = site.public.post(f"{link}/again")

    assert "does not go on by itself" in answer.text
    with site.clinic.store.read() as tx:
        enrollment = enrollments.load_enrollment(tx, site.delivery.enrollment_id)
        rows = overview.deliveries_of(tx, [site.delivery.enrollment_id])
    assert enrollment.status is enrollments.EnrollmentStatus.ENDED
    assert State.PLANNED not in {row.state for row in rows}


def test_whoever_never_stopped_has_nothing_to_take_back(site: Site) -> None:
    link = f"{site.link(TokenPurpose.UNSUBSCRIBE)}/again"
    before = dump(site.clinic.store)

    assert "Your emails are not stopped" in site.public.get(link).text
    assert site.public.post(link).status_code == 200

    assert dump(site.clinic.store) == before


def test_a_mail_programs_click_never_leads_back(site: Site) -> None:
    link = site.link(TokenPurpose.UNSUBSCRIBE)
    for _ in range(3):
        assert site.public.post(link, data=ONE_CLICK).status_code == 200
        assert is_stopped(site)
