"""Mailgun's calls: an HMAC inside the body, and every kind of event and failure."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.delivery.events import Event, EventKind
from pipeline.errors import ConfigError
from pipeline.providers.hooks import REPLAY_WINDOW, Hook, HookRefusedError, HookUnreadableError
from pipeline.providers.listening import open_listener
from tests.providers.signing import (
    ENVIRONMENT,
    HAPPENED,
    MAILGUN_KEY,
    NOW,
    TOKEN,
    as_bytes,
    believing,
    bodies,
    cut,
    listener,
    mailgun,
)

BODIES = bodies("mailgun")
KINDS = {
    "accepted": EventKind.ACCEPTED,
    "delivered": EventKind.DELIVERED,
    "failed for now": EventKind.DELAYED,
    "bounced": EventKind.BOUNCED_HARD,
    "bounced, hard in words": EventKind.BOUNCED_HARD,
    "bounced, soft in words": EventKind.BOUNCED_SOFT,
    "bounced, by its code": EventKind.BOUNCED_HARD,
    "too old": EventKind.BOUNCED_SOFT,
    "generic": EventKind.BOUNCED_SOFT,
    "bounced before": EventKind.BOUNCED_HARD,
    "complained before": EventKind.COMPLAINED,
    "unsubscribed before": EventKind.UNSUBSCRIBED,
    "complained": EventKind.COMPLAINED,
    "unsubscribed": EventKind.UNSUBSCRIBED,
    "rejected": EventKind.DROPPED,
    "opened": EventKind.OTHER,
    "clicked": EventKind.OTHER,
    "failed in a new way": EventKind.OTHER,
}


def heard(hook: Hook, folder: Path) -> Event:
    ear = listener("mailgun", folder)
    ear.verify(hook)
    (event,) = ear.events(hook)
    return event


def refuses(hook: Hook, folder: Path) -> None:
    with pytest.raises(HookRefusedError):
        listener("mailgun", folder).verify(hook)


def resigned(**signature: object) -> Hook:
    """A genuine call with parts of its signature replaced; None takes one out."""
    call = json.loads(mailgun(BODIES["delivered"]).body)
    changed = {**call["signature"], **signature}
    call["signature"] = {name: value for name, value in changed.items() if value is not None}
    return replace(mailgun({}), body=as_bytes(call))


def test_every_body_has_an_expectation() -> None:
    assert KINDS.keys() == BODIES.keys()


@pytest.mark.parametrize("case", sorted(BODIES))
def test_each_event_becomes_what_it_tells_of(case: str, tmp_path: Path) -> None:
    event = heard(mailgun(BODIES[case]), tmp_path)
    assert event.kind is KINDS[case]
    assert event.at.replace(microsecond=0) == HAPPENED
    assert event.key == "key0001"
    # With the angle brackets that sending was answered with.
    assert event.provider_id == "<20260302150000.1.ABCDEF@mg.clinic.example.org>"


def test_a_failure_says_how_and_quotes_the_server(tmp_path: Path) -> None:
    event = heard(mailgun(BODIES["bounced"]), tmp_path)
    assert event.said == "failed/permanent/bounce"
    assert event.detail is not None
    assert "550" in event.detail
    assert "does not exist" in event.detail


def test_the_token_tells_the_same_call_again_whatever_its_event_says(tmp_path: Path) -> None:
    first = heard(mailgun(BODIES["delivered"]), tmp_path)
    forged = heard(mailgun({**BODIES["complained"], "id": "chosen-by-a-forger"}), tmp_path)
    assert first.dedupe == forged.dedupe == TOKEN
    assert heard(mailgun(BODIES["delivered"], token="f" * 50), tmp_path).dedupe != first.dedupe


def test_a_forged_signature_is_refused(tmp_path: Path) -> None:
    refuses(mailgun(BODIES["delivered"], key="guessed"), tmp_path)
    refuses(resigned(signature="0" * 64), tmp_path)


def test_a_signature_of_another_call_is_refused(tmp_path: Path) -> None:
    other = json.loads(mailgun(BODIES["delivered"], token="f" * 50).body)["signature"]["signature"]
    refuses(resigned(signature=other), tmp_path)


def test_digits_cannot_move_between_time_and_token(tmp_path: Path) -> None:
    genuine = json.loads(mailgun({}, token="1" + TOKEN).body)["signature"]
    refuses(resigned(**{**genuine, "timestamp": genuine["timestamp"] + "1", "token": TOKEN}), tmp_path)
    timestamp, last = genuine["timestamp"][:-1], genuine["timestamp"][-1]
    refuses(resigned(**{**genuine, "timestamp": timestamp, "token": f"{last}1{TOKEN}"}), tmp_path)


@pytest.mark.parametrize("name", ["timestamp", "token", "signature"])
@pytest.mark.parametrize("value", [None, "", 7.5, [], {}, True, "\ud800", "x"])
def test_a_call_whose_signature_is_not_whole_is_refused(name: str, value: object, tmp_path: Path) -> None:
    refuses(resigned(**{name: value}), tmp_path)


def test_a_time_that_is_a_number_counts_as_well(tmp_path: Path) -> None:
    heard(resigned(timestamp=int(NOW.timestamp())), tmp_path)


def test_a_repeated_try_is_taken_for_eight_hours_and_a_stale_call_is_refused(tmp_path: Path) -> None:
    heard(mailgun(BODIES["delivered"], said=NOW - timedelta(hours=8, minutes=5)), tmp_path)
    refuses(mailgun(BODIES["delivered"], said=NOW - timedelta(hours=9)), tmp_path)


def test_a_call_from_the_future_is_refused(tmp_path: Path) -> None:
    refuses(mailgun(BODIES["delivered"], said=NOW + REPLAY_WINDOW + timedelta(seconds=1)), tmp_path)


def test_a_truncated_body_is_refused(tmp_path: Path) -> None:
    refuses(cut(mailgun(BODIES["delivered"])), tmp_path)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"null", b'{"signature": []}', b"\xff", b'{"a":' * 10_000]
)
def test_a_body_without_a_signature_is_refused(body: bytes, tmp_path: Path) -> None:
    refuses(replace(mailgun({}), body=body), tmp_path)


def test_the_form_of_older_webhooks_is_refused(tmp_path: Path) -> None:
    signature = json.loads(mailgun({}).body)["signature"]
    body = "&".join(f"{name}={value}" for name, value in signature.items()).encode()
    refuses(replace(mailgun({}), body=body + b"&event=delivered"), tmp_path)


def test_the_old_and_the_new_key_both_hold_while_one_replaces_the_other(tmp_path: Path) -> None:
    both = {**ENVIRONMENT, "MAILGUN_WEBHOOK_SIGNING_KEY": f"brand-new {MAILGUN_KEY}"}
    ear = open_listener("mailgun", believing(tmp_path), both)
    ear.verify(mailgun(BODIES["delivered"]))
    ear.verify(mailgun(BODIES["delivered"], key="brand-new"))


def test_without_a_key_the_service_cannot_be_heard(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="MAILGUN_WEBHOOK_SIGNING_KEY"):
        open_listener("mailgun", believing(tmp_path), {})


@pytest.mark.parametrize("data", [None, [], "x", 7])
def test_a_call_without_an_event_cannot_be_read(data: object, tmp_path: Path) -> None:
    hook = mailgun(data)
    ear = listener("mailgun", tmp_path)
    ear.verify(hook)
    with pytest.raises(HookUnreadableError):
        ear.events(hook)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"event": None},
        {"event": "failed", "severity": [], "reason": {}},
        {"event": "failed", "severity": "permanent", "reason": [], "delivery-status": {"bounce-type": []}},
        {"event": "failed", "severity": "permanent", "delivery-status": [1]},
        {"event": "sunrise", "message": [], "user-variables": "key0001", "timestamp": "soon"},
    ],
)
def test_missing_and_odd_fields_do_no_harm(odd: dict[str, Any], tmp_path: Path) -> None:
    event = heard(mailgun(odd), tmp_path)
    assert event.kind in {EventKind.OTHER, EventKind.BOUNCED_SOFT}
    assert (event.key, event.provider_id, event.at) == (None, None, NOW)


def test_an_unknown_event_is_kept_with_its_word(tmp_path: Path) -> None:
    event = heard(mailgun({"event": "list_member_uploaded"}), tmp_path)
    assert (event.kind, event.said) == (EventKind.OTHER, "list_member_uploaded")
