"""Bytes become text, whatever program saved them.

In charge of: byte-order marks, UTF-8/16/32, Windows-1252 and mixtures, line ends, and refusing what
is no text. Not in charge of: what the text means.
"""

import re
from dataclasses import dataclass

from charset_normalizer import from_bytes

from pipeline.article.model import Note
from pipeline.errors import ArticleError, Place

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
#: First bytes of files that people mistake for text, and what to do about each.
_NOT_TEXT = (
    (b"%PDF", "a PDF", "copy its text into a .txt or .docx file"),
    (b"PK\x03\x04", "a zip archive or Office file", "a Word document needs the ending .docx"),
    (b"\xd0\xcf\x11\xe0", "an old Word document (.doc)", "save it as .docx"),
    (b"{\\rtf", "rich text (RTF)", "save it as .docx or plain text"),
    (b"\x89PNG", "a picture", "give the article's text"),
    (b"\xff\xd8\xff", "a picture", "give the article's text"),
    (b"GIF8", "a picture", "give the article's text"),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
#: More control characters than this share of all mean that the bytes were never text.
_CONTROL_SHARE = 0.01
#: Of Western text fewer bytes than this lie above 127; of Cyrillic, Greek or Hebrew text most do.
_WESTERN_SHARE = 0.35
#: Bytes looked at for guessing a charset: the guess takes time, and more bytes do not change it.
_SAMPLE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Text with ``\\n`` line ends, and what the author should know about how it was read."""

    text: str
    notes: tuple[Note, ...] = ()


def decode(data: bytes, *, name: str, declared: str | None = None) -> Decoded:
    """Read ``data`` as text; ``declared`` is the charset a page names, believed where UTF-8 does not fit.

    Raises ``ArticleError`` for empty or binary input; a doubtful charset is a note, never an error.
    """
    _refuse_other_formats(data, name)
    encoding, text = _decode(data, declared)
    if not text.strip():
        raise ArticleError(
            "The article is empty.", where=Place(file=name), mend="save it again with its text"
        )
    controls = len(_CONTROL.findall(text))
    if controls > max(3, len(text) * _CONTROL_SHARE):
        raise ArticleError(
            "The article is not text: it holds binary data.",
            where=Place(file=name),
            mend="save it as plain text (UTF-8), Markdown, HTML or .docx",
        )
    return Decoded(text=_clean(text), notes=_notes(encoding, controls))


def _refuse_other_formats(data: bytes, name: str) -> None:
    for magic, what, mend in _NOT_TEXT:
        if data.startswith(magic):
            raise ArticleError(f"The article is {what}, not text.", where=Place(file=name), mend=mend)


def _decode(data: bytes, declared: str | None) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, data[len(mark) :].decode(encoding, errors="replace")
    silent = _utf16_without_mark(data)
    if silent:
        return silent, data.decode(silent, errors="replace")
    try:
        return "utf-8", data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_declared(data, declared) or _decode_legacy(data)


def _decode_declared(data: bytes, declared: str | None) -> tuple[str, str] | None:
    if declared is None or declared.casefold().replace("-", "") in {"utf8", "utf16"}:
        return None
    try:
        return declared, data.decode(declared)
    except (LookupError, UnicodeDecodeError):
        return None


def _utf16_without_mark(data: bytes) -> str | None:
    """UTF-16 of mostly Latin text has a zero in every second byte, and in one half only."""
    sample = data[:4000]
    if len(sample) < 4:
        return None
    even, odd = sample[::2].count(0) / len(sample), sample[1::2].count(0) / len(sample)
    if odd > 0.2 and even < 0.02:
        return "utf-16-le"
    return "utf-16-be" if even > 0.2 and odd < 0.02 else None


def _decode_legacy(data: bytes) -> tuple[str, str]:
    """Not clean UTF-8: a mixture line by line, Windows-1252, or what the bytes look like."""
    if re.search(rb"[\xc3\xe2][\x80-\xbf]", data):
        return "a mixture of UTF-8 and Windows-1252", "\n".join(map(_decode_line, data.split(b"\n")))
    high = sum(byte >= 0x80 for byte in data[:_SAMPLE]) / len(data[:_SAMPLE])
    if high < _WESTERN_SHARE:
        return "Windows-1252", data.decode("cp1252", errors="replace")
    best = from_bytes(data[:_SAMPLE]).best()
    encoding = best.encoding if best is not None else "cp1252"
    return encoding, data.decode(encoding, errors="replace")


def _decode_line(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _clean(text: str) -> str:
    """One kind of line end, so that line numbers are those of the author's editor."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    return _CONTROL.sub("", re.sub("[\x0b\x0c\x85\u2028\u2029]", " ", text))


def _notes(encoding: str, controls: int) -> tuple[Note, ...]:
    notes = []
    if not encoding.startswith("utf"):
        notes.append(Note(code="encoding", message=f"The file is not UTF-8; it was read as {encoding}."))
    if controls:
        notes.append(Note(code="control_characters", message=f"{controls} control characters were skipped."))
    return tuple(notes)
