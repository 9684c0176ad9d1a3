"""Against other people's stand-ins of the same APIs, where one is running: name its address, and it is tried.

    npx aws-ses-v2-local --port 8005         PIPELINE_TEST_SES_LOCAL=http://127.0.0.1:8005
    moto_server -p 5000                      PIPELINE_TEST_MOTO=http://127.0.0.1:5000
    npx maildev --smtp 1025 --web 1080       PIPELINE_TEST_MAILDEV=http://127.0.0.1:1080

Without an address a class is not collected. ``PIPELINE_TEST_MAILDEV_SMTP`` is maildev's port for SMTP.
"""

import os
from contextlib import closing
from typing import Any

import requests

from pipeline.delivery.outcome import Accepted, Deferred
from pipeline.providers.smtp import Smtp
from pipeline.rendering.model import Message
from pipeline.sections.mail import SmtpProvider, SmtpSecurity
from tests.providers.conftest import PIXEL, SENT_AT, alike, message, open_ses

SES_LOCAL = os.environ.get("PIPELINE_TEST_SES_LOCAL", "")
MOTO = os.environ.get("PIPELINE_TEST_MOTO", "")
MAILDEV = os.environ.get("PIPELINE_TEST_MAILDEV", "")
MAILDEV_SMTP = os.environ.get("PIPELINE_TEST_MAILDEV_SMTP", "1025")


def fresh(url: str, method: str, path: str, **more: Any) -> Any:
    """One request to a peer's own controls."""
    answer = requests.request(method, f"{url}{path}", timeout=10, **more)
    answer.raise_for_status()
    return answer.json() if answer.content.startswith((b"{", b"[")) else None


class TestAwsSesV2Local:
    """https://www.npmjs.com/package/aws-ses-v2-local: it renders inline templates with Handlebars itself."""

    __test__ = bool(SES_LOCAL)

    def store(self) -> list[dict[str, Any]]:
        return fresh(SES_LOCAL, "GET", "/store")["emails"]

    def test_a_merged_batch_arrives_as_composed_and_a_name_is_never_code(self) -> None:
        fresh(SES_LOCAL, "POST", "/clear-store")
        names = ("Ana & Bo", "{{evil}}", "O'Neill", "{{{greeting}}}", "%recipient.key%", "back\\slash")
        sent = [alike(number, name=name) for number, name in enumerate(names)]

        with closing(open_ses(SES_LOCAL)) as provider:
            outcomes = provider.send(sent)

        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        arrived = {each["destination"]["to"][0]: each for each in self.store()}
        for each in sent:
            got = arrived[each.to]
            assert got["subject"] == each.subject
            assert got["body"]["html"].strip() == each.html
            assert got["body"]["text"].strip() == each.text.strip()
            if "headers" in got:  # it keeps none of a raw message
                headers = {header["name"]: header["value"] for header in got["headers"]}
                assert headers == dict(each.headers)
        assert sum("headers" in each for each in arrived.values()) == len(names) - 2

    def test_a_whole_message_arrives_with_its_picture(self) -> None:
        fresh(SES_LOCAL, "POST", "/clear-store")

        with closing(open_ses(SES_LOCAL)) as provider:
            (outcome,) = provider.send([message(1, pictures=(PIXEL,))])

        (got,) = self.store()
        assert isinstance(outcome, Accepted)
        assert got["subject"] == message(1).subject
        assert len(got["attachments"]) == 1


class TestMoto:
    """https://docs.getmoto.org: it wants a verified sender; SendBulkEmail it does not know (404)."""

    __test__ = bool(MOTO)

    def send(self, *messages: Message) -> tuple[object, ...]:
        with closing(open_ses(MOTO)) as provider:
            return provider.send(messages)

    def test_an_unverified_sender_is_one_clear_sentence_and_uses_up_nobody(self) -> None:
        fresh(MOTO, "POST", "/moto-api/reset")

        (outcome,) = self.send(message(1))

        assert isinstance(outcome, Deferred)
        assert outcome.everyone
        assert "not verified" in outcome.reason

    def test_a_signed_request_from_a_verified_sender_is_accepted(self) -> None:
        fresh(MOTO, "POST", "/moto-api/reset")
        scope = "AWS4-HMAC-SHA256 Credential=AKID/20260302/us-east-1/ses/aws4_request"
        verified = {"EmailIdentity": "clinic.example.org"}
        fresh(MOTO, "POST", "/v2/email/identities", json=verified, headers={"Authorization": scope})

        outcomes = self.send(message(1), message(2))

        assert all(isinstance(outcome, Accepted) for outcome in outcomes)


class TestMaildev:
    """https://www.npmjs.com/package/maildev"""

    __test__ = bool(MAILDEV)

    def test_messages_arrive_one_by_one_over_one_connection(self) -> None:
        fresh(MAILDEV, "DELETE", "/api/email/all")
        section = SmtpProvider(host="127.0.0.1", port=int(MAILDEV_SMTP), security=SmtpSecurity.NONE)
        sent = [message(number, pictures=(PIXEL,)) for number in range(3)]

        with closing(Smtp(section, environment={}, file="config.toml", clock=lambda: SENT_AT)) as provider:
            outcomes = provider.send(sent)

        assert outcomes == tuple(Accepted(provider_id=each.message_id) for each in sent)
        arrived = {each["to"][0]["address"]: each for each in fresh(MAILDEV, "GET", "/api/email")}
        for each in sent:
            assert arrived[each.to]["subject"] == each.subject
            assert arrived[each.to]["text"].strip() == each.text.strip()
            assert arrived[each.to]["headers"]["x-delivery-key"] == each.key
