"""A table of cells, whatever file it came from: the one shape that ``rows`` reads.

In charge of: types, and finding the header row. Not in charge of: text files (``textfile``) or workbooks
(``workbook``).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from pipeline.errors import Place, RosterError
from pipeline.patients.columns import PRESETS, ColumnMapping, recognised
from pipeline.patients.dates import Cell
from pipeline.patients.model import CellError

#: Rows above the header (a report's title, its date) that are looked past.
_HEADER_WITHIN = 20
#: More columns than any practice system exports: the file is something else.
_MOST_COLUMNS = 1000


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: its number as a spreadsheet counts it, from 1, and its cells."""

    number: int
    cells: Sequence[Cell] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A header and the rows below it, read as they are asked for; a row that cannot be read is an error."""

    name: str
    header: tuple[str, ...] = field(repr=False)
    header_row: int
    rows: Iterator[SheetRow | CellError] = field(repr=False)
    #: None for a workbook.
    encoding: str | None = None
    #: What stands between the cells of a text file.
    delimiter: str = ","


def is_blank(cells: Sequence[Cell]) -> bool:
    """Whether nothing stands in the row."""
    return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in cells)


def with_header(
    rows: Iterable[SheetRow | CellError],
    *,
    name: str,
    encoding: str | None = None,
    delimiter: str = ",",
    mapping: ColumnMapping | None = None,
) -> Sheet:
    """Split rows into header and body: the header is the row among the first twenty that knows most columns.

    Raises RosterError for a file without rows, and for a header of more than 1,000 columns.
    """
    source = iter(rows)
    first: list[SheetRow] = []
    rest: list[CellError] = []
    for row in source:
        if isinstance(row, CellError):
            rest.append(row)
            break
        first.append(row)
        if len(first) == _HEADER_WITHIN:
            break
    filled = [row for row in first if not is_blank(row.cells)]
    if not filled:
        raise _empty(name, rest)
    mappings = (mapping, *PRESETS) if mapping else PRESETS
    head = max(filled, key=lambda row: recognised([str(cell or "") for cell in row.cells], mappings))
    header = tuple(str(cell if cell is not None else "").strip() for cell in head.cells)
    if len(header) > _MOST_COLUMNS:
        raise RosterError(
            f"The header has {len(header):,} columns; a patients file has at most {_MOST_COLUMNS:,}.",
            where=Place(file=name, line=head.number),
            mend="check that this is the export of patients, with one patient per row",
        )
    body = chain((row for row in first if row.number > head.number), rest, source)
    return Sheet(
        name=name,
        header=header,
        header_row=head.number,
        rows=body,
        encoding=encoding,
        delimiter=delimiter,
    )


def _empty(name: str, errors: Sequence[CellError]) -> RosterError:
    what = f"The file cannot be read: {errors[0].message}." if errors else "The file is empty."
    return RosterError(what, where=Place(file=name), mend="export the patients again and import that file")
