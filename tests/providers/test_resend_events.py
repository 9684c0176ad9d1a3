"""Resend's calls: Svix signatures, and every type of event."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.delivery.events import Event, EventKind
from pipeline.errors import ConfigError
from pipeline.providers.hooks import REPLAY_WINDOW, Hook, HookRefusedError, HookUnreadableError
from pipeline.providers.listening import open_listener
from tests.providers.signing import (
    ENVIRONMENT,
    HAPPENED,
    NOW,
    RESEND_SECRET,
    believing,
    bodies,
    cut,
    listener,
    resend,
    saying,
    without,
)

BODIES = bodies("resend")
KINDS = {
    "sent": EventKind.ACCEPTED,
    "delivered": EventKind.DELIVERED,
    "delayed": EventKind.DELAYED,
    "bounced": EventKind.BOUNCED_HARD,
    "bounced, suppressed": EventKind.BOUNCED_HARD,
    "bounced, on the account's list": EventKind.DROPPED,
    "bounced, full": EventKind.BOUNCED_SOFT,
    "bounced, unclear": EventKind.BOUNCED_SOFT,
    "bounced, in the older shape": EventKind.BOUNCED_HARD,
    "complained": EventKind.COMPLAINED,
    "failed": EventKind.DROPPED,
    "suppressed": EventKind.DROPPED,
    "scheduled": EventKind.OTHER,
    "opened": EventKind.OTHER,
    "clicked": EventKind.OTHER,
    "of a contact": EventKind.OTHER,
    "tags as an object": EventKind.DELIVERED,
    "key in a header only": EventKind.DELIVERED,
}
NEW_SECRET = "whsec_YnJhbmQtbmV3LW5vdC1hLXJlYWwtb25l"


def heard(hook: Hook, folder: Path) -> Event:
    ear = listener("resend", folder)
    ear.verify(hook)
    (event,) = ear.events(hook)
    return event


def refuses(hook: Hook, folder: Path) -> None:
    with pytest.raises(HookRefusedError):
        listener("resend", folder).verify(hook)


def test_every_body_has_an_expectation() -> None:
    assert KINDS.keys() == BODIES.keys()


@pytest.mark.parametrize("case", sorted(BODIES))
def test_each_event_becomes_what_it_tells_of(case: str, tmp_path: Path) -> None:
    event = heard(resend(BODIES[case]), tmp_path)
    assert event.kind is KINDS[case]
    assert event.at.replace(microsecond=0) == HAPPENED
    assert event.dedupe == resend({}).headers["svix-id"]
    if BODIES[case]["type"].startswith("email."):
        assert (event.key, event.provider_id) == ("key0001", BODIES[case]["data"]["email_id"])


def test_a_bounce_says_how_and_quotes_the_server(tmp_path: Path) -> None:
    event = heard(resend(BODIES["bounced"]), tmp_path)
    assert event.said == "email.bounced/Permanent/General"
    assert event.detail is not None
    assert "550 5.1.1" in event.detail


def test_a_repeated_try_is_signed_anew_and_is_the_same_event(tmp_path: Path) -> None:
    again = resend(BODIES["bounced"], said=NOW + timedelta(minutes=1))
    assert heard(again, tmp_path) == heard(resend(BODIES["bounced"]), tmp_path)


def test_one_of_several_signatures_is_enough(tmp_path: Path) -> None:
    right = resend(BODIES["sent"]).headers["svix-signature"]
    wrong = resend(BODIES["sent"], secret=NEW_SECRET).headers["svix-signature"]
    for several in (f"{wrong} {right}", f"{right} {wrong}", f"v1a,{'A' * 88} {right} v2,x"):
        heard(saying(resend(BODIES["sent"]), svix_signature=several), tmp_path)


def test_the_old_and_the_new_secret_both_hold_while_one_replaces_the_other(tmp_path: Path) -> None:
    both = {**ENVIRONMENT, "RESEND_WEBHOOK_SECRET": f"{NEW_SECRET} {RESEND_SECRET}"}
    ear = open_listener("resend", believing(tmp_path), both)
    ear.verify(resend(BODIES["sent"]))
    ear.verify(resend(BODIES["sent"], secret=NEW_SECRET))


def test_the_example_that_svix_publishes_is_believed(tmp_path: Path) -> None:
    # https://docs.svix.com/receiving/verifying-payloads/how-manual
    secret = {"RESEND_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    hook = Hook(
        body=b'{"test": 2432232314}',
        headers={
            "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "svix-timestamp": "1614265330",
            "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        received_at=datetime.fromtimestamp(1614265330, UTC),
    )
    open_listener("resend", believing(tmp_path), secret).verify(hook)


def test_a_forged_signature_is_refused(tmp_path: Path) -> None:
    refuses(resend(BODIES["sent"], secret=NEW_SECRET), tmp_path)


def test_a_signature_of_another_body_is_refused(tmp_path: Path) -> None:
    refuses(replace(resend(BODIES["sent"]), body=resend(BODIES["complained"]).body), tmp_path)


def test_a_signature_of_another_call_is_refused(tmp_path: Path) -> None:
    refuses(saying(resend(BODIES["sent"]), svix_id="msg_another"), tmp_path)


def test_another_algorithm_is_refused(tmp_path: Path) -> None:
    signature = resend(BODIES["sent"]).headers["svix-signature"].removeprefix("v1,")
    for said in (f"v2,{signature}", f"v1a,{signature}", signature, f"v1={signature}", f"v1,{signature}x"):
        refuses(saying(resend(BODIES["sent"]), svix_signature=said), tmp_path)


@pytest.mark.parametrize("name", ["svix-id", "svix-timestamp", "svix-signature"])
def test_a_call_without_one_of_the_headers_is_refused(name: str, tmp_path: Path) -> None:
    refuses(without(resend(BODIES["sent"]), name), tmp_path)


@pytest.mark.parametrize("signature", ["", " ", "v1,", "v1, v1,", "ÿ", "\ud800", "v1," * 10_000])
def test_a_signature_that_is_none_is_refused(signature: str, tmp_path: Path) -> None:
    refuses(saying(resend(BODIES["sent"]), svix_signature=signature), tmp_path)


def test_a_truncated_body_is_refused(tmp_path: Path) -> None:
    refuses(cut(resend(BODIES["sent"])), tmp_path)


def test_a_stale_call_is_refused_and_one_just_within_the_window_is_not(tmp_path: Path) -> None:
    heard(resend(BODIES["sent"], said=NOW - REPLAY_WINDOW), tmp_path)
    refuses(resend(BODIES["sent"], said=NOW - REPLAY_WINDOW - timedelta(seconds=1)), tmp_path)


def test_a_call_from_the_future_is_refused(tmp_path: Path) -> None:
    refuses(resend(BODIES["sent"], said=NOW + REPLAY_WINDOW + timedelta(seconds=1)), tmp_path)


@pytest.mark.parametrize("secret", ["not-a-secret", "whsec_", "whsec_!", "whsec_ÿ"])
def test_a_secret_that_is_none_is_named_at_the_start(secret: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Resend") as refused:
        open_listener("resend", believing(tmp_path), {"RESEND_WEBHOOK_SECRET": secret})
    assert "not-a-secret" not in str(refused.value)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{}", b'{"type": null}', b"[" * 100_000, b"\x80"])
def test_what_is_no_event_cannot_be_read(body: bytes, tmp_path: Path) -> None:
    hook = resend(body)
    ear = listener("resend", tmp_path)
    ear.verify(hook)
    with pytest.raises(HookUnreadableError):
        ear.events(hook)


@pytest.mark.parametrize(
    "data",
    [None, [], "x", {"bounce": []}, {"bounce": {"type": [], "subType": {}, "diagnosticCode": {}}},
     {"tags": [None, {"name": 7}, {"name": "delivery_key", "value": "a b"}], "headers": {"x": 1}}],
)  # fmt: skip
def test_missing_and_odd_fields_do_no_harm(data: object, tmp_path: Path) -> None:
    event = heard(resend({"type": "email.bounced", "data": data}), tmp_path)
    assert (event.key, event.provider_id, event.at) == (None, None, NOW)
