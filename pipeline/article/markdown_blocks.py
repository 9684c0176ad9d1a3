"""Markdown's block tokens become pieces.

In charge of: headings, paragraphs, nested lists, quotes, tables, code, footnotes, pictures, front matter.
Not in charge of: marks inside a line (``markdown_inline``).
"""

import re
from dataclasses import replace

from markdown_it.token import Token

from pipeline.article.front_matter import read_front_matter
from pipeline.article.html_reader import read_fragment
from pipeline.article.links import with_bare_links
from pipeline.article.markdown_inline import Inline, NamedPicture, read_inline
from pipeline.article.model import BlockKind, LeftOut, Note, Run
from pipeline.article.pictures import PictureLoader, load_named
from pipeline.article.piece import Piece, Source
from pipeline.article.runs import joined_cells


class BlockWalk:
    """Reads a document's tokens in order, keeping what is open around each."""

    def __init__(self, *, load_picture: PictureLoader | None) -> None:
        self.load_picture = load_picture
        self.pieces: list[Piece] = []
        self.left_out: list[LeftOut] = []
        self.notes: list[Note] = []
        self.language: str | None = None
        self.lists: list[int | None] = []
        self.item: Piece | None = None
        self.quotes = 0
        self.group = 0
        self.row: list[tuple[Run, ...]] | None = None
        self.row_line: int | None = None
        self.in_header = False
        self.level: int | None = None

    def source(self, notes: tuple[Note, ...]) -> Source:
        return Source(
            pieces=tuple(self.pieces),
            left_out=tuple(self.left_out),
            notes=(*notes, *self.notes),
            language=self.language,
        )

    def take(self, token: Token) -> None:
        """Read the next token of the document."""
        match token.type:
            case "inline":
                self._inline(token)
            case "fence" | "code_block":
                self._add(token, (Run(text=token.content.rstrip("\n"), code=True),))
            case "html_block":
                self._html(token)
            case "front_matter":
                self._front_matter(token)
            case "heading_open":
                self.level = int(token.tag[1])
            case "heading_close":
                self.level = None
            case "blockquote_open" | "blockquote_close":
                self.quotes += token.nesting
                self._open_group(token)
            case _:
                self._take_list_or_table(token)

    def _take_list_or_table(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                self._open_group(token)
                start = token.attrGet("start")
                self.lists.append(int(start if start is not None else 1) if token.type[0] == "o" else None)
            case "bullet_list_close" | "ordered_list_close":
                self.lists.pop()
            case "list_item_open" | "footnote_open":
                self._open_item(token)
            case "table_open":
                self._open_group(token)
            case "thead_open" | "thead_close":
                self.in_header = token.nesting == 1
            case "tr_open":
                self.row = []
                self.row_line = token.map[0] + 1 if token.map else None
            case "tr_close":
                self._close_row()
            case "footnote_block_open":
                self._open_group(token)
                self.lists.append(1)
            case "footnote_block_close":
                self.lists.pop()
            case _:
                pass

    def _open_group(self, token: Token) -> None:
        """A list, quote or table inside a list belongs to the outermost list's group."""
        if token.nesting == 1 and not self.lists:
            self.group += 1

    def _open_item(self, token: Token) -> None:
        number = self.lists[-1] if self.lists else None
        self.item = Piece(
            kind=BlockKind.LIST_ITEM,
            depth=max(0, len(self.lists) - 1),
            ordinal=number,
            marker=f"{number}." if number is not None else token.markup,
            group=self.group,
        )
        if self.lists and number is not None:
            self.lists[-1] = number + 1

    def _inline(self, token: Token) -> None:
        line = token.map[0] + 1 if token.map else None
        found = read_inline(token.children or [], line=line)
        self.notes += found.notes
        self._leave_out("".join(found.hidden), "script, not for readers", line)
        if self.row is not None:
            self.row.append(tuple(found.runs))
            self._add_pictures(token, found.pictures)
            return
        if found.runs:
            self._add(token, tuple(found.runs), found)
        self._add_pictures(token, found.pictures)

    def _add(self, token: Token, runs: tuple[Run, ...], found: Inline | None = None) -> None:
        line, last = (token.map[0] + 1, token.map[1]) if token.map else (None, None)
        runs = with_bare_links(runs)
        shape = self._shape(runs, beside_picture=bool(found and found.pictures))
        self.pieces.append(replace(shape, runs=runs, line=line, last_line=last))

    def _shape(self, runs: tuple[Run, ...], *, beside_picture: bool) -> Piece:
        """Kind and nesting of the next text, from what is open around it."""
        if self.lists:
            item = self.item or Piece(kind=BlockKind.LIST_ITEM, depth=len(self.lists) - 1, group=self.group)
            self.item = replace(item, ordinal=None, marker="", continues=True)
            return item
        if self.level is not None and not self.quotes:
            return Piece(kind=BlockKind.HEADING, level=self.level)
        if self.quotes:
            return Piece(kind=BlockKind.QUOTE, group=self.group)
        if not beside_picture and _reads_as_caption(runs):
            return Piece(kind=BlockKind.CAPTION, confidence=0.8, reason="a paragraph wholly in italics")
        # A line that is bold throughout may be a heading that its author only made bold.
        bold = all(run.strong for run in runs if run.text.strip())
        return Piece(kind=None, bold=True, reason="") if bold else Piece(kind=BlockKind.PARAGRAPH)

    def _close_row(self) -> None:
        cells = tuple(self.row or ())
        self.row = None
        if not any(run.text.strip() for cell in cells for run in cell):
            return
        self.pieces.append(
            Piece(
                kind=BlockKind.TABLE_ROW,
                runs=joined_cells(cells),
                cells=cells,
                header=self.in_header,
                group=self.group,
                line=self.row_line,
                last_line=self.row_line,
            )
        )

    def _add_pictures(self, token: Token, pictures: list[NamedPicture]) -> None:
        line = token.map[0] + 1 if token.map else None
        for named in pictures:
            picture, notes = load_named(named.source, named.alt, line=line, load=self.load_picture)
            self.notes += notes
            self.pieces.append(Piece(kind=BlockKind.PICTURE, picture=picture, line=line, last_line=line))
            if named.title:
                caption = Piece(
                    kind=BlockKind.CAPTION, runs=(Run(text=named.title),), line=line, last_line=line
                )
                self.pieces.append(caption)

    def _html(self, token: Token) -> None:
        """Raw HTML is not passed on; its words are, as plain blocks, and what is not for readers listed."""
        line = token.map[0] + 1 if token.map else None
        for comment in re.findall(r"<!--(.*?)-->", token.content, re.DOTALL):
            self._leave_out(" ".join(comment.split()), "a comment, not for readers", line)
        found = read_fragment(token.content, load_picture=self.load_picture)
        self.left_out += [replace(one, line=line) for one in found.left_out]
        self.notes += [replace(one, line=line) for one in found.notes]
        for piece in found.pieces:
            kind = piece.kind or BlockKind.PARAGRAPH
            group = None if piece.group is None else piece.group + self.group
            self.pieces.append(replace(piece, kind=kind, group=group, line=line, place=None, reason="markup"))
        self.group += max((piece.group or 0 for piece in found.pieces), default=0)

    def _front_matter(self, token: Token) -> None:
        matter = read_front_matter(token.content)
        self.pieces += matter.pieces
        self.left_out += matter.left_out
        self.language = matter.language

    def _leave_out(self, text: str, reason: str, line: int | None) -> None:
        if text.strip():
            self.left_out.append(LeftOut(text=text.strip(), reason=reason, line=line))


def _reads_as_caption(runs: tuple[Run, ...]) -> bool:
    """Authors of Markdown set the words under a picture in italics, for it has no caption of its own."""
    spoken = [run for run in runs if run.text.strip()]
    words = sum(len(run.text.split()) for run in spoken)
    return (
        bool(spoken)
        and all(run.emphasis and not run.strong and not run.link for run in spoken)
        and words <= 40
    )
