"""A copy of a patients file with what is wrong in each row, to mend there and import again.

In charge of: the copy (CSV in UTF-8 with a byte order mark, which spreadsheets open correctly, or .xlsx) and
a bare table of errors. Not in charge of: finding errors (``rows``) or where the copy is put.

No cell of the copy can act as a formula in a spreadsheet (CSV injection, OWASP): one that looks like it
could gets an apostrophe before it, which a later import takes off again.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time

from pipeline.patients.columns import ColumnMapping
from pipeline.patients.dates import Cell
from pipeline.patients.model import CellError, RosterFile
from pipeline.patients.plain_workbook import workbook_of
from pipeline.patients.roster import is_fhir, open_table
from pipeline.patients.sheet import SheetRow

#: Heads the added column. A later import ignores it like any other column it does not need.
PROBLEMS = "what to mend"

_FORMULA_START = re.compile(r"\s*[=+\-@|]")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?", re.ASCII)
_BOM = "\ufeff"


def annotated_copy(
    file: RosterFile,
    errors: Iterable[CellError],
    *,
    encoding: str | None = None,
    mapping: ColumnMapping | None = None,
    as_workbook: bool = False,
) -> bytes:
    """The file as CSV (or .xlsx) with one more column, first, that says what is wrong in each row.

    Every row is kept, also the good ones: importing the mended copy again changes nothing for them. Of two
    files read together only the errors of this one are used. A FHIR file has no rows to write beside: its
    copy is the table of errors. Raises RosterError as reading the file does.
    """
    own = [error for error in errors if error.file in {"", file.name}]
    if is_fhir(file.data):
        return error_table(own, as_workbook=as_workbook)
    sheet, _ = open_table(file, encoding=encoding, mapping=mapping)
    rows = _copied(sheet.header, sheet.header_row, sheet.rows, own)
    return _written(rows, sheet.delimiter, as_workbook=as_workbook)


def _copied(
    header: Sequence[str],
    header_row: int,
    rows: Iterable[SheetRow | CellError],
    errors: Sequence[CellError],
) -> Iterator[list[str]]:
    messages: dict[int, list[str]] = defaultdict(list)
    for error in errors:
        messages[error.row].append(f"{error.column}: {error.message}")
    # Rows keep their numbers, so that a message that names another row is still right.
    yield from ([] for _ in range(header_row - 1))
    yield [PROBLEMS, *header]
    for row in rows:
        cells = row.cells if isinstance(row, SheetRow) else ()
        number = row.number if isinstance(row, SheetRow) else row.row
        yield ["; ".join(messages.get(number, ())), *map(as_text, cells)]


def error_table(errors: Iterable[CellError], *, as_workbook: bool = False) -> bytes:
    """The errors alone: file, row, column, message."""
    rows = ([error.file, str(error.row), error.column, error.message] for error in errors)
    return _written([["file", "row", "column", "message"], *rows], ",", as_workbook=as_workbook)


def _written(rows: Iterable[Sequence[str]], delimiter: str, *, as_workbook: bool) -> bytes:
    safe = ([harmless(cell) for cell in row] for row in rows)
    return workbook_of(safe) if as_workbook else _csv(safe, delimiter)


def _csv(rows: Iterable[Sequence[str]], delimiter: str) -> bytes:
    text = io.StringIO(newline="")
    text.write(_BOM)
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def harmless(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula; plain numbers stay as they are."""
    looks_like_one = _FORMULA_START.match(text) and not _NUMBER.fullmatch(text)
    return f"'{text.lstrip()}" if looks_like_one else text


def as_text(cell: Cell) -> str:
    """A cell as an import reads it again: dates in ISO form, whole numbers without a fraction."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "minutes")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
