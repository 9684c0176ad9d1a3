"""Plain text: one piece for each line, or for each paragraph where the lines are hard-wrapped.

In charge of: lines, indents, typed bullets, number signs and underlines, joining wrapped lines. Not in
charge of: what a line is (``recovery``).
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from pipeline.article.bounds import check_blocks, check_text
from pipeline.article.encoding import decode
from pipeline.article.links import with_bare_links
from pipeline.article.markers import is_bullet, number_of, split_marker
from pipeline.article.model import BlockKind, LeftOut, Run
from pipeline.article.piece import Piece, Source

#: Widths at which people and programs wrap lines; a longer "line" is a paragraph.
_NARROWEST, _WIDEST = 40, 110
_SENTENCE_END = re.compile(r"[.!?:;…][\"'”’)\]]*$")
_RANKED = re.compile(r"(#{1,6})\s+(\S.*?)(?:\s+#+)?")
_RULE = re.compile(r"([=~^*_#-])\1{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the source that is not blank."""

    number: int
    indent: int
    text: str
    apart: bool

    @property
    def width(self) -> int:
        """Columns up to the line's last letter."""
        return self.indent + len(self.text)


def read_text(data: bytes, *, name: str) -> Source:
    """Plain text as saved from a web page, typed, or hard-wrapped.

    Raises ``ArticleError`` where ``data`` is no text.
    """
    decoded = decode(data, name=name)
    check_text(len(decoded.text), name=name)
    lines = _lines(decoded.text)
    ranked = sum(_RANKED.fullmatch(line.text) is not None for line in lines) >= 2
    pieces: list[Piece] = []
    left_out: list[LeftOut] = []
    paragraphs = _paragraphs(lines)
    check_blocks(len(paragraphs), name=name)
    for paragraph in paragraphs:
        if _underlines(paragraph, pieces):
            left_out.append(LeftOut(text=paragraph[0].text, reason="an underline", line=paragraph[0].number))
            pieces[-1] = _underlined(pieces[-1], paragraph[0].text)
        else:
            pieces.append(_piece(paragraph, ranked=ranked))
    return Source(pieces=tuple(pieces), left_out=tuple(left_out), notes=decoded.notes)


def _lines(text: str) -> list[Line]:
    lines: list[Line] = []
    apart = True
    for number, raw in enumerate(text.split("\n"), 1):
        if not raw.strip():
            apart = True
            continue
        spread = raw.expandtabs(4)
        indent = len(spread) - len(spread.lstrip())
        lines.append(Line(number=number, indent=indent, text=raw.strip(), apart=apart))
        apart = False
    return lines


def _paragraphs(lines: list[Line]) -> list[list[Line]]:
    """Lines that one paragraph was wrapped into stand together; every other line alone."""
    width = _wrap_width(lines)
    paragraphs: list[list[Line]] = []
    for line in lines:
        joins = bool(paragraphs) and not line.apart and _belongs(paragraphs[-1], line, width)
        if joins:
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
    return paragraphs


def _belongs(paragraph: list[Line], line: Line, width: int) -> bool:
    """``line`` goes on from ``paragraph``: wrapped, or the words of a bullet that stands on a line alone."""
    if len(paragraph) == 1 and is_bullet(paragraph[0].text):
        return True
    return width > 0 and _continues(paragraph, line, width)


def _wrap_width(lines: list[Line]) -> int:
    """The column at which this text is wrapped; 0 where it is not.

    Wrapped text has many neighbouring lines, none of them long, and most are so full that the next
    line's first word would not have fitted.
    """
    pairs = [(one, two) for one, two in pairwise(lines) if not two.apart and not _starts_anew(one, two)]
    if len(pairs) < 3:
        return 0
    widths = sorted(one.width for one, _ in pairs)
    width = widths[int(len(widths) * 0.95)]
    if not _NARROWEST <= width <= _WIDEST:
        return 0
    full = sum(_is_full(one, two, width) for one, two in pairs)
    return width if full >= len(pairs) * 0.5 else 0


def _is_full(one: Line, two: Line, width: int) -> bool:
    # Programs that fill a paragraph evenly leave a few columns free.
    return one.width + 1 + len(two.text.split(None, 1)[0]) > width - 6


def _continues(paragraph: list[Line], line: Line, width: int) -> bool:
    last = paragraph[-1]
    if _starts_anew(last, line) or not _is_full(last, line, width):
        return False
    return line.indent >= paragraph[0].indent or not _SENTENCE_END.search(last.text)


def _starts_anew(last: Line, line: Line) -> bool:
    """A bullet, a rule or a number stands at the line's start; inside a sentence a number is only wrapped."""
    if split_marker(line.text)[0] or _RULE.fullmatch(line.text) or _RULE.fullmatch(last.text):
        return True
    return number_of(line.text) is not None and _SENTENCE_END.search(last.text) is not None


def _underlines(paragraph: list[Line], pieces: list[Piece]) -> bool:
    """A ruled line right under one short line: the typewriter's heading."""
    rule, last = paragraph[0], pieces[-1] if pieces else None
    if last is None or rule.apart or len(paragraph) > 1 or not _RULE.fullmatch(rule.text) or last.marker:
        return False
    return last.line == last.last_line and len(last.text) <= 100 and len(rule.text) <= len(last.text) + 20


def _underlined(piece: Piece, rule: str) -> Piece:
    level = 1 if rule[0] == "=" else 2
    return Piece(
        kind=BlockKind.HEADING,
        level=level,
        runs=piece.runs,
        line=piece.line,
        last_line=piece.last_line,
        confidence=0.95,
        reason="underlined",
    )


def _piece(lines: list[Line], *, ranked: bool) -> Piece:
    first = lines[0]
    found = _RANKED.fullmatch(first.text) if ranked else None
    marker, text = (found.group(1), found.group(2)) if found else split_marker(first.text)
    texts = [text, *(line.text for line in lines[1:])]
    if len(lines) > 1 and is_bullet(first.text):
        marker, texts = first.text, texts[1:]
    return Piece(
        kind=BlockKind.HEADING if found else None,
        level=len(marker) if found else None,
        runs=with_bare_links((Run(text=_joined(texts)),)),
        line=first.number,
        last_line=lines[-1].number,
        indent=first.indent,
        marker=marker,
        apart=first.apart,
        reason="typed with number signs" if found else "",
    )


def _joined(texts: list[str]) -> str:
    """Wrapped lines as one; a word broken at a hyphen keeps it, for nobody knows whether it belongs."""
    whole = texts[0]
    for text in texts[1:]:
        broken = re.search(r"[^\W\d_]-$", whole) and text[:1].islower()
        whole += text if broken else f" {text}"
    return whole
