"""A finished message as MIME bytes, one at a time or joined from a skeleton for a batch.

In charge of: structure (RFC 2046), quoted-printable (RFC 2045 6.7), CRLF. Not in charge of: header
values (``headers``), the message's content (``compose``).

Structure: multipart/alternative of text/plain and text/html; with pictures the HTML and they are one
multipart/related (RFC 2387), so that a client that shows text never sees loose pictures.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from pipeline.rendering.compose import Composer, Recipient, address
from pipeline.rendering.headers import address_header, header, refuse_forging
from pipeline.rendering.model import Attachment, Message, Skeleton, Slot

#: RFC 2045 6.7, rule 5: encoded lines have at most 76 characters, the soft break's "=" included.
_LINE = 76
_SOFT_BREAK = b"=\r\n"


def to_mime(message: Message, *, date: datetime) -> bytes:
    """``message`` as RFC 5322 bytes with CRLF; ``date`` is aware and becomes the Date header.

    Raises HeaderRefusedError for a value that would forge a header.
    """
    shell = _shell(message.key, message.pictures)
    head = b"".join(
        (
            address_header("From", message.from_address, message.from_name),
            address_header("To", message.to),
            address_header("Reply-To", message.reply_to),
            header("Subject", message.subject),
            _date_line(date),
            _plain_line("Message-ID", message.message_id),
            *(_plain_line(name, value) for name, value in message.headers),
        )
    )
    return b"".join(
        (
            head,
            shell.opening,
            quoted_printable(message.text),
            shell.middle,
            quoted_printable(message.html),
            shell.end,
        )
    )


class MimeComposer:
    """One part of one edition as MIME, for many recipients: what they share is encoded once.

    Each value is encoded by itself between soft line breaks, so a value never changes the encoding of
    its surroundings. Parsed, the result equals ``to_mime(compose(...))``.
    """

    def __init__(self, composer: Composer) -> None:
        self._composer = composer
        edition, part = composer.edition, composer.part
        self._shell = _shell(f"{edition.sha256}.{part.number}", part.pictures)
        self._fixed = (
            address_header("From", edition.from_address, edition.from_name)
            + address_header("Reply-To", edition.reply_to)
            + header("Subject", part.subject)
        )
        self._text = _encoded(composer.text)
        self._html = _encoded(composer.html)

    def to_bytes(self, recipient: Recipient, *, date: datetime) -> bytes:
        """The message for ``recipient`` as RFC 5322 bytes; errors as ``compose`` and ``to_mime``."""
        composer = self._composer
        values = composer.values(recipient)
        own = [("To", address(recipient.to)), ("Message-ID", composer.message_id(recipient))]
        return b"".join(
            (
                self._fixed,
                _date_line(date),
                *(_plain_line(name, value) for name, value in (*own, *composer.headers(recipient))),
                self._shell.opening,
                *self._text.pieces(_encoded_values(values.text)),
                self._shell.middle,
                *self._html.pieces(_encoded_values(values.html)),
                self._shell.end,
            )
        )


def quoted_printable(text: str) -> bytes:
    """``text`` in quoted-printable (RFC 2045 6.7) with CRLF line ends."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    return binascii.b2a_qp(lines, istext=True).replace(b"\n", b"\r\n")


@dataclass(frozen=True, slots=True)
class _Shell:
    """What stands before, between and after the two bodies."""

    opening: bytes
    middle: bytes
    end: bytes


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A skeleton in quoted-printable; every piece but the last is closed by a soft break."""

    literals: tuple[bytes, ...]
    slots: tuple[Slot, ...]

    def pieces(self, values: dict[Slot, bytes]) -> Iterator[bytes]:
        """The encoded body, piece by piece; ``values`` are encoded and closed."""
        yield self.literals[0]
        for slot, literal in zip(self.slots, self.literals[1:], strict=True):
            yield values[slot]
            yield literal


def _encoded(skeleton: Skeleton) -> _Encoded:
    *inner, last = skeleton.literals
    return _Encoded(
        (*(_closed(quoted_printable(piece)) for piece in inner), quoted_printable(last)), skeleton.slots
    )


def _encoded_values(values: Mapping[Slot, str]) -> dict[Slot, bytes]:
    return {slot: _closed(quoted_printable(value)) for slot, value in values.items()}


def _closed(piece: bytes) -> bytes:
    """``piece`` followed by a soft break, its last line no longer than the rule allows."""
    if not piece or piece.endswith(b"\n"):
        return piece
    if len(piece) - piece.rfind(b"\n") - 1 < _LINE:
        return piece + _SOFT_BREAK
    at = len(piece) - (3 if piece[-3:-2] == b"=" else 1)
    return b"".join((piece[:at], _SOFT_BREAK, piece[at:], _SOFT_BREAK))


def _shell(seed: str, pictures: tuple[Attachment, ...]) -> _Shell:
    """``=_`` cannot occur in quoted-printable or base64, so no body can hold a boundary (RFC 2045 6.7)."""
    digest = hashlib.sha256(seed.encode()).hexdigest()[:24]
    outer, inner = f"=_alt_{digest}", f"=_rel_{digest}"
    opening = (
        "MIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative; boundary="{outer}"\r\n\r\n'
        f"--{outer}\r\n{_body_head('plain')}"
    )
    middle, end = f"\r\n--{outer}\r\n{_body_head('html')}", f"\r\n--{outer}--\r\n"
    if not pictures:
        return _Shell(opening.encode(), middle.encode(), end.encode())
    related = (
        f'\r\n--{outer}\r\nContent-Type: multipart/related; type="text/html"; boundary="{inner}"\r\n\r\n'
        f"--{inner}\r\n{_body_head('html')}"
    )
    attached = b"".join(f"\r\n--{inner}\r\n".encode() + _attached(picture) for picture in pictures)
    return _Shell(
        opening.encode(), related.encode(), attached + f"\r\n--{inner}--\r\n".encode() + end.encode()
    )


def _body_head(subtype: str) -> str:
    kind = f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
    return f"{kind}Content-Transfer-Encoding: quoted-printable\r\n\r\n"


def _attached(picture: Attachment) -> bytes:
    head = (
        f"Content-Type: {picture.media_type}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: inline; filename="{picture.filename}"\r\n'
        f"Content-ID: <{picture.cid}>\r\n\r\n"
    )
    refuse_forging("Content-ID", f"{picture.media_type}{picture.filename}{picture.cid}")
    return head.encode("ascii") + base64.encodebytes(picture.data).replace(b"\n", b"\r\n").rstrip(b"\r\n")


def _plain_line(name: str, value: str) -> bytes:
    """A header of ours that is ASCII and must not be folded inside an address or a link."""
    refuse_forging(name, value)
    return f"{name}: {value}\r\n".encode("ascii")


@lru_cache(maxsize=8)
def _date_line(date: datetime) -> bytes:
    return header("Date", format_datetime(date))
