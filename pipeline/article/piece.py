"""A stretch of the source between reading and recovery: what a format says, before anyone guesses.

In charge of: the one shape that every reader hands to ``recovery``. Not in charge of: the finished
block (``model``) or any guess.
"""

import re
from dataclasses import dataclass, replace

from pipeline.article.model import Block, BlockKind, LeftOut, Note, Picture, Run

#: A heading's own number: "1.", "2)", "2.1", "IV.", "Step 4:". A figure's number is its caption's.
NUMBERED = re.compile(
    r"\(?(?:\d{1,3}|[IVX]{1,5})[.):]\s+\S"
    r"|\d{1,2}(?:\.\d{1,2})+\.?\s+\S"
    r"|(?!fig|table|tabla|photo|foto|image|imagen|chart|page)[^\W\d_]{3,10}\s\d{1,2}\s?[:.–—-]\s",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A line, paragraph or element of the source, in reading order."""

    runs: tuple[Run, ...] = ()
    #: None where the source does not say: recovery decides.
    kind: BlockKind | None = None
    #: Heading level as the source numbers it (1 to 6) until ``levels`` has settled it to 2, 3 or 4.
    level: int | None = None
    line: int | None = None
    last_line: int | None = None
    place: str | None = None
    #: Columns of white space before a text line; nesting of typed lists is read from it.
    indent: int = 0
    depth: int = 0
    ordinal: int | None = None
    marker: str = ""
    continues: bool = False
    cells: tuple[tuple[Run, ...], ...] = ()
    header: bool = False
    picture: Picture | None = None
    group: int | None = None
    #: A blank line, or an element's edge, stands before this piece.
    apart: bool = True
    #: Every letter is bold: how people fake a heading.
    bold: bool = False
    #: Letter size in points where the source gives one; compared within one article only.
    size: float | None = None
    #: Name of the style or class the source sets the line in; compared within one article only.
    style: str = ""
    #: A human fixed this in series.toml: no pass may change it.
    fixed: bool = False
    confidence: float = 1.0
    reason: str = "markup"
    #: Why this piece goes into no part; None keeps it.
    left_out: str | None = None

    @property
    def text(self) -> str:
        """The words, without marks."""
        return "".join(run.text for run in self.runs)

    @property
    def open(self) -> bool:
        """Nobody has decided yet what this piece is."""
        return self.kind is None and self.left_out is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a reader makes of the bytes."""

    pieces: tuple[Piece, ...]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[Note, ...] = ()
    language: str | None = None


def decided(piece: Piece, kind: BlockKind, *, confidence: float, reason: str) -> Piece:
    """``piece`` with a guess written on it; ``confidence`` is 0..1."""
    return replace(piece, kind=kind, confidence=round(confidence, 2), reason=reason)


def dropped(piece: Piece, reason: str) -> Piece:
    """``piece`` marked as left out, unless a human fixed it."""
    return piece if piece.fixed else replace(piece, left_out=reason)


def to_block(piece: Piece, number: int) -> Block:
    """The finished block; a piece that nobody decided is a paragraph."""
    kind = piece.kind or BlockKind.PARAGRAPH
    return Block(
        id=number,
        kind=kind,
        runs=_unstressed(piece.runs) if kind in {BlockKind.HEADING, BlockKind.TITLE} else piece.runs,
        level=piece.level if kind is BlockKind.HEADING else None,
        line=piece.line,
        last_line=piece.last_line or piece.line,
        place=piece.place,
        depth=piece.depth,
        ordinal=piece.ordinal if kind is BlockKind.LIST_ITEM else None,
        continues=piece.continues and kind is BlockKind.LIST_ITEM,
        marker=piece.marker,
        cells=piece.cells,
        header=piece.header,
        picture=piece.picture,
        group=piece.group,
        numbered=kind is BlockKind.HEADING and NUMBERED.match(piece.text) is not None,
        confidence=piece.confidence,
        reason=piece.reason,
    )


def _unstressed(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """A heading that was faked by bold letters is a heading now; its letters need no stress."""
    if not all(run.strong for run in runs if run.text.strip()):
        return runs
    return tuple(replace(run, strong=False) for run in runs)
