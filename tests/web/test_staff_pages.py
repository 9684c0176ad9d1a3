"""Staff pages: this machine only, records instead of names, nothing changes by looking, words for faults."""

import re
from dataclasses import replace
from urllib.parse import urljoin

import pytest
import requests

from pipeline.actions.halting import halt
from pipeline.delivery.states import Reason, State
from pipeline.errors import Place, SeriesError
from pipeline.store import overview, patients
from pipeline.store.schema import deliveries
from tests.actions.dump import dump
from tests.app.sample_clinic import open_copy
from tests.web.conftest import OpenSite, Site, links_in

START = ("/", "/deliveries", "/preview", "/healthz", "/style.css")


def every_page(site: Site) -> dict[str, requests.Response]:
    """Every page that can be reached by following links and frames, by address."""
    found: dict[str, requests.Response] = {}
    wanted = list(START)
    while wanted:
        path = wanted.pop()
        if path in found or "//" in path or path.startswith(("tel:", "mailto:", "data:", "#")):
            continue
        found[path] = site.staff.get(path)
        # What stands inside an email leads to patients' pages and samples, not to staff's.
        if "text/html" in found[path].headers["content-type"] and not path.endswith("/email"):
            wanted += [urljoin(path, link.replace("&amp;", "&")) for link in links_in(found[path].text)]
    return found


def test_every_link_leads_somewhere_and_looking_changes_nothing(site: Site) -> None:
    before = dump(site.clinic.store)

    pages = every_page(site)

    assert {path: page.status_code for path, page in pages.items() if page.status_code != 200} == {}
    parts = len(site.clinic.config.schedule.days)
    assert len([path for path in pages if path.endswith("/email")]) == parts
    for path in pages:
        assert site.staff.request("HEAD", path).status_code == 200, path
    assert dump(site.clinic.store) == before


def test_no_page_shows_a_patients_name_or_address_and_every_page_is_safe(site: Site) -> None:
    with site.clinic.store.read() as tx:
        people = [row.patient for row in patients.list_patients(tx, limit=100)]
    assert len(people) > 10
    # Names of the sample patients that are also words of the article or of a page would prove nothing.
    private = {value for each in people for value in (each.given, each.family, each.email) if value} - {
        "Sample"
    }

    pages = every_page(site)

    for path, page in pages.items():
        shown = {value for value in private if re.search(rf"\b{re.escape(value)}\b", page.text)}
        assert shown == set(), path
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert "script-src" not in page.headers["content-security-policy"]
        assert "set-cookie" not in page.headers
        assert "<script" not in page.text
    assert any(each.record in pages["/deliveries"].text for each in people), "records stand for people"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.7:8620", ""]
)
@pytest.mark.parametrize("path", ["/", "/deliveries", "/style.css", "/nothing"])
def test_a_foreign_host_is_refused_before_anything_is_shown(site: Site, host: str, path: str) -> None:
    answer = site.staff.get(path, headers={"Host": host})

    assert answer.status_code == 400
    assert site.clinic.config.clinic.name not in answer.text
    assert answer.headers["content-security-policy"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written_to_staff_pages(site: Site, method: str) -> None:
    assert {site.staff.request(method, path).status_code for path in START} == {405}


@pytest.mark.parametrize(
    "path", ["/nothing", "/preview/parts/99", "/preview/parts/0/email", "/preview/parts/x", "/deliveries/1"]
)
def test_an_address_that_leads_nowhere_is_a_page_in_words(site: Site, path: str) -> None:
    answer = site.staff.get(path)

    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert 'href="/deliveries"' in answer.text


@pytest.mark.parametrize(
    "query",
    ["state=nonsense", "before=x", "before=-1", "before=" + "9" * 40, "before=%D9%A3", "state=&before="],
)
def test_a_query_that_makes_no_sense_shows_the_list_all_the_same(site: Site, query: str) -> None:
    assert site.staff.get(f"/deliveries?{query}").status_code == 200


def test_the_list_filters_by_state_and_pages_through_everything_once(site: Site) -> None:
    with site.clinic.store.read() as tx:
        counts = overview.count_by_state(tx)
    for state, count in counts.items():
        seen, path = 0, f"/deliveries?state={state.value}"
        while path:
            text = site.staff.get(path).text
            seen += text.count('<div role="row">') - 1
            older = re.search(r'href="([^"]*before=[^"]*)"', text)
            path = older.group(1).replace("&amp;", "&") if older else ""
        assert seen == count, state


def test_today_shows_what_needs_a_person_in_words(site: Site) -> None:
    row = site.delivery
    with site.clinic.store.begin() as tx:
        lost = {"state": State.UNKNOWN.value, "reason": Reason.LEASE_EXPIRED.value}
        tx.connection.execute(deliveries.update().where(deliveries.c.id == row.id).values(lost))
        record = patients.load_patient(tx, row.patient_id).patient.record

    shown = site.staff.get("/").text

    needing = shown.split("<h2>What needs you</h2>")[1].split("<h2>What goes out next</h2>")[0]
    assert record in needing
    assert "Not known whether it went" in needing
    assert "the program stopped in the middle of sending" in needing


@pytest.mark.parametrize("series", [None, "first-weeks"])
def test_today_says_that_sending_is_stopped_and_how_to_go_on(site: Site, series: str | None) -> None:
    assert "Sending is stopped" not in site.staff.get("/").text
    with site.clinic.store.begin() as tx:
        halt(tx, series, actor="staff:ana", now=site.clinic.clock())

    shown = site.staff.get("/").text

    assert "Sending is stopped" in shown
    assert "--resume" in shown
    assert series is None or "--series first-weeks" in shown


def test_a_trial_is_told_on_every_page(site: Site) -> None:
    for path in ("/", "/deliveries", "/preview", "/nothing"):
        assert "Trial: no patient is mailed" in site.staff.get(path).text


def test_the_preview_shows_each_part_as_mail_text_source_and_headers(site: Site, prepared) -> None:
    for part in prepared.compiled.edition.parts:
        base = f"/preview/parts/{part.number}"
        assert part.subject in site.staff.get(base).text
        assert "sandbox" in site.staff.get(f"{base}/email").headers["content-security-policy"]
        assert "<pre" in site.staff.get(f"{base}?look=text").text
        assert "&lt;html" in site.staff.get(f"{base}?look=source").text
        assert "List-Unsubscribe" in site.staff.get(f"{base}?look=headers").text


def test_a_title_cannot_break_out_of_a_page(open_site: OpenSite, prepared, tmp_path) -> None:
    evil = "<script>alert(1)</script>\"'"
    compiled = prepared.compiled
    parts = tuple(replace(part, title=evil, subject=evil) for part in compiled.edition.parts)
    twisted = replace(
        compiled,
        edition=replace(compiled.edition, parts=parts),
        series=replace(compiled.series, title=evil),
        findings=tuple(replace(each, message=evil, mend=evil, place=evil) for each in compiled.findings),
    )
    with open_copy(prepared, tmp_path / "clinic") as clinic:
        site = open_site(clinic, preview=lambda: twisted)
        pages = [site.staff.get(path).text for path in ("/preview", "/preview/parts/1")]
    for page in pages:
        assert "<script" not in page
        assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("path", ["/preview", "/preview/parts/1", "/preview/parts/1/email"])
def test_a_series_that_does_not_compile_is_a_page_with_place_and_mend(
    open_site: OpenSite, prepared, tmp_path, path: str
) -> None:
    def broken():
        where = Place(file="content/first-weeks/series.toml", line=7)
        raise SeriesError("Part 2 is empty.", where=where, mend="give it a heading")

    with open_copy(prepared, tmp_path / "clinic") as clinic:
        answer = open_site(clinic, preview=broken).staff.get(path)

    assert answer.status_code == 422
    for words in ("Part 2 is empty.", "content/first-weeks/series.toml, line 7", "give it a heading"):
        assert words in answer.text


def test_a_fault_of_ours_is_a_page_and_one_line_without_what_it_was_about(
    open_site: OpenSite, prepared, tmp_path, caplog, capfd
) -> None:
    def faulty():
        raise RuntimeError("rose.sample@example.org")

    with open_copy(prepared, tmp_path / "clinic") as clinic:
        site = open_site(clinic, preview=faulty)
        answer = site.staff.get("/preview")
        # The line is written right after the answer; the next answer comes after it.
        assert site.staff.get("/healthz").status_code == 200

    assert answer.status_code == 500
    assert "That did not work" in answer.text
    told = answer.text + caplog.text + capfd.readouterr().err
    assert "rose.sample" not in told
    assert "Traceback" not in told
    assert "RuntimeError in test_staff_pages.py" in caplog.text


def test_without_a_database_staff_are_told_what_to_do(site: Site, tmp_path, capfd) -> None:
    site.clinic.store.close()
    for name in ("pipeline.db-wal", "pipeline.db-shm"):
        (tmp_path / "clinic" / name).unlink(missing_ok=True)
    (tmp_path / "clinic" / "pipeline.db").write_bytes(b"overwritten by something else " * 40)

    for path in ("/", "/deliveries", "/healthz"):
        answer = site.staff.get(path)
        assert answer.status_code == 503
        assert "not a database" in answer.text
        assert "backup" in answer.text
    assert "Traceback" not in capfd.readouterr().err


def test_health_says_when_the_next_mail_is_due(site: Site) -> None:
    with site.clinic.store.read() as tx:
        due = overview.next_due(tx)

    assert site.staff.get("/healthz").json() == {"status": "ok", "next_due": due.isoformat()}
