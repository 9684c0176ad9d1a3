"""The copy that staff mend: complete, readable again, and harmless in a spreadsheet."""

import csv
import io
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.patients.annotated import PROBLEMS, annotated_copy, error_table, harmless
from pipeline.patients.cells import unprotected
from pipeline.patients.model import RosterFile

TEXT = """\
record_id;email;first_visit;notes
P-1;ana@example.org;2026-12-01;fine
P-2;bo@clinic;03/04/2026;=1+1

-3;cleo@example.org;2026-12-03;"two
lines"
"""


def rows_of(copy: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(copy.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_the_copy_has_every_row_where_it_was_and_says_what_to_mend(imported) -> None:
    file = RosterFile(name="file1", data=TEXT.encode())
    copy = rows_of(annotated_copy(file, imported(TEXT).errors), ";")
    assert copy[0] == [PROBLEMS, "record_id", "email", "first_visit", "notes"]
    assert copy[1] == ["", "P-1", "ana@example.org", "2026-12-01", "fine"]
    assert "email: 'bo@clinic' has no domain ending; first_visit: '03/04/2026' could be" in copy[2][0]
    assert copy[4][-1] == "two\nlines"


def test_the_mended_copy_is_imported_like_the_file_it_was_made_from(imported) -> None:
    file = RosterFile(name="file1", data=TEXT.encode())
    copy = annotated_copy(file, imported(TEXT).errors)
    again = imported(copy.replace(b"bo@clinic", b"bo@example.org").replace(b"03/04/2026", b"2026-12-02"))
    assert [(row.row, row.patient.record) for row in again.rows] == [(2, "P-1"), (3, "P-2"), (5, "-3")]
    assert again.errors == ()
    assert PROBLEMS in again.ignored_columns


def test_rows_below_a_title_keep_their_numbers_in_the_copy(imported) -> None:
    text = "Patients of Riverbend\n\nrecord_id,email,first_visit\nP-1,ana@clinic,2026-12-01\n"
    errors = imported(text).errors
    copy = rows_of(annotated_copy(RosterFile(name="file1", data=text.encode()), errors))
    assert [error.row for error in errors] == [4]
    assert copy[3][1] == "P-1"
    assert imported(annotated_copy(RosterFile(name="file1", data=text.encode()), errors)).errors[0].row == 4


def test_the_copy_of_a_workbook_keeps_dates_and_numbers_readable(imported, workbook) -> None:
    header = ("record_id", "email", "first_visit")
    data = workbook(
        header, (1001, "ana@example.org", date(2026, 12, 1)), (1002, "bo@clinic", date(2026, 12, 2))
    )
    copy = annotated_copy(RosterFile(name="file1", data=data), imported(data).errors)
    assert [row[1:] for row in rows_of(copy)] == [
        list(header), ["1001", "ana@example.org", "2026-12-01"], ["1002", "bo@clinic", "2026-12-02"],
    ]  # fmt: skip
    assert [row.patient.record for row in imported(copy).rows] == ["1001"]


def test_a_row_that_could_not_even_be_split_is_named_in_its_place(imported) -> None:
    text = 'record_id,email,first_visit\nP-1,"a"b@example.org,2026-12-01\nP-2,bo@example.org,2026-12-01\n'
    copy = rows_of(annotated_copy(RosterFile(name="file1", data=text.encode()), imported(text).errors))
    assert "quotation mark" in copy[1][0]
    assert copy[2][1] == "P-2"


def test_of_two_files_each_copy_shows_its_own_errors(imported) -> None:
    people = "Patient ID,Email\n1,ana@clinic\n"
    visits = "patient_id,start_date\n1,soon\n"
    errors = imported(people, visits).errors
    copies = [
        annotated_copy(RosterFile(name=name, data=text.encode()), errors).decode()
        for name, text in (("file1", people), ("file2", visits))
    ]
    assert ["no domain ending" in copy for copy in copies] == [True, False]
    assert ["is not a date" in copy for copy in copies] == [False, True]


def test_a_fhir_file_gets_a_table_of_its_errors(imported) -> None:
    text = '{"resourceType": "Patient", "id": "a", "birthDate": "soon"}\n{broken\n'
    copy = rows_of(annotated_copy(RosterFile(name="file1", data=text.encode()), imported(text).errors))
    assert copy[0] == ["file", "row", "column", "message"]
    assert sorted(row[:3] for row in copy[1:]) == [
        ["file1", "1", "Patient.birthDate"], ["file1", "2", "(row)"],
    ]  # fmt: skip
    assert rows_of(error_table(())) == copy[:1]


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1+1", "\r\n=1", " =1", "|calc"],
)
def test_no_cell_of_the_copy_can_act_as_a_formula(cell: str) -> None:
    assert harmless(cell).startswith("'")
    assert unprotected(harmless(cell)) == cell.strip()


@pytest.mark.parametrize(
    "cell", ["-5", "+49", "-3,5", "ana@example.org", "O'Brien", "'t Hooft", "", "2026-12-01"]
)
def test_what_no_spreadsheet_computes_stays_as_it_is(cell: str) -> None:
    assert harmless(cell) == cell == unprotected(cell)


@settings(deadline=None, max_examples=300, derandomize=True)
@given(st.text(max_size=30))
def test_whatever_stands_in_a_cell_it_starts_as_no_formula_and_comes_back(cell: str) -> None:
    assert harmless(cell).lstrip()[:1] not in set("=@|")
    if not cell.startswith("'"):
        assert unprotected(harmless(cell)).strip() == cell.strip()
