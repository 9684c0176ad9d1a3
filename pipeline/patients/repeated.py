"""A single list with a row per appointment: patients who stand in several rows are brought together.

In charge of: finding them, and their first visit. Not in charge of: single rows (``rows``), which appointment
counts (``visits``), or appointments in a file of their own (``pair``).
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from zoneinfo import ZoneInfo

from pipeline.patients.cells import read_record
from pipeline.patients.columns import Columns, Field, plain
from pipeline.patients.dates import UnreadableCellError
from pipeline.patients.model import CellError, ImportTerms, RosterRow
from pipeline.patients.rows import RowCells, read_row, read_visit
from pipeline.patients.sheet import Sheet, SheetRow, is_blank
from pipeline.patients.visits import Visit, first_visit
from pipeline.patients.wording import shown

#: A column of first visits has one row per patient: an id that stands twice there is a mistake.
_ONE_EACH = re.compile("first|initial|start of care")


def has_many_visits(columns: Columns) -> bool:
    """Whether the file may have a row per appointment: its dates are not called the first ones."""
    return not _ONE_EACH.search(plain(columns.name(Field.VISIT)))


def repeated_records(sheet: Sheet, columns: Columns) -> frozenset[str]:
    """The ids that stand in more than one row."""
    counts: Counter[str] = Counter()
    index = columns.at[Field.RECORD]
    for row in sheet.rows:
        if isinstance(row, SheetRow) and len(row.cells) > index:
            with suppress(UnreadableCellError):
                counts[read_record(row.cells[index])] += 1
    return frozenset(record for record, count in counts.items() if count > 1)


def read_visits(
    sheet: Sheet, columns: Columns, terms: ImportTerms, repeated: frozenset[str]
) -> Iterator[RosterRow | CellError]:
    """Every row as ``rows.read_rows`` reads it, but patients in ``repeated`` as one row each, at the end."""
    kept: dict[str, list[tuple[RosterRow, Visit]]] = {}
    broken: dict[str, int] = {}
    for row in sheet.rows:
        if isinstance(row, CellError):
            yield row
        elif not is_blank(row.cells):
            cells = RowCells(row, columns)
            found = read_row(cells, terms, source=sheet.name)
            yield from cells.errors
            if found is None:
                broken.setdefault(cells.record, row.number)
            elif cells.record in repeated:
                zone = ZoneInfo(found.patient.zone) if found.patient.zone else terms.clinic_zone
                kept.setdefault(cells.record, []).append((found, read_visit(cells, zone, terms)))
            else:
                yield found
    column = columns.name(Field.RECORD)
    for record, rows in kept.items():
        if record in broken:
            message = f"row {broken[record]} of this patient cannot be read, so the first visit is not known"
            yield CellError(row=rows[0][0].row, column=column, message=message)
        else:
            yield from _together(rows, column)


def _together(rows: list[tuple[RosterRow, Visit]], column: str) -> Iterator[RosterRow | CellError]:
    """One patient's rows as one; rows that tell of another person under the same id are errors."""
    first, _ = rows[0]
    same = [(row, visit) for row, visit in rows if row.patient == first.patient]
    for row, _ in rows:
        if row.patient != first.patient:
            message = f"{shown(row.patient.record)} already stands in row {first.row} with other data"
            yield CellError(row=row.row, column=column, message=message)
    chosen = first_visit([visit for _, visit in same])
    found = next((row for row, visit in same if visit is chosen), first)
    # A "no" in any of the rows is a no.
    denied = next((row for row, _ in same if row.denied or row.consent is None), found)
    yield replace(found, consent=denied.consent, denied=any(row.denied for row, _ in same))
