"""Patients files to a roster: good rows in, bad rows out, every bad cell named.

In charge of: telling the kinds of files apart, and the whole reading. Not in charge of: single rows
(``rows``), the join of two files (``pair``), FHIR (``fhir``), or what becomes of a roster (``actions``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from pipeline.errors import Place, RosterError
from pipeline.patients.columns import (
    ColumnMapping,
    Columns,
    Field,
    apply_mapping,
    guess_mapping,
    require,
    require_saved,
)
from pipeline.patients.fhir import open_fhir
from pipeline.patients.model import Basis, CellError, DateOrder, ImportTerms, Roster, RosterFile, RosterRow
from pipeline.patients.pair import Table, read_pair, tell_apart
from pipeline.patients.repeated import has_many_visits, read_visits, repeated_records
from pipeline.patients.rows import read_rows
from pipeline.patients.sheet import Sheet
from pipeline.patients.textfile import check_size, open_text
from pipeline.patients.workbook import open_workbook

_REQUIRED = (Field.RECORD, Field.EMAIL, Field.VISIT)
_NO_MAPPINGS: Mapping[str, ColumnMapping] = MappingProxyType({})

#: First bytes of what staff pick by mistake, and what to do about it (each format's own specification).
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0", "is an old .xls workbook, or one with a password"),
    (b"%PDF", "is a PDF"),
    (b"\x1f\x8b", "is a compressed archive"),
    (b"\x89PNG", "is a picture"),
    (b"\xff\xd8\xff", "is a picture"),
    (b"{\\rtf", "is a formatted text document"),
    (b"<", "is a web page or XML"),
)
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterStream:
    """Patients files while they are read: iterate once for rows and errors, in the order of the file."""

    entries: Iterator[RosterRow | CellError] = field(repr=False)
    ignored_columns: tuple[str, ...]
    encoding: str | None = None
    #: Each table's columns, in the order of the files; none for FHIR.
    tables: tuple["OpenTable", ...] = ()

    def __iter__(self) -> Iterator[RosterRow | CellError]:
        return self.entries


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTable:
    """What is known of a table before its rows are read."""

    file: str
    columns: Columns
    encoding: str | None


def open_roster(
    data: bytes, *, name: str, terms: ImportTerms, mapping: ColumnMapping | None = None
) -> RosterStream:
    """Open a single patients file (CSV, .xlsx, FHIR) for reading row by row.

    ``mapping`` is a saved one; None takes the best guess. Raises RosterError where the file cannot be read
    at all: empty, binary, too large, a column missing, no wording named.
    """
    mappings = {name: mapping} if mapping else {}
    return open_rosters((RosterFile(name=name, data=data),), terms=terms, mappings=mappings)


def open_rosters(
    files: Sequence[RosterFile],
    *,
    terms: ImportTerms,
    mappings: Mapping[str, ColumnMapping] = _NO_MAPPINGS,
) -> RosterStream:
    """Open what belongs together: one file, a patients file with its appointments file, or FHIR files.

    ``mappings`` are saved ones by file name. Raises RosterError as ``open_roster`` does, and for files that
    do not belong together.
    """
    _check_terms(terms)
    for file in files:
        _check_kind(file)
    fhir = [file for file in files if is_fhir(file.data)]
    if fhir and len(fhir) == len(files):
        _no_mapping(fhir, mappings)
        found = open_fhir(files, terms=terms)
        return RosterStream(entries=found.entries, ignored_columns=found.ignored)
    if fhir or len(files) not in {1, 2}:
        raise RosterError(
            f"These {len(files)} files do not belong together.",
            where=Place(file=", ".join(file.name for file in files)),
            mend="import one file, a patients file with its appointments file, or FHIR files alone",
        )
    tables = [_open_table(file, terms, mappings.get(file.name)) for file in files]
    require_saved([table.columns for table in tables], name=", ".join(file.name for file in files))
    if len(tables) == 2:
        return _two(tables[0], tables[1], terms)
    return _one(tables[0], terms, again=lambda: _open_table(files[0], terms, mappings.get(files[0].name)))


def _no_mapping(files: Sequence[RosterFile], mappings: Mapping[str, ColumnMapping]) -> None:
    named = next((file.name for file in files if file.name in mappings), None)
    if named:
        raise RosterError(
            "A column mapping is for tables; this is a FHIR file, whose fields are known.",
            where=Place(file=named),
            mend="leave out --mapping",
        )


def _one(table: Table, terms: ImportTerms, *, again: Callable[[], Table]) -> RosterStream:
    """A file with everything. One with a row per appointment is read twice, so that it need not be kept."""
    require(table.columns, _REQUIRED, name=table.sheet.name, line=table.sheet.header_row)
    own = _terms_of(table, terms)
    repeated = (
        repeated_records(again().sheet, table.columns) if has_many_visits(table.columns) else frozenset()
    )
    entries = (
        read_visits(table.sheet, table.columns, own, repeated)
        if repeated
        else read_rows(table.sheet, table.columns, own)
    )
    return RosterStream(
        entries=entries,
        ignored_columns=table.columns.ignored,
        encoding=table.sheet.encoding,
        tables=(_opened(table),),
    )


def _two(first: Table, second: Table, terms: ImportTerms) -> RosterStream:
    people, visits = tell_apart(first, second)
    ignored = (*people.columns.ignored, *visits.columns.ignored)
    entries = read_pair(people, visits, _terms_of(visits, terms))
    tables = (_opened(first), _opened(second))
    return RosterStream(
        entries=entries, ignored_columns=ignored, encoding=people.sheet.encoding, tables=tables
    )


def _opened(table: Table) -> OpenTable:
    return OpenTable(file=table.sheet.name, columns=table.columns, encoding=table.sheet.encoding)


def _terms_of(table: Table, terms: ImportTerms) -> ImportTerms:
    """The terms as the table's system means its times and dates; what was chosen now goes first."""
    mapping = table.columns.mapping
    return replace(
        terms,
        times_are_utc=terms.times_are_utc or mapping.times_are_utc,
        date_order=terms.date_order or mapping.date_order,
    )


def _open_table(file: RosterFile, terms: ImportTerms, mapping: ColumnMapping | None) -> Table:
    sheet, columns = open_table(file, encoding=terms.encoding, mapping=mapping)
    return Table(sheet, columns)


def open_table(
    file: RosterFile, *, encoding: str | None = None, mapping: ColumnMapping | None = None
) -> tuple[Sheet, Columns]:
    """The sheet of a CSV or .xlsx file and its columns by a saved mapping or the best guess."""
    if file.data.startswith(_ZIP):
        sheet = open_workbook(file.data, name=file.name, mapping=mapping)
    else:
        sheet = open_text(file.data, name=file.name, encoding=encoding, mapping=mapping)
    used = mapping or guess_mapping(sheet.header)
    return sheet, apply_mapping(used, sheet.header, name=file.name, line=sheet.header_row)


def is_fhir(data: bytes) -> bool:
    """Whether the bytes are JSON, and so FHIR: no table starts with a brace or bracket."""
    return data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}


def _check_kind(file: RosterFile) -> None:
    check_size(file.data, file.name)
    start = file.data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, what in _FOREIGN:
        if start.startswith(magic):
            raise RosterError(
                f"The file {what}, not a patients file.",
                where=Place(file=file.name),
                mend="export the patients as CSV (UTF-8) or as .xlsx",
            )


def _check_terms(terms: ImportTerms) -> None:
    """Nobody is mailed without a recorded ground, and a ground has words (DESIGN 9.5)."""
    if not terms.wording.strip():
        raise RosterError(
            "This import does not say which words its patients were shown.",
            where=Place(key="wording"),
            mend="name the version of your intake or consent form, like 'intake-2026-01'",
        )


def iter_roster(
    data: bytes,
    *,
    name: str,
    clinic_zone: ZoneInfo,
    now: datetime,
    basis: Basis,
    wording: str,
    date_order: DateOrder | None = None,
    mapping: ColumnMapping | None = None,
) -> Iterator[RosterRow | CellError]:
    """The rows and errors of one patients file, one by one: memory stays flat whatever its length."""
    terms = ImportTerms(clinic_zone=clinic_zone, now=now, basis=basis, wording=wording, date_order=date_order)
    return iter(open_roster(data, name=name, terms=terms, mapping=mapping))


def read_roster(
    data: bytes,
    *,
    name: str,
    clinic_zone: ZoneInfo,
    now: datetime,
    basis: Basis,
    wording: str,
    date_order: DateOrder | None = None,
    mapping: ColumnMapping | None = None,
) -> Roster:
    """One patients file, read whole.

    ``now`` is aware. Raises RosterError where the file cannot be read at all; whatever is wrong with single
    rows stands in ``errors`` of the result, by row and column.
    """
    terms = ImportTerms(clinic_zone=clinic_zone, now=now, basis=basis, wording=wording, date_order=date_order)
    return gather(open_roster(data, name=name, terms=terms, mapping=mapping))


def gather(stream: RosterStream) -> Roster:
    """Everything that a stream gives, at once."""
    rows: list[RosterRow] = []
    errors: list[CellError] = []
    for each in stream:
        if isinstance(each, RosterRow):
            rows.append(each)
        else:
            errors.append(each)
    return Roster(
        rows=tuple(rows),
        errors=tuple(errors),
        ignored_columns=stream.ignored_columns,
        encoding=stream.encoding,
        needs_date_order=any(error.ambiguous_date for error in errors),
    )
