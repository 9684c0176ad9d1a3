"""Patients files as practice systems and people write them, each with what has to come of it."""

import codecs
import csv
import io
import tracemalloc
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import RosterError
from pipeline.patients.model import Basis, CellError, DateOrder, Patient, Roster, RosterRow, VisitStatus
from pipeline.patients.roster import iter_roster, read_roster

CONTENT = Path(__file__).parents[2] / "content" / "patients"
HEADER = (
    "record_id,given_name,family_name,email,birth_date,language,time_zone,first_visit,visit_status,"
    "email_consent,phone_instead\n"
)
ANA = "P-1,Ana,Maple,ana@example.org,1980-02-03,en-US,America/Denver,2026-12-01,booked,yes,no\n"
BO = "P-2,Bo,Birch,bo@example.org,,,,2026-12-02,,,\n"
PLAIN = HEADER + ANA + BO


def records(roster: Roster) -> list[str]:
    return [row.patient.record for row in roster.rows]


def errors(roster: Roster) -> list[tuple[int, str]]:
    return [(error.row, error.column) for error in roster.errors]


def test_our_own_plain_file_is_read_as_its_columns_say(imported) -> None:
    roster = imported(PLAIN)
    ana, bo = roster.rows
    assert ana.patient == Patient(
        record="P-1", given="Ana", family="Maple", email="ana@example.org", language="en-US",
        zone="America/Denver",
    )  # fmt: skip
    assert (ana.row, ana.start, ana.status) == (2, date(2026, 12, 1), VisitStatus.BOOKED)
    assert (bo.patient.language, bo.patient.zone, bo.status) == (None, None, VisitStatus.BOOKED)
    assert (roster.errors, roster.ignored_columns, roster.encoding) == ((), (), "utf-8")


def test_the_sample_and_its_twin_with_errors_come_out_as_their_readme_says(imported) -> None:
    sample = imported((CONTENT / "sample.csv").read_bytes())
    assert sample.errors == ()
    assert len(sample.rows) == (CONTENT / "sample.csv").read_text().count("\nP-")
    broken = imported((CONTENT / "with-errors.csv").read_bytes())
    told = {
        int(line.split("|")[1])
        for line in (CONTENT / "README.md").read_text().partition("## with-errors.csv")[2].splitlines()
        if line.startswith("| ") and line.split("|")[1].strip().isdigit() and "| nothing" not in line
    }
    assert {error.row for error in broken.errors} == told
    assert len(broken.errors) == len(told), "one mistake in each"


#: Each writes the same two patients; what it looks like is its name.
SAME_PATIENTS = {
    "semicolons": PLAIN.replace(",", ";").encode(),
    "tabs": PLAIN.replace(",", "\t").encode(),
    "pipes": PLAIN.replace(",", "|").encode(),
    "carets, which nobody expects": PLAIN.replace(",", "^").encode(),
    "unit separators": PLAIN.replace(",", "\x1f").encode(),
    "a byte order mark": codecs.BOM_UTF8 + PLAIN.encode(),
    "UTF-16 as Excel's Unicode text": PLAIN.replace(",", "\t").encode("utf-16"),
    "UTF-16 big-endian": codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"),
    "UTF-16 without a mark": PLAIN.encode("utf-16-le"),
    "UTF-32": codecs.BOM_UTF32_LE + PLAIN.encode("utf-32-le"),
    "Windows line ends": PLAIN.replace("\n", "\r\n").encode(),
    "old Mac line ends": PLAIN.replace("\n", "\r").encode(),
    "no last line end": PLAIN.rstrip("\n").encode(),
    "a separator line for Excel": b"sep=;\r\n" + PLAIN.replace(",", ";").encode(),
    "every cell quoted": "\n".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) for line in PLAIN.splitlines()
    ).encode(),
    "blanks after the commas": PLAIN.replace(",", ", ").encode(),
    "headers in capitals with blanks": (HEADER.replace("_", " ").title() + ANA + BO).encode(),
    "commas at the end of every line": PLAIN.replace("\n", ",,,\n").encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME_PATIENTS)
def test_the_same_patients_however_the_file_is_written(name: str, imported) -> None:
    wanted, found = imported(PLAIN), imported(SAME_PATIENTS[name])
    assert [(row.row, row.patient, row.start) for row in found.rows] == [
        (row.row, row.patient, row.start) for row in wanted.rows
    ]
    assert found.errors == ()


def test_columns_in_another_order_and_columns_too_many_are_fine_and_never_kept(imported) -> None:
    text = "diagnosis,email,record_id,insurance no,first_visit\nM54.5,ana@example.org,P-1,A-77,2026-12-01\n"
    roster = imported(text)
    assert records(roster) == ["P-1"]
    assert roster.ignored_columns == ("diagnosis", "insurance no")
    kept = repr([getattr(roster.rows[0], each.name) for each in fields(RosterRow)])
    assert "M54" not in kept
    assert "A-77" not in kept


def test_the_birth_date_is_used_for_the_age_and_stored_nowhere(imported) -> None:
    (row,) = imported(HEADER + ANA.replace("1980-02-03", "2015-02-03")).rows
    assert row.patient.minor
    assert not any("2015" in repr(getattr(row.patient, each.name)) for each in fields(Patient))


def test_a_report_with_a_title_above_its_header_counts_rows_as_the_spreadsheet_does(imported) -> None:
    text = "Patients of Riverbend\n\nPrinted on,2026-11-23\n" + HEADER + ANA + BO.replace("@", "")
    roster = imported(text)
    assert [row.row for row in roster.rows] == [5]
    assert errors(roster) == [(6, "email")]


@pytest.mark.parametrize("word", ["Total", "Grand total:", "SUMME"])
def test_a_line_that_sums_up_the_others_is_no_patient(word: str, imported) -> None:
    text = f"record_id,given_name,email,first_visit\nP-1,Ana,ana@example.org,2026-12-01\n{word},1,,\n"
    found = imported(text)
    assert records(found) == ["P-1"]
    assert [(each.row, "sums up other rows" in each.message) for each in found.errors] == [(3, True)]


def test_blank_lines_are_no_patients_but_count_as_rows(imported) -> None:
    roster = imported(HEADER + "\n\n" + ANA + ",,,,,,,,,,\n" + BO)
    assert [(row.row, row.patient.record) for row in roster.rows] == [(4, "P-1"), (6, "P-2")]


def test_a_line_break_inside_quotes_is_part_of_the_cell_and_one_row(imported) -> None:
    roster = imported(HEADER + ANA.replace("Maple", '"Maple\nOak"') + BO)
    assert [(row.row, row.patient.family) for row in roster.rows] == [(2, "Maple Oak"), (3, "Birch")]


WESTERN = ("José Núñez", "Zoë Müller", "François Lefèvre", "Seán O’Brien", "Jürgen Groß", "Inés Peña")
POLISH = ("Łucja Wójcik", "Bożena Dąbrowska", "Grażyna Błaszczyk", "Wiesław Święcki", "Jerzy Żółć")
RUSSIAN = ("Анна Иванова", "Борис Петров", "Елена Кузнецова", "Дмитрий Соколов", "Ольга Попова")


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp1252", WESTERN),
        ("cp1252", WESTERN[:1]),
        ("mac_roman", WESTERN),
        ("cp1250", POLISH),
        ("cp1251", RUSSIAN),
    ],
)
def test_accents_in_an_old_encoding_greet_people_by_their_names(
    encoding: str, names: tuple[str, ...], imported
) -> None:
    rows = "".join(
        f"P-{number},{name.replace(' ', ',')},p{number}@example.org,,,,2026-12-01,,,\n"
        for number, name in enumerate(names)
    )
    roster = imported((HEADER + rows).encode(encoding))
    assert tuple(f"{row.patient.given} {row.patient.family}" for row in roster.rows) == names
    assert roster.encoding == encoding


def test_the_encoding_can_be_named_and_an_unknown_one_is_refused(imported) -> None:
    data = (HEADER + ANA.replace("Ana", "Łucja")).encode("cp1250")
    assert imported(data, encoding="windows-1250").rows[0].patient.given == "Łucja"
    with pytest.raises(RosterError, match="'klingon' is not known"):
        imported(data, encoding="klingon")


def test_one_damaged_letter_costs_its_cell_and_not_the_whole_files_accents(imported) -> None:
    good = "".join(f"P-{n},Zoë,Müller,p{n}@example.org,,,,2026-12-01,,,\n" for n in range(5))
    data = (HEADER + good).encode() + b"P-9,Jos\xe9,Maple,jose@example.org,,,,2026-12-01,,,\n"
    roster = imported(data)
    assert {row.patient.given for row in roster.rows} == {"Zoë"}
    assert errors(roster) == [(7, "given_name")]
    assert "cannot be read" in roster.errors[0].message


def test_every_bad_cell_of_a_row_is_told_and_the_good_rows_go_in(imported) -> None:
    bad = ",Ana,=cmd|'/C calc'!A0,ana@clinic,1826-01-01,Elvish9,America/Chigaco,2026-02-30,maybe,perhaps,?\n"
    roster = imported(HEADER + bad + ANA)
    assert records(roster) == ["P-1"]
    assert {column for _, column in errors(roster)} == set(HEADER.strip().split(",")) - {"given_name"}
    by_column = {error.column: str(error) for error in roster.errors}
    assert by_column["email"] == "Row 2, email: 'ana@clinic' has no domain ending"
    assert "did you mean 'America/Chicago'" in by_column["time_zone"]


def test_an_id_that_stands_twice_is_an_error_in_its_second_row(imported) -> None:
    roster = imported(HEADER + ANA + BO + ANA.replace("2026-12-01", "2026-12-09"))
    assert records(roster) == ["P-1", "P-2"]
    assert errors(roster) == [(4, "record_id")]
    assert "row 2" in roster.errors[0].message


def test_a_family_on_one_address_stays_several_people(imported) -> None:
    roster = imported(HEADER + ANA + ANA.replace("P-1,Ana", "P-3,Ivo"))
    assert [(row.patient.record, row.patient.given) for row in roster.rows] == [
        ("P-1", "Ana"),
        ("P-3", "Ivo"),
    ]
    assert len({row.patient.email for row in roster.rows}) == 1


def test_a_patient_without_address_or_without_visit_is_a_good_row(imported) -> None:
    roster = imported(
        "record_id,email,first_visit,phone_instead\nP-1,,2026-12-01,yes\nP-2,bo@example.org,,\n"
    )
    assert [(row.patient.email, row.start) for row in roster.rows] == [
        (None, date(2026, 12, 1)), ("bo@example.org", None),
    ]  # fmt: skip
    assert roster.rows[0].patient.phone_instead


def test_an_ambiguous_date_order_is_asked_for_never_guessed(imported) -> None:
    text = PLAIN.replace("2026-12-01", "03/04/2026").replace("2026-12-02", "25/04/2026")
    unread = imported(text)
    assert (records(unread), errors(unread)) == (["P-2"], [(2, "first_visit")])
    assert unread.needs_date_order
    chosen = {order: imported(text, date_order=order) for order in DateOrder}
    assert chosen[DateOrder.DAY_FIRST].rows[0].start == date(2026, 4, 3)
    assert errors(chosen[DateOrder.MONTH_FIRST]) == [(3, "first_visit")], "there is no month 25"
    assert not chosen[DateOrder.MONTH_FIRST].needs_date_order


def test_a_serial_number_in_csv_is_no_date(imported) -> None:
    roster = imported(PLAIN.replace("2026-12-01", "46357"))
    assert errors(roster) == [(2, "first_visit")]


@pytest.mark.parametrize("year", ["1926", "2062"])
def test_a_visit_in_a_mistyped_year_is_asked_about(year: str, imported) -> None:
    roster = imported(HEADER + ANA.replace("2026-12-01", f"{year}-12-01"))
    assert errors(roster) == [(2, "first_visit")]
    assert "check the year" in roster.errors[0].message


def test_an_unquoted_comma_in_a_name_is_told_instead_of_shifting_the_cells(imported) -> None:
    roster = imported(HEADER + ANA.replace("Maple", "Maple, PhD") + BO)
    assert records(roster) == ["P-2"]
    assert (2, "(row)") in errors(roster)


def test_a_quote_that_is_never_closed_does_not_swallow_the_rows_after_it_in_silence(imported) -> None:
    header = "record_id,email,first_visit,notes\n"
    text = header + 'P-1,ana@example.org,2026-12-01,"6 feet\nP-2,b@example.org,2026-12-02,\n'
    roster = imported(text)
    assert records(roster) == []
    assert errors(roster) == [(2, "(row)")]
    assert "1 lines after it were left out" in roster.errors[0].message


def test_rows_after_a_broken_quotation_are_counted_by_the_lines_it_took(imported) -> None:
    broken = 'P-1,"Ana\nMaple" x,Oak,ana@example.org,,,,2026-12-01,,,\n'
    roster = imported(HEADER + broken + BO + BO.replace("P-2", "P-3").replace("@", ""))
    assert errors(roster) == [(2, "(row)"), (5, "email")]
    assert [row.row for row in roster.rows] == [4]


def test_a_quote_inside_a_cell_costs_its_row_and_the_rest_is_read(imported) -> None:
    roster = imported(HEADER + ANA.replace("Ana", '"Ana" Maria') + BO)
    assert (records(roster), errors(roster)) == (["P-2"], [(2, "(row)")])


@pytest.mark.parametrize("formula", ["=1+1", '=HYPERLINK("http://x")', "@SUM(A1)", "+cmd|' /C calc'!A0"])
def test_a_formula_is_nobodys_name_and_nobodys_id(formula: str, imported) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["record_id", "given_name", "email", "first_visit"])
    writer.writerow(["P-1", formula, "ana@example.org", "2026-12-01"])
    writer.writerow([formula, "Bo", "bo@example.org", "2026-12-01"])
    assert errors(imported(out.getvalue())) == [(2, "given_name"), (3, "record_id")]


@pytest.mark.parametrize("record", ["-5", "+49", "0042", "P=1", "a@b", "ÄÖ-7"])
def test_an_id_is_kept_letter_for_letter(record: str, imported) -> None:
    assert records(imported(HEADER + ANA.replace("P-1", record))) == [record]


def test_a_nul_character_costs_its_row(imported) -> None:
    roster = imported((HEADER + ANA.replace("Ana", "A\0na") + BO).encode())
    assert (records(roster), errors(roster)) == (["P-2"], [(2, "given_name")])


def test_a_cell_of_a_megabyte_costs_its_row(imported) -> None:
    huge = "x" * 1_000_000
    for cell in (huge, f'"{huge}"'):
        roster = imported(HEADER + ANA.replace("Maple", cell) + BO)
        assert (records(roster), errors(roster)) == (["P-2"], [(2, "(row)")])
        assert all(len(str(error)) < 300 for error in roster.errors)


def test_a_cell_too_long_for_its_use_is_shown_shortened(imported) -> None:
    roster = imported(HEADER + ANA.replace("Maple", "x" * 5000).replace("ana@", "y" * 5000 + "@"))
    assert errors(roster) == [(2, "family_name"), (2, "email")]
    assert all(len(str(error)) < 300 for error in roster.errors)


def test_control_characters_never_reach_the_person_who_reads_the_error(imported) -> None:
    roster = imported(HEADER + ANA.replace("America/Denver", "\x1b[31mMars\x07\u202e"))
    assert errors(roster) == [(2, "time_zone")]
    assert str(roster.errors[0]).isprintable()


#: Files that cannot be read at all: what they are, and a word of what is said.
UNREADABLE = {
    "empty": (b"", "empty"),
    "blanks only": (b" \r\n\t\r\n", "empty"),
    "a byte order mark alone": (codecs.BOM_UTF8, "empty"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old .xls"),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "PDF"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "picture"),
    "a program": (bytes(range(256)) * 40, "not text"),
    "a web page": (b"<html><body>Please sign in</body></html>", "web page"),
    "a compressed file": (b"\x1f\x8b\x08" + bytes(40), "compressed"),
    "a broken archive": (b"PK\x03\x04" + bytes(90), "damaged"),
    "no known column": (b"a,b,c\n1,2,3\n", "no column for record_id and email and first_visit"),
    "prose": (b"Dear team, please add Ana.\n" * 9, "no column"),
    "ten thousand columns": ((",".join(f"c{n}" for n in range(10_000)) + "\n").encode(), "10,000 columns"),
    "a used column twice": (b"record_id,email,E-mail,first_visit\nP-1,a@example.org,,\n", "stands 2 times"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_says_so_with_its_name_and_a_way_out(name: str, imported) -> None:
    data, words = UNREADABLE[name]
    with pytest.raises(RosterError) as caught:
        imported(data)
    assert words in caught.value.what
    assert caught.value.where.file == "file1"
    assert caught.value.mend


def test_a_missing_column_names_the_nearest_that_is_there(imported) -> None:
    with pytest.raises(RosterError, match=r"first_visit \(is it 'frist visit'\?\)"):
        imported("record_id,email,frist visit\nP-1,ana@example.org,2026-12-01\n")


def test_a_header_alone_is_a_file_without_patients(imported) -> None:
    roster = imported(HEADER)
    assert (roster.rows, roster.errors) == ((), ())


def test_an_import_without_wording_is_refused_before_anything_is_read(imported) -> None:
    with pytest.raises(RosterError, match="which words its patients were shown"):
        imported(PLAIN, wording=" ")


@pytest.mark.parametrize(
    ("basis", "cell", "has_ground", "denied"),
    [
        (Basis.CONSENT, "yes", True, False), (Basis.CONSENT, "no", False, True),
        (Basis.CONSENT, "", False, False), (Basis.TREATMENT, "yes", True, False),
        (Basis.TREATMENT, "no", False, True), (Basis.TREATMENT, "", True, False),
    ],
)  # fmt: skip
def test_the_ground_is_what_the_import_declares_and_the_cell_does_not_deny(
    basis: Basis,
    cell: str,
    has_ground: bool,  # noqa: FBT001 - the table's answer
    denied: bool,  # noqa: FBT001
    imported,
) -> None:
    text = f"record_id,email,first_visit,email_consent\nP-1,ana@example.org,2026-12-01,{cell}\n"
    (row,) = imported(text, basis=basis).rows
    assert (row.consent is not None, row.denied) == (has_ground, denied)
    if row.consent:
        assert (row.consent.basis, row.consent.wording, row.consent.source) == (basis, "intake-1", "file1")
        assert row.consent.given_at == datetime(2026, 11, 23, 15, tzinfo=UTC)


REACH = (
    "Patient ID,Email,Email Unsubscribed,Facility,Discharge Date,Initial Evaluation Date,Appointment Status\n"
)


@pytest.mark.parametrize("basis", [Basis.CONSENT, Basis.TREATMENT])
def test_without_a_consent_column_the_declared_ground_stands_but_for_known_unsubscribes(
    basis: Basis, imported
) -> None:
    rows = "1,ana@example.org,No,North,,2026-12-01,\n2,bo@example.org,Yes,North,,2026-12-01,\n"
    ana, bo = imported(REACH + rows, basis=basis).rows
    assert (ana.consent.basis, ana.denied, ana.location) == (basis, False, "North")
    assert (bo.consent, bo.denied) == (None, True)


@pytest.mark.parametrize(
    ("ended", "status", "wanted"),
    [
        ("", "Active", VisitStatus.BOOKED),
        ("2026-11-22", "Active", VisitStatus.DISCHARGED),
        ("2026-11-23", "Active", VisitStatus.DISCHARGED),
        ("2026-11-24", "Active", VisitStatus.BOOKED),
        ("02/12/2026", "Active", VisitStatus.DISCHARGED),
        ("yes", "Active", VisitStatus.DISCHARGED),
        ("yes", "Inactive", VisitStatus.DISCHARGED),
        ("no", "Inactive", VisitStatus.CANCELED),
        ("", "Discharged", VisitStatus.DISCHARGED),
    ],
)
def test_care_has_ended_from_the_day_of_discharge_on(
    ended: str, status: str, wanted: VisitStatus, imported
) -> None:
    (row,) = imported(f"{REACH}1,ana@example.org,No,North,{ended},2026-11-01,{status}\n").rows
    assert row.status is wanted


def test_reading_row_by_row_begins_before_the_file_is_read_to_its_end() -> None:
    rows = (f"R{n},Name,Fam,p{n}@example.org,,,,2026-12-01,,,\n" for n in range(20_000))
    data = (HEADER + "".join(rows)).encode()
    common = {"name": "big.csv", "clinic_zone": ZoneInfo("UTC"), "now": datetime(2026, 11, 23, tzinfo=UTC)}
    stream = iter_roster(data, basis=Basis.TREATMENT, wording="intake-1", **common)
    tracemalloc.start()
    assert [row.row for row in islice(stream, 3)] == [2, 3, 4]
    early = tracemalloc.get_traced_memory()[1]
    assert sum(1 for _ in stream) == 20_000 - 3
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert early < 2 * len(data)
    assert peak < 4 * len(data), "what is kept is each row's id, never the rows"


def test_read_roster_and_iter_roster_tell_the_same() -> None:
    common = {
        "name": "p.csv", "clinic_zone": ZoneInfo("UTC"), "now": datetime(2026, 11, 23, tzinfo=UTC),
        "basis": Basis.TREATMENT, "wording": "intake-1",
    }  # fmt: skip
    data = (PLAIN + "P-3,x,y,nobody,,,,2026-12-01,,,\n").encode()
    whole = read_roster(data, **common)
    assert [*whole.rows, *whole.errors] == list(iter_roster(data, **common))


@settings(deadline=None, max_examples=300, derandomize=True)
@given(st.binary(max_size=300), st.sampled_from(["", HEADER, "record_id;email;first_visit\n"]))
def test_whatever_bytes_come_there_is_a_roster_or_a_clear_error(tail: bytes, head: str) -> None:
    common = {
        "name": "any.csv", "clinic_zone": ZoneInfo("UTC"), "now": datetime(2026, 11, 23, tzinfo=UTC),
        "basis": Basis.TREATMENT, "wording": "intake-1",
    }  # fmt: skip
    with suppress(RosterError):
        roster = read_roster(head.encode() + tail, **common)
        assert all(isinstance(error, CellError) and error.message for error in roster.errors)
