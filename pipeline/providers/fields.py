"""The pieces of a message that several mail APIs want in the same shape.

In charge of: a mailbox with its display name, pictures in base64, bodies as JSON strings. Not in charge
of: any API's own keys.
"""

import base64
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from pipeline.rendering.model import Attachment, Message, Skeleton, SlotValues

#: Made once: ``json.dumps`` makes a new one for each value.
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
#: Messages of some 25 KB each that are sent together: fewer system calls, and still in the cache.
_GROUP: Final = 16


@lru_cache(maxsize=64)
def mailbox(name: str, address: str) -> str:
    """``"Name" <address>`` with the name quoted (RFC 5322 3.4), as JSON APIs take it; else the address.

    JSON bodies carry Unicode, so nothing is encoded; a quote or backslash in the name is escaped.
    """
    if not name:
        return address
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{address}>'


def base64_picture(picture: Attachment) -> str:
    """The picture's bytes as JSON APIs take them."""
    return _base64(picture.data)


@lru_cache(maxsize=64)
def _base64(data: bytes) -> str:
    # A part's pictures are the same bytes in every message of a batch.
    return base64.b64encode(data).decode("ascii")


def json_bytes(value: object) -> bytes:
    """Any JSON value, UTF-8, without spaces."""
    return _ENCODER.encode(value).encode()


def json_list(items: Sequence[bytes]) -> list[bytes]:
    """Encoded JSON values as a JSON list, in pieces of a few hundred kilobytes."""
    pieces = [b"," + b",".join(items[start : start + _GROUP]) for start in range(0, len(items), _GROUP)]
    pieces[0] = b"[" + pieces[0][1:]
    return [*pieces, b"]"]


def html_json(message: Message) -> bytes:
    """The HTML body as a JSON string, quotes included, UTF-8."""
    if message.bodies is None:
        return json_bytes(message.html)
    return _joined(message.bodies.html, message.bodies.html_values)


def text_json(message: Message) -> bytes:
    """The plain-text body as a JSON string, quotes included, UTF-8."""
    if message.bodies is None:
        return json_bytes(message.text)
    return _joined(message.bodies.text, message.bodies.text_values)


def _joined(skeleton: Skeleton, values: SlotValues) -> bytes:
    """JSON escapes character by character, so escaped pieces joined are the escaped whole."""
    pieces = list(_escaped_literals(skeleton))
    pieces[1::2] = [json_bytes(values[slot])[1:-1] for slot in skeleton.slots]
    return b"".join(pieces)


@lru_cache(maxsize=256)
def _escaped_literals(skeleton: Skeleton) -> tuple[bytes, ...]:
    """The literals, escaped once for all messages of a part, with a gap after each but the last."""
    escaped = [json_bytes(literal)[1:-1] for literal in skeleton.literals]
    pieces = [piece for literal in escaped for piece in (literal, b"")][:-1]
    pieces[0] = b'"' + pieces[0]
    pieces[-1] += b'"'
    return tuple(pieces)
