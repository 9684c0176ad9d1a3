"""Brevo's calls: proof by a secret, single and batched, and every kind of event."""

import base64
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.delivery.events import Event, EventKind
from pipeline.errors import ConfigError
from pipeline.providers.hooks import Hook, HookRefusedError, HookUnreadableError
from pipeline.providers.listening import open_listener
from tests.providers.signing import (
    BREVO_SECRET,
    ENVIRONMENT,
    HAPPENED,
    NOW,
    believing,
    bodies,
    brevo,
    configured,
    cut,
    listener,
    saying,
    without,
)

BODIES = bodies("brevo")
KINDS = {
    "request": EventKind.ACCEPTED,
    "sent": EventKind.ACCEPTED,
    "delivered": EventKind.DELIVERED,
    "deferred": EventKind.DELAYED,
    "hard_bounce": EventKind.BOUNCED_HARD,
    "invalid_email": EventKind.BOUNCED_HARD,
    "soft_bounce": EventKind.BOUNCED_SOFT,
    "blocked": EventKind.DROPPED,
    "error": EventKind.DROPPED,
    "spam": EventKind.COMPLAINED,
    "complaint": EventKind.COMPLAINED,
    "unsubscribed": EventKind.UNSUBSCRIBED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "opened": EventKind.OTHER,
    "unique_opened": EventKind.OTHER,
    "click": EventKind.OTHER,
    "proxy_open": EventKind.OTHER,
    "list_addition": EventKind.OTHER,
}


def heard(hook: Hook, folder: Path) -> tuple[Event, ...]:
    ear = listener("brevo", folder)
    ear.verify(hook)
    return ear.events(hook)


def test_every_body_has_an_expectation() -> None:
    assert KINDS.keys() == BODIES.keys()


@pytest.mark.parametrize("case", sorted(BODIES))
def test_each_event_becomes_what_it_tells_of(case: str, tmp_path: Path) -> None:
    (event,) = heard(brevo(BODIES[case]), tmp_path)
    assert (event.kind, event.said) == (KINDS[case], case)
    assert event.at == HAPPENED + timedelta(milliseconds=500)
    assert (event.key, event.provider_id) == ("key0001", BODIES[case]["message-id"])
    assert event.detail == BODIES[case].get("reason")


def test_all_events_of_a_batch_are_heard(tmp_path: Path) -> None:
    events = heard(brevo(list(BODIES.values())), tmp_path)
    assert [event.kind for event in events] == [KINDS[case] for case in BODIES]
    assert len({event.dedupe for event in events}) == len(BODIES)


def test_an_empty_batch_tells_nothing(tmp_path: Path) -> None:
    assert heard(brevo([]), tmp_path) == ()


def test_one_odd_item_leaves_the_good_ones(tmp_path: Path) -> None:
    events = heard(brevo([None, BODIES["hard_bounce"], {}, {"event": {}}, [[]]]), tmp_path)
    kinds = [event.kind for event in events]
    assert kinds == [EventKind.OTHER, EventKind.BOUNCED_HARD, *[EventKind.OTHER] * 3]


def test_the_same_event_alone_and_in_a_batch_is_the_same(tmp_path: Path) -> None:
    (alone,) = heard(brevo(BODIES["hard_bounce"]), tmp_path)
    later = replace(brevo([BODIES["spam"], BODIES["hard_bounce"]]), received_at=NOW + timedelta(days=2))
    assert heard(later, tmp_path)[1].dedupe == alone.dedupe


@pytest.mark.parametrize(
    "changed",
    [{"event": "soft_bounce"}, {"ts_epoch": 1772463700000}, {"message-id": "<other>"},
     {"X-Mailin-custom": "key0002"}, {"date": "2026-03-02 16:00:01"}],
)  # fmt: skip
def test_another_message_kind_or_time_is_another_event(changed: dict[str, object], tmp_path: Path) -> None:
    (first,), (second,) = (
        heard(brevo(body), tmp_path) for body in (BODIES["hard_bounce"], {**BODIES["hard_bounce"], **changed})
    )
    assert first.dedupe != second.dedupe


def test_two_patients_of_mail_that_is_not_ours_are_two_events(tmp_path: Path) -> None:
    foreign = {"event": "delivered", "message-id": "<one>", "ts_epoch": 1772463600000}
    call = [{**foreign, "email": f"patient{number}@example.org"} for number in (1, 2)]
    first, second = heard(brevo(call), tmp_path)
    assert first.dedupe != second.dedupe


def test_the_account_s_own_time_is_never_taken_for_utc(tmp_path: Path) -> None:
    item = {
        name: value for name, value in BODIES["delivered"].items() if name not in {"ts_epoch", "ts_event"}
    }
    (event,) = heard(brevo(item), tmp_path)
    assert event.at == NOW


def test_seconds_where_milliseconds_are_promised_are_understood(tmp_path: Path) -> None:
    (event,) = heard(brevo({**BODIES["delivered"], "ts_epoch": int(HAPPENED.timestamp())}), tmp_path)
    assert event.at == HAPPENED


def test_basic_credentials_and_a_header_prove_as_well(tmp_path: Path) -> None:
    basic = base64.b64encode(f"pipeline:{BREVO_SECRET}".encode()).decode()
    ear = listener("brevo", tmp_path)
    ear.verify(saying(brevo({}), authorization=f"Basic {basic}"))
    ear.verify(saying(without(brevo({}), "authorization"), x_webhook_secret=BREVO_SECRET))


def test_the_user_name_can_be_another(tmp_path: Path) -> None:
    config = configured('[provider.brevo]\nwebhook_user = "clinic"\n', tmp_path)
    basic = base64.b64encode(f"clinic:{BREVO_SECRET}".encode()).decode()
    open_listener("brevo", config, ENVIRONMENT).verify(saying(brevo({}), authorization=f"Basic {basic}"))


def test_a_forged_or_missing_secret_is_refused(tmp_path: Path) -> None:
    for forged in (brevo({}, secret="guessed"), brevo({}, secret=""), without(brevo({}), "authorization")):
        with pytest.raises(HookRefusedError):
            listener("brevo", tmp_path).verify(forged)


def test_the_old_and_the_new_secret_both_hold_while_one_replaces_the_other(tmp_path: Path) -> None:
    both = {"BREVO_WEBHOOK_SECRET": f"brand-new {BREVO_SECRET}"}
    ear = open_listener("brevo", believing(tmp_path), both)
    ear.verify(brevo({}))
    ear.verify(brevo({}, secret="brand-new"))


def test_without_a_secret_the_service_cannot_be_heard(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="BREVO_WEBHOOK_SECRET"):
        open_listener("brevo", believing(tmp_path), {})


def test_a_truncated_body_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(HookUnreadableError):
        heard(cut(brevo(BODIES["delivered"])), tmp_path)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"null", b'{"event": 7}', b'{"items": []}', b"[" * 100_000, b"\xff"]
)
def test_what_is_neither_an_event_nor_a_list_cannot_be_read(body: bytes, tmp_path: Path) -> None:
    with pytest.raises(HookUnreadableError):
        listener("brevo", tmp_path).events(brevo(body))
