"""Header lines on the wire: RFC 5322 folding, RFC 2047 encoded words, nothing forged.

In charge of: one header's bytes. Not in charge of: which headers a message has (``compose``, ``mime``).

Own code and not the standard library's folding: that one splits encoded words inside display names in
ways some clients show raw, and costs 0.1 ms per header.
"""

import base64
import re

from pipeline.errors import PipelineError

#: RFC 2047 2: lines with encoded words keep to 76 characters. RFC 5322 2.1.1: no line passes 998.
_SOFT, _HARD = 76, 998
#: What an encoded word spends on "=?utf-8?b?" and "?=".
_WRAPPING = 12
_FORGING = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")


class HeaderRefusedError(PipelineError):
    """A header's value would forge another header, or cannot be written."""


def header(name: str, value: str) -> bytes:
    """An unstructured header with its line break. Raises HeaderRefusedError.

    Spaces at the ends or in a row would be lost in folding, so such a value becomes encoded words.
    """
    refuse_forging(name, value)
    if value.isascii() and "=?" not in value and value == " ".join(value.split()):
        return _folded(name, value.split(" "))
    return _folded(name, _encoded_words(name, value))


def address_header(name: str, address: str, display: str = "") -> bytes:
    """A header with one mailbox; ``address`` is ASCII. Raises HeaderRefusedError."""
    refuse_forging(name, address)
    refuse_forging(name, display)
    if not address.isascii():
        raise HeaderRefusedError(f"The address in {name} is not ASCII.")
    if not display:
        return _folded(name, [address])
    if not display.isascii() or "=?" in display:
        return _folded(name, [*_encoded_words(name, display), f"<{address}>"])
    if not _ATOMS.fullmatch(display):
        quoted = display.replace("\\", "\\\\").replace('"', '\\"')
        return _folded(name, [*f'"{quoted}"'.split(" "), f"<{address}>"])
    return _folded(name, [*display.split(" "), f"<{address}>"])


def refuse_forging(name: str, value: str) -> None:
    """Raises HeaderRefusedError for a control character (a line break above all) in ``value``."""
    if _FORGING.search(value):
        raise HeaderRefusedError(f"The value of {name} holds a line break or a control character.")


def _encoded_words(name: str, text: str) -> list[str]:
    """``text`` as RFC 2047 encoded words, cut between characters (RFC 2047 5, rule 3).

    The first shares its line with the header's name, the others have a line and one space each.
    """
    words: list[str] = []
    piece = b""
    room = _bytes_in(_SOFT - len(name) - 2)
    for character in text:
        data = character.encode()
        if piece and len(piece) + len(data) > room:
            words.append(_encoded_word(piece))
            piece, room = b"", _bytes_in(_SOFT - 1)
        piece += data
    return [*words, _encoded_word(piece)]


def _bytes_in(columns: int) -> int:
    return (columns - _WRAPPING) // 4 * 3


def _encoded_word(data: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(data).decode('ascii')}?="


def _folded(name: str, words: list[str]) -> bytes:
    """``words`` joined by spaces, a line broken before a word that would pass column 76."""
    lines = [f"{name}:"]
    for word in words:
        fresh = lines[-1] == f"{name}:"
        if not fresh and word and len(lines[-1]) + 1 + len(word) > _SOFT and lines[-1].strip():
            lines.append("")
        lines[-1] += f" {word}"
    if any(len(line) > _HARD for line in lines):
        raise HeaderRefusedError(f"The value of {name} is too long for a mail header.")
    return "\r\n".join(lines).encode("ascii") + b"\r\n"
