"""A patients file and an appointments file, joined by the patient's id.

In charge of: telling which file is which, and the join. Not in charge of: single rows (``rows``), which
appointment counts (``visits``), or files that hold both (``roster``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from pipeline.errors import Place, RosterError
from pipeline.patients.cells import read_record
from pipeline.patients.columns import Columns, Field, require
from pipeline.patients.model import CellError, ImportTerms, RosterRow, VisitStatus
from pipeline.patients.rows import RowCells, check_width, read_rows, read_visit
from pipeline.patients.sheet import Sheet, is_blank
from pipeline.patients.visits import Visit, first_visit
from pipeline.patients.wording import shown


@dataclass(frozen=True, slots=True)
class Table:
    """One file's sheet with its columns known."""

    sheet: Sheet
    columns: Columns

    def has(self, wanted: Field) -> bool:
        """Whether the file has such a column."""
        return wanted in self.columns.at


@dataclass(slots=True)
class _Appointments:
    """The appointments file by patient id, as far as it is not joined yet."""

    visits: dict[str, list[Visit]] = field(default_factory=dict)
    #: The first row of each patient's appointments: where to point at if nobody has that id.
    rows: dict[str, int] = field(default_factory=dict)
    #: Patients with an appointment that cannot be read, and its row: their first visit is not known.
    broken: dict[str, int] = field(default_factory=dict)


def tell_apart(first: Table, second: Table) -> tuple[Table, Table]:
    """The patients table and the appointments table.

    Raises RosterError where the two are not one of each, or a needed column is missing.
    """
    for people, visits in ((first, second), (second, first)):
        if people.has(Field.EMAIL) and visits.has(Field.VISIT) and not visits.has(Field.EMAIL):
            for table, wanted in ((people, Field.EMAIL), (visits, Field.VISIT)):
                line = table.sheet.header_row
                require(table.columns, (Field.RECORD, wanted), name=table.sheet.name, line=line)
            return people, visits
    raise RosterError(
        "The two files are not one of patients (with their email) and one of appointments (with a start).",
        where=Place(file=f"{first.sheet.name} and {second.sheet.name}"),
        mend="import files that each hold everything one at a time; else check the names of the columns",
    )


def read_pair(people: Table, visits: Table, terms: ImportTerms) -> Iterator[RosterRow | CellError]:
    """Each patient with the first visit that their appointments tell; errors of both files, which they name.

    The appointments are read first and kept; the patients are read row by row.
    """
    known = _Appointments()
    for error in _read_appointments(visits, terms, known):
        yield replace(error, file=visits.sheet.name)
    left_out: set[str] = set()
    for found in read_rows(people.sheet, people.columns, terms, left_out):
        joined = _join(found, known, visits, terms) if isinstance(found, RosterRow) else found
        if isinstance(joined, RosterRow):
            yield joined
        else:
            record = joined if joined.column else replace(joined, column=people.columns.name(Field.RECORD))
            yield replace(record, file=people.sheet.name)
    column = visits.columns.name(Field.RECORD)
    for record_id in (each for each in known.visits if each not in left_out):
        message = f"{shown(record_id)} is no patient of {people.sheet.name}"
        yield CellError(row=known.rows[record_id], column=column, message=message, file=visits.sheet.name)


def _read_appointments(table: Table, terms: ImportTerms, known: _Appointments) -> Iterator[CellError]:
    """Fill ``known``; what is yielded is wrong with single rows."""
    for row in table.sheet.rows:
        if isinstance(row, CellError):
            yield row
        elif not is_blank(row.cells):
            cells = RowCells(row, table.columns)
            check_width(cells)
            record = cells.take(Field.RECORD, read_record, "")
            visit = read_visit(cells, terms.clinic_zone, terms)
            if visit.start is None and not cells.errors:
                cells.wrong(Field.VISIT, "is blank: an appointment needs a date")
            yield from cells.errors
            if cells.errors:
                known.broken.setdefault(record, row.number)
            else:
                known.visits.setdefault(record, []).append(visit)
                known.rows.setdefault(record, row.number)


def _join(found: RosterRow, known: _Appointments, visits: Table, terms: ImportTerms) -> RosterRow | CellError:
    record = found.patient.record
    own = known.visits.pop(record, [])
    if record in known.broken:
        message = (
            f"the appointment in row {known.broken[record]} of {visits.sheet.name} cannot be read, "
            "so the first visit is not known"
        )
        return CellError(row=found.row, column="", message=message)
    zone = ZoneInfo(found.patient.zone) if found.patient.zone else terms.clinic_zone
    first = first_visit([visit.in_zone(zone) for visit in own])
    if first is None:
        return found
    ended = found.status is VisitStatus.DISCHARGED
    return replace(
        found,
        start=first.start,
        status=found.status if ended else first.status,
        visit_type=first.kind,
        location=first.location or found.location,
    )
