"""Resend: https://resend.com/docs/api-reference/emails/send-batch-emails (read 2026-11).

In charge of: Resend's request shape, its two calls and its error names. Not in charge of: the exchange
(``wire``), statuses that mean the same everywhere (``answers``).

``POST /emails/batch`` takes 100 messages without attachments (page "batch-sending"), so a message with
pictures goes alone to ``POST /emails``. ``Idempotency-Key`` (256 characters, 24 hours, also for batches;
page "idempotency-keys") is the hash of the body: the same batch, byte for byte, is sent once. 409 means
that the same key is being worked on: doubt. ``x-batch-validation: permissive`` (changelog 2025-09-19) lets
good messages of a batch go and lists the bad ones in ``errors`` by index; ``data`` then has the ids of the
good ones in order. Tags hold ASCII letters, digits, - and _ only, which a delivery key is; they and headers
come back in events. Open and click tracking are switched on for a domain, never in a request. There is no
template for single calls with variables of ours, so messages go whole; nothing in them is interpreted.
Resend gives the Message-ID.

A display name in quotes was refused as late as django-anymail's note of 2023, so quotes are used only where
the name needs them. Error names: page "errors".
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from pipeline.delivery.outcome import Accepted, Deferred, Outcome, Refused
from pipeline.providers.answers import Answer, Exchange, NoAnswer, not_taken, parsed, unreadable
from pipeline.providers.calls import CallOutcome, Lot, Numbered, in_lots, one_by_one
from pipeline.providers.fields import (
    base64_picture,
    html_json,
    json_bytes,
    json_list,
    mailbox,
    plain_mailbox,
    text_json,
)
from pipeline.providers.port import Capabilities
from pipeline.providers.secrets import section_secret
from pipeline.providers.wire import Line, Wire, is_loopback
from pipeline.rendering.model import Message
from pipeline.sections.mail import ResendProvider

_LARGEST_BATCH: Final = 100
#: No limit is documented for a batch; 40 MB is that of one message.
_LARGEST_BODY: Final = 20_000_000
_REMEMBERED: Final = timedelta(hours=24)
#: Names of errors that concern the account or the sender, with whatever status they come.
_ACCOUNT: Final[Mapping[str, str]] = {
    "invalid_from_address": "the sender's address is not one that Resend takes",
    "restricted_api_key": "the API key may not send",
    "invalid_access": "the API key may not send",
    "daily_quota_exceeded": "the account's daily quota is used up",
    "monthly_quota_exceeded": "the account's monthly quota is used up",
}


def capabilities_of(section: ResendProvider) -> Capabilities:
    """What Resend can do as configured; needs no secret."""
    return Capabilities(
        max_batch=_LARGEST_BATCH,
        idempotency=_REMEMBERED,
        metadata=True,
        list_unsubscribe=True,
        leaves_machine=not is_loopback(section.base_url),
        message_id=False,
        untracked=section.tracking_is_off,
    )


class Resend:
    """Resend's batch call."""

    name = "resend"

    def __init__(
        self, section: ResendProvider, *, environment: Mapping[str, str], file: str, line: Line | None = None
    ) -> None:
        """``environment`` holds the API key; ``file`` is config.toml. Raises ConfigError."""
        key = section_secret(section, "key", environment=environment, file=file, key="provider.resend")
        self._url = section.base_url.rstrip("/") + "/emails"
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._wire = line or Wire(timeout_seconds=section.timeout_seconds)
        self.capabilities = capabilities_of(section)

    def send(self, messages: Sequence[Message]) -> tuple[Outcome, ...]:
        """Batch calls of at most 100, a call each for messages with pictures; one outcome each."""
        return in_lots(messages, self._lots)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _lots(self, numbered: Sequence[Numbered]) -> list[Lot[bytes]]:
        plain = [each for each in numbered if not each[1].pictures]
        batch = Lot(
            places=tuple(place for place, _ in plain),
            items=[_item(message) for _, message in plain],
            call=self._send_batch,
            most=_LARGEST_BATCH,
            largest=_LARGEST_BODY,
        )
        return [batch, one_by_one([each for each in numbered if each[1].pictures], _item, self._send_one)]

    def _send_batch(self, items: Sequence[bytes]) -> CallOutcome:
        exchange = self._post("/batch", json_list(items))
        refused = _whole_call(exchange)
        if refused is not None:
            return refused
        answer = parsed(exchange)
        return _each(answer, len(items)) if isinstance(answer, dict) else unreadable("it is no object")

    def _send_one(self, items: Sequence[bytes]) -> CallOutcome:
        exchange = self._post("", items)
        refused = _whole_call(exchange)
        return refused if refused is not None else _accepted(parsed(exchange))

    def _post(self, call: str, body: Sequence[bytes]) -> Exchange:
        digest = hashlib.sha256()
        for piece in body:
            digest.update(piece)
        headers = {**self._headers, "Idempotency-Key": digest.hexdigest()}
        if call:
            headers["x-batch-validation"] = "permissive"
        return self._wire.exchange("POST", self._url + call, body=body, headers=headers)


def _item(message: Message) -> bytes:
    own: dict[str, Any] = {
        "from": plain_mailbox(message.from_name, message.from_address),
        "to": [message.to],
        "reply_to": mailbox("", message.reply_to),
        "subject": message.subject,
        "headers": dict(message.headers),
        "tags": [{"name": "delivery_key", "value": message.key}],
    }
    if message.pictures:
        own["attachments"] = [
            {
                "filename": picture.filename,
                "content": base64_picture(picture),
                "content_type": picture.media_type,
                "content_id": picture.cid,
            }
            for picture in message.pictures
        ]
    bodies = (b',"html":', html_json(message), b',"text":', text_json(message))
    return b"".join((json_bytes(own)[:-1], *bodies, b"}"))


def _whole_call(exchange: Exchange) -> Outcome | None:
    outcome = not_taken(exchange)
    if isinstance(exchange, NoAnswer) or not isinstance(outcome, Refused | Deferred):
        return outcome
    answer = parsed(exchange)
    name = answer.get("name") if isinstance(answer, dict) else None
    if isinstance(name, str) and name in _ACCOUNT:
        wait = outcome.retry_after if isinstance(outcome, Deferred) else None
        return Deferred(reason=f"Resend: {_ACCOUNT[name]} ({name})", retry_after=wait, everyone=True)
    if isinstance(outcome, Refused) and isinstance(exchange, Answer):
        return Refused(reason=f"Resend refused the message (HTTP {exchange.status})")
    return outcome


def _each(answer: Mapping[str, Any], count: int) -> CallOutcome:
    """One outcome per message: ``errors`` names the bad ones by index, ``data`` the others in order."""
    data, errors = answer.get("data"), answer.get("errors") or []
    if not isinstance(data, list) or not isinstance(errors, list) or len(data) + len(errors) != count:
        return unreadable("it has not one id or error per message")
    bad = {error.get("index") for error in errors if isinstance(error, dict)}
    if len(bad) != len(errors) or not bad <= set(range(count)):
        return unreadable("its errors name no message")
    good = iter(data)
    refused = Refused(reason="Resend refused the message")
    return tuple(refused if index in bad else _accepted(next(good)) for index in range(count))


def _accepted(answer: object) -> Outcome:
    found = answer.get("id") if isinstance(answer, dict) else None
    return Accepted(provider_id=found[:200]) if isinstance(found, str) and found else unreadable("no id")
