"""Untrusted text made harmless before it goes into a line, a header or a page.

In charge of: control characters, line breaks, direction overrides and broken code points. Not in
charge of: escaping for a format (``compose``, the templates) or refusing addresses (``recipient``).
"""

import re
import unicodedata

#: Joiners that names and emoji need (Persian, Indic scripts, families): the only format characters kept.
_JOINERS = frozenset("\u200c\u200d")
#: Cc control, Cf format (direction overrides among them), Cs lone surrogate, Zl and Zp line separators.
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_BODY_HARMFUL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff\ufffe\uffff]")
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


def one_line(value: str) -> str:
    """``value`` as one harmless line in NFC: what could end a line, hide or turn text is gone.

    Used for names and for values that end up in headers. Never fails; may return "".
    """
    if not value.isprintable():
        value = "".join(_kept(character) for character in value)
    if value.isascii():
        return " ".join(value.split())
    return unicodedata.normalize("NFC", " ".join(value.split()))


def body_text(value: str) -> str:
    """Article text without characters that no page may hold; line breaks and tabs stay."""
    return _BODY_HARMFUL.sub("", value)


def is_right_to_left(value: str) -> bool:
    """Whether the first letter with a direction of its own runs right to left (Unicode UAX 9, P2)."""
    for character in value:
        direction = unicodedata.bidirectional(character)
        if direction in _RIGHT_TO_LEFT:
            return True
        if direction == "L":
            return False
    return False


def isolated(name: str, *, right_to_left: bool) -> str:
    """``name`` fenced off (FSI … PDI) where it runs against the line it stands in.

    Without the fence the comma after an Arabic name would jump to the other side of an English line.
    """
    if name.isascii() or is_right_to_left(name) is right_to_left:
        return name
    return f"{_FIRST_STRONG_ISOLATE}{name}{_POP_ISOLATE}"


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if character in _JOINERS or not (category in _HARMFUL or _is_noncharacter(character)):
        return character
    return " " if character in "\t\r\n\v\f\x85\u2028\u2029" else ""


def _is_noncharacter(character: str) -> bool:
    """Code points that no text may hold (Unicode 23.7): U+FDD0..FDEF and the last two of every plane."""
    point = ord(character)
    return 0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE
