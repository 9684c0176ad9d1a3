"""SendGrid's calls: an ECDSA signature over time and body, and every kind of event."""

import base64
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1, SHA384

from pipeline.delivery.events import Event, EventKind
from pipeline.errors import ConfigError
from pipeline.providers.hooks import REPLAY_WINDOW, Hook, HookRefusedError, HookUnreadableError
from pipeline.providers.listening import open_listener
from tests.providers.signing import (
    HAPPENED,
    NOW,
    SENDGRID_KEY,
    bodies,
    configured,
    cut,
    listener,
    public,
    saying,
    sendgrid,
    without,
)

BODIES = bodies("sendgrid")
SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
KINDS = {
    "processed": EventKind.ACCEPTED,
    "delivered": EventKind.DELIVERED,
    "deferred": EventKind.DELAYED,
    "bounce": EventKind.BOUNCED_HARD,
    "blocked": EventKind.BOUNCED_SOFT,
    "expired": EventKind.BOUNCED_SOFT,
    "bounce without a type": EventKind.BOUNCED_HARD,
    "dropped, bounced before": EventKind.BOUNCED_HARD,
    "dropped, invalid": EventKind.BOUNCED_HARD,
    "dropped, complained before": EventKind.COMPLAINED,
    "dropped, unsubscribed before": EventKind.UNSUBSCRIBED,
    "dropped, over quota": EventKind.DROPPED,
    "spamreport": EventKind.COMPLAINED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "group_unsubscribe": EventKind.UNSUBSCRIBED,
    "group_resubscribe": EventKind.OTHER,
    "open": EventKind.OTHER,
    "click": EventKind.OTHER,
    "a new kind": EventKind.OTHER,
}


def heard(hook: Hook, folder: Path) -> tuple[Event, ...]:
    ear = listener("sendgrid", folder)
    ear.verify(hook)
    return ear.events(hook)


def refuses(hook: Hook, folder: Path) -> None:
    with pytest.raises(HookRefusedError):
        listener("sendgrid", folder).verify(hook)


def test_every_body_has_an_expectation() -> None:
    assert KINDS.keys() == BODIES.keys()


@pytest.mark.parametrize("case", sorted(BODIES))
def test_each_event_becomes_what_it_tells_of(case: str, tmp_path: Path) -> None:
    (event,) = heard(sendgrid(BODIES[case]), tmp_path)
    assert event.kind is KINDS[case]
    assert event.at == HAPPENED
    assert event.dedupe == BODIES[case]["sg_event_id"]
    assert (event.key, event.provider_id) == ("key0001", "14c5d75ce93.dfd.64b469")


@pytest.mark.parametrize(
    ("found", "sent"),
    [
        ("14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0", "14c5d75ce93.dfd.64b469"),
        ("H9t3Ut1rSfuXNIFuzVFqpg.recvd-5f54b5d587-pczjm-1-60D49EC5-11.0", "H9t3Ut1rSfuXNIFuzVFqpg"),
        ("H9t3Ut1rSfuXNIFuzVFqpg", "H9t3Ut1rSfuXNIFuzVFqpg"),
        (".filter0001", None),
        ("", None),
        (7.5, None),
    ],
)
def test_the_message_is_named_as_sending_was_told(found: object, sent: str | None, tmp_path: Path) -> None:
    (event,) = heard(sendgrid({**BODIES["delivered"], "sg_message_id": found}), tmp_path)
    assert event.provider_id == sent


def test_all_events_of_one_call_are_heard(tmp_path: Path) -> None:
    events = heard(sendgrid(list(BODIES.values())), tmp_path)
    assert [event.kind for event in events] == [KINDS[case] for case in BODIES]
    assert len({event.dedupe for event in events}) == len(BODIES)


def test_a_call_without_events_tells_nothing(tmp_path: Path) -> None:
    assert heard(sendgrid([]), tmp_path) == ()


def test_one_odd_item_leaves_the_good_ones(tmp_path: Path) -> None:
    odd = [None, 7, [], "x", {}, {"event": ["bounce"]}, {"event": "bounce", "type": {}}]
    call = [BODIES["bounce"], *odd, BODIES["spamreport"]]
    events = heard(sendgrid(call), tmp_path)
    kinds = [event.kind for event in events]
    assert (kinds[0], kinds[-1]) == (EventKind.BOUNCED_HARD, EventKind.COMPLAINED)
    assert kinds[1:-1] == [EventKind.OTHER] * len(odd)
    assert len({event.dedupe for event in events}) == len(call)


def test_the_same_call_again_brings_the_same_events(tmp_path: Path) -> None:
    call = [BODIES["bounce"], {"event": "delivered", "timestamp": 1, "email": "patient@example.org"}, None]
    first = heard(sendgrid(call), tmp_path)
    later = replace(sendgrid(call), received_at=NOW + timedelta(minutes=2))
    assert [event.dedupe for event in heard(later, tmp_path)] == [event.dedupe for event in first]


@pytest.mark.parametrize(
    "timestamp",
    [
        None, -1, 0, -1e300, 1e300, 10**40, 253402300799, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00",
        "soon", [], {}, True, "NaN", int(NOW.timestamp()) + 3600,
    ],
)  # fmt: skip
def test_an_absurd_time_is_taken_for_the_time_of_the_call(timestamp: object, tmp_path: Path) -> None:
    (event,) = heard(sendgrid({**BODIES["delivered"], "timestamp": timestamp}), tmp_path)
    assert event.at == NOW


def test_milliseconds_and_text_are_understood_as_times(tmp_path: Path) -> None:
    at = int(HAPPENED.timestamp())
    call = [{"event": "delivered", "timestamp": each} for each in (at * 1000, str(at), HAPPENED.isoformat())]
    assert {event.at for event in heard(sendgrid(call), tmp_path)} == {HAPPENED}


def test_a_key_that_cannot_be_ours_is_no_key(tmp_path: Path) -> None:
    keys = ["patient@example.org", "a b", "", "k" * 65, 7, None, ["key0001"], "key\u0000"]
    events = heard(sendgrid([{**BODIES["delivered"], "delivery_key": key} for key in keys]), tmp_path)
    assert [event.key for event in events] == [None] * len(keys)


def test_no_address_is_in_an_event_outside_its_detail(tmp_path: Path) -> None:
    strange = {
        "event": "patient@example.org",
        "sg_event_id": "patient@example.org",
        "email": "patient@example.org",
    }
    for event in heard(sendgrid([*BODIES.values(), strange]), tmp_path):
        assert "patient@" not in f"{event.said} {event.dedupe} {event.key} {event.provider_id}"


def test_a_forged_signature_is_refused(tmp_path: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    refuses(sendgrid(BODIES["delivered"], key=other), tmp_path)


def test_a_signature_of_another_body_is_refused(tmp_path: Path) -> None:
    refuses(replace(sendgrid(BODIES["delivered"]), body=sendgrid(BODIES["spamreport"]).body), tmp_path)


def test_a_signature_of_another_time_is_refused(tmp_path: Path) -> None:
    late = sendgrid(BODIES["delivered"], said=NOW - timedelta(hours=1))
    refuses(replace(late, headers={**late.headers, TIMESTAMP: str(int(NOW.timestamp()))}), tmp_path)


def test_a_body_with_one_more_blank_is_refused(tmp_path: Path) -> None:
    hook = sendgrid(BODIES["delivered"])
    refuses(replace(hook, body=hook.body + b" "), tmp_path)


def test_a_truncated_body_is_refused(tmp_path: Path) -> None:
    refuses(cut(sendgrid(BODIES["delivered"])), tmp_path)


@pytest.mark.parametrize("hashed", [SHA1, SHA384])
def test_another_algorithm_is_refused(hashed: type, tmp_path: Path) -> None:
    refuses(sendgrid(BODIES["delivered"], hashed=hashed), tmp_path)


def test_a_key_of_another_curve_cannot_sign(tmp_path: Path) -> None:
    refuses(sendgrid(BODIES["delivered"], key=ec.generate_private_key(ec.SECP384R1())), tmp_path)


@pytest.mark.parametrize("name", [SIGNATURE, TIMESTAMP])
def test_a_call_without_one_of_the_headers_is_refused(name: str, tmp_path: Path) -> None:
    refuses(without(sendgrid(BODIES["delivered"]), name), tmp_path)


@pytest.mark.parametrize(
    "signature", ["", "!", "AAAA", "ÿ", "\ud800", base64.b64encode(b"\x30" * 70).decode()]
)
def test_a_signature_that_is_none_is_refused(signature: str, tmp_path: Path) -> None:
    refuses(saying(sendgrid(BODIES["delivered"]), **{SIGNATURE.replace("-", "_"): signature}), tmp_path)


@pytest.mark.parametrize("said", ["", "now", "-1", "1e9", "9" * 30, "٣", "\ud800", "1772463610.0", "0x1"])
def test_a_time_that_is_none_is_refused(said: str, tmp_path: Path) -> None:
    refuses(saying(sendgrid(BODIES["delivered"]), **{TIMESTAMP.replace("-", "_"): said}), tmp_path)


def test_a_stale_call_is_refused_and_one_just_within_the_window_is_not(tmp_path: Path) -> None:
    heard(sendgrid(BODIES["delivered"], said=NOW - REPLAY_WINDOW), tmp_path)
    refuses(sendgrid(BODIES["delivered"], said=NOW - REPLAY_WINDOW - timedelta(seconds=1)), tmp_path)


def test_a_call_from_the_future_is_refused(tmp_path: Path) -> None:
    heard(sendgrid(BODIES["delivered"], said=NOW + REPLAY_WINDOW), tmp_path)
    refuses(sendgrid(BODIES["delivered"], said=NOW + REPLAY_WINDOW + timedelta(seconds=1)), tmp_path)


def test_the_old_and_the_new_key_both_hold_while_one_replaces_the_other(tmp_path: Path) -> None:
    new = ec.generate_private_key(ec.SECP256R1())
    keys = f'"{public(new)}", "{public(SENDGRID_KEY)}"'
    config = configured(f"[provider.sendgrid]\nwebhook_public_keys = [{keys}]\n", tmp_path)
    ear = open_listener("sendgrid", config, {})
    ear.verify(sendgrid(BODIES["delivered"]))
    ear.verify(sendgrid(BODIES["delivered"], key=new))


@pytest.mark.parametrize(
    "keys", ["", '"MFkw"', '"not base64"', f'"{public(ec.generate_private_key(ec.SECP384R1()))}"']
)
def test_without_a_key_of_the_right_kind_the_service_cannot_be_heard(keys: str, tmp_path: Path) -> None:
    config = configured(f"[provider.sendgrid]\nwebhook_public_keys = [{keys}]\n", tmp_path)
    with pytest.raises(ConfigError, match="verification key"):
        open_listener("sendgrid", config, {})


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"null", b"7", b'"x"', b"[", b"\xff\xfe[", b"[" * 100_000, b"[" + b"9" * 5000 + b"]"]
)
def test_what_is_no_list_of_events_cannot_be_read(body: bytes, tmp_path: Path) -> None:
    hook = sendgrid(body)
    ear = listener("sendgrid", tmp_path)
    ear.verify(hook)
    with pytest.raises(HookUnreadableError):
        ear.events(hook)


def test_nesting_and_equal_names_and_nan_do_no_harm(tmp_path: Path) -> None:
    deep = b"[" * 200 + b"]" * 200
    body = b'[{"event":"bounce","event":"delivered","timestamp":NaN,"reason":' + deep + b"}]"
    (event,) = heard(sendgrid(body), tmp_path)
    assert (event.kind, event.at, event.detail) == (EventKind.DELIVERED, NOW, None)
