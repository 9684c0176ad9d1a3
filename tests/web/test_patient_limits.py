"""How often a link and an address may be used: exact windows, bounded memory, nobody kept from stopping."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.app.files import own_and_bundled
from pipeline.keys import TokenPurpose
from pipeline.rendering.loader import TemplateSource
from pipeline.store import patients, suppression
from pipeline.web.limits import USUAL, WINDOW_SECONDS, Act, Limits, Most, Window, network
from pipeline.web.pages import Pages
from pipeline.web.patient import PatientPages
from tests.actions.dump import dump
from tests.web.conftest import Site


@settings(deadline=None, max_examples=200)
@given(
    most=st.integers(1, 5),
    steps=st.lists(st.integers(0, 120).map(lambda quarters: quarters / 4), max_size=40),
)
def test_no_stretch_of_the_windows_length_ever_holds_more_than_allowed(most: int, steps: list[float]) -> None:
    window, now, let_in = Window(most, seconds=10.0), 0.0, []
    for step in steps:
        now += step
        wait = window.wait("key", now)
        within = [at for at in let_in if at > now - 10.0]
        if wait == 0:
            window.count("key", now)
            let_in.append(now)
            assert len(within) < most
        else:
            assert len(within) == most, "nobody waits without need"
            assert wait == pytest.approx(within[0] + 10.0 - now)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 50), max_size=200))
def test_memory_is_bounded_whoever_comes(keys: list[int]) -> None:
    window = Window(2, keys=8)
    for at, key in enumerate(keys):
        window.count(str(key), float(at))
        assert len(window) <= 8
        assert window.wait(str(key), float(at)) == 0 or keys[: at + 1].count(key) > 1


def test_whole_seconds_are_told_and_waiting_them_out_helps() -> None:
    limits = Limits({Act.LOOK: Most(link=2, address=None)})
    come = {"link": "1", "address": "192.0.2.1"}
    assert [limits.wait(Act.LOOK, **come, now=at) for at in (0.0, 0.5)] == [0, 0]

    wait = limits.wait(Act.LOOK, **come, now=1.25)

    assert wait > 0
    assert limits.wait(Act.LOOK, **come, now=1.25 + wait) == 0
    assert limits.wait(Act.LOOK, link="2", address="192.0.2.1", now=1.25) == 0, "another link is free"


TRUSTED = ("127.0.0.1", "10.0.0.0/8", "::1")


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "192.0.2.66, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "192.0.2.66, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7, , ", "127.0.0.1"),
        ("::ffff:127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("", "198.51.100.7", ""),
    ],
    ids=["direct", "forged", "one proxy", "forged before a proxy", "two proxies", "nonsense", "holes",
         "mapped", "no peer"],
)  # fmt: skip
def test_only_a_trusted_proxy_is_believed(peer: str, forwarded: str, counted: str) -> None:
    assert network(peer, forwarded, TRUSTED) == counted


def test_an_ipv6_household_counts_as_one() -> None:
    one, other = "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:ffff::1"
    assert network(one, "", ()) == network(other, "", ())
    assert network(one, "", ()) != network("2001:db8:1:3::1", "", ())


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=40), st.text(max_size=80))
def test_any_header_at_all_gives_an_address(peer: str, forwarded: str) -> None:
    assert isinstance(network(peer, forwarded, TRUSTED), str)


class Seconds:
    """A clock in the test's hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds(site: Site) -> Seconds:
    """The site's clock for limits; the usual limits hold."""
    clock, clinic = Seconds(), site.clinic
    folders = own_and_bundled(clinic.config.folder, "templates")
    pages = Pages(folders, brand_colour=clinic.config.brand.colour)
    catalogs = TemplateSource(folders).catalogs()
    site.public.app = PatientPages(clinic, pages, catalogs, seconds=clock).app()
    return clock


def test_one_link_pressed_too_often_gets_a_helpful_page_until_the_time_is_over(site: Site, seconds) -> None:
    link = site.link(TokenPurpose.CALL_ME)
    most = USUAL[Act.PRESS].link
    assert {site.public.post(link).status_code for _ in range(most)} == {200}
    before = dump(site.clinic.store)

    refused = site.public.post(link)

    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= WINDOW_SECONDS
    assert "One moment, please" in refused.text
    assert site.clinic.config.clinic.phone in refused.text
    assert "911" in refused.text
    assert dump(site.clinic.store) == before
    assert site.public.get(link).status_code == 200, "looking is counted apart"
    seconds.now += int(refused.headers["retry-after"])
    assert site.public.post(link).status_code == 200


def test_whoever_tries_links_is_slowed_down_and_others_are_not(site: Site, seconds) -> None:
    def guess(address: str) -> int:
        return site.public.get("/u/" + "A" * 32, headers={"X-Forwarded-For": address}).status_code

    most = USUAL[Act.LOST].address
    assert {guess("198.51.100.7") for _ in range(most)} == {200}
    assert guess("198.51.100.7") == 429
    assert guess("198.51.100.8") == 200
    mine = site.public.get(site.link(TokenPurpose.VIEW), headers={"X-Forwarded-For": "198.51.100.7"})
    assert mine.status_code == 200, "a real link still opens"


def test_a_mail_service_may_unsubscribe_any_number_of_its_users_from_one_address(site: Site, seconds) -> None:
    link = site.link(TokenPurpose.UNSUBSCRIBE)
    for _ in range(USUAL[Act.LOST].address + 1):
        refused = site.public.post("/u/" + "A" * 32)
    assert refused.status_code == 429
    assert USUAL[Act.UNSUBSCRIBE].address is None

    assert site.public.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200

    with site.clinic.store.read() as tx:
        address = patients.load_patient(tx, site.delivery.patient_id).patient.email
        assert suppression.is_suppressed(tx, address)
