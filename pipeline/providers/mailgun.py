"""Mailgun: https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/ (read 2026-11).

In charge of: the form that Mailgun takes, its recipient variables, its error texts. Not in charge of: the
exchange (``wire``), statuses that mean the same everywhere (``answers``).

``POST /v3/{domain}/messages`` (page "send-http"; 25 MB; EU accounts have another host) takes up to 1,000
recipients with ``recipient-variables`` (page "batch-sending"): without them every recipient would see all
others, so a call with several recipients always has them. An address counts once per call ("duplicate
addresses are automatically ignored"), so a second message to a shared address goes in a call of its own.
Any bad address refuses the whole call with 400. Options ``o:``, ``h:``, ``v:`` have 16 KB together: per
recipient they hold a variable only, as django-anymail (main, 2026-07) does for ``v:`` and ``h:``. One id
answers for the whole call; reports carry ``v:delivery_key``. ``o:tracking=no`` (page
"pass-sending-options"). An inline picture's Content-ID is its file name (page "send-attachments"). A wrong
address answers 200 without an id.

``%recipient.…%`` and Mailgun's own ``%unsubscribe_url%`` are read in every message, so where a name or an
article holds such a word its first % is written so that people read a % and Mailgun does not. No
idempotency key is documented. Mailgun gives the Message-ID.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, TypeAlias

from pipeline.delivery.outcome import Accepted, Deferred, Outcome, Refused
from pipeline.providers.answers import Exchange, NoAnswer, not_taken, parsed, unreadable
from pipeline.providers.calls import CallOutcome, Lot, Numbered, in_lots, one_by_one
from pipeline.providers.fields import json_bytes, mailbox
from pipeline.providers.merging import Merge, sort_out
from pipeline.providers.port import Capabilities
from pipeline.providers.secrets import section_secret
from pipeline.providers.wire import Line, Wire, is_loopback
from pipeline.rendering.model import Attachment, Message
from pipeline.sections.mail import MailgunProvider

_LARGEST_BATCH: Final = 1000
#: What the recipients of one call add to the 25 MB of a message.
_LARGEST_VALUES: Final = 5_000_000
_WORDS: Final = r"(?:recipient|tag\.|unsubscribe|mailing_list)"
_CODE: Final = re.compile(rf"%{_WORDS}", re.IGNORECASE)
#: U+2060 has no width and breaks no line.
_IN_TEXT: Final = "%\u2060"
_IN_HTML: Final = "&#37;"

#: A field's name, its file name or None, its media type or None, its value.
_Field: TypeAlias = tuple[str, str | None, str | None, bytes]


def capabilities_of(section: MailgunProvider) -> Capabilities:
    """What Mailgun can do as configured; needs no secret."""
    return Capabilities(
        max_batch=_LARGEST_BATCH,
        idempotency=None,
        metadata=True,
        list_unsubscribe=True,
        leaves_machine=not is_loopback(section.base_url),
        message_id=False,
        merges=True,
    )


class Mailgun:
    """Mailgun's messages call."""

    name = "mailgun"

    def __init__(
        self, section: MailgunProvider, *, sender_domain: str, environment: Mapping[str, str], file: str,
        line: Line | None = None,
    ) -> None:  # fmt: skip
        """``sender_domain`` is taken where the section names no domain. Raises ConfigError."""
        key = section_secret(section, "key", environment=environment, file=file, key="provider.mailgun")
        self._url = f"{section.base_url.rstrip('/')}/v3/{section.domain or sender_domain}/messages"
        token = base64.b64encode(f"api:{key}".encode()).decode("ascii")
        self._headers = {"Accept": "application/json", "Authorization": f"Basic {token}"}
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
        lots = [self._lot(merge) for merge in found.merges]
        return [*lots, one_by_one(found.whole, _whole, self._send_whole)]

    def _lot(self, merge: Merge) -> Lot[bytes]:
        return Lot(
            places=tuple(place for place, _ in merge.members),
            items=[_recipient(merge, message) for _, message in merge.members],
            call=partial(self._send_merged, tuple(_shared(merge))),
            most=_LARGEST_BATCH,
            largest=_LARGEST_VALUES,
        )

    def _send_merged(self, shared: Iterable[_Field], items: Sequence[bytes]) -> CallOutcome:
        # An item is `"address":{values}`: the recipient can be read back from it.
        variables = b"{" + b",".join(items) + b"}"
        addresses = [("to", None, None, address.encode()) for address in json.loads(variables)]
        fields = [*shared, *addresses, ("recipient-variables", None, None, variables)]
        outcome = self._call([_multipart(fields)])
        return (outcome,) * len(items) if isinstance(outcome, Accepted) else outcome

    def _send_whole(self, items: Sequence[bytes]) -> CallOutcome:
        return self._call(items)

    def _call(self, body: Sequence[bytes]) -> Outcome:
        boundary = body[0][2 : body[0].index(b"\r\n")].decode("ascii")
        headers = {**self._headers, "Content-Type": f"multipart/form-data; boundary={boundary}"}
        exchange = self._wire.exchange("POST", self._url, body=body, headers=headers)
        refused = _refused(exchange)
        if refused is not None:
            return refused
        answer = parsed(exchange)
        found = answer.get("id") if isinstance(answer, dict) else None
        return Accepted(provider_id=found[:200]) if isinstance(found, str) and found else unreadable("no id")


def _refused(exchange: Exchange) -> Outcome | None:
    outcome = not_taken(exchange)
    if isinstance(outcome, Refused) and not isinstance(exchange, NoAnswer):
        answer = parsed(exchange)
        text = str(answer.get("message") if isinstance(answer, dict) else "")
        if "not allowed to send" in text or "Sandbox" in text or "from parameter" in text:
            why = "Mailgun: the account or the sender's domain may not send"
            return Deferred(reason=why, everyone=True)
    return outcome


def _shared(merge: Merge) -> Iterator[_Field]:
    first = merge.first
    own = [(name, f"%recipient.h_{name}%") for name, _ in merge.own_headers(first)]
    yield from _fields(first, headers=[*merge.headers, *own], key="%recipient.key%")
    yield ("text", None, None, merge.text(_variable).encode())
    yield ("html", None, None, merge.html(_variable).encode())


def _variable(name: str) -> str:
    return f"%recipient.{name}%"


def _recipient(merge: Merge, message: Message) -> bytes:
    values = {**merge.values(message), "key": message.key}
    values.update((f"h_{name}", value) for name, value in merge.own_headers(message))
    return json_bytes(message.to) + b":" + json_bytes(values)


def _whole(message: Message) -> bytes:
    fields = [
        ("to", None, None, message.to.encode()),
        *_fields(message, headers=message.headers, key=message.key),
        ("text", None, None, _readable(message.text, _IN_TEXT).encode()),
        ("html", None, None, _readable(message.html, _IN_HTML).encode()),
    ]
    return _multipart(fields)


def _readable(text: str, percent: str) -> str:
    return _CODE.sub(lambda found: percent + found.group()[1:], text)


def _fields(message: Message, *, headers: Iterable[tuple[str, str]], key: str) -> Iterator[_Field]:
    plain = [
        ("from", mailbox(message.from_name, message.from_address)),
        ("subject", _readable(message.subject, _IN_TEXT)),
        ("h:Reply-To", message.reply_to),
        *((f"h:{name}", value) for name, value in headers),
        ("v:delivery_key", key),
        ("o:tracking", "no"),
        ("o:tracking-clicks", "no"),
        ("o:tracking-opens", "no"),
    ]
    for name, value in plain:
        yield (name, None, None, value.encode())
    for picture in message.pictures:
        yield _picture(picture)


def _picture(picture: Attachment) -> _Field:
    return ("inline", picture.cid, picture.media_type, picture.data)


def _multipart(fields: Iterable[_Field]) -> bytes:
    """The form as bytes (RFC 7578). The boundary comes from the content, so equal forms are equal bytes."""
    parts = [(_part_head(*field[:3]), field[3]) for field in fields]
    digest = hashlib.sha256(b"\0".join(piece for part in parts for piece in part)).hexdigest()
    line = f"--{digest}\r\n".encode()
    body = b"".join(b"".join((line, head, value, b"\r\n")) for head, value in parts)
    return body + f"--{digest}--\r\n".encode()


def _part_head(name: str, filename: str | None, media_type: str | None) -> bytes:
    escaped = (filename or "").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    file = f'; filename="{escaped}"' if filename is not None else ""
    kind = f"Content-Type: {media_type}\r\n" if media_type else ""
    return f'Content-Disposition: form-data; name="{name}"{file}\r\n{kind}\r\n'.encode()
