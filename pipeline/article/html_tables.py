"""Tables of a page: those that hold data become rows, those that only place things are walked through.

In charge of: telling the two apart, cells, header rows. Not in charge of: typed tables (``recovery_tables``).
"""

from lxml import etree

from pipeline.article.html_inline import Line, Marks, marks_of
from pipeline.article.html_measure import UNSEEN
from pipeline.article.model import BlockKind, Run
from pipeline.article.piece import Piece
from pipeline.article.runs import joined_cells

#: Elements that a cell of data does not hold; a page laid out by a table does.
_LAYOUT = ("table", "h1", "h2", "h3", "ul", "ol", "form", "nav", "section", "article", "img")
#: Words in one cell beyond which the table is layout.
_LONGEST_CELL = 120


def is_data_table(table: etree._Element) -> bool:
    """The table has two columns or more, and cells of text only."""
    if (table.get("role") or "").casefold() in {"presentation", "none"}:
        return False
    rows = _rows(table)
    if not rows or max(len(_cells(row)) for row in rows) < 2:
        return False
    if table.find(".//th") is not None:
        return True
    return all(_is_data(cell) for row in rows for cell in _cells(row))


def rows_of(table: etree._Element, dropped: list[str]) -> list[Piece]:
    """The table's rows that hold text, each cell's words joined by " | " in ``runs``."""
    pieces = []
    for at, row in enumerate(_rows(table)):
        cells = tuple(_runs(cell, dropped) for cell in _cells(row))
        if not any(cells):
            continue
        header = all(cell.tag == "th" for cell in _cells(row)) or (not at and row.getparent().tag == "thead")
        pieces.append(Piece(kind=BlockKind.TABLE_ROW, runs=joined_cells(cells), cells=cells, header=header))
    return pieces


def _rows(table: etree._Element) -> list[etree._Element]:
    return [row for row in table.iter("tr") if next(row.iterancestors("table")) is table]


def _cells(row: etree._Element) -> list[etree._Element]:
    return [cell for cell in row if cell.tag in {"td", "th"}]


def _is_data(cell: etree._Element) -> bool:
    if any(cell.find(f".//{tag}") is not None for tag in _LAYOUT):
        return False
    return len("".join(cell.itertext()).split()) <= _LONGEST_CELL and len(cell.findall(".//p")) <= 2


def _runs(cell: etree._Element, dropped: list[str]) -> tuple[Run, ...]:
    """A cell's words; its paragraphs are parted by breaks."""
    line, marks = Line(), [Marks()]
    walker = etree.iterwalk(cell, events=("start", "end"))
    for event, element in walker:
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            if tag in UNSEEN or not tag:
                walker.skip_subtree()
                marks.append(marks[-1])
                continue
            marks.append(marks_of(element, tag, marks[-1], dropped))
            line.add("\n" if tag == "br" else element.text or "", marks[-1])
        else:
            marks.pop()
            if element is not cell:
                line.add("\n" if tag in {"p", "div", "li"} else "", marks[-1])
                line.add(element.tail or "", marks[-1])
    pieces = line.take()
    parted = [run for piece in pieces for run in (Run(text="\n"), *_with_marker(piece))]
    return tuple(parted[1:])


def _with_marker(piece: Piece) -> tuple[Run, ...]:
    return (Run(text=f"{piece.marker} "), *piece.runs) if piece.marker else piece.runs
