"""SendGrid, v3 Mail Send: https://www.twilio.com/docs/sendgrid/api-reference/mail-send (read 2026-11).

In charge of: SendGrid's request shape and substitutions. Not in charge of: the exchange (``wire``),
statuses that mean the same everywhere (``answers``).

``POST /v3/mail/send`` takes 1,000 personalizations, each address once per request (page "errors"), and
answers 202 with ``X-Message-Id`` and no body for all of them; 200 is the sandbox, which sends nothing. Any
error refuses the whole request with 400. ``substitutions`` of a personalization replace our own marks in
subject and bodies; a block has at most 10,000 bytes in the reference and 50,000 on the page
"substitution-tags": the smaller holds here. ``custom_args`` and ``headers`` stand in each personalization
(whether those of a personalization are added to the request's or take their place is not documented, so all
of them stand there); ``custom_args`` come back flattened in events and are stored as "not PII", so they
hold the opaque key only. ``tracking_settings`` switch everything off. No idempotency key is documented. The
request may have 30 MB. A request over a rate limit answers 429 with ``X-RateLimit-Reset``.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from pipeline.delivery.outcome import Accepted, Outcome
from pipeline.providers.answers import Answer, not_taken, unreadable
from pipeline.providers.calls import CallOutcome, Lot, Numbered, in_lots, one_by_one
from pipeline.providers.fields import base64_picture, html_json, json_bytes, json_list, text_json
from pipeline.providers.merging import Merge, sort_out
from pipeline.providers.port import Capabilities
from pipeline.providers.secrets import section_secret
from pipeline.providers.wire import Line, Wire, is_loopback
from pipeline.rendering.model import Message
from pipeline.sections.mail import SendgridProvider

_LARGEST_BATCH: Final = 1000
_LARGEST_BODY: Final = 25_000_000
_LARGEST_SUBSTITUTIONS: Final = 10_000
_ACCEPTED: Final = 202
#: Our own mark: substitution replaces exactly what the request lists, whatever it looks like.
_MARK: Final = "[[part:{name}]]"
_CODE: Final = re.compile(r"\[\[part:")
_NO_TRACKING: Final = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
    "ganalytics": {"enable": False},
}


def capabilities_of(section: SendgridProvider) -> Capabilities:
    """What SendGrid can do as configured; needs no secret."""
    return Capabilities(
        max_batch=_LARGEST_BATCH,
        idempotency=None,
        metadata=True,
        list_unsubscribe=True,
        leaves_machine=not is_loopback(section.base_url),
        merges=True,
    )


class Sendgrid:
    """SendGrid's Mail Send call."""

    name = "sendgrid"

    def __init__(
        self,
        section: SendgridProvider,
        *,
        environment: Mapping[str, str],
        file: str,
        line: Line | None = None,
    ) -> None:
        """``environment`` holds the API key; ``file`` is config.toml. Raises ConfigError."""
        key = section_secret(section, "key", environment=environment, file=file, key="provider.sendgrid")
        self._url = section.base_url.rstrip("/") + "/v3/mail/send"
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._wire = line or Wire(timeout_seconds=section.timeout_seconds)
        self.capabilities = capabilities_of(section)

    def send(self, messages: Sequence[Message]) -> tuple[Outcome, ...]:
        """A call for up to 1,000 messages that can be merged, else a call each; one outcome each."""
        return in_lots(messages, self._lots)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _lots(self, numbered: Sequence[Numbered]) -> list[Lot[bytes]]:
        found = sort_out(numbered, code=_CODE, one_per_address=True)
        lots: list[Lot[bytes]] = []
        whole = list(found.whole)
        for merge in found.merges:
            fitting = [(number, item) for number in merge.members if (item := _merged(merge, number[1]))]
            lots.append(self._lot(merge, fitting))
            fits = {number[0] for number, _ in fitting}
            whole += [number for number in merge.members if number[0] not in fits]
        return [*lots, one_by_one(whole, _whole, self._send)]

    def _lot(self, merge: Merge, fitting: Iterable[tuple[Numbered, bytes]]) -> Lot[bytes]:
        pairs = list(fitting)
        return Lot(
            places=tuple(number[0] for number, _ in pairs),
            items=[item for _, item in pairs],
            call=partial(self._send_merged, _shared(merge)),
            most=_LARGEST_BATCH,
            largest=_LARGEST_BODY,
        )

    def _send_merged(self, shared: bytes, items: Sequence[bytes]) -> CallOutcome:
        outcome = self._send([shared, b',"personalizations":', *json_list(items), b"}"])
        return (outcome,) * len(items) if isinstance(outcome, Accepted) else outcome

    def _send(self, body: Sequence[bytes]) -> Outcome:
        exchange = self._wire.exchange("POST", self._url, body=body, headers=self._headers)
        refused = not_taken(exchange)
        if refused is not None:
            return refused
        assert isinstance(exchange, Answer), "anything else has an outcome"
        found = exchange.headers.get("x-message-id", "")
        if exchange.status != _ACCEPTED or not found:
            return unreadable("it is not 202 with an X-Message-Id")
        return Accepted(provider_id=found[:200])


def _shared(merge: Merge) -> bytes:
    bodies = [
        {"type": "text/plain", "value": merge.text(_variable)},
        {"type": "text/html", "value": merge.html(_variable)},
    ]
    return json_bytes({**_head(merge.first), "content": bodies})[:-1]


def _variable(name: str) -> str:
    return _MARK.format(name=name)


def _merged(merge: Merge, message: Message) -> bytes:
    """One personalization; nothing if its values are too much for SendGrid."""
    values = {_variable(name): value for name, value in merge.values(message).items()}
    encoded = json_bytes(values)
    if len(encoded) > _LARGEST_SUBSTITUTIONS:
        return b""
    own = json_bytes(_own(message))
    return b"".join((own[:-1], b',"substitutions":', encoded, b"}"))


def _whole(message: Message) -> bytes:
    head = {**_head(message), "personalizations": [_own(message)]}
    pieces = (
        json_bytes(head)[:-1], b',"content":[{"type":"text/plain","value":', text_json(message),
        b'},{"type":"text/html","value":', html_json(message), b"}]}",
    )  # fmt: skip
    return b"".join(pieces)


def _own(message: Message) -> dict[str, Any]:
    return {
        "to": [{"email": message.to}],
        "headers": {**dict(message.headers), "Message-ID": message.message_id},
        "custom_args": {"delivery_key": message.key},
    }


def _head(message: Message) -> dict[str, Any]:
    head: dict[str, Any] = {
        "from": {"email": message.from_address, "name": message.from_name},
        "reply_to": {"email": message.reply_to},
        "subject": message.subject,
        "tracking_settings": _NO_TRACKING,
    }
    if message.pictures:
        head["attachments"] = [
            {
                "content": base64_picture(picture),
                "type": picture.media_type,
                "filename": picture.filename,
                "disposition": "inline",
                "content_id": picture.cid,
            }
            for picture in message.pictures
        ]
    return head
