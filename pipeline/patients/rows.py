"""One row of a sheet to a patient, their consent and their visit, or to all that is wrong with it.

In charge of: what each column means. Not in charge of: reading single cells (``cells``, ``dates``,
``addresses``), duplicates and files (``roster``), or choosing among several visits (``visits``).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from pipeline.patients.addresses import address_problem, trimmed
from pipeline.patients.cells import (
    read_flag,
    read_full_name,
    read_language,
    read_name,
    read_record,
    read_status,
    read_text,
    read_zone,
    unprotected,
)
from pipeline.patients.columns import Columns, Field, plain
from pipeline.patients.dates import (
    AmbiguousDateError,
    Cell,
    UnreadableCellError,
    civil_date,
    is_minor,
    read_date,
    visit_moment,
)
from pipeline.patients.model import (
    WHOLE_ROW,
    Basis,
    CellError,
    Consent,
    ImportTerms,
    Patient,
    RosterRow,
    VisitStatus,
)
from pipeline.patients.sheet import Sheet, SheetRow, is_blank
from pipeline.patients.visits import Visit
from pipeline.patients.wording import shown

_Value = TypeVar("_Value")

#: A visit further ahead than this has a mistyped year.
_FURTHEST = timedelta(days=2 * 366)
_EARLIEST_YEAR = 1990
#: What the last line of a report calls itself, in letters and digits alone.
_SUMS = frozenset(
    {"total", "totals", "grandtotal", "subtotal", "totalpatients", "sum", "count", "average", "summe",
     "gesamt", "gesamtsumme"}
)  # fmt: skip


@dataclass(slots=True)
class RowCells:
    """The cells of one row by field, and what was found wrong with them so far."""

    row: SheetRow
    columns: Columns
    errors: list[CellError] = field(default_factory=list)
    #: The patient's id, once it is read.
    record: str = ""

    def take(self, wanted: Field, read: Callable[[Cell], _Value], otherwise: _Value) -> _Value:
        """The cell's value; where it cannot be read, note the error and go on with ``otherwise``.

        It is blank where the file has no such column or the row ends before it.
        """
        # Written out, because it is asked twenty times a row.
        index = self.columns.at.get(wanted)
        cells = self.row.cells
        value = cells[index] if index is not None and index < len(cells) else None
        # Only an id has to be there: everything else may be blank.
        if (value is None or value == "") and wanted is not Field.RECORD:
            return otherwise
        try:
            return read(value)
        except UnreadableCellError as error:
            self.wrong(wanted, str(error), ambiguous=isinstance(error, AmbiguousDateError))
            return otherwise

    def flag(self, value: Cell) -> bool | None:
        """Yes or no, in the clinic's own words, too."""
        return read_flag(value, self.columns.mapping.answers)

    def flag_or_moment(self, value: Cell) -> bool:
        """Whether something happened: a yes, or the time at which it did. The time is not read for it."""
        text = read_text(value)
        try:
            return bool(self.flag(text))
        except UnreadableCellError:
            if any(char.isdigit() for char in text):
                return True
            raise

    def wrong(self, wanted: Field, message: str, *, ambiguous: bool = False) -> None:
        """Note an error of the field's cell."""
        column = self.columns.name(wanted)
        self.errors.append(
            CellError(row=self.row.number, column=column, message=message, ambiguous_date=ambiguous)
        )


def read_rows(
    sheet: Sheet, columns: Columns, terms: ImportTerms, left_out: set[str] | None = None
) -> Iterator[RosterRow | CellError]:
    """Every row of a sheet with one patient per row, as a patient or as its errors; blank rows left out.

    An id that stands twice is an error in its second row: which of the two is right nobody can tell.
    ``left_out`` is filled with the ids of rows that have errors.
    """
    rows_of: dict[str, int] = {}
    for row in sheet.rows:
        if isinstance(row, CellError):
            yield row
        elif not is_blank(row.cells):
            cells = RowCells(row, columns)
            found = read_row(cells, terms, source=sheet.name)
            if found is not None and rows_of.setdefault(found.patient.record, row.number) != row.number:
                record = found.patient.record
                first = f"{shown(record)} already stands in row {rows_of[record]}: only that row was taken"
                cells.wrong(Field.RECORD, first)
            yield from cells.errors
            if found is not None and not cells.errors:
                yield found
            elif left_out is not None:
                left_out.add(cells.record)


def read_row(cells: RowCells, terms: ImportTerms, *, source: str) -> RosterRow | None:
    """The row as a patient; None where something is wrong, and ``cells.errors`` then says what.

    ``source`` is recorded as where the consent comes from.
    """
    check_width(cells)
    patient = read_patient(cells, terms)
    cells.record = patient.record
    zone = ZoneInfo(patient.zone) if patient.zone else terms.clinic_zone
    visit = read_visit(cells, zone, terms)
    consent, denied = read_consent(cells, terms, source=source)
    if patient.email is None and visit.start is None:
        _check_alone(cells)
    if cells.errors:
        return None
    return RosterRow(
        row=cells.row.number,
        patient=patient,
        consent=consent,
        denied=denied,
        start=visit.start,
        status=visit.status,
        visit_type=visit.kind,
        location=visit.location,
    )


def check_width(cells: RowCells) -> None:
    """Note an error where a row has more cells than the header: its cells stand in wrong columns."""
    extra = cells.row.cells[len(cells.columns.header) :]
    if any(str(cell or "").strip() for cell in extra):
        message = (
            f"has {len(cells.row.cells)} cells where the header has {len(cells.columns.header)}: "
            "a comma or other separator inside a cell needs quotes around the cell"
        )
        cells.errors.append(CellError(row=cells.row.number, column=WHOLE_ROW, message=message))


def _check_alone(cells: RowCells) -> None:
    """Note an error where nothing but one cell is filled, as in a report's last line, "Total: 2 patients", or
    where the id says that the row sums up the others."""
    filled = [cell for cell in cells.row.cells if not is_blank((cell,))]
    if plain(cells.record) in _SUMS:
        cells.wrong(Field.RECORD, f"{shown(cells.record)} sums up other rows: it is no patient")
    elif len(filled) == 1 < len(cells.columns.at) and cells.record:
        cells.wrong(Field.RECORD, f"{shown(cells.record)} stands alone in its row: is this a patient?")


def read_patient(cells: RowCells, terms: ImportTerms) -> Patient:
    """The person in the row. The birth date is used here for the age check and not kept."""
    given, family = cells.take(Field.FULL_NAME, read_full_name, ("", ""))
    return Patient(
        record=cells.take(Field.RECORD, read_record, ""),
        given=cells.take(Field.GIVEN, read_name, given),
        family=cells.take(Field.FAMILY, read_name, family),
        email=cells.take(Field.EMAIL, _read_address, None),
        language=cells.take(Field.LANGUAGE, read_language, None),
        zone=cells.take(Field.ZONE, read_zone, None),
        phone_instead=bool(cells.take(Field.PHONE_INSTEAD, cells.flag, None)),
        minor=cells.take(Field.BIRTH, lambda value: is_minor(value, terms), otherwise=False),
        deceased=bool(cells.take(Field.DECEASED, cells.flag_or_moment, None)),
    )


def _read_address(value: Cell) -> str | None:
    text = trimmed(unprotected(str(value)))
    if len(text) > 1000:
        raise UnreadableCellError(f"{shown(text)} is {len(text):,} characters long: no address is")
    problem = address_problem(text) if text else None
    if problem:
        raise UnreadableCellError(problem)
    return text or None


def read_visit(cells: RowCells, zone: ZoneInfo, terms: ImportTerms) -> Visit:
    """The visit in the row, its date in ``zone``; no start where the cell is blank."""
    moment = cells.take(Field.VISIT, lambda value: _read_moment(value, terms), None)
    return Visit(
        start=None if moment is None else civil_date(moment, zone),
        status=_read_state(cells, terms),
        kind=cells.take(Field.VISIT_TYPE, read_text, "") or None,
        location=cells.take(Field.LOCATION, read_text, "") or None,
        case=cells.take(Field.CASE, read_text, "") or None,
        moment=moment if isinstance(moment, datetime) else None,
    )


def _read_moment(value: Cell, terms: ImportTerms) -> date | datetime | None:
    if isinstance(value, str) and not value.strip():
        return None
    moment = visit_moment(value, terms)
    problem = date_problem(civil_date(moment, terms.clinic_zone), terms)
    if problem:
        raise UnreadableCellError(problem)
    return moment


def date_problem(start: date, terms: ImportTerms) -> str | None:
    """Why no visit can be on that date: its year is mistyped; None where it can."""
    if start > terms.now.date() + _FURTHEST:
        return f"{shown(start)} is more than two years ahead: check the year"
    return f"{shown(start)} is long past: check the year" if start.year < _EARLIEST_YEAR else None


def _read_state(cells: RowCells, terms: ImportTerms) -> VisitStatus:
    """The visit's state: the end of care outweighs a cancellation, that a no-show, that an arrival."""
    own = cells.columns.mapping.statuses
    status = cells.take(Field.STATUS, lambda value: read_status(value, own), None)
    ended = cells.take(Field.ENDED, lambda value: _has_ended(cells, value, terms), otherwise=False)
    if ended or status is VisitStatus.DISCHARGED:
        return VisitStatus.DISCHARGED
    signs = (
        (Field.CANCELED, VisitStatus.CANCELED),
        (Field.ABSENT, VisitStatus.NO_SHOW),
        (Field.ARRIVED, VisitStatus.ARRIVED),
    )
    for wanted, meaning in signs:
        if cells.take(wanted, cells.flag_or_moment, otherwise=False):
            return meaning
    return status or VisitStatus.BOOKED


def _has_ended(cells: RowCells, value: Cell, terms: ImportTerms) -> bool:
    """A yes, or a day of discharge that is not still ahead."""
    try:
        on = read_date(value, terms.date_order)
    except AmbiguousDateError as error:
        on = min(error.readings)
    except UnreadableCellError:
        return cells.flag_or_moment(value)
    return civil_date(on, terms.clinic_zone) <= civil_date(terms.now, terms.clinic_zone)


def read_consent(cells: RowCells, terms: ImportTerms, *, source: str) -> tuple[Consent | None, bool]:
    """The ground for mailing this row's patient, or None; and whether the file says no.

    The import declares the ground for its rows; a row's own "no", or an unsubscribe that the practice system
    knows of, takes it away. Under ``consent`` a blank in a consent column is no consent. Under
    ``marketing`` the practice system's flag has to say yes where the file has one.
    """
    said = cells.take(Field.CONSENT, cells.flag, None)
    opted_out = cells.take(Field.OPTED_OUT, cells.flag_or_moment, otherwise=False)
    marketing = cells.take(Field.MARKETING, cells.flag, None)
    asked = Field.CONSENT in cells.columns.at
    if said is False or opted_out:
        return None, True
    if terms.basis is Basis.MARKETING and Field.MARKETING in cells.columns.at and not marketing:
        return None, marketing is False
    if terms.basis is Basis.CONSENT and asked and said is None:
        return None, False
    return Consent(basis=terms.basis, wording=terms.wording, source=source, given_at=terms.now), False
