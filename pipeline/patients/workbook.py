"""An .xlsx workbook's bytes to rows of typed cells.

In charge of: opening the workbook safely and choosing its sheet. Not in charge of: what the cells mean
(``cells``, ``dates``). Formulas are never computed: the values that the spreadsheet saved are read. Cells
formatted as dates arrive as dates, whichever of the two epochs the workbook counts from.
"""

import io
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.errors import Place, RosterError
from pipeline.patients.columns import PRESETS, ColumnMapping, recognised
from pipeline.patients.model import CellError
from pipeline.patients.sheet import Sheet, SheetRow, with_header

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

#: Unpacked size beyond which a small file is an attack on memory, not a patients list.
_MOST_UNPACKED = 1_000_000_000
_MEND = "open it in your spreadsheet program and save it as .xlsx or as CSV (UTF-8)"


def open_workbook(data: bytes, *, name: str, mapping: ColumnMapping | None = None) -> Sheet:
    """The sheet of a workbook whose header knows most columns, hidden sheets left out.

    Raises RosterError for a damaged, encrypted or oversized workbook, for another kind of archive, and for
    one without a filled sheet.
    """
    _check_archive(data, name)
    # Loaded here: most imports are CSV, and `pipeline --help` needs none of it.
    import python_calamine  # noqa: PLC0415

    try:
        book = python_calamine.load_workbook(io.BytesIO(data))
        shown = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible is python_calamine.SheetVisibleEnum.Visible
        ]
        sheets = [book.get_sheet_by_name(each) for each in shown]
    except (python_calamine.CalamineError, python_calamine.PasswordError, ValueError, OSError) as error:
        raise RosterError(
            "The workbook is damaged or encrypted.", where=Place(file=name), mend=_MEND
        ) from error
    filled = [sheet for sheet in sheets if sheet.height]
    if not filled:
        raise RosterError("The workbook is empty.", where=Place(file=name), mend="export the patients again")
    best = max(filled, key=lambda sheet: _known_columns(sheet, mapping))
    return with_header(_rows(best), name=name, mapping=mapping)


def _check_archive(data: bytes, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {member.filename for member in archive.infolist()}
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise RosterError("The workbook is damaged.", where=Place(file=name), mend=_MEND) from error
    if "xl/workbook.xml" not in members:
        raise RosterError(
            "The file is an archive, but not an .xlsx workbook.", where=Place(file=name), mend=_MEND
        )
    if unpacked > _MOST_UNPACKED:
        raise RosterError(
            f"The workbook unpacks to {unpacked // 1_000_000:,} MB, far more than a patients list holds.",
            where=Place(file=name),
            mend="export fewer patients at a time, or as CSV",
        )


def _known_columns(sheet: "CalamineSheet", mapping: ColumnMapping | None) -> int:
    mappings = (mapping, *PRESETS) if mapping else PRESETS
    first = (row for row, _ in zip(sheet.iter_rows(), range(20), strict=False))
    return max((recognised([str(cell) for cell in row], mappings) for row in first), default=0)


def _rows(sheet: "CalamineSheet") -> Iterator[SheetRow | CellError]:
    for number, cells in enumerate(sheet.iter_rows(), 1):
        yield SheetRow(number, cells)
