"""Each API's own words: the request as its documentation has it (sources and dates in the providers' files),
tracking off, the key where reports bring it back, and what its error codes mean."""

import base64
import json
import uuid
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from pipeline.delivery.outcome import Accepted, Deferred, Outcome, Refused, Unknown
from pipeline.providers.port import Provider
from pipeline.rendering.model import Message
from tests.providers.conftest import (
    PIXEL,
    SECRET,
    Answering,
    alike,
    message,
    open_brevo,
    open_mailgun,
    open_resend,
    open_sendgrid,
    open_ses,
)


def sent(provider: Provider, *messages: Message) -> tuple[Outcome, ...]:
    with closing(provider):
        return provider.send(messages)


def names(pairs: list[dict[str, str]]) -> dict[str, str]:
    return {pair["Name"]: pair["Value"] for pair in pairs}


def two_alike() -> tuple[Message, Message]:
    return alike(0, name="Ana"), alike(1, name="Bo")


# --- Amazon SES


def test_ses_gets_one_template_and_a_signed_entry_for_each(answering: Answering) -> None:
    results = [{"Status": "SUCCESS", "MessageId": "s-0"}, {"Status": "SUCCESS", "MessageId": "s-1"}]
    server = answering(200, {"BulkEmailEntryResults": results})

    outcomes = sent(open_ses(server.url), *two_alike())

    (request,) = server.requests
    body = request.json()
    template = body["DefaultContent"]["Template"]
    first, second = body["BulkEmailEntries"]
    assert outcomes == (Accepted(provider_id="s-0"), Accepted(provider_id="s-1"))
    assert request.path == "/v2/email/outbound-bulk-emails"
    assert request.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260302/")
    assert SECRET not in json.dumps(request.headers)
    assert body["ConfigurationSetName"] == "patients"
    assert body["ConfigurationOverrides"] == {
        "Tracking": {"OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED"}
    }
    assert "{{greeting}}" in template["TemplateContent"]["Html"]
    assert names(first["ReplacementTags"]) == {"delivery_key": "key0000"}
    assert names(second["ReplacementHeaders"])["List-Unsubscribe"] == "<https://clinic.example.org/u/1>"
    assert names(template["Headers"])["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    data = json.loads(second["ReplacementEmailContent"]["ReplacementTemplate"]["ReplacementTemplateData"])
    assert data["greeting"] == "Hello Bo,"


def test_ses_gets_a_whole_message_raw(answering: Answering) -> None:
    server = answering(200, {"MessageId": "s-1"})

    (outcome,) = sent(open_ses(server.url), message(1, pictures=(PIXEL,)))

    (request,) = server.requests
    raw = base64.b64decode(request.json()["Content"]["Raw"]["Data"])
    assert outcome == Accepted(provider_id="s-1")
    assert request.path == "/v2/email/outbound-emails"
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
    assert names(request.json()["EmailTags"]) == {"delivery_key": "key0001"}


@pytest.mark.parametrize(
    ("status", "expected", "everyone"),
    [("ACCOUNT_DAILY_QUOTA_EXCEEDED", Deferred, True), ("MAIL_FROM_DOMAIN_NOT_VERIFIED", Deferred, True),
     ("TRANSIENT_FAILURE", Deferred, False), ("MESSAGE_REJECTED", Refused, None), ("FAILED", Refused, None)],
)  # fmt: skip
def test_each_entry_of_ses_has_a_status_of_its_own(answering, status, expected, everyone) -> None:
    results = [{"Status": status, "Error": "patient0@example.org"}, {"Status": "SUCCESS", "MessageId": "s-1"}]

    first, second = sent(open_ses(answering(200, {"BulkEmailEntryResults": results}).url), *two_alike())

    assert type(first) is expected
    assert everyone is None or first.everyone is everyone
    assert isinstance(second, Accepted)
    assert "example.org" not in repr(first)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [("SendingPausedException", "", Deferred), ("AccountSuspendedException:http://x/", "", Deferred),
     ("MessageRejected", "Email address is not verified: a@example.org", Deferred),
     ("MessageRejected", "Illegal content", Refused), ("BadRequestException", "bad", Refused)],
)  # fmt: skip
def test_an_error_of_ses_that_concerns_the_account_uses_up_nobody(answering, name, text, expected) -> None:
    server = answering(400, {"message": text}, {"x-amzn-ErrorType": name})

    (outcome,) = sent(open_ses(server.url), message(1))

    assert type(outcome) is expected
    assert "example.org" not in repr(outcome)


# --- Mailgun


def test_mailgun_gets_one_form_with_variables_for_each_recipient(answering: Answering) -> None:
    server = answering(200, {"id": "<m@mailgun>", "message": "Queued. Thank you."})

    outcomes = sent(open_mailgun(server.url), *two_alike())

    (request,) = server.requests
    fields = request.form()
    single = dict(fields)
    variables = json.loads(single["recipient-variables"])
    assert outcomes == (Accepted(provider_id="<m@mailgun>"),) * 2
    assert request.path == "/v3/clinic.example.org/messages"
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(f"api:{SECRET}".encode()).decode()
    assert [value for name, value in fields if name == "to"] == [
        "patient0@example.org",
        "patient1@example.org",
    ]
    assert single["v:delivery_key"] == "%recipient.key%"
    assert single["h:List-Unsubscribe"] == "%recipient.h_List-Unsubscribe%"
    assert single["h:List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert {single[f"o:tracking{each}"] for each in ("", "-clicks", "-opens")} == {"no"}
    assert variables["patient1@example.org"]["greeting"] == "Hello Bo,"
    assert variables["patient1@example.org"]["key"] == "key0001"


def test_a_picture_for_mailgun_is_named_by_its_content_id(answering: Answering) -> None:
    server = answering(200, {"id": "<m@mailgun>"})

    sent(open_mailgun(server.url), message(1, pictures=(PIXEL,)))

    assert ("inline", PIXEL.cid) in server.requests[0].form()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [({"message": "Domain clinic.example.org is not allowed to send: unverified"}, Deferred),
     ({"message": "'to' parameter is not a valid address"}, Refused)],
)  # fmt: skip
def test_a_domain_that_may_not_send_by_mailgun_uses_up_nobody(answering, answer, expected) -> None:
    (outcome,) = sent(open_mailgun(answering(400, answer).url), message(1))

    assert type(outcome) is expected


def test_mailguns_greeting_at_a_wrong_address_is_no_acceptance(answering: Answering) -> None:
    (outcome,) = sent(open_mailgun(answering(200, "Mailgun Magnificent API").url), message(1))

    assert isinstance(outcome, Unknown)


# --- SendGrid


def test_sendgrid_gets_one_body_and_a_personalization_for_each(answering: Answering) -> None:
    server = answering(202, "", {"X-Message-Id": "g-1"})

    outcomes = sent(open_sendgrid(server.url), *two_alike())

    (request,) = server.requests
    body = request.json()
    first, second = body["personalizations"]
    assert outcomes == (Accepted(provider_id="g-1"),) * 2
    assert request.headers["Authorization"] == f"Bearer {SECRET}"
    assert first["custom_args"] == {"delivery_key": "key0000"}
    assert second["to"] == [{"email": "patient1@example.org"}]
    assert second["headers"]["List-Unsubscribe"] == "<https://clinic.example.org/u/1>"
    assert second["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "headers" not in body
    assert second["substitutions"]["[[part:greeting]]"] == "Hello Bo,"
    assert [each["type"] for each in body["content"]] == ["text/plain", "text/html"]
    tracking = body["tracking_settings"]
    assert [tracking[each]["enable"] for each in sorted(tracking)] == [False] * 4


def test_the_sandbox_of_sendgrid_is_no_acceptance(answering: Answering) -> None:
    (outcome,) = sent(open_sendgrid(answering(200, "").url), message(1))

    assert isinstance(outcome, Unknown)


def test_values_too_long_for_a_substitution_go_whole(answering: Answering) -> None:
    server = answering(202, "", {"X-Message-Id": "g-1"})
    long = "x" * 12_000

    sent(open_sendgrid(server.url), alike(0), alike(1, name=long), alike(2))

    merged, whole = (request.json() for request in server.requests)
    assert len(merged["personalizations"]) == 2
    assert "substitutions" not in whole["personalizations"][0]
    assert long in whole["content"][0]["value"]


# --- Resend


def test_resend_gets_a_batch_with_a_key_made_from_its_bytes(answering: Answering) -> None:
    server = answering(200, {"data": [{"id": "r-0"}, {"id": "r-1"}]})
    messages = two_alike()

    outcomes = sent(open_resend(server.url), *messages)
    sent(open_resend(server.url), *messages)
    sent(open_resend(server.url), *reversed(messages))

    first, again, other = server.requests
    item = first.json()[0]
    keys = [request.headers["Idempotency-Key"] for request in server.requests]
    assert outcomes == (Accepted(provider_id="r-0"), Accepted(provider_id="r-1"))
    assert first.body == again.body
    assert keys[0] == keys[1] != keys[2]
    assert first.headers["x-batch-validation"] == "permissive"
    assert other.path == "/emails/batch"
    assert item["tags"] == [{"name": "delivery_key", "value": "key0000"}]
    assert item["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert item["to"] == ["patient0@example.org"]


def test_resend_names_the_bad_ones_of_a_batch_by_index(answering: Answering) -> None:
    answer = {"data": [{"id": "r-0"}, {"id": "r-2"}], "errors": [{"index": 1, "message": "a@example.org"}]}

    outcomes = sent(open_resend(answering(200, answer).url), *[alike(number) for number in range(3)])

    assert [type(outcome) for outcome in outcomes] == [Accepted, Refused, Accepted]
    assert outcomes[2] == Accepted(provider_id="r-2")
    assert "example.org" not in repr(outcomes)


def test_a_message_with_pictures_goes_to_resend_alone(answering: Answering) -> None:
    server = answering(200, {"id": "r-1"})

    sent(open_resend(server.url), message(1, pictures=(PIXEL,)))

    (request,) = server.requests
    assert request.path == "/emails"
    assert request.json()["attachments"][0]["content_id"] == PIXEL.cid


@pytest.mark.parametrize(
    ("status", "name", "expected"),
    [(422, "invalid_from_address", Deferred), (429, "daily_quota_exceeded", Deferred),
     (403, "invalid_api_key", Deferred), (422, "validation_error", Refused),
     (409, "concurrent_idempotent_requests", Unknown)],
)  # fmt: skip
def test_what_resends_errors_mean(answering, status, name, expected) -> None:
    server = answering(status, {"name": name, "message": "a@example.org"}, {"retry-after": "5"})

    (outcome,) = sent(open_resend(server.url), message(1))

    assert type(outcome) is expected
    if isinstance(outcome, Deferred):
        assert outcome.everyone
        assert outcome.retry_after in {None, timedelta(seconds=5)}


# --- Brevo


def test_brevo_gets_a_version_for_each_and_a_key_made_from_its_bytes(answering: Answering) -> None:
    server = answering(201, {"messageIds": ["<b-0>", "<b-1>"]})
    messages = two_alike()

    outcomes = sent(open_brevo(server.url), *messages)
    sent(open_brevo(server.url), *messages)

    first, again = server.requests
    body = first.json()
    second = body["messageVersions"][1]
    assert outcomes == (Accepted(provider_id="<b-0>"), Accepted(provider_id="<b-1>"))
    assert first.body == again.body
    assert first.headers["api-key"] == SECRET
    assert uuid.UUID(body["headers"]["idempotencyKey"]).version == 4
    assert second["to"] == [{"email": "patient1@example.org"}]
    assert second["headers"]["X-Mailin-custom"] == "key0001"
    assert second["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Ana" not in json.dumps({name: value for name, value in body.items() if name != "messageVersions"})


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [(402, "not_enough_credits", Deferred), (400, "account_under_validation", Deferred),
     (400, "invalid_parameter", Refused), (400, "duplicate_request", Accepted)],
)  # fmt: skip
def test_what_brevos_errors_mean(answering, status, code, expected) -> None:
    server = answering(status, {"code": code, "message": "a@example.org"})

    (outcome,) = sent(open_brevo(server.url), message(1))

    assert type(outcome) is expected
    assert "example.org" not in repr(outcome)


def test_brevo_says_in_a_header_of_its_own_how_long_to_wait(answering: Answering) -> None:
    (outcome,) = sent(open_brevo(answering(429, {}, {"x-sib-ratelimit-reset": "30"}).url), message(1))

    assert isinstance(outcome, Deferred)
    assert outcome.retry_after == timedelta(seconds=30)


# --- all of those that merge


@pytest.mark.parametrize(
    "opened", [open_ses, open_mailgun, open_sendgrid], ids=["ses", "mailgun", "sendgrid"]
)
def test_what_cannot_be_read_leaves_every_message_of_a_merged_call_in_doubt(answering, opened: Any) -> None:
    outcomes = sent(opened(answering(200, {"unexpected": True}).url), *two_alike())

    assert all(isinstance(outcome, Unknown) for outcome in outcomes)


def test_a_message_that_is_alone_is_no_template(answering: Answering) -> None:
    server = answering(202, "", {"X-Message-Id": "g-1"})

    sent(open_sendgrid(server.url), alike(0))

    assert "substitutions" not in server.requests[0].json()["personalizations"][0]
