"""A page's elements, in reading order, become pieces.

In charge of: paragraphs, headings, nested lists, quotes, tables, pictures and captions, and listing what
is left out. Not in charge of: which element is furniture. The walk is a loop over start and end events, for a
page may be nested deeper than Python's stack.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field, replace

from lxml import etree

from pipeline.article.html_furniture import Furniture
from pipeline.article.html_inline import Line, Marks, marks_of
from pipeline.article.html_measure import BLOCKS
from pipeline.article.html_tables import is_data_table, rows_of
from pipeline.article.model import BlockKind, LeftOut, Note
from pipeline.article.pictures import PictureLoader, from_bytes, load_named
from pipeline.article.piece import Piece, Source

_HEADINGS = {f"h{rank}": rank for rank in range(1, 7)}
#: Words; a longer block of class "caption" is text with a wrong name.
_LONGEST_CAPTION = 60
#: Characters of left-out text that are listed; a script can be megabytes long.
_LISTED = 300


@dataclass(slots=True)
class _List:
    """A list that is open."""

    ordered: bool
    next: int
    #: The item that is open has its first paragraph.
    begun: bool = True
    ordinal: int | None = None


@dataclass(slots=True)
class _State:
    """What is open around the next text."""

    lists: list[_List] = field(default_factory=list)
    marks: list[Marks] = field(default_factory=lambda: [Marks()])
    kinds: list[BlockKind] = field(default_factory=list)
    level: int | None = None
    group: int = 0
    preformatted: int = 0


class HtmlWalk:
    """Reads one tree."""

    def __init__(self, *, furniture: Furniture, load_picture: PictureLoader | None) -> None:
        self.furniture = furniture
        self.load_picture = load_picture
        self.pieces: list[Piece] = []
        self.left_out: list[LeftOut] = []
        self.notes: list[Note] = []
        self.dropped_links: list[str] = []
        self.pictures: list[Piece] = []
        self.state = _State()
        self.line = Line()

    def source(self, *, notes: tuple[Note, ...], language: str | None) -> Source:
        if self.dropped_links:
            shown = ", ".join(dict.fromkeys(self.dropped_links[:5]))
            message = (
                f"{len(self.dropped_links)} links were taken away: they work only inside the page's own site."
            )
            self.notes.append(Note(code="link_dropped", message=message, excerpt=shown[:120]))
        return Source(
            pieces=tuple(self.pieces),
            left_out=tuple(self.left_out),
            notes=(*notes, *self.notes),
            language=language,
        )

    def read(self, root: etree._Element) -> None:
        walker = etree.iterwalk(root, events=("start", "end"))
        skipped: etree._Element | None = None
        for event, element in walker:
            tag = element.tag if isinstance(element.tag, str) else ""
            if event == "start":
                if self._skips(element, tag):
                    skipped = element
                    walker.skip_subtree()
                else:
                    self._open(element, tag)
                continue
            if element is skipped:
                skipped = None
            else:
                self._close(element, tag)
            if element is not root:
                self._add(element.tail)
        self._flush()

    def _skips(self, element: etree._Element, tag: str) -> bool:
        """Furniture and whole tables are not walked into."""
        reason = self.furniture.reason(element, tag)
        if reason is not None:
            self._leave_out(element, reason)
            return True
        if tag == "table" and is_data_table(element):
            self._flush()
            self._table(element)
            return True
        return False

    def _leave_out(self, element: etree._Element, reason: str) -> None:
        text = " ".join(" ".join(element.itertext()).split())
        if text:
            shown = text if len(text) <= _LISTED else f"{text[:_LISTED]} …"
            self.left_out.append(LeftOut(text=shown, reason=reason))
        if element.tag in BLOCKS:
            self._flush()

    def _open(self, element: etree._Element, tag: str) -> None:
        if tag in BLOCKS:
            self._flush()
            self.line.begin(element)
        self.state.marks.append(marks_of(element, tag, self.state.marks[-1], self.dropped_links))
        match tag:
            case "ul" | "ol" | "dl" | "menu" | "dir":
                self._open_list(element, ordered=tag == "ol")
            case "li" | "dt":
                self._open_item(element)
            case "blockquote":
                self._open_kind(BlockKind.QUOTE)
            case "figcaption" | "caption":
                self._open_kind(BlockKind.CAPTION)
            case "pre":
                self.state.preformatted += 1
            case "br":
                self.line.add("\n", self.state.marks[-1])
            case "img":
                self._picture(element)
            case _ if tag in _HEADINGS:
                self.state.level = _HEADINGS[tag]
            case _:
                pass
        self._add(element.text)

    def _close(self, element: etree._Element, tag: str) -> None:
        if tag in BLOCKS:
            self._flush()
        self.state.marks.pop()
        match tag:
            case "ul" | "ol" | "dl" | "menu" | "dir":
                self.state.lists.pop()
            case "blockquote" | "figcaption" | "caption":
                self.state.kinds.pop()
            case "pre":
                self.state.preformatted -= 1
            case _ if tag in _HEADINGS:
                self.state.level = None
            case _:
                pass

    def _open_list(self, element: etree._Element, *, ordered: bool) -> None:
        if not self.state.lists:
            self.state.group += 1
        start = element.get("start") or "1"
        number = int(start) if re.fullmatch(r"-?\d{1,6}", start) else 1
        self.state.lists.append(_List(ordered=ordered, next=number))

    def _open_item(self, element: etree._Element) -> None:
        if not self.state.lists:
            return
        now = self.state.lists[-1]
        value = element.get("value") or ""
        number = int(value) if re.fullmatch(r"-?\d{1,6}", value) else now.next
        now.begun = False
        now.ordinal = number if now.ordered else None
        now.next = number + 1

    def _open_kind(self, kind: BlockKind) -> None:
        if kind is BlockKind.QUOTE and not self.state.lists and BlockKind.QUOTE not in self.state.kinds:
            self.state.group += 1
        self.state.kinds.append(kind)

    def _add(self, text: str | None) -> None:
        if text:
            self.line.add(text, self.state.marks[-1], verbatim=self.state.preformatted > 0)

    def _flush(self) -> None:
        """The text gathered so far is a block."""
        row_of_links = self.line.is_row_of_links() and self.state.level is None
        for piece in self.line.take():
            if row_of_links:
                self.left_out.append(
                    LeftOut(text=" ".join(piece.text.split()), reason="page furniture: a row of links")
                )
            else:
                self.pieces.append(self._shaped(piece))
        self.pieces += self.pictures
        self.pictures = []

    def _shaped(self, piece: Piece) -> Piece:
        """Kind and nesting of a block, from what is open around it."""
        shaped = self._with_kind(piece)
        return piece if shaped is piece else replace(shaped, reason="markup")

    def _with_kind(self, piece: Piece) -> Piece:
        state = self.state
        if state.level is not None:
            return replace(piece, kind=BlockKind.HEADING, level=state.level)
        in_caption = state.kinds and state.kinds[-1] is BlockKind.CAPTION
        if in_caption or (
            "caption" in piece.style.casefold() and len(piece.text.split()) <= _LONGEST_CAPTION
        ):
            return replace(piece, kind=BlockKind.CAPTION)
        if state.lists:
            now = state.lists[-1]
            marker = f"{now.ordinal}." if now.ordinal is not None else "•"
            item = replace(
                piece,
                kind=BlockKind.LIST_ITEM,
                depth=len(state.lists) - 1,
                group=state.group,
                continues=now.begun,
                ordinal=None if now.begun else now.ordinal,
                marker="" if now.begun else marker,
            )
            now.begun = True
            return item
        if state.kinds:
            return replace(piece, kind=state.kinds[-1], group=state.group)
        return piece

    def _table(self, element: etree._Element) -> None:
        rows = rows_of(element, self.dropped_links)
        last = self.pieces[-1] if self.pieces else None
        joins = last is not None and last.kind is BlockKind.TABLE_ROW and len(rows) == 1
        if not (joins and last is not None and len(last.cells) == len(rows[0].cells)):
            self.state.group += 1
        place = f"line {element.sourceline}" if element.sourceline else None
        self.pieces += [replace(row, group=self.state.group, place=place) for row in rows]

    def _picture(self, element: etree._Element) -> None:
        source, alt = (element.get("src") or element.get("data-src") or "").strip(), element.get("alt") or ""
        tiny = any((element.get(side) or "").strip() in {"0", "1", "2"} for side in ("width", "height"))
        if not source or tiny:
            return
        inline = re.match(r"data:image/[\w+.-]+;base64,(.*)", source, re.DOTALL)
        if inline:
            try:
                data = base64.b64decode(inline.group(1), validate=False)
            except (binascii.Error, ValueError):
                data = b""
            picture, notes = from_bytes(data, source="a picture inside the page", alt=alt, line=None)
        else:
            picture, notes = load_named(source, alt, line=None, load=self.load_picture)
        self.notes += notes
        self.pictures.append(Piece(kind=BlockKind.PICTURE, picture=picture))
