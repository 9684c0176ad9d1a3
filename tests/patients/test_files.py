"""Whole lists, realistic and hostile, each with everything that has to come of it."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from pipeline.errors import RosterError
from pipeline.patients.eligibility import why_not_enrolled
from pipeline.patients.mappings import saved_mapping
from pipeline.patients.model import Basis, DateOrder, Roster, RosterFile
from pipeline.patients.roster import gather, open_rosters
from tests.patients.conftest import NOW, terms_with

FILES = Path(__file__).parent / "files"
HEADER = "record_id,given_name,family_name,email,first_visit,phone_instead"
MEGABYTE = "x" * 1_000_000


@dataclass(frozen=True)
class Expected:
    """Files (names of ``files/``, or bytes), how they are brought, and what comes of them."""

    files: tuple[str | bytes, ...]
    #: By record id: the first visit as ISO text ("" for none), and why not enrolled ("" where nothing does).
    rows: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: File (1 or 2), row, column and a word of the message.
    errors: tuple[tuple[int, int, str, str], ...] = ()
    ignored: tuple[str, ...] = ()
    terms: dict[str, object] = field(default_factory=dict)
    mapping: dict[str, object] | None = None
    #: A word of the refusal, where the file cannot be read at all.
    refused: str = ""


def workbook(change: Callable[[openpyxl.Workbook], None]) -> bytes:
    book = openpyxl.Workbook()
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def several_sheets(book: openpyxl.Workbook) -> None:
    """A report: an empty first sheet, the patients below a title with merged cells, and a sheet of totals."""
    book.active.title = "Cover"
    sheet = book.create_sheet("New patients")
    sheet["A1"] = "New patients, December"
    sheet.merge_cells("A1:E1")
    sheet.append([])
    sheet.append(["Patient ID", "First Name", "Last Name", "Email", "Start Date", "Patient DOB"])
    sheet.append(
        [
            1001,
            "Ana",
            "Maple",
            "ana@example.org",
            datetime.fromisoformat("2026-12-01T09:00"),
            date(1980, 2, 3),
        ]
    )
    sheet.append([1002, "Bo", "Birch", "bo@example.org", date(2026, 12, 2), date(2015, 2, 3)])
    sheet.append([1003, "Cleo", "Cedar", "cleo@example.org", 46357, date(1980, 2, 3)])
    sheet.append(["0042", "Dag", "Dogwood", "dag@example.org", "3 Dec 2026", None])
    totals = book.create_sheet("Totals")
    totals.append(["Clinic", "Patients"])
    totals.append(["Riverbend", 4])


def formulas_and_errors(book: openpyxl.Workbook) -> None:
    """Cells that a spreadsheet computes: without a saved value they are blank, errors are told."""
    sheet = book.active
    sheet.append(HEADER.split(","))
    sheet.append(["P-1", "Ana", '=CONCATENATE("Ma","ple")', "ana@example.org", date(2026, 12, 1), None])
    sheet.append(["P-2", "Bo", "Birch", "#N/A", date(2026, 12, 1), None])
    sheet.append(["P-3", "Cleo", "Cedar", "cleo@example.org", date(2026, 12, 1), "#REF!"])
    for cell in ("D3", "F4"):
        sheet[cell].data_type = "e"


def text(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join((header, *rows, "")).encode()


#: The same two patients as Excel's "Unicode Text" writes them, dates as a British computer does.
UNICODE_TEXT = (
    "Patient ID\tFirst Name\tEmail\tStart Date\tNotes\r\n"
    'P-1\tZoë\tzoe@example.org\t03/12/2026 09:30\t"two\r\nlines"\r\n'
    "P-2\tŁucja\tlucja@example.org\t13/12/2026\t\r\n"
).encode("utf-16")
GERMAN = {
    "columns": {
        "record_id": "Nr", "given_name": "Vorname", "family_name": "Nachname", "email": "E-Mail",
        "birth_date": "Geburtsdatum", "first_visit": "Erster Termin", "visit_status": "Terminstatus",
        "email_consent": "Einwilligung",
    },
    "date_order": "day_first",
    "statuses": {"booked": ["vereinbart"], "canceled": ["abgesagt"]},
}  # fmt: skip

CASES = {
    "WebPT: patients and appointments": Expected(
        ("webpt-patients.csv", "webpt-appointments.csv"),
        {
            "101": ("2026-12-01", ""),  # an earlier case in 2025 does not count, nor does a follow-up
            "102": ("2026-12-02", "no_consent"),  # unsubscribed in Reach
            "103": ("2026-12-02", "minor"),
            "105": ("2026-12-03", "no_address"),
            "106": ("2026-12-07", ""),  # canceled on 30 November, booked again
        },
        ((1, 5, "Patient Email", "no domain ending"),),  # and nothing about 104's appointment
        ("Insurance", "Diagnosis", "end_date", "apt_apttype", "therapist_id"),
        {"date_order": DateOrder.MONTH_FIRST},
    ),
    "Cliniko: times in UTC, dated in each patient's zone": Expected(
        ("Patients-Cliniko-20261120.csv", "Appointments-Cliniko-20261120.csv"),
        {
            "9001": ("2026-12-01", ""),  # 30 November in UTC, 1 December in Perth
            "9002": ("2026-12-09", ""),  # the first one was canceled
            "9003": ("2026-12-01", "discharged"),  # archived
        },
        ignored=("accepted_privacy_policy", "notes", "id", "ends_at"),
    ),
    "Jane: a family on one address is three people": Expected(
        ("jane-patients.csv", "jane-appointments.csv"),
        {"a1": ("2026-12-01", ""), "a2": ("2026-12-01", "no_show"), "a3": ("2026-12-02", "canceled_visit")},
    ),
    "semicolons, 31.12.1970, windows-1252, German words": Expected(
        ("german-cp1252.csv",),
        {"7": ("2026-12-01", ""), "8": ("2026-12-02", "canceled_visit"), "9": ("2026-12-03", "no_consent")},
        mapping=GERMAN,
    ),
    "Excel's Unicode Text, day first": Expected(
        (UNICODE_TEXT,),
        {"P-1": ("2026-12-03", ""), "P-2": ("2026-12-13", "")},
        ignored=("Notes",),
        terms={"date_order": DateOrder.DAY_FIRST},
    ),
    "Excel's Unicode Text, nobody said which comes first": Expected(
        (UNICODE_TEXT,),
        {"P-2": ("2026-12-13", "")},
        ((1, 2, "Start Date", "could be 3 December 2026 or 12 March 2026"),),
        ("Notes",),
    ),
    "a workbook of several sheets with a title": Expected(
        (workbook(several_sheets),),
        {"1001": ("2026-12-01", ""), "1002": ("2026-12-02", "minor"), "0042": ("2026-12-03", "")},
        ((1, 6, "Start Date", "format the cell as a date"),),
    ),
    "a workbook with formulas and errors": Expected(
        (workbook(formulas_and_errors),),
        {"P-1": ("2026-12-01", "")},
        ((1, 3, "email", "#N/A"), (1, 4, "phone_instead", "error of the spreadsheet")),
    ),
    "good and bad rows": Expected(
        ("good-and-bad.csv",),
        {
            "P-1": ("2026-12-01", ""),
            "P-5": ("2026-12-01", "no_consent"),
            "P-6": ("2026-12-01", "phone_instead"),
            "P-8": ("2026-12-01", "no_consent"),
            "P-12": ("2026-12-01", ""),
        },
        (
            (1, 3, "email", "more than one @"),
            (1, 4, "record_id", "is blank"),
            (1, 5, "first_visit", "not a day of the calendar"),
            (1, 8, "first_visit", "year of two digits"),
            (1, 10, "record_id", "already stands in row 2"),
            (1, 11, "email", "more than one address"),
            (1, 12, "first_visit", "only a number"),
        ),
    ),
    "a report with a title above and a total below": Expected(
        ("report-with-title-and-total.csv",),
        {"P-1": ("2026-12-01", ""), "P-2": ("2026-12-02", "")},
        ((1, 7, "record_id", "stands alone"),),
    ),
    "Excel's CSV with line breaks and quotes in cells": Expected(
        ("excel-quoted-newlines.csv",),
        {"P-1": ("2026-12-01", ""), "P-2": ("2026-12-01", "")},
        ignored=("address",),
    ),
    "addresses of all kinds": Expected(
        ("addresses.csv",),
        dict.fromkeys(("P-1", "P-6", "P-7", "P-8"), ("2026-12-01", "")),
        (
            (1, 3, "email", "quotes before the @"),
            (1, 4, "email", "not plain a to z"),
            (1, 5, "email", "more than the address itself"),
            (1, 6, "email", "more than the address itself"),
            (1, 10, "email", "not an email address"),
            (1, 11, "email", "spreadsheet formula"),
        ),
    ),
    "formulas in names and ids": Expected(
        ("formulas.csv",),
        {"-7": ("2026-12-01", "")},
        (
            (1, 2, "given_name", "formula"),
            (1, 3, "record_id", "formula"),
            (1, 4, "given_name", "formula"),
            (1, 5, "given_name", "formula"),
            (1, 6, "given_name", "error of the spreadsheet"),
            (1, 7, "given_name", "formula"),
        ),
    ),
    "rows of unequal length": Expected(
        ("rows-of-unequal-length.csv",),
        {"P-1": ("2026-12-01", ""), "P-2": ("", "no_visit"), "P-3": ("2026-12-03", "")},
        ((1, 5, "(row)", "4 cells where the header has 3"), (1, 6, "record_id", "stands alone")),
    ),
    "a quotation that never ends": Expected(
        ("quote-never-closed.csv",),
        {"P-1": ("2026-12-01", "")},
        ((1, 3, "(row)", "not closed"),),
    ),
    "times of all kinds, in a clinic in Chicago": Expected(
        ("times.csv",),
        {
            "P-1": ("2026-12-01", ""),
            "P-2": ("2026-12-02", ""),  # 23:30 in Los Angeles is the next day in Chicago
            "P-3": ("2026-12-01", ""),  # 03:00 UTC is the evening before
            "P-6": ("2026-12-01", ""),
            "P-7": ("2026-12-01", ""),
        },
        (
            (1, 5, "first_visit", "no readable time"),
            (1, 6, "first_visit", "no readable time"),
            (1, 9, "first_visit", "not a date"),
        ),
    ),
    "a header and nothing below it": Expected(("header-only.csv",)),
    "two columns of one name": Expected(("two-columns-of-one-name.csv",), refused="stands 2 times"),
    "NUL characters": Expected(
        ("nul-characters.tsv",),
        {"P-1": ("2026-12-01", ""), "P-3": ("2026-12-01", "")},
        ((1, 3, "record_id", "NUL"),),
        ("notes",),
    ),
    "who unsubscribed in the practice system": Expected(
        ("opted-out.csv",),
        {"1": ("2026-12-01", ""), "2": ("2026-12-01", "no_consent")},
        ((1, 4, "opted_out", "neither yes nor no"),),
    ),
    "a cell of a megabyte": Expected(
        (text(f"P-1,{MEGABYTE},M,a@example.org,2026-12-01,", "P-2,Bo,B,b@example.org,2026-12-01,"),),
        {"P-2": ("2026-12-01", "")},
        ((1, 2, "(row)", "more than"),),
    ),
    "one patient twice with other data": Expected(
        (text("P-1,Ana,M,a@example.org,2026-12-01,", "P-1,Ivo,M,i@example.org,2026-12-01,"),),
        {"P-1": ("2026-12-01", "")},
        ((1, 3, "record_id", "already stands in row 2"),),
    ),
    "one list with a row per appointment": Expected(
        (
            text(
                "1,Ana,ana@example.org,2026-12-08,501,Active",
                "2,Bo,bo@example.org,2026-12-02,502,Inactive",
                "1,Ana,ana@example.org,2026-12-01,501,Active",
                "2,Bo,bo@example.org,2026-12-04,502,Active",
                "3,Cleo,cleo@example.org,2026-12-03,503,Active",
                "4,Dag,dag@example.org,2026-12-03,504,Active",
                "4,Dag,dag@example.org,soon,504,Active",
                "1,Ivo,ivo@example.org,2026-11-30,501,Active",
                "1,Ana,ana@example.org,2025-01-02,377,Active",
                header="patient_id,first_name,email,start_date,case_id,appointment_status",
            ),
        ),
        {"3": ("2026-12-03", ""), "1": ("2026-12-01", ""), "2": ("2026-12-04", "")},
        (
            (1, 8, "start_date", "not a date"),
            (1, 9, "patient_id", "already stands in row 2 with other data"),
            (1, 7, "patient_id", "row 8 of this patient cannot be read"),
        ),
    ),
    "times without an offset that are UTC": Expected(
        (text("P-1,Ana,M,a@example.org,2026-12-02 03:00,"),),
        {"P-1": ("2026-12-01", "")},
        terms={"times_are_utc": True},
    ),
    "a mapping for another export": Expected(
        (text("P-1,Ana,M,a@example.org,2026-12-02,"),), mapping=GERMAN, refused="names the column 'Nr'"
    ),
    "a web page instead of a list": Expected((b"<!doctype html><title>Sign in</title>",), refused="web page"),
    "nothing at all": Expected((b"\xef\xbb\xbf\r\n\r\n",), refused="empty"),
}  # fmt: skip


def brought(case: Expected) -> Roster:
    files = [
        RosterFile(name=str(number), data=(FILES / each).read_bytes() if isinstance(each, str) else each)
        for number, each in enumerate(case.files, 1)
    ]
    mappings = {file.name: saved_mapping(case.mapping) for file in files} if case.mapping else {}
    terms = terms_with(**{"basis": Basis.CONSENT, **case.terms})
    return gather(open_rosters(files, terms=terms, mappings=mappings))


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.refused])
def test_a_whole_list_comes_out_as_it_should(name: str) -> None:
    case = CASES[name]

    roster = brought(case)

    found = {}
    for row in roster.rows:
        against = why_not_enrolled(row, purpose="treatment", on=NOW.date(), suppressed=False)
        found[row.patient.record] = (str(row.start or ""), str(next(iter(against), "")))
    assert found == case.rows
    errors = [(int(error.file or 1), error.row, error.column) for error in roster.errors]
    assert errors == [each[:3] for each in case.errors]
    for error, (*_, word) in zip(roster.errors, case.errors, strict=True):
        assert word in error.message
        assert len(str(error)) < 300
        assert str(error).isprintable()
    assert roster.ignored_columns == case.ignored


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.refused])
def test_what_is_no_list_is_refused_with_a_way_out(name: str) -> None:
    with pytest.raises(RosterError) as caught:
        brought(CASES[name])

    assert CASES[name].refused in caught.value.what
    assert caught.value.mend


def test_every_file_beside_these_tests_is_used_by_one_of_them() -> None:
    used = {each for case in CASES.values() for each in case.files if isinstance(each, str)}
    assert used == {path.name for path in FILES.iterdir()} - {"README.md"}
    assert len(CASES) >= 20
