"""Postmark: https://postmarkapp.com/developer/api/email-api (shapes and codes as of 2026-07).

In charge of: Postmark's request shape, its batch call and its error codes. Not in charge of: the exchange
(``wire``), statuses that mean the same everywhere (``answers``).

``POST /email/batch`` takes at most 500 messages and 50 MB and answers 200 even if items failed: each item
has its own ``ErrorCode`` (0 is accepted) in the order of the request. There is no idempotency key, so an
unknown delivery is never resent. ``X-PM-KeepID`` keeps our Message-ID. Opens and clicks are not tracked.
``/email/batchWithTemplates`` takes templates stored on Postmark's side only, so messages go whole.
On a broadcast stream Postmark puts its own List-Unsubscribe; ``outbound`` is a transactional stream and
carries ours.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from pipeline.delivery.outcome import Accepted, Deferred, Outcome, Refused, Unknown
from pipeline.providers.answers import Exchange, NoAnswer, not_taken, unreadable
from pipeline.providers.calls import CallOutcome, Lot, Numbered, in_lots
from pipeline.providers.fields import (
    Pieces,
    base64_picture,
    html_pieces,
    json_bytes,
    json_list,
    json_text,
    mailbox,
    text_pieces,
)
from pipeline.providers.port import Capabilities
from pipeline.providers.secrets import section_secret
from pipeline.providers.wire import Line, Wire, is_loopback
from pipeline.rendering.model import Attachment, Message
from pipeline.sections.mail import PostmarkProvider

_LARGEST_BATCH: Final = 500
#: 50 MB by the documentation; the margin is for what base64 and JSON escapes add.
_LARGEST_BODY: Final = 45 * 1024 * 1024

#: https://postmarkapp.com/developer/api/overview#error-codes: the account, the sender or the stream, never
#: the recipient. Nothing was accepted, and no delivery may be used up.
_ACCOUNT_CODES: Final[Mapping[int, str]] = {
    10: "the server token is wrong",
    100: "Postmark is under maintenance",
    400: "the sender address is not a signature of this account",
    401: "the sender signature is not confirmed",
    405: "the account may not send: credits or approval",
    412: "the account is not approved yet",
    413: "the account may not send",
    429: "too many calls",
    1226: "the message stream is archived",
    1235: "the message stream does not exist",
}
#: "Inactive recipient": a hard bounce, a complaint or a manual block. The address is the trouble.
_INACTIVE: Final = 406


def capabilities_of(section: PostmarkProvider) -> Capabilities:
    """What Postmark can do as configured; needs no secret."""
    return Capabilities(
        max_batch=_LARGEST_BATCH,
        idempotency=None,
        metadata=True,
        list_unsubscribe=section.message_stream != "broadcast",
        leaves_machine=not is_loopback(section.base_url),
    )


class Postmark:
    """Postmark's batch call."""

    name = "postmark"

    def __init__(
        self,
        section: PostmarkProvider,
        *,
        environment: Mapping[str, str],
        file: str,
        line: Line | None = None,
    ) -> None:
        """``environment`` holds the server token; ``file`` is config.toml. Raises ConfigError."""
        token = section_secret(section, "token", environment=environment, file=file, key="provider.postmark")
        self._url = section.base_url.rstrip("/") + "/email/batch"
        self._stream = section.message_stream
        self._headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "X-Postmark-Server-Token": token,
        }
        self._wire = line or Wire(timeout_seconds=section.timeout_seconds)
        self.capabilities = capabilities_of(section)

    def send(self, messages: Sequence[Message]) -> tuple[Outcome, ...]:
        """Batch calls of at most 500 messages and 45 MB; one outcome each."""
        return in_lots(messages, self._lots)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _lots(self, numbered: Sequence[Numbered]) -> tuple[Lot[Pieces], ...]:
        places = tuple(place for place, _ in numbered)
        items = [self._item(message) for _, message in numbered]
        return (Lot(places=places, items=items, call=self._call, most=_LARGEST_BATCH, largest=_LARGEST_BODY),)

    def _item(self, message: Message) -> Pieces:
        shared = _shared(
            self._stream, message.from_name, message.from_address, message.reply_to, message.subject
        )
        return Pieces.of(
            [
                shared, b',"To":', json_text(message.to),
                b',"Metadata":{"delivery_key":', json_text(message.key),
                b'},"Headers":[', *(_header(name, value) for name, value in message.headers),
                _header("Message-ID", message.message_id), b'{"Name":"X-PM-KeepID","Value":"true"}',
                b'],"HtmlBody":', *html_pieces(message), b',"TextBody":', *text_pieces(message),
                _attachments(message.pictures), b"}",
            ]
        )  # fmt: skip

    def _call(self, items: Sequence[Pieces]) -> CallOutcome:
        exchange = self._wire.exchange("POST", self._url, body=json_list(items), headers=self._headers)
        whole = _whole_call(exchange)
        if whole is not None:
            return whole
        assert not isinstance(exchange, NoAnswer), "no answer concerns the whole call"
        return _each(exchange.body, len(items))


@lru_cache(maxsize=256)
def _shared(stream: str, from_name: str, from_address: str, reply_to: str, subject: str) -> bytes:
    """What all messages of a part have in common, encoded once: an item without its end."""
    fields = {
        "From": mailbox(from_name, from_address),
        "ReplyTo": reply_to,
        "Subject": subject,
        "TrackOpens": False,
        "TrackLinks": "None",
        "MessageStream": stream,
    }
    return json_bytes(fields)[:-1]


def _header(name: str, value: str) -> bytes:
    """An element of ``Headers`` and the comma behind it."""
    return b'{"Name":%b,"Value":%b},' % (json_text(name), json_text(value))


@lru_cache(maxsize=64)
def _attachments(pictures: tuple[Attachment, ...]) -> bytes:
    """The last key of an item, encoded once for all messages of a part; nothing without pictures."""
    if not pictures:
        return b""
    items = [
        {
            "Name": picture.filename,
            "Content": base64_picture(picture),
            "ContentType": picture.media_type,
            "ContentID": f"cid:{picture.cid}",
        }
        for picture in pictures
    ]
    return b',"Attachments":' + json_bytes(items)


def _whole_call(exchange: Exchange) -> Outcome | None:
    """The outcome of every item where the call as a whole was not answered with 2xx."""
    outcome = not_taken(exchange)
    if isinstance(outcome, Refused) and not isinstance(exchange, NoAnswer):
        # 422 carries the code that says whether the account or the content is the trouble.
        return _failed(_code(_parsed(exchange.body)))
    return outcome


def _each(body: bytes, count: int) -> CallOutcome:
    answers = _parsed(body)
    if not isinstance(answers, list):
        return unreadable("it is not a list")
    if len(answers) != count:
        return unreadable("it has another number of items than the request")
    return tuple(_item_outcome(answer) for answer in answers)


def _item_outcome(answer: object) -> Outcome:
    code = _code(answer)
    if code is None:
        return unreadable("an item has no ErrorCode")
    if code != 0:
        return _failed(code)
    found = answer.get("MessageID") if isinstance(answer, dict) else None
    # ErrorCode 0 says accepted; a missing id only costs the match by id, the metadata still matches.
    return Accepted(provider_id=str(found or "")[:200])


def _failed(code: int | None) -> Deferred | Refused | Unknown:
    if code is None:
        return Refused(reason="Postmark refused the message")
    if code in _ACCOUNT_CODES:
        return Deferred(reason=f"Postmark: {_ACCOUNT_CODES[code]} (code {code})", everyone=True)
    if code == _INACTIVE:
        return Refused(reason="Postmark: the address is inactive after a bounce or complaint (code 406)",
                       suppress=True)  # fmt: skip
    return Refused(reason=f"Postmark refused the message (code {code})")


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _code(answer: object) -> int | None:
    code = answer.get("ErrorCode") if isinstance(answer, dict) else None
    return code if isinstance(code, int) and not isinstance(code, bool) else None
