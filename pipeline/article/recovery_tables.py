"""Tables typed as text: rows whose cells stand between upright lines or tabs.

In charge of: neighbouring rows with the same number of cells. Not in charge of: tables of Markdown, HTML and
docx, which their readers know.
"""

from dataclasses import replace

from pipeline.article.model import BlockKind, Run
from pipeline.article.piece import Piece, decided

#: A row of column names has short cells; a longer first row is a row like the others.
_LONGEST_NAME = 5


def mark_tables(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Pieces with kind, cells and group set where two rows or more stand together."""
    marked = list(pieces)
    group = max((piece.group or 0 for piece in pieces), default=0)
    for rows in _tables(pieces):
        group += 1
        for at in rows:
            marked[at] = _row(pieces[at], group, header=at == rows[0])
    return tuple(marked)


def _tables(pieces: tuple[Piece, ...]) -> list[list[int]]:
    """Indices of the rows of each table; a ruled line, already left out, does not part two rows."""
    tables: list[list[int]] = []
    now: list[int] = []
    count = 0
    for at, piece in enumerate(pieces):
        if piece.left_out is not None:
            continue
        cells = len(_cells(piece))
        if cells < 2 or cells != count:
            tables.append(now)
            now, count = [], cells
        if cells >= 2:
            now.append(at)
    return [rows for rows in (*tables, now) if len(rows) >= 2]


def _cells(piece: Piece) -> list[str]:
    if not piece.open or piece.marker or len(piece.runs) != 1:
        return []
    text = piece.text.strip()
    divider = "|" if "|" in text else "\t"
    return [cell.strip() for cell in text.strip("|").split(divider)] if divider in text else []


def _row(piece: Piece, group: int, *, header: bool) -> Piece:
    texts = _cells(piece)
    names = header and all(text and len(text.split()) <= _LONGEST_NAME for text in texts)
    row = replace(
        piece,
        runs=(Run(text=" | ".join(texts)),),
        cells=tuple((Run(text=text),) if text else () for text in texts),
        group=group,
        header=names,
    )
    return decided(row, BlockKind.TABLE_ROW, confidence=0.85, reason="rows with the same number of cells")
