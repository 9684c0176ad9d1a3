"""Workbooks: typed cells, several sheets, and archives that are none."""

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from pipeline.errors import RosterError

HEADER = ("record_id", "given_name", "email", "birth_date", "first_visit", "phone_instead")


MORNING = datetime.fromisoformat("2026-12-01T09:30")


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_typed_cells_are_read_as_what_they_show(imported, workbook) -> None:
    roster = imported(
        workbook(
            HEADER,
            (
                1001,
                "Ana",
                "ana@example.org",
                date(1980, 2, 3),
                MORNING,
                True,
            ),
            ("0042", "Bo", "bo@example.org", None, "2026-12-02", "no"),
        )
    )
    assert roster.errors == ()
    assert [(row.row, row.patient.record, row.start, row.patient.phone_instead) for row in roster.rows] == [
        (2, "1001", date(2026, 12, 1), True), (3, "0042", date(2026, 12, 2), False),
    ]  # fmt: skip
    assert roster.encoding is None


@pytest.mark.parametrize("number_format", ["yyyy-mm-dd", "dd/mm/yyyy", "[$-409]d-mmm-yy;@", "m/d/yy h:mm"])
def test_a_serial_number_is_a_date_where_its_cell_is_formatted_as_one(number_format: str, imported) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append(("P-1", "Ana", "ana@example.org", None, 46357, None))
    book.active["E2"].number_format = number_format
    assert [row.start for row in imported(saved(book)).rows] == [date(2026, 12, 1)]


def test_a_bare_number_is_no_date_even_in_a_workbook(imported, workbook) -> None:
    roster = imported(workbook(HEADER, ("P-1", "Ana", "ana@example.org", None, 46357, None)))
    assert [(error.row, error.column) for error in roster.errors] == [(2, "first_visit")]
    assert "format the cell as a date" in roster.errors[0].message


def test_a_workbook_that_counts_from_1904_has_the_same_dates(imported) -> None:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.append(HEADER)
    book.active.append(("P-1", "Ana", "ana@example.org", None, date(2026, 12, 1), None))
    assert [row.start for row in imported(saved(book)).rows] == [date(2026, 12, 1)]


def test_rows_count_as_the_spreadsheet_shows_them_also_below_a_title(imported, workbook) -> None:
    roster = imported(
        workbook(
            (), ("Patients of Riverbend",), (), HEADER, ("P-1", "Ana", "ana@example.org", None, "2026-12-01"),
            (), ("P-2", "Bo", "bo@clinic", None, "2026-12-01"),
        )
    )  # fmt: skip
    assert [row.row for row in roster.rows] == [5]
    assert [str(error) for error in roster.errors] == ["Row 7, email: 'bo@clinic' has no domain ending"]


def test_the_sheet_that_looks_like_patients_is_the_one_that_is_read(imported, workbook) -> None:
    patients = [HEADER, ("P-1", "Ana", "ana@example.org", None, "2026-12-01", None)]
    roster = imported(workbook(Notes=[("email", "see below")], Patients=patients, Empty=[]))
    assert [row.patient.record for row in roster.rows] == ["P-1"]


def test_a_hidden_sheet_is_not_read(imported) -> None:
    book = openpyxl.Workbook()
    book.active.append(("see the other file",))
    hidden = book.create_sheet("old")
    hidden.sheet_state = "hidden"
    for row in (HEADER, ("P-1", "Ana", "ana@example.org", None, "2026-12-01", None)):
        hidden.append(row)
    with pytest.raises(RosterError, match="it has 'see the other file'"):
        imported(saved(book))


def test_a_formula_is_its_saved_value(imported) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append(("P-1", '=HYPERLINK("http://x","Ana")', "ana@example.org", None, "2026-12-01", None))
    (row,) = imported(saved(book)).rows
    assert row.patient.given == ""


def with_error_cells(*cells: str) -> bytes:
    """A good row, with a title above and a column free on the left, in which these cells hold #REF!."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["B1"] = "Patients"
    for at, value in enumerate((*HEADER, "notes"), 2):
        sheet.cell(row=3, column=at).value = value
    for at, value in enumerate(("P-1", "Ana", "ana@example.org", None, "2026-12-01", None, "fine"), 2):
        sheet.cell(row=4, column=at).value = value
    for cell in cells:
        sheet[cell] = "#REF!"
        sheet[cell].data_type = "e"
    return saved(book)


@pytest.mark.parametrize(
    ("cell", "column"), [(f"{letter}4", name) for letter, name in zip("BCDEFG", HEADER, strict=True)]
)
def test_an_error_cell_is_told_and_never_read_as_blank(cell: str, column: str, imported) -> None:
    roster = imported(with_error_cells(cell))
    assert [(error.row, error.column) for error in roster.errors] == [(4, column)]
    assert "#REF!" in roster.errors[0].message


def test_an_error_cell_in_a_column_that_nobody_needs_costs_nothing(imported) -> None:
    assert [row.patient.record for row in imported(with_error_cells("H4", "H9")).rows] == ["P-1"]


def test_one_stray_cell_in_the_last_corner_does_not_end_the_process(imported) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append(("P-1", "Ana", "ana@example.org", None, "2026-12-01", None))
    book.active["XFD1048576"] = "x"
    with pytest.raises(RosterError, match="row 1,048,576 and column 16,384"):
        imported(saved(book))


def test_a_part_that_is_larger_than_it_says_is_refused(imported) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    data = bytearray(saved(book))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    at = data.rindex(b"xl/worksheets/sheet1.xml") - 46 + 24
    assert int.from_bytes(data[at : at + 4], "little") == size
    data[at : at + 4] = (20).to_bytes(4, "little")
    with pytest.raises(RosterError, match="damaged"):
        imported(bytes(data))


def test_what_was_typed_to_look_like_a_formula_is_refused_as_in_csv(imported, workbook) -> None:
    roster = imported(workbook(HEADER, ("P-1", "'@SUM(A1)", "ana@example.org", None, "2026-12-01", None)))
    assert [error.column for error in roster.errors] == ["given_name"]


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"word/document.xml": b"<w/>"}, "not an .xlsx workbook"),
        ({"content.xml": b"<o/>", "mimetype": b"ods"}, "not an .xlsx workbook"),
        ({"xl/workbook.xml": b"<broken"}, "damaged"),
    ],
    ids=["a document", "another office", "broken inside"],
)
def test_an_archive_that_is_no_workbook_is_refused_in_words(
    members: dict[str, bytes], words: str, imported
) -> None:
    with pytest.raises(RosterError) as caught:
        imported(zipped(members))
    assert words in caught.value.what
    assert caught.value.mend


def test_a_small_file_that_unpacks_to_gigabytes_is_not_unpacked(imported) -> None:
    data = bytearray(zipped({"xl/workbook.xml": b"<x/>"}))
    # The uncompressed size in the central directory (APPNOTE 4.3.12), as a bomb declares it.
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (2**31).to_bytes(4, "little")
    with pytest.raises(RosterError, match="unpacks to 2,147 MB"):
        imported(bytes(data))


def test_a_cut_off_workbook_and_an_empty_one_are_refused(imported, workbook) -> None:
    whole = workbook(HEADER, ("P-1", "Ana", "ana@example.org", None, "2026-12-01", None))
    with pytest.raises(RosterError, match="damaged"):
        imported(whole[: len(whole) // 2])
    with pytest.raises(RosterError, match="empty"):
        imported(workbook(Sheet1=[]))
