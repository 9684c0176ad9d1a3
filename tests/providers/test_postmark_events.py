"""Postmark's calls: proof by a secret, and every record type and type of bounce."""

import base64
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.delivery.events import Event, EventKind
from pipeline.errors import ConfigError
from pipeline.providers.hooks import Hook, HookRefusedError, HookUnreadableError
from pipeline.providers.listening import open_listener
from tests.providers.signing import (
    ENVIRONMENT,
    HAPPENED,
    NOW,
    POSTMARK_SECRET,
    believing,
    bodies,
    configured,
    listener,
    postmark,
    saying,
    without,
)

BODIES = bodies("postmark")
KINDS = {
    "Delivery": EventKind.DELIVERED,
    "Complaint": EventKind.COMPLAINED,
    "HardBounce": EventKind.BOUNCED_HARD,
    "BadEmailAddress": EventKind.BOUNCED_HARD,
    "Transient": EventKind.DELAYED,
    "SoftBounce": EventKind.BOUNCED_SOFT,
    "DnsError": EventKind.BOUNCED_SOFT,
    "SpamNotification": EventKind.BOUNCED_SOFT,
    "VirusNotification": EventKind.BOUNCED_SOFT,
    "Blocked": EventKind.BOUNCED_SOFT,
    "DMARCPolicy": EventKind.BOUNCED_SOFT,
    "Unknown": EventKind.BOUNCED_SOFT,
    "AutoResponder": EventKind.AUTO_REPLY,
    "AddressChange": EventKind.AUTO_REPLY,
    "ChallengeVerification": EventKind.AUTO_REPLY,
    "SpamComplaint": EventKind.COMPLAINED,
    "Unsubscribe": EventKind.UNSUBSCRIBED,
    "ManuallyDeactivated": EventKind.DROPPED,
    "Unconfirmed": EventKind.DROPPED,
    "SMTPApiError": EventKind.DROPPED,
    "TemplateRenderingFailed": EventKind.DROPPED,
    "Subscribe": EventKind.OTHER,
    "OpenRelayTest": EventKind.OTHER,
    "InboundError": EventKind.OTHER,
    "changed by the patient": EventKind.UNSUBSCRIBED,
    "changed by a bounce": EventKind.BOUNCED_HARD,
    "changed by a complaint": EventKind.COMPLAINED,
    "changed by staff": EventKind.OTHER,
    "reactivated": EventKind.OTHER,
    "Open": EventKind.OTHER,
    "Click": EventKind.OTHER,
}


def heard(hook: Hook, folder: Path) -> Event:
    ear = listener("postmark", folder)
    ear.verify(hook)
    (event,) = ear.events(hook)
    return event


def test_every_body_has_an_expectation() -> None:
    assert KINDS.keys() == BODIES.keys()


@pytest.mark.parametrize("case", sorted(BODIES))
def test_each_record_becomes_the_event_it_tells_of(case: str, tmp_path: Path) -> None:
    event = heard(postmark(BODIES[case]), tmp_path)
    assert event.kind is KINDS[case]
    assert event.at.replace(microsecond=0) == HAPPENED
    if BODIES[case]["Metadata"]:
        assert (event.key, event.provider_id) == ("key0001", BODIES[case]["MessageID"])


def test_a_bounce_says_its_type_and_quotes_the_server(tmp_path: Path) -> None:
    event = heard(postmark(BODIES["HardBounce"]), tmp_path)
    assert event.said == "HardBounce"
    assert event.detail is not None
    assert "unknown user" in event.detail
    assert "550 5.1.1" in event.detail


def test_a_change_says_reason_and_origin(tmp_path: Path) -> None:
    event = heard(postmark(BODIES["changed by the patient"]), tmp_path)
    assert event.said == "SubscriptionChange/ManualSuppression/Recipient"


def test_a_bounce_type_with_a_new_name_is_known_by_its_number(tmp_path: Path) -> None:
    record = {**BODIES["HardBounce"], "Type": "HardBounceRenamed"}
    assert heard(postmark(record), tmp_path).kind is EventKind.BOUNCED_HARD


def test_an_unknown_bounce_is_kept_with_its_word(tmp_path: Path) -> None:
    event = heard(postmark({**BODIES["HardBounce"], "Type": "Cosmic", "TypeCode": 77}), tmp_path)
    assert (event.kind, event.said) == (EventKind.OTHER, "Cosmic")


def test_an_unknown_record_is_kept_with_its_word(tmp_path: Path) -> None:
    event = heard(postmark({"RecordType": "Sunrise"}), tmp_path)
    assert (event.kind, event.said, event.at) == (EventKind.OTHER, "Sunrise", NOW)


@pytest.mark.parametrize("case", sorted(BODIES))
def test_the_same_record_again_is_the_same_event(case: str, tmp_path: Path) -> None:
    first = heard(postmark(BODIES[case]), tmp_path)
    later = replace(postmark(BODIES[case]), received_at=datetime(2026, 3, 3, tzinfo=UTC))
    assert heard(later, tmp_path).dedupe == first.dedupe


def test_all_records_are_events_of_their_own(tmp_path: Path) -> None:
    seen = [heard(postmark(body), tmp_path).dedupe for body in BODIES.values()]
    assert len(set(seen)) == len(BODIES)


def test_a_reactivation_is_never_a_way_back(tmp_path: Path) -> None:
    record = {**BODIES["reactivated"], "SuppressionReason": "HardBounce"}
    assert heard(postmark(record), tmp_path).kind is EventKind.OTHER


def test_a_header_or_a_bearer_token_proves_as_well(tmp_path: Path) -> None:
    bare = without(postmark(BODIES["Delivery"]), "authorization")
    ear = listener("postmark", tmp_path)
    ear.verify(saying(bare, x_webhook_secret=POSTMARK_SECRET))
    ear.verify(saying(bare, authorization=f"Bearer {POSTMARK_SECRET}"))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Basic"},
        {"authorization": "Basic !!!"},
        {"authorization": "Basic ÿ\ud800"},
        {"authorization": f"Basic {POSTMARK_SECRET}"},
        {"authorization": POSTMARK_SECRET},
        {"authorization": "Bearer "},
        {"authorization": f"Digest {POSTMARK_SECRET}"},
        {"x-webhook-secret": ""},
        {"x-webhook-secret": POSTMARK_SECRET[:-1]},
        {"x-webhook-secret": POSTMARK_SECRET + "x"},
        {"x-postmark-signature": POSTMARK_SECRET},
    ],
)
def test_a_call_without_the_secret_is_refused(headers: dict[str, str], tmp_path: Path) -> None:
    hook = Hook(body=b"{}", headers=headers, received_at=NOW)
    with pytest.raises(HookRefusedError) as refused:
        listener("postmark", tmp_path).verify(hook)
    assert POSTMARK_SECRET not in str(refused.value)


def test_another_user_name_or_secret_is_refused(tmp_path: Path) -> None:
    for forged in (postmark({}, user="root"), postmark({}, secret="guessed"), postmark({}, secret="")):
        with pytest.raises(HookRefusedError):
            listener("postmark", tmp_path).verify(forged)


def test_a_secret_in_the_middle_of_credentials_does_not_count(tmp_path: Path) -> None:
    basic = base64.b64encode(f"pipeline:x:{POSTMARK_SECRET}".encode()).decode()
    with pytest.raises(HookRefusedError):
        listener("postmark", tmp_path).verify(saying(postmark({}), authorization=f"Basic {basic}"))


def test_the_old_and_the_new_secret_both_hold_while_one_replaces_the_other(tmp_path: Path) -> None:
    both = {**ENVIRONMENT, "POSTMARK_WEBHOOK_SECRET": f"brand-new {POSTMARK_SECRET}"}
    ear = open_listener("postmark", believing(tmp_path), both)
    ear.verify(postmark({}))
    ear.verify(postmark({}, secret="brand-new"))
    with pytest.raises(HookRefusedError):
        ear.verify(postmark({}, secret=f"brand-new {POSTMARK_SECRET}"))


def test_the_secret_may_stand_in_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "hook").write_text("from-a-file\n", encoding="utf-8")
    config = configured('[provider.postmark]\nwebhook_secret_file = "hook"\n', tmp_path)
    open_listener("postmark", config, {}).verify(postmark({}, secret="from-a-file"))


def test_without_a_secret_the_service_cannot_be_heard(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="POSTMARK_WEBHOOK_SECRET"):
        open_listener("postmark", believing(tmp_path), {})


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"Bounce"', b"{}", b'{"RecordType": 5}', b"{" * 99])
def test_what_is_no_record_cannot_be_read(body: bytes, tmp_path: Path) -> None:
    with pytest.raises(HookUnreadableError):
        listener("postmark", tmp_path).events(postmark(body))
