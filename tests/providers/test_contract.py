"""What every mail API must do with every fault, over real loopback HTTP (DESIGN 8.4, 8.5)."""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from pathlib import Path

import pytest

from pipeline.delivery.outcome import Accepted, Deferred, Outcome, Refused, Unknown
from pipeline.demo.accepted import taken_twice
from pipeline.demo.faults import NOT_TAKEN, Fault, FaultPlan, in_turn
from pipeline.providers.port import Capabilities
from pipeline.rendering.model import Attachment, Message
from tests.providers.conftest import PIXEL, SECRET, Api, StartStandin, alike, message, timeout_for

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


def assert_private(*shown: object) -> None:
    """No address, no body and no secret, whatever the API answered."""
    text = repr(shown)
    assert "example.org" not in text
    assert SECRET not in text
    assert "<html" not in text


@pytest.mark.parametrize("fault", Fault)
def test_each_fault_becomes_the_outcome_that_promises_no_more_than_is_known(
    api: Api, fault: Fault, start_standin: StartStandin
) -> None:
    standin = start_standin(in_turn(fault))
    with closing(api.open(standin.url, timeout_seconds=timeout_for(fault))) as provider:
        (outcome,) = provider.send([message(1)])
        assert_private(outcome, provider)

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


def refusing(key: str) -> FaultPlan:
    """Every request that carries this delivery is refused, or where the API can, only the delivery is."""
    return lambda call: Fault.FAILED_ITEMS if key in call.keys else Fault.NONE


@pytest.mark.parametrize("make", [message, alike], ids=["whole", "alike"])
def test_one_refused_message_neither_blocks_nor_repeats_its_neighbours(
    api: Api, make: Callable[[int], Message], start_standin: StartStandin
) -> None:
    standin = start_standin(refusing("key0000"))
    messages = [make(number) for number in range(4)]

    with closing(api.open(standin.url)) as provider:
        outcomes = provider.send(messages)

    accepted = [each.key for each, got in zip(messages, outcomes, strict=True) if isinstance(got, Accepted)]
    assert isinstance(outcomes[0], Refused)
    assert accepted == [taken.key for taken in standin.taken()]
    assert "key0001" in accepted


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


def as_read(folder: Path, key: str) -> EmailMessage:
    """What lies in the patient's mailbox."""
    raw = (folder / "mail" / f"{key}.eml").read_bytes()
    return message_from_bytes(raw.replace(b"\r\n", b"\n"), policy=policy.default)


def assert_reads(mail: EmailMessage, sent: Message, can: Capabilities) -> None:
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert mail["To"] == sent.to
    assert mail["Subject"] == sent.subject
    assert mail["From"].addresses[0].display_name == sent.from_name
    assert mail["From"].addresses[0].addr_spec == sent.from_address
    assert mail["Reply-To"] == sent.reply_to
    assert not can.message_id or mail["Message-ID"] == sent.message_id
    assert [mail[name] for name, _ in sent.headers] == [value for _, value in sent.headers]
    assert html.get_content().strip() == sent.html
    assert text.get_content().strip() == sent.text.strip()
    images = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "image"]
    assert images == [picture.data for picture in sent.pictures]


def test_the_patient_reads_what_was_composed(api: Api, start_standin: StartStandin) -> None:
    standin = start_standin()

    with closing(api.open(standin.url)) as provider:
        can = provider.capabilities
        sent = message(1, pictures=(PIXEL,) if can.pictures else ())
        provider.send([sent])

    assert_reads(as_read(standin.folder, "key0001"), sent, can)


@pytest.mark.parametrize("pictures", [(), (PIXEL,)], ids=["plain", "with a picture"])
def test_patients_of_one_batch_read_each_their_own(
    api: Api, pictures: tuple[Attachment, ...], start_standin: StartStandin
) -> None:
    standin = start_standin()

    with closing(api.open(standin.url)) as provider:
        can = provider.capabilities
        sent = [alike(number, name=f"Name{number} O'Neill", pictures=pictures) for number in range(5)]
        outcomes = provider.send(sent)

    if pictures and not can.pictures:
        assert all(isinstance(outcome, Deferred) for outcome in outcomes)
        assert standin.taken() == []
        return
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    for each in sent:
        assert_reads(as_read(standin.folder, each.key), each, can)


def test_one_click_unsubscribe_survives_every_api(api: Api, start_standin: StartStandin) -> None:
    """RFC 8058 2: both headers, in the message as the patient's mail program gets it."""
    standin = start_standin()
    sent = [alike(number) for number in range(3)]

    with closing(api.open(standin.url)) as provider:
        provider.send(sent)
        assert provider.capabilities.list_unsubscribe

    for each in sent:
        raw = (standin.folder / "mail" / f"{each.key}.eml").read_text(encoding="utf-8")
        assert f"List-Unsubscribe: <https://clinic.example.org/u/{int(each.key[3:])}>\n" in raw
        assert raw.count("List-Unsubscribe-Post: List-Unsubscribe=One-Click\n") == 1
        assert f"X-Delivery-Key: {each.key}\n" in raw


#: What one API or another reads as template code.
CODE = ("{{evil}}", "{{{evil}}}", "{% evil %}", "%recipient.key%", "%unsubscribe_url%", "[[part:view_url]]",
        "%recipient%", "\\{{greeting}}", "{{", "50 % {x}", "<b>&amp;</b>")  # fmt: skip


def test_a_name_that_looks_like_template_code_is_read_as_it_was_written(
    api: Api, start_standin: StartStandin
) -> None:
    standin = start_standin()
    sent = [alike(number, name=name) for number, name in enumerate(("Ana", *CODE, "Bo", *CODE))]

    with closing(api.open(standin.url)) as provider:
        outcomes = provider.send(sent)

    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    for each in sent:
        mail = as_read(standin.folder, each.key)
        assert seen(mail, "plain") == each.text
        assert seen(mail, "html") == unescape(each.html)


def seen(mail: EmailMessage, kind: str) -> str:
    """A body as a person sees it: entities read, signs without width (U+2060) unseen."""
    body = mail.get_body((kind,))
    assert body is not None
    content = unescape(body.get_content()) if kind == "html" else body.get_content()
    return content.replace("\u2060", "").removesuffix("\n") + ("\n" if kind == "plain" else "")


@pytest.mark.parametrize("field", ["subject", "from_name", "reply_to", "message_id", "to"])
def test_a_line_break_that_would_forge_a_header_stops_that_message_alone(
    api: Api, field: str, start_standin: StartStandin
) -> None:
    standin = start_standin()
    bad = replace(alike(0), **{field: "x\r\nBcc: all@example.org"})

    with closing(api.open(standin.url)) as provider:
        outcomes = provider.send([bad, alike(1)])

    assert [type(outcome) for outcome in outcomes] == [Refused, Accepted]
    assert [taken.key for taken in standin.taken()] == ["key0001"]


def test_a_forged_header_value_stops_the_message(api: Api, start_standin: StartStandin) -> None:
    standin = start_standin()
    bad = replace(message(0), headers=(("List-Id", "<a>\nBcc: all@example.org"),))

    with closing(api.open(standin.url)) as provider:
        (outcome,) = provider.send([bad])

    assert isinstance(outcome, Refused)
    assert standin.taken() == []


def test_two_patients_who_share_an_address_get_one_message_each(
    api: Api, start_standin: StartStandin
) -> None:
    standin = start_standin()
    shared = [
        alike(number, to="Family@example.org" if number % 2 else "family@example.org") for number in range(4)
    ]

    with closing(api.open(standin.url)) as provider:
        outcomes = provider.send([*shared, alike(7)])

    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert len(standin.taken()) == 5
    assert taken_twice(standin.taken()) == []


@pytest.mark.parametrize("fault", Fault)
def test_every_message_of_a_call_gets_the_outcome_of_its_fault(
    api: Api, fault: Fault, start_standin: StartStandin
) -> None:
    """As for one message alone, but that messages left untried are deferred."""
    standin = start_standin(in_turn(fault))
    with closing(api.open(standin.url, timeout_seconds=timeout_for(fault))) as provider:
        first, second = provider.send([alike(0), alike(1)])
        assert_private(first, second, provider)

    if fault is Fault.FAILED_ITEMS:
        assert [taken.key for taken in standin.taken()] == [
            key for key, got in (("key0000", first), ("key0001", second)) if isinstance(got, Accepted)
        ]
        return
    assert type(first) is EXPECTED[fault]
    assert type(second) in {EXPECTED[fault], Deferred}
    if isinstance(second, Deferred):
        assert "key0001" not in [taken.key for taken in standin.taken()]


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
