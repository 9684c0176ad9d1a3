"""What every mail API must do with every fault, over real loopback HTTP (DESIGN 8.4, 8.5)."""

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from pipeline.delivery.outcome import Accepted, Deferred, Outcome, Refused, Unknown
from pipeline.demo.accepted import taken_twice
from pipeline.demo.faults import NOT_TAKEN, Fault, in_turn
from tests.providers.conftest import PIXEL, SECRET, Api, StartStandin, message, timeout_for

#: What one message must come to, whatever the API.
EXPECTED: dict[Fault, type[Outcome]] = {
    Fault.NONE: Accepted,
    Fault.CUT_AFTER: Unknown,
    Fault.CUT_BEFORE: Unknown,
    Fault.TOO_MANY: Deferred,
    Fault.TOO_MANY_SILENT: Deferred,
    Fault.ERROR_AFTER: Unknown,
    Fault.ERROR_BEFORE: Unknown,
    Fault.BAD_GATEWAY: Unknown,
    Fault.GATEWAY_TIMEOUT: Unknown,
    Fault.UNAVAILABLE: Deferred,
    Fault.GARBAGE: Unknown,
    Fault.SLOW: Unknown,
    Fault.HALF: Unknown,
    Fault.FAILED_ITEMS: Refused,
    Fault.WRONG_COUNT: Unknown,
    Fault.UNAUTHORIZED: Deferred,
    Fault.REDIRECT: Deferred,
}


def test_every_fault_has_its_expected_outcome() -> None:
    assert set(EXPECTED) == set(Fault)


@pytest.mark.parametrize("fault", Fault)
def test_each_fault_becomes_the_outcome_that_promises_no_more_than_is_known(
    api: Api, fault: Fault, start_standin: StartStandin
) -> None:
    standin = start_standin(in_turn(fault))
    with closing(api.open(standin.url, timeout_seconds=timeout_for(fault))) as provider:
        (outcome,) = provider.send([message(1)])

    assert type(outcome) is EXPECTED[fault]
    if isinstance(outcome, Accepted):
        assert [taken.id for taken in standin.taken()] == [outcome.provider_id]
    if isinstance(outcome, Deferred):
        assert standin.taken() == [], "deferred is proof that nothing was accepted"
        assert outcome.everyone


@pytest.mark.parametrize("fault", sorted(NOT_TAKEN))
def test_what_was_deferred_can_be_sent_again_at_once(
    api: Api, fault: Fault, start_standin: StartStandin
) -> None:
    standin = start_standin(in_turn(fault))
    with closing(api.open(standin.url)) as provider:
        (first,) = provider.send([message(1)])
        (second,) = provider.send([message(1)])

    assert isinstance(second, Accepted)
    if isinstance(first, Deferred):
        assert taken_twice(standin.taken()) == []


def test_every_message_has_its_own_outcome_in_order(api: Api, start_standin: StartStandin) -> None:
    standin = start_standin()
    messages = [message(number) for number in range(7)]

    with closing(api.open(standin.url)) as provider:
        outcomes = provider.send(messages)

    ids = {taken.key: taken.id for taken in standin.taken()}
    assert outcomes == tuple(Accepted(provider_id=ids[each.key]) for each in messages)


def test_no_messages_are_no_request(api: Api, start_standin: StartStandin) -> None:
    standin = start_standin(in_turn(Fault.CUT_AFTER))

    with closing(api.open(standin.url)) as provider:
        assert provider.send([]) == ()
        (outcome,) = provider.send([message(1)])

    assert isinstance(outcome, Unknown), "the fault was still waiting for the first request"


def test_one_refused_message_neither_blocks_nor_repeats_its_neighbours(
    api: Api, start_standin: StartStandin
) -> None:
    standin = start_standin(in_turn(Fault.FAILED_ITEMS))
    messages = [message(number) for number in range(4)]

    with closing(api.open(standin.url)) as provider:
        outcomes = provider.send(messages)

    accepted = [each.key for each, got in zip(messages, outcomes, strict=True) if isinstance(got, Accepted)]
    assert isinstance(outcomes[0], Refused)
    assert accepted == [taken.key for taken in standin.taken()]
    assert accepted


def test_after_doubt_nothing_more_of_the_call_leaves(api: Api, start_standin: StartStandin) -> None:
    standin = start_standin(in_turn(Fault.CUT_AFTER))
    messages = [message(number) for number in range(5)]

    with closing(api.open(standin.url)) as provider:
        outcomes = provider.send(messages)

    doubtful = [each.key for each, got in zip(messages, outcomes, strict=True) if isinstance(got, Unknown)]
    assert [taken.key for taken in standin.taken()] == doubtful
    assert all(isinstance(outcome, Unknown | Deferred) for outcome in outcomes)


def test_the_provider_says_how_long_to_wait(api: Api, start_standin: StartStandin) -> None:
    standin = start_standin(in_turn(Fault.TOO_MANY, Fault.TOO_MANY_SILENT))

    with closing(api.open(standin.url)) as provider:
        (told,) = provider.send([message(1)])
        (silent,) = provider.send([message(1)])

    assert isinstance(told, Deferred)
    assert told.retry_after == timedelta(seconds=7)
    assert isinstance(silent, Deferred)
    assert silent.retry_after is None


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody listens: bound, so that nobody else takes it meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_a_refused_connection_is_proof_that_nothing_left(api: Api, closed_port: int) -> None:
    with closing(api.open(f"http://127.0.0.1:{closed_port}")) as provider:
        outcomes = provider.send([message(1), message(2)])

    assert all(isinstance(outcome, Deferred) and outcome.everyone for outcome in outcomes)


def test_a_name_that_does_not_resolve_is_proof_that_nothing_left(api: Api) -> None:
    with closing(api.open("http://mail.invalid")) as provider:
        (outcome,) = provider.send([message(1)])

    assert isinstance(outcome, Deferred)


def test_a_server_without_a_valid_certificate_gets_no_mail(api: Api, start_standin: StartStandin) -> None:
    standin = start_standin()

    with closing(api.open(standin.url.replace("http:", "https:"))) as provider:
        (outcome,) = provider.send([message(1)])

    assert isinstance(outcome, Deferred)
    assert standin.taken() == []


def test_the_patient_reads_what_was_composed(api: Api, start_standin: StartStandin) -> None:
    standin = start_standin()
    sent = message(1, pictures=(PIXEL,))

    with closing(api.open(standin.url)) as provider:
        provider.send([sent])

    mail = message_from_bytes((standin.folder / "mail" / "key0001.eml").read_bytes(), policy=policy.default)
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert mail["To"] == sent.to
    assert mail["Subject"] == sent.subject
    assert mail["From"].addresses[0].display_name == sent.from_name
    assert mail["Reply-To"] == sent.reply_to
    assert mail["Message-ID"] == sent.message_id
    assert [mail[name] for name, _ in sent.headers] == [value for _, value in sent.headers]
    assert html.get_content().strip() == sent.html
    assert text.get_content().strip() == sent.text.strip()
    assert PIXEL.data in [
        part.get_content() for part in mail.walk() if part.get_content_maintype() == "image"
    ]


@pytest.mark.parametrize("fault", Fault)
def test_no_outcome_quotes_an_address_a_body_or_a_secret(
    api: Api, fault: Fault, start_standin: StartStandin
) -> None:
    standin = start_standin(in_turn(fault))

    with closing(api.open(standin.url, timeout_seconds=timeout_for(fault))) as provider:
        shown = repr(provider.send([message(1)])) + repr(provider)

    assert "example.org" not in shown
    assert SECRET not in shown
    assert "<html" not in shown


def test_a_provider_says_whether_mail_leaves_this_machine(api: Api) -> None:
    with (
        closing(api.open("http://127.0.0.1:9")) as here,
        closing(api.open("https://mail.example.org")) as there,
    ):
        assert not here.capabilities.leaves_machine
        assert there.capabilities.leaves_machine


def test_the_proxy_of_the_environment_carries_no_mail(
    api: Api, start_standin: StartStandin, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed_port}")
    standin = start_standin()

    with closing(api.open(standin.url)) as provider:
        (outcome,) = provider.send([message(1)])

    assert isinstance(outcome, Accepted)
