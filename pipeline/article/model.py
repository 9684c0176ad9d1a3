"""The one block model that every article format is read into.

In charge of: what an article is once read. Not in charge of: reading (one module per format),
guessing structure (``recovery``), or cutting into parts (``series``).
"""

from dataclasses import dataclass, field
from enum import StrEnum


class BlockKind(StrEnum):
    """What a block is to the reader of the article."""

    TITLE = "title"
    SUBTITLE = "subtitle"
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    QUOTE = "quote"
    PICTURE = "picture"
    CAPTION = "caption"
    TABLE_ROW = "table_row"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stretch of inline text with one set of marks; a block's text is its runs joined.

    A newline inside ``text`` is a line break the author set (an address, a verse).
    """

    text: str
    strong: bool = False
    emphasis: bool = False
    code: bool = False
    #: An absolute http(s), mailto or tel address; any other scheme never gets this far.
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that stands in the article; ``data`` is None for one that was only named."""

    source: str
    alt: str
    data: bytes | None = field(default=None, repr=False)
    media_type: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block of the article, word for word, with its place in the source."""

    #: Counts from 1 in reading order; stable for one reading of one source.
    id: int
    kind: BlockKind
    runs: tuple[Run, ...]
    #: 2, 3 or 4 for a heading; None otherwise.
    level: int | None = None
    #: First line in a text source, counted from 1; None where the format has no lines.
    line: int | None = None
    #: Last line of a block that was joined from hard-wrapped lines; equal to ``line`` otherwise.
    last_line: int | None = None
    #: Where the block stands in a format without lines ("paragraph 12"); for messages only.
    place: str | None = None
    #: For list items: nesting (0 = outermost), and the number where the list is ordered.
    depth: int = 0
    ordinal: int | None = None
    #: A further paragraph of the list item above, not an item of its own: no bullet stands before it.
    continues: bool = False
    #: The bullet or number as it was typed ("•", "2."), which ``runs`` no longer holds.
    marker: str = ""
    #: For table rows: the cells' runs; ``runs`` then holds the same words joined by " | ".
    cells: tuple[tuple[Run, ...], ...] = ()
    #: For table rows: this row is the table's header.
    header: bool = False
    picture: Picture | None = None
    #: Which list, quote or table this block belongs to: neighbours with the same number are one.
    group: int | None = None
    #: The heading of this block carries a number of its own ("1. Muscle activation").
    numbered: bool = False
    #: 0..1: how sure the reader is of ``kind`` and ``level``; markup gives 1.
    confidence: float = 1.0
    #: Why the reader thinks so, in words for ``pipeline split --explain``.
    reason: str = "markup"

    @property
    def text(self) -> str:
        """The block's words, without marks."""
        return "".join(run.text for run in self.runs)

    @property
    def words(self) -> int:
        """Words as a person counts them: runs of non-space."""
        return len(self.text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A line of the source that goes into no part, and why. Nothing is left out without one."""

    text: str
    reason: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something the author should know about the source (a doubled word, a remote picture)."""

    code: str
    message: str
    line: int | None = None
    excerpt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A human's word on one line's structure, from series.toml: it beats every guess."""

    #: The block's opening words, as they stand in the article; the line number helps when they repeat.
    text: str
    kind: BlockKind
    level: int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One source file, read."""

    #: File name without folders, for messages.
    name: str
    #: SHA-256 of the source bytes, hex.
    digest: str
    blocks: tuple[Block, ...]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[Note, ...] = ()
    #: BCP 47 tag the source declares (front matter, ``<html lang>``), if any.
    language: str | None = None

    @property
    def title(self) -> str | None:
        """The words of the title block, if the article has one."""
        return next((block.text for block in self.blocks if block.kind is BlockKind.TITLE), None)
