"""The pieces of a message that several mail APIs want in the same shape.

In charge of: a mailbox with its display name, pictures in base64, lists. Not in charge of: any API's own
keys, nor bodies as JSON strings (``rendering.json_bodies``, handed on here).
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Self

from pipeline.rendering.json_bodies import (
    html_json,
    html_pieces,
    json_bytes,
    json_text,
    text_json,
    text_pieces,
)
from pipeline.rendering.model import Attachment

__all__ = [
    "base64_picture", "html_json", "html_pieces", "json_bytes", "json_list", "json_text", "mailbox",
    "plain_mailbox", "text_json", "text_pieces",
]  # fmt: skip

_WANTS_QUOTES: Final = re.compile(r'[()<>\[\]:;@\\,."]')


@lru_cache(maxsize=64)
def mailbox(name: str, address: str) -> str:
    """``"Name" <address>`` with the name quoted (RFC 5322 3.4), as JSON APIs take it; else the address.

    JSON bodies carry Unicode, so nothing is encoded; a quote or backslash in the name is escaped.
    """
    if not name:
        return address
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{address}>'


def plain_mailbox(name: str, address: str) -> str:
    """``Name <address>`` with quotes only where the name holds a character that RFC 5322 3.4 wants quoted."""
    if not name or _WANTS_QUOTES.search(name):
        return mailbox(name, address)
    return f"{name} <{address}>"


def base64_picture(picture: Attachment) -> str:
    """The picture's bytes as JSON APIs take them."""
    return _base64(picture.data)


@lru_cache(maxsize=64)
def _base64(data: bytes) -> str:
    # A part's pictures are the same bytes in every message of a batch.
    return base64.b64encode(data).decode("ascii")


@dataclass(frozen=True, slots=True)
class Pieces:
    """An encoded item that is joined only as it goes out: what messages share stays the same few objects.

    Room for 500 joined items of 25 KB costs the system more time than everything that is written into it.
    """

    pieces: Sequence[bytes] = field(repr=False)
    _size: int

    @classmethod
    def of(cls, pieces: Sequence[bytes]) -> Self:
        """An item that is ``pieces`` one after another."""
        return cls(pieces, sum(map(len, pieces)))

    def __len__(self) -> int:
        """Bytes."""
        return self._size


def json_list(items: Sequence[bytes | Pieces]) -> list[bytes]:
    """Encoded JSON values as a JSON list, in pieces: nothing is copied."""
    found: list[bytes] = []
    for item in items:
        found.append(b",")
        found += item.pieces if isinstance(item, Pieces) else (item,)
    found[:1] = [b"["]
    return [*found, b"]"]
