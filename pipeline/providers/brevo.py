"""Brevo: https://developers.brevo.com/reference/send-transac-email (read 2026-11).

In charge of: Brevo's request shape, its versions and its error codes. Not in charge of: the exchange
(``wire``), statuses that mean the same everywhere (``answers``).

``POST /v3/smtp/email`` takes 1,000 ``messageVersions`` (page "batch-send-transactional-emails"), each with
its own recipient, subject, bodies and headers, and answers 201 with ``messageIds`` in order (one message
alone: ``messageId``). The idempotency key is ``headers.idempotencyKey`` inside the JSON, a UUID; it is made
from the body, so the same batch, byte for byte, is sent once. Its time is 30 minutes on the page
"heterogenous-versions-batch-emails", 15 in the older changelog: the shorter holds here. What a repeated key
answers is not documented; an answer that says so proves that the first request was taken.

The delivery key travels as ``X-Mailin-custom``, which events bring back. Opens and clicks are tracked by a
setting of the account, never of a request. Pictures inside a message are not supported (django-anymail,
main, 2026-07). Brevo gives the Message-ID. It reads ``{{ }}`` and ``{% %}`` in every body, and whether it
escapes values is not documented: so messages go whole, and where a name or an article holds such a sign its
second character is written so that people read it and Brevo does not. Non-ASCII header values would go out
unencoded; ours are ASCII. A sender's name with both non-ASCII letters and punctuation is lost unless it is
encoded first (same source).
"""

import hashlib
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from pipeline.delivery.outcome import Accepted, Deferred, Outcome, Refused
from pipeline.providers.answers import Exchange, NoAnswer, not_taken, parsed, unreadable
from pipeline.providers.calls import CallOutcome, Lot, Numbered, in_lots
from pipeline.providers.fields import html_json, json_bytes, json_list, text_json
from pipeline.providers.port import Capabilities
from pipeline.providers.secrets import section_secret
from pipeline.providers.wire import Line, Wire, is_loopback
from pipeline.rendering.headers import address_header
from pipeline.rendering.model import Message
from pipeline.sections.mail import BrevoProvider

_LARGEST_BATCH: Final = 1000
#: No limit is documented for a request; this is that of a message with attachments.
_LARGEST_BODY: Final = 10_000_000
_REMEMBERED: Final = timedelta(minutes=15)
_CODE: Final = re.compile(r"\{(?=[{%#])")
_SPECIAL: Final = re.compile(r"[^\w\s.!#$%&'*+/=?^`{|}~-]")
_DUPLICATE: Final = re.compile(r"idempotenc|duplicate_request", re.IGNORECASE)
#: Error codes that concern the account, with whatever status they come.
_ACCOUNT: Final[Mapping[str, str]] = {
    "unauthorized": "the API key is wrong",
    "permission_denied": "the account may not send",
    "not_enough_credits": "the account has no credits left",
    "account_under_validation": "the account is not approved yet",
}
_NO_PICTURES: Final = Deferred(reason="this part has pictures, and Brevo carries none inside a message")


def capabilities_of(section: BrevoProvider) -> Capabilities:
    """What Brevo can do as configured; needs no secret."""
    return Capabilities(
        max_batch=_LARGEST_BATCH,
        idempotency=_REMEMBERED,
        metadata=True,
        list_unsubscribe=True,
        leaves_machine=not is_loopback(section.base_url),
        pictures=False,
        message_id=False,
        untracked=section.tracking_is_off,
    )


class Brevo:
    """Brevo's transactional call."""

    name = "brevo"

    def __init__(
        self, section: BrevoProvider, *, environment: Mapping[str, str], file: str, line: Line | None = None
    ) -> None:
        """``environment`` holds the API key; ``file`` is config.toml. Raises ConfigError."""
        key = section_secret(section, "key", environment=environment, file=file, key="provider.brevo")
        self._url = section.base_url.rstrip("/") + "/v3/smtp/email"
        self._headers = {"Accept": "application/json", "Content-Type": "application/json", "api-key": key}
        self._wire = line or Wire(timeout_seconds=section.timeout_seconds)
        self.capabilities = capabilities_of(section)

    def send(self, messages: Sequence[Message]) -> tuple[Outcome, ...]:
        """Calls of at most 1,000 versions; one outcome each."""
        return in_lots(messages, self._lots)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _lots(self, numbered: Sequence[Numbered]) -> list[Lot[bytes]]:
        pictured = [place for place, message in numbered if message.pictures]
        groups: dict[tuple[str, ...], list[Numbered]] = {}
        for place, message in numbered:
            if not message.pictures:
                groups.setdefault(_sender_of(message), []).append((place, message))
        refusing = Lot(
            places=tuple(pictured),
            items=[b""] * len(pictured),
            call=lambda items: (_NO_PICTURES,) * len(items),
            most=_LARGEST_BATCH,
            largest=0,
        )
        return [*(self._lot(group) for group in groups.values()), refusing]

    def _lot(self, group: Sequence[Numbered]) -> Lot[bytes]:
        sender = _shared(group[0][1])
        return Lot(
            places=tuple(place for place, _ in group),
            items=[_version(message) for _, message in group],
            call=lambda items: self._send(sender, items),
            most=_LARGEST_BATCH,
            largest=_LARGEST_BODY,
        )

    def _send(self, shared: Mapping[str, Any], items: Sequence[bytes]) -> CallOutcome:
        digest = hashlib.sha256(json_bytes(shared))
        for item in items:
            digest.update(item)
        key = str(uuid.UUID(bytes=digest.digest()[:16], version=4))
        exchange = self._wire.exchange(
            "POST", self._url, body=_body(shared, key, items), headers=self._headers
        )
        outcome = not_taken(exchange)
        if outcome is not None:
            return _refused(exchange, outcome, len(items))
        return _accepted(parsed(exchange), len(items))


def _body(shared: Mapping[str, Any], key: str, items: Sequence[bytes]) -> list[bytes]:
    """One message stands alone; several are versions, whose bodies and headers win over the first's."""
    if len(items) == 1:
        # The version's own headers and the key have to share one object here.
        headers = {**json.loads(items[0])["headers"], "idempotencyKey": key}
        return [json_bytes({**shared, **json.loads(items[0]), "headers": headers})]
    head = {**shared, "headers": {"idempotencyKey": key}, "htmlContent": "<p></p>", "textContent": " "}
    return [json_bytes(head)[:-1], b',"messageVersions":', *json_list(items), b"}"]


def _sender_of(message: Message) -> tuple[str, ...]:
    return (message.from_name, message.from_address, message.reply_to, message.subject)


def _shared(message: Message) -> dict[str, Any]:
    return {
        "sender": {"name": _display(message.from_name), "email": message.from_address},
        "replyTo": {"email": message.reply_to},
        "subject": _readable(message.subject.encode(), b"\xe2\x81\xa0").decode(),
    }


def _display(name: str) -> str:
    if name.isascii() or not _SPECIAL.search(name):
        return name
    encoded = address_header("From", "a@b", name).decode("ascii")
    return encoded.removeprefix("From:").removesuffix("<a@b>\r\n").replace("\r\n", "").strip()


def _version(message: Message) -> bytes:
    own = {
        "to": [{"email": message.to}],
        "headers": {**dict(message.headers), "X-Mailin-custom": message.key},
    }
    bodies = (
        b',"htmlContent":', _readable(html_json(message), b"&#8288;"),
        b',"textContent":', _readable(text_json(message), b"\xe2\x81\xa0"),
    )  # fmt: skip
    return b"".join((json_bytes(own)[:-1], *bodies, b"}"))


def _readable(text: bytes, between: bytes) -> bytes:
    """A sign without width (U+2060) between the two characters that would begin template code."""
    return re.sub(_CODE.pattern.encode(), b"{" + between, text)


def _refused(exchange: Exchange, outcome: Outcome, count: int) -> CallOutcome:
    if isinstance(exchange, NoAnswer) or not isinstance(outcome, Refused | Deferred):
        return outcome
    answer = parsed(exchange)
    code = answer.get("code") if isinstance(answer, dict) else None
    if isinstance(outcome, Refused) and _DUPLICATE.search(str(answer)):
        return (Accepted(provider_id=""),) * count
    if isinstance(code, str) and code in _ACCOUNT:
        wait = outcome.retry_after if isinstance(outcome, Deferred) else None
        return Deferred(reason=f"Brevo: {_ACCOUNT[code]} ({code})", retry_after=wait, everyone=True)
    return outcome


def _accepted(answer: object, count: int) -> CallOutcome:
    found = answer if isinstance(answer, dict) else {}
    ids = found.get("messageIds") if count > 1 else [found.get("messageId")]
    if not isinstance(ids, list) or len(ids) != count or not all(isinstance(each, str) for each in ids):
        return unreadable("it has not one message id per message")
    return tuple(Accepted(provider_id=each[:200]) for each in ids)
