"""A Word document's paragraphs and tables, in reading order, become pieces.

In charge of: what style, outline and numbering say of a paragraph, tables, pictures, text boxes. Not in
charge of: opening the file, notes, headers and footers (``docx_reader``), or any guess (``recovery``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lxml import etree

from pipeline.article.docx_inline import ParagraphReader, Words, tabs_as_spaces
from pipeline.article.docx_package import Package, W
from pipeline.article.docx_styles import ListPlace, Styles, value
from pipeline.article.links import with_bare_links
from pipeline.article.markers import split_marker
from pipeline.article.model import BlockKind, LeftOut, Note, Run
from pipeline.article.pictures import from_bytes
from pipeline.article.piece import Piece
from pipeline.article.runs import joined_cells

#: Word measures indents in twentieths of a point; a typed column is about 4.5 points wide.
_TWIPS_PER_COLUMN = 90
_KINDS = {
    "title": BlockKind.TITLE,
    "subtitle": BlockKind.SUBTITLE,
    "quote": BlockKind.QUOTE,
    "intense quote": BlockKind.QUOTE,
    "block text": BlockKind.QUOTE,
    "caption": BlockKind.CAPTION,
}


@dataclass(slots=True)
class DocxWalk:
    """What is gathered, and the lists that are open."""

    package: Package
    styles: Styles
    pieces: list[Piece] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    dropped_links: list[str] = field(default_factory=list)
    counters: dict[tuple[str, int], int] = field(default_factory=dict)
    group: int = 0
    in_list: bool = False
    paragraphs: int = 0


def read_body(walk: DocxWalk, body: etree._Element, path: str) -> None:
    """Everything under ``body``, gathered in ``walk``; ``path`` is the part it stands in."""
    reader = ParagraphReader(walk.styles, walk.package.relations(path))
    for element in _block_elements(body):
        if element.tag == f"{W}p":
            _read_paragraph(walk, reader, element)
        else:
            _read_table(walk, reader, element)


def _block_elements(parent: etree._Element) -> Iterator[etree._Element]:
    """Paragraphs and tables in order, looking through content controls and custom markup."""
    walker = etree.iterwalk(parent, events=("start",))
    for _, element in walker:
        if element is parent:
            continue
        if element.tag in {f"{W}p", f"{W}tbl"}:
            yield element
            walker.skip_subtree()
        elif element.tag in {f"{W}del", f"{W}moveFrom", f"{W}sectPr", f"{W}sdtPr"}:
            walker.skip_subtree()


def _read_paragraph(walk: DocxWalk, reader: ParagraphReader, paragraph: etree._Element) -> None:
    style_id = value(paragraph, "pPr/pStyle")
    words = reader.read(paragraph, style_id)
    walk.paragraphs += 1
    walk.dropped_links += words.dropped_links
    if words.hidden:
        walk.left_out.append(LeftOut(text="".join(words.hidden).strip(), reason="hidden text"))
    text = "".join(run.text for run in words.runs).strip()
    if text and any(name.startswith(("toc ", "table of figures")) for name in walk.styles.names(style_id)):
        walk.left_out.append(LeftOut(text=" ".join(text.split()), reason="table of contents"))
    elif text:
        walk.pieces.append(_shaped(walk, paragraph, style_id, words))
    _add_pictures(walk, reader, words)
    for box in words.boxes:
        for inner in _block_elements(box):
            if inner.tag == f"{W}p":
                _read_paragraph(walk, reader, inner)


def _shaped(walk: DocxWalk, paragraph: etree._Element, style_id: str | None, words: Words) -> Piece:
    """The paragraph with what its style, outline or numbering says it is."""
    styles = walk.styles
    base = _base(walk, paragraph, words)
    names = styles.names(style_id)
    level = styles.outline(paragraph, style_id)
    kind = next((_KINDS[name] for name in names if name in _KINDS), None)
    place = styles.place(paragraph, style_id)
    if level is not None:
        walk.in_list = False
        return replace(base, kind=BlockKind.HEADING, level=level, reason="markup")
    if place is not None and kind is None:
        return _list_item(walk, base, place)
    if walk.in_list and any(name.startswith("list continue") for name in names):
        digit = names[0][-1:]
        depth = int(digit) - 1 if digit.isdecimal() else 0
        return replace(
            base, kind=BlockKind.LIST_ITEM, depth=depth, continues=True, group=walk.group, reason="markup"
        )
    walk.in_list = False
    if kind is not None:
        return replace(base, kind=kind, group=_quote_group(walk, kind), reason="markup")
    return base


def _base(walk: DocxWalk, paragraph: etree._Element, words: Words) -> Piece:
    runs = tuple(words.runs)
    marker, rest = split_marker(runs[0].text)
    if marker and rest:
        runs = (replace(runs[0], text=rest), *runs[1:])
    sizes = [(size, length) for _, size, length in words.looks]
    left = paragraph.find(f"{W}pPr/{W}ind")
    typed = (left.get(f"{W}left") or left.get(f"{W}start") or "0") if left is not None else "0"
    return Piece(
        runs=with_bare_links(tabs_as_spaces(list(runs))),
        marker=marker if rest else "",
        place=f"paragraph {walk.paragraphs}",
        indent=int(typed) // _TWIPS_PER_COLUMN if re.fullmatch(r"\d{1,5}", typed) else 0,
        bold=bool(words.looks) and all(bold for bold, _, _ in words.looks),
        size=max(sizes, key=lambda one: one[1])[0] if sizes else None,
        reason="",
    )


def _list_item(walk: DocxWalk, base: Piece, place: ListPlace) -> Piece:
    if not walk.in_list:
        walk.group += 1
        walk.in_list = True
    ordinal = None if walk.styles.is_bullet(place) else _count(walk, place)
    return replace(
        base,
        kind=BlockKind.LIST_ITEM,
        depth=place.depth,
        ordinal=ordinal,
        marker=f"{ordinal}." if ordinal is not None else base.marker or "•",
        group=walk.group,
        reason="markup",
    )


def _count(walk: DocxWalk, place: ListPlace) -> int:
    """The item's number; counting on an outer level starts the inner ones anew."""
    key = (place.number_id, place.depth)
    walk.counters[key] = walk.counters.get(key, walk.styles.start(place) - 1) + 1
    for other in [other for other in walk.counters if other[0] == key[0] and other[1] > key[1]]:
        del walk.counters[other]
    return walk.counters[key]


def _quote_group(walk: DocxWalk, kind: BlockKind) -> int | None:
    if kind is not BlockKind.QUOTE:
        return None
    last = walk.pieces[-1] if walk.pieces else None
    if last is None or last.kind is not BlockKind.QUOTE:
        walk.group += 1
    return walk.group


def _add_pictures(walk: DocxWalk, reader: ParagraphReader, words: Words) -> None:
    for relation_id, alt in words.pictures:
        relation = reader.relations.get(relation_id)
        if relation is None:
            continue
        data = None if relation.external else walk.package.part(relation.target)
        if data is None:
            message = "A picture is left to its alt text. It lies outside the document and was not fetched."
            walk.notes.append(Note(code="remote_picture", message=message, excerpt=relation.target[:120]))
            continue
        picture, notes = from_bytes(data, source=relation.target, alt=alt, line=None)
        walk.notes += notes
        walk.pieces.append(
            Piece(kind=BlockKind.PICTURE, picture=picture, place=f"paragraph {walk.paragraphs}")
        )


def _read_table(walk: DocxWalk, reader: ParagraphReader, table: etree._Element) -> None:
    """Rows of two cells or more are data; a table of single cells is a frame around its text."""
    rows = [[cell for cell in row if cell.tag == f"{W}tc"] for row in table if row.tag == f"{W}tr"]
    nested = any(cell.find(f".//{W}tbl") is not None for row in rows for cell in row)
    walk.in_list = False
    if nested or max((len(row) for row in rows), default=0) < 2:
        for row in rows:
            for cell in row:
                _read_cell_as_text(walk, reader, cell)
        return
    walk.group += 1
    for at, row in enumerate(rows):
        cells = tuple(_cell_runs(walk, reader, cell) for cell in row)
        if any(cells):
            header = not at and len(rows) > 1
            walk.pieces.append(
                Piece(
                    kind=BlockKind.TABLE_ROW,
                    runs=joined_cells(cells),
                    cells=cells,
                    header=header,
                    group=walk.group,
                )
            )


def _read_cell_as_text(walk: DocxWalk, reader: ParagraphReader, cell: etree._Element) -> None:
    for element in _block_elements(cell):
        if element.tag == f"{W}p":
            _read_paragraph(walk, reader, element)
        else:
            _read_table(walk, reader, element)


def _cell_runs(walk: DocxWalk, reader: ParagraphReader, cell: etree._Element) -> tuple[Run, ...]:
    runs: list[Run] = []
    for paragraph in cell.iter(f"{W}p"):
        words = reader.read(paragraph, value(paragraph, "pPr/pStyle"))
        _add_pictures(walk, reader, words)
        if words.runs:
            runs += [Run(text="\n"), *tabs_as_spaces(words.runs)] if runs else tabs_as_spaces(words.runs)
    return tuple(runs)
