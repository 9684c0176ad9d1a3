"""A message's bodies as JSON strings, for the mail APIs that take JSON: what messages share is escaped once.

In charge of: encoding, the same as ``json`` encodes the finished body. Not in charge of: any API's own keys
(``providers``).
"""

import json
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Final

from pipeline.rendering.model import Message, Skeleton, SlotValues

#: Made once: ``json.dumps`` makes a new one for each value.
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def json_bytes(value: object) -> bytes:
    """Any JSON value (RFC 8259), UTF-8, without spaces."""
    return _ENCODER.encode(value).encode()


def json_text(value: str) -> bytes:
    """``json_bytes`` of a text, in a third of the time: it is called for every value of every message."""
    return encode_basestring(value).encode()


def html_json(message: Message) -> bytes:
    """The HTML body as a JSON string, quotes included, UTF-8."""
    return b"".join(html_pieces(message))


def text_json(message: Message) -> bytes:
    """The plain-text body as a JSON string, quotes included, UTF-8."""
    return b"".join(text_pieces(message))


def html_pieces(message: Message) -> list[bytes]:
    """``html_json`` before it is joined, for a caller that has more to join: a copy less."""
    return pieces_json(message.bodies.html, message.bodies.html_values)


def text_pieces(message: Message) -> list[bytes]:
    """``text_json`` before it is joined."""
    return pieces_json(message.bodies.text, message.bodies.text_values)


def pieces_json(skeleton: Skeleton, values: SlotValues) -> list[bytes]:
    """The joined skeleton as JSON, with only the values encoded now.

    JSON escapes character by character, so escaped pieces joined are the escaped whole.
    """
    if not skeleton.slots:
        # Shared with no other message: keeping it would only fill the memory.
        return [json_text(skeleton.literals[0])]
    pieces = list(_escaped_literals(skeleton))
    pieces[1::2] = [json_text(values[slot])[1:-1] for slot in skeleton.slots]
    return pieces


@lru_cache(maxsize=256)
def _escaped_literals(skeleton: Skeleton) -> tuple[bytes, ...]:
    """The literals, escaped once for all messages of a part, with a gap after each but the last."""
    escaped = [json_bytes(literal)[1:-1] for literal in skeleton.literals]
    pieces = [piece for literal in escaped for piece in (literal, b"")][:-1]
    pieces[0] = b'"' + pieces[0]
    pieces[-1] += b'"'
    return tuple(pieces)
