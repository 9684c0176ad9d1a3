"""An .xlsx workbook's bytes to rows of typed cells.

In charge of: opening the workbook safely and choosing its sheet. Not in charge of: what the cells mean
(``cells``, ``dates``). Formulas are never computed: the values that the spreadsheet saved are read. Cells
formatted as dates arrive as dates, whichever of the two epochs the workbook counts from.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pipeline.errors import Place, RosterError
from pipeline.patients.columns import PRESETS, ColumnMapping, recognised
from pipeline.patients.model import CellError
from pipeline.patients.sheet import Sheet, SheetRow, with_header
from pipeline.patients.wording import shown
from pipeline.patients.workbook_scan import DAMAGED, Scan, scan_sheets

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

#: Unpacked size beyond which a small file is an attack on memory, not a patients list.
_MOST_UNPACKED = 500_000_000
#: Cells that the library may make room for: some 30 bytes each.
_MOST_CELLS = 32_000_000
_MEND = "open it in your spreadsheet program and save it as .xlsx or as CSV (UTF-8)"


def open_workbook(data: bytes, *, name: str, mapping: ColumnMapping | None = None) -> Sheet:
    """The sheet of a workbook whose header knows most columns, hidden sheets left out.

    Raises RosterError for a damaged, encrypted or oversized workbook, for another kind of archive, and for
    one without a filled sheet.
    """
    scans = _check_archive(data, name)
    # Loaded here: most imports are CSV, and `pipeline --help` needs none of it.
    import python_calamine  # noqa: PLC0415

    try:
        book = python_calamine.load_workbook(io.BytesIO(data))
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible is python_calamine.SheetVisibleEnum.Visible
        ]
        sheets = [book.get_sheet_by_name(each) for each in visible]
    except (python_calamine.CalamineError, python_calamine.PasswordError, ValueError, OSError) as error:
        raise RosterError(
            "The workbook is damaged or encrypted.", where=Place(file=name), mend=_MEND
        ) from error
    filled = [sheet for sheet in sheets if sheet.height]
    if not filled:
        raise RosterError("The workbook is empty.", where=Place(file=name), mend="export the patients again")
    best = max(filled, key=lambda sheet: _known_columns(sheet, mapping))
    errors = scans[best.name].errors if best.name in scans else {}
    return with_header(_rows(best, errors), name=name, mapping=mapping)


def _check_archive(data: bytes, name: str) -> Mapping[str, Scan]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_size(archive, name)
            scans = scan_sheets(archive)
    except (*DAMAGED, ValueError) as error:
        raise RosterError("The workbook is damaged.", where=Place(file=name), mend=_MEND) from error
    for sheet, scan in scans.items():
        if scan.area > _MOST_CELLS:
            raise RosterError(
                f"The sheet {shown(sheet)} reaches to row {scan.rows:,} and column {scan.columns:,}: "
                "something stands far away from the list.",
                where=Place(file=name),
                mend="delete the empty-looking rows and columns around the list, or save it as CSV (UTF-8)",
            )
    return scans


def _check_size(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse what is no workbook, or unpacks to too much; a part that is larger than it says is damaged."""
    members = archive.infolist()
    if "xl/workbook.xml" not in {member.filename for member in members}:
        raise RosterError(
            "The file is an archive, but not an .xlsx workbook.", where=Place(file=name), mend=_MEND
        )
    unpacked = sum(member.file_size for member in members)
    if unpacked > _MOST_UNPACKED:
        raise RosterError(
            f"The workbook unpacks to {unpacked // 1_000_000:,} MB, far more than a patients list holds.",
            where=Place(file=name),
            mend="export fewer patients at a time, or as CSV",
        )
    if damaged := archive.testzip():
        raise zipfile.BadZipFile(damaged)


def _known_columns(sheet: "CalamineSheet", mapping: ColumnMapping | None) -> int:
    mappings = (mapping, *PRESETS) if mapping else PRESETS
    first = (row for row, _ in zip(sheet.iter_rows(), range(20), strict=False))
    return max((recognised([str(cell) for cell in row], mappings) for row in first), default=0)


def _rows(sheet: "CalamineSheet", errors: Mapping[tuple[int, int], str]) -> Iterator[SheetRow | CellError]:
    """The rows; a cell like #REF!, which the library gives as blank, holds that text."""
    first = sheet.start[1] + 1 if sheet.start else 1
    of_row: dict[int, dict[int, str]] = {}
    for (row, column), text in errors.items():
        of_row.setdefault(row, {})[column - first] = text
    for number, cells in enumerate(sheet.iter_rows(), 1):
        if broken := of_row.get(number):
            cells = [broken.get(at, cell) for at, cell in enumerate(cells)]  # noqa: PLW2901 - the row, put right
        yield SheetRow(number, cells)
