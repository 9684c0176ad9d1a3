"""Amazon SES through Amazon SNS: the signature of a certificate we hold, our topics, every kind of event."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import ValidationError

from pipeline.delivery.events import Event, EventKind
from pipeline.errors import ConfigError
from pipeline.providers.hooks import (
    REPLAY_WINDOW,
    Hook,
    HookRefusedError,
    HookUncheckedError,
    HookUnreadableError,
)
from pipeline.providers.listening import open_listener
from pipeline.sections.mail import SesProvider
from tests.providers.signing import (
    CERTIFICATE,
    HAPPENED,
    NOW,
    SNS_KEY,
    TOPIC,
    as_bytes,
    bodies,
    certificate,
    configured,
    confirmation,
    cut,
    listener,
    ses,
    signed_by_sns,
    sns,
)

BODIES = bodies("ses")
KINDS = {
    "Send": EventKind.ACCEPTED,
    "Delivery": EventKind.DELIVERED,
    "DeliveryDelay": EventKind.DELAYED,
    "permanent, general": EventKind.BOUNCED_HARD,
    "permanent, no email": EventKind.BOUNCED_HARD,
    "permanent, suppressed": EventKind.BOUNCED_HARD,
    "permanent, on the account's list": EventKind.DROPPED,
    "permanent, a new subtype": EventKind.BOUNCED_HARD,
    "transient, general": EventKind.BOUNCED_SOFT,
    "transient, mailbox full": EventKind.BOUNCED_SOFT,
    "transient, too large": EventKind.BOUNCED_SOFT,
    "transient, content rejected": EventKind.BOUNCED_SOFT,
    "transient, attachment rejected": EventKind.BOUNCED_SOFT,
    "transient, gave up": EventKind.BOUNCED_SOFT,
    "out of office": EventKind.AUTO_REPLY,
    "undetermined": EventKind.BOUNCED_SOFT,
    "a new bounce type": EventKind.OTHER,
    "complaint": EventKind.COMPLAINED,
    "complaint without a type": EventKind.COMPLAINED,
    "complaint, on the account's list": EventKind.COMPLAINED,
    "not spam": EventKind.OTHER,
    "failed signature": EventKind.OTHER,
    "Reject": EventKind.DROPPED,
    "Rendering Failure": EventKind.DROPPED,
    "left all topics": EventKind.UNSUBSCRIBED,
    "left one topic": EventKind.UNSUBSCRIBED,
    "joined a topic": EventKind.OTHER,
    "Open": EventKind.OTHER,
    "Click": EventKind.OTHER,
    "older bounce": EventKind.BOUNCED_HARD,
    "older delivery": EventKind.DELIVERED,
}
DELIVERY = BODIES["Delivery"]


def heard(hook: Hook, folder: Path) -> Event:
    ear = listener("ses", folder)
    ear.verify(hook)
    (event,) = ear.events(hook)
    return event


def refuses(hook: Hook, folder: Path, why: str | None = None) -> None:
    with pytest.raises(HookRefusedError, match=why):
        listener("ses", folder).verify(hook)


def tampered(hook: Hook, **changes: Any) -> Hook:
    """The call with other fields under the old signature; None takes one out."""
    call = {**json.loads(hook.body), **changes}
    return replace(hook, body=as_bytes({name: value for name, value in call.items() if value is not None}))


def test_every_body_has_an_expectation() -> None:
    assert KINDS.keys() == BODIES.keys()


@pytest.mark.parametrize("case", sorted(BODIES))
def test_each_event_becomes_what_it_tells_of(case: str, tmp_path: Path) -> None:
    event = heard(ses(BODIES[case], said=HAPPENED), tmp_path)
    assert event.kind is KINDS[case]
    assert event.at.replace(microsecond=0) == HAPPENED
    assert event.dedupe == sns("")["MessageId"]
    # An identity's own notifications carry no tags, but headers.
    assert (event.key, event.provider_id) == ("key0001", BODIES[case]["mail"]["messageId"])


def test_a_bounce_says_how_and_quotes_the_server(tmp_path: Path) -> None:
    event = heard(ses(BODIES["permanent, no email"]), tmp_path)
    assert event.said == "Bounce/Permanent/NoEmail"
    assert event.detail == "smtp; 550 5.1.1 user unknown"


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("build", [lambda **more: sns("{}", **more), confirmation])
def test_both_versions_of_the_signature_count(version: str, build: Any, tmp_path: Path) -> None:
    heard(signed_by_sns(build(SignatureVersion=version)), tmp_path)


def test_a_message_without_a_subject_counts(tmp_path: Path) -> None:
    message = {name: value for name, value in sns(json.dumps(DELIVERY)).items() if name != "Subject"}
    assert heard(signed_by_sns(message), tmp_path).kind is EventKind.DELIVERED


def test_line_breaks_and_letters_of_any_script_are_signed_as_they_are(tmp_path: Path) -> None:
    text = json.dumps({**DELIVERY, "note": "¡hola!\n✓"}, ensure_ascii=False, indent=1)
    assert heard(signed_by_sns(sns(text)), tmp_path).kind is EventKind.DELIVERED


def test_the_sentence_that_greets_a_new_topic_is_kept(tmp_path: Path) -> None:
    greeting = "Successfully validated SNS topic for Amazon SES event publishing."
    event = heard(signed_by_sns(sns(greeting)), tmp_path)
    assert (event.kind, event.said, event.detail) == (EventKind.OTHER, "notification", greeting)


def test_a_confirmation_tells_staff_what_to_open_and_opens_nothing(tmp_path: Path) -> None:
    event = heard(signed_by_sns(confirmation()), tmp_path)
    assert (event.kind, event.said) == (EventKind.OTHER, "subscription_confirmation")
    assert event.detail is not None
    assert TOPIC in event.detail
    assert confirmation()["SubscribeURL"] in event.detail


@pytest.mark.parametrize(
    "address",
    [
        "https://sns.us-west-2.amazonaws.com.evil.example.org/?Action=ConfirmSubscription&Token=1",
        "https://evil.example.org/?Action=ConfirmSubscription&Token=1",
        "http://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=1",
        "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe&Token=1",
        "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=1\nhttps://evil.example.org",
        "javascript:alert(1)",
    ],
)
def test_an_address_to_confirm_that_is_not_amazon_s_is_not_shown(address: str, tmp_path: Path) -> None:
    event = heard(signed_by_sns(confirmation(SubscribeURL=address)), tmp_path)
    assert event.detail is not None
    assert "http" not in event.detail
    assert "SNS console" in event.detail


def test_the_end_of_a_subscription_is_told(tmp_path: Path) -> None:
    event = heard(signed_by_sns(confirmation("UnsubscribeConfirmation")), tmp_path)
    assert (event.kind, event.said) == (EventKind.OTHER, "unsubscribe_confirmation")
    assert TOPIC in (event.detail or "")


def test_a_repeated_try_an_hour_later_is_the_same_event(tmp_path: Path) -> None:
    first = ses(DELIVERY)
    later = replace(first, received_at=NOW + timedelta(hours=1))
    assert heard(later, tmp_path) == heard(first, tmp_path)


def test_a_stale_call_is_refused(tmp_path: Path) -> None:
    late = timedelta(hours=1) + REPLAY_WINDOW
    heard(ses(DELIVERY, said=NOW - late), tmp_path)
    refuses(ses(DELIVERY, said=NOW - late - timedelta(seconds=1)), tmp_path, "too long ago")


def test_a_call_from_the_future_is_refused(tmp_path: Path) -> None:
    refuses(ses(DELIVERY, said=NOW + REPLAY_WINDOW + timedelta(seconds=1)), tmp_path, "too far ahead")


@pytest.mark.parametrize("said", ["", "now", "9999-12-31T23:59:59.999Z", "-1", "\ud800"])
def test_a_time_that_is_none_is_refused(said: str, tmp_path: Path) -> None:
    refuses(tampered(ses(DELIVERY), Timestamp=said), tmp_path)


def test_a_genuine_call_of_another_topic_is_refused(tmp_path: Path) -> None:
    for other in ("arn:aws:sns:us-west-2:999999999999:clinic-mail", TOPIC + "2", TOPIC.upper()):
        refuses(ses(DELIVERY, TopicArn=other), tmp_path, "topic")
    refuses(signed_by_sns(confirmation(TopicArn=TOPIC + "2")), tmp_path, "topic")


def test_a_forged_signature_is_refused(tmp_path: Path) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    refuses(signed_by_sns(sns(json.dumps(DELIVERY)), key=other), tmp_path, "signature")


@pytest.mark.parametrize(
    "changes",
    [
        {"Message": json.dumps(BODIES["complaint"])},
        {"MessageId": "another"},
        {"Subject": "another"},
        {"Subject": None},
        {"Timestamp": "2026-03-02T15:00:11.000Z"},
        {"Type": "SubscriptionConfirmation", "Token": "1", "SubscribeURL": "https://example.org"},
        {"SignatureVersion": "2"},
        {"SignatureVersion": "3"},
        {"SignatureVersion": None},
        {"Signature": None},
        {"Signature": ""},
        {"Signature": "!"},
        {"Signature": "AAAA"},
        {"Signature": ["AAAA"]},
    ],
)
def test_a_signature_of_another_body_or_algorithm_is_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    refuses(tampered(ses(DELIVERY), **changes), tmp_path, "signature")


@pytest.mark.parametrize("name", ["Type", "Message", "MessageId", "Timestamp", "TopicArn", "SigningCertURL"])
@pytest.mark.parametrize("value", [None, 5, ["x"], {}])
def test_a_call_without_one_of_the_fields_is_refused(name: str, value: object, tmp_path: Path) -> None:
    refuses(tampered(ses(DELIVERY), **{name: value}), tmp_path)


@pytest.mark.parametrize("kind", ["", "Sunrise", "notification"])
def test_another_type_of_message_is_refused(kind: str, tmp_path: Path) -> None:
    refuses(tampered(ses(DELIVERY), Type=kind), tmp_path)


PEM = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"


@pytest.mark.parametrize(
    "address",
    [
        f"https://sns.us-east-1.amazonaws.com.evil.example.org/{PEM}",
        f"https://evil.example.org/sns.us-west-2.amazonaws.com/{PEM}",
        f"https://sns.us-west-2.amazonaws.com@evil.example.org/{PEM}",
        f"https://user:pass@sns.us-west-2.amazonaws.com/{PEM}",
        f"http://sns.us-west-2.amazonaws.com/{PEM}",
        f"https://sns.us-west-2.amazonaws.com:8443/{PEM}",
        f"https://sns.us-west-2.amazonaws.com/x/{PEM}",
        f"https://sns.us-west-2.amazonaws.com/../{PEM}",
        f"https://sns.us-west-2.amazonaws.com/{PEM}?x=1",
        f"https://sns.us-west-2.amazonaws.com/{PEM}#x",
        f"https://sns.us-west-2.amazonaws.com/{PEM}\n",
        f" https://sns.us-west-2.amazonaws.com/{PEM}",
        f"https://s3.us-west-2.amazonaws.com/{PEM}",
        f"https://evil.sns.us-west-2.amazonaws.com/{PEM}",
        f"https://sns.us-west-2.amazonaws.com.cn.evil/{PEM}",
        f"https://sns.us-west-2.amazonaws.co/{PEM}",
        f"https://snsxus-west-2.amazonaws.com/{PEM}",
        f"https://sns.us-west-2.amazonawsxcom/{PEM}",
        f"https://SNS.us-west-2.amazonaws.com/{PEM}",
        f"https://sns..amazonaws.com/{PEM}",
        f"https://sns.us-west-٢.amazonaws.com/{PEM}",
        "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-.pem",
        "https://sns.us-west-2.amazonaws.com/mine.pem",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_certificate_that_is_not_at_amazon_sns_is_refused(address: str, tmp_path: Path) -> None:
    refuses(ses(DELIVERY, SigningCertURL=address), tmp_path, "not at Amazon SNS")
    with pytest.raises(ValidationError):
        SesProvider(webhook_certificates={address: "sns.pem"})


def test_a_certificate_of_amazon_s_that_we_do_not_hold_is_named_and_the_call_may_come_again(
    tmp_path: Path,
) -> None:
    other = f"https://sns.eu-central-1.amazonaws.com/{PEM}"
    with pytest.raises(HookUncheckedError, match=other):
        listener("ses", tmp_path).verify(ses(DELIVERY, SigningCertURL=other))


@pytest.mark.parametrize("address", [CERTIFICATE, f"https://sns.cn-north-1.amazonaws.com.cn/{PEM}",
                                     f"https://sns.us-gov-west-1.amazonaws.com/{PEM}"])  # fmt: skip
def test_addresses_of_all_regions_can_be_named(address: str) -> None:
    assert SesProvider(webhook_certificates={address: "sns.pem"}).webhook_certificates


def opened(folder: Path, pem: bytes, *, topics: str = f'"{TOPIC}"') -> Any:
    (folder / "own.pem").write_bytes(pem)
    text = f"""
[provider.ses]
webhook_topics = [{topics}]
webhook_certificates = {{ "{CERTIFICATE}" = "own.pem" }}
"""
    return open_listener("ses", configured(text, folder), {})


def test_a_certificate_that_has_run_out_or_does_not_hold_yet_is_refused(tmp_path: Path) -> None:
    for since in (NOW - timedelta(days=400), NOW + timedelta(days=1)):
        ear = opened(tmp_path, certificate(SNS_KEY, since=since))
        with pytest.raises(HookRefusedError, match="does not hold"):
            ear.verify(ses(DELIVERY))


def test_the_old_and_the_new_certificate_both_hold(tmp_path: Path) -> None:
    new = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    address = CERTIFICATE.replace("0123", "4567")
    (tmp_path / "old.pem").write_bytes(certificate(SNS_KEY))
    (tmp_path / "new.pem").write_bytes(certificate(new))
    text = f"""
[provider.ses]
webhook_topics = ["{TOPIC}"]
webhook_certificates = {{ "{CERTIFICATE}" = "old.pem", "{address}" = "new.pem" }}
"""
    ear = open_listener("ses", configured(text, tmp_path), {})
    ear.verify(ses(DELIVERY))
    ear.verify(signed_by_sns(sns("{}", SigningCertURL=address), key=new))
    with pytest.raises(HookRefusedError):
        ear.verify(signed_by_sns(sns("{}", SigningCertURL=CERTIFICATE), key=new))


@pytest.mark.parametrize(
    "pem", [b"", b"not a certificate", certificate(ec.generate_private_key(ec.SECP256R1()))]
)
def test_a_file_that_holds_no_certificate_of_sns_is_named_at_the_start(pem: bytes, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"own\.pem"):
        opened(tmp_path, pem)


def test_without_a_topic_the_service_cannot_be_heard(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no topic"):
        opened(tmp_path, certificate(SNS_KEY), topics="")


def test_a_truncated_body_is_refused(tmp_path: Path) -> None:
    refuses(cut(ses(DELIVERY)), tmp_path, "broken")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{}", b"\xff", b"[" * 100_000, b'{"Type":' * 10_000])
def test_what_is_no_message_of_sns_is_refused(body: bytes, tmp_path: Path) -> None:
    refuses(replace(ses(DELIVERY), body=body), tmp_path)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"Type": "Sunrise"}'])
def test_what_is_no_message_of_sns_cannot_be_read(body: bytes, tmp_path: Path) -> None:
    with pytest.raises(HookUnreadableError):
        listener("ses", tmp_path).events(replace(ses(DELIVERY), body=body))


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"eventType": []},
        {"eventType": "Sunrise", "mail": []},
        {"eventType": "Bounce"},
        {"eventType": "Bounce", "bounce": {"bounceType": [], "bounceSubType": {}, "bouncedRecipients": 5}},
        {"eventType": "Subscription", "subscription": {"newTopicPreferences": []}},
        {"eventType": "Open", "mail": {"tags": {"delivery_key": "key0001"}, "headers": [7, {"name": []}]}},
        [], None, 7, "x",
    ],
)  # fmt: skip
def test_missing_and_odd_fields_do_no_harm(record: object, tmp_path: Path) -> None:
    event = heard(ses(record), tmp_path)
    assert (event.kind, event.key, event.provider_id) == (EventKind.OTHER, None, None)


def test_a_message_nested_too_deep_is_kept_as_it_is(tmp_path: Path) -> None:
    assert heard(signed_by_sns(sns("[" * 100_000)), tmp_path).said == "notification"
