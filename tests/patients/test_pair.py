"""A patients file with its appointments file, as WebPT, Cliniko and Jane export them."""

from datetime import date

import pytest

from pipeline.errors import RosterError
from pipeline.patients.model import Basis, VisitStatus

WEBPT_PATIENTS = """\
Patient ID,First Name,Last Name,Email,Date of Birth,Insurance,Diagnosis
101,Ana,Maple,ana@example.org,02/13/1980,Acme,M54.5
102,Bo,Birch,bo@example.org,03/04/1975,Acme,M25.5
103,Cleo,Cedar,cleo@example.org,12/30/1990,Acme,M54.2
104,Dag,Dogwood,dag@example.org,06/06/1969,Acme,M54.5
105,Eva,Elm,eva@example.org,05/05/1955,Acme,M17.1
"""
WEBPT_APPOINTMENTS = """\
start_date,end_date,appointment_type,apt_apttype,case_id,patient_id,clinic_id,therapist_id,appointment_status,check_in_time
2026-12-01 09:00:00,2026-12-01 10:00:00,Initial Evaluation,IE,9001,101,3,55,Active,
2026-12-04 09:00:00,2026-12-04 10:00:00,Daily,DN,9001,101,3,55,Active,
2026-11-20 09:00:00,2026-11-20 10:00:00,Initial Evaluation,IE,9002,102,3,55,Active,2026-11-20 08:55:00
2026-12-02 09:00:00,2026-12-02 10:00:00,Initial Evaluation,IE,9003,103,3,55,Inactive,
2026-12-09 09:00:00,2026-12-09 10:00:00,Initial Evaluation,IE,9003,103,3,55,Active,
2026-12-03 09:00:00,2026-12-03 10:00:00,Initial Evaluation,IE,9004,104,3,55,Inactive,
2026-12-03 11:00:00,2026-12-03 12:00:00,Initial Evaluation,IE,9009,999,3,55,Active,
"""
CLINIKO_PATIENTS = """\
id,first_name,last_name,email,date_of_birth,time_zone,accepted_email_marketing,accepted_privacy_policy,archived_at
1,Ana,Maple,ana@example.org,1980-02-13,America/New_York,true,true,
2,Bo,Birch,bo@example.org,1975-03-14,,false,true,
3,Cleo,Cedar,cleo@example.org,1990-12-30,Pacific/Auckland,,true,
4,Dag,Dogwood,dag@example.org,1969-06-06,,true,true,2026-10-01T02:03:04Z
"""
CLINIKO_APPOINTMENTS = """\
id,patient_id,starts_at,patient_arrived,did_not_arrive,cancelled_at,appointment_type
71,1,2026-12-01T15:00:00Z,false,false,,Initial
72,2,2026-12-02T02:00:00Z,,true,,Initial
73,3,2026-12-02T20:00:00Z,,,2026-11-20T01:00:00Z,Initial
74,4,2026-12-03T15:00:00Z,,,,Initial
"""


def visits(roster) -> dict[str, tuple[date | None, VisitStatus]]:
    return {row.patient.record: (row.start, row.status) for row in roster.rows}


def test_webpt_patients_get_the_first_visit_of_their_newest_case(imported) -> None:
    roster = imported(WEBPT_PATIENTS, WEBPT_APPOINTMENTS)
    assert visits(roster) == {
        "101": (date(2026, 12, 1), VisitStatus.BOOKED),
        "102": (date(2026, 11, 20), VisitStatus.ARRIVED),
        "103": (date(2026, 12, 9), VisitStatus.BOOKED),
        "104": (date(2026, 12, 3), VisitStatus.CANCELED),
        "105": (None, VisitStatus.BOOKED),
    }
    assert roster.rows[0].visit_type == "Initial Evaluation"
    assert {"Insurance", "Diagnosis", "therapist_id"} <= set(roster.ignored_columns)
    assert [str(error) for error in roster.errors] == [
        "file2, row 8, patient_id: '999' is no patient of file1"
    ]


def test_which_file_comes_first_does_not_matter(imported) -> None:
    assert visits(imported(WEBPT_APPOINTMENTS, WEBPT_PATIENTS)) == visits(
        imported(WEBPT_PATIENTS, WEBPT_APPOINTMENTS)
    )


def test_cliniko_times_are_dated_in_each_patients_zone(imported) -> None:
    roster = imported(CLINIKO_PATIENTS, CLINIKO_APPOINTMENTS)
    assert visits(roster) == {
        "1": (date(2026, 12, 1), VisitStatus.BOOKED),
        "2": (date(2026, 12, 1), VisitStatus.NO_SHOW),
        "3": (date(2026, 12, 3), VisitStatus.CANCELED),
        "4": (date(2026, 12, 3), VisitStatus.DISCHARGED),
    }
    assert roster.errors == ()


def test_clinikos_marketing_flag_is_a_ground_for_marketing_alone(imported) -> None:
    marketing = imported(CLINIKO_PATIENTS, CLINIKO_APPOINTMENTS, basis=Basis.MARKETING)
    assert {row.patient.record for row in marketing.rows if row.consent} == {"1", "4"}
    assert [row.patient.record for row in marketing.rows if row.denied] == ["2"]
    treatment = imported(CLINIKO_PATIENTS, CLINIKO_APPOINTMENTS, basis=Basis.TREATMENT)
    assert {row.consent.basis for row in treatment.rows} == {Basis.TREATMENT}


def test_janes_states_and_a_shared_address(imported) -> None:
    people = (
        "Patient Guid,First Name,Last Name,Email\n"
        "a1,Ana,Maple,fam@example.org\na2,Ivo,Maple,fam@example.org\n"
    )
    states = (
        "Patient Guid,Start At,State,Treatment\n"
        "a1,2026-12-01 09:00,no_show,Initial\na2,2026-12-02 09:00,Booked,Initial\n"
    )
    assert visits(imported(people, states)) == {
        "a1": (date(2026, 12, 1), VisitStatus.NO_SHOW), "a2": (date(2026, 12, 2), VisitStatus.BOOKED),
    }  # fmt: skip


def test_the_site_is_the_appointments_or_else_the_patients(imported) -> None:
    people = "Patient ID,Email,Facility\n1,ana@example.org,North\n2,bo@example.org,North\n"
    with_site = "patient_id,start_date,clinic_id\n1,2026-12-01,South\n2,2026-12-01,\n"
    assert [row.location for row in imported(people, with_site).rows] == ["South", "North"]


def test_an_appointment_that_cannot_be_read_keeps_its_patient_out_rather_than_guess_the_first_visit(
    imported,
) -> None:
    roster = imported(WEBPT_PATIENTS, WEBPT_APPOINTMENTS.replace("2026-12-01 09:00:00,", "12/01/26,", 1))
    assert "101" not in visits(roster)
    places = [(error.file, error.row, error.column) for error in roster.errors]
    assert places[:2] == [("file2", 2, "start_date"), ("file1", 2, "Patient ID")]


def test_an_appointment_without_a_date_is_told(imported) -> None:
    roster = imported(WEBPT_PATIENTS, WEBPT_APPOINTMENTS.replace("2026-12-03 11:00:00,", ",", 1))
    assert [(error.file, error.row, error.column) for error in roster.errors] == [("file2", 8, "start_date")]


def test_an_ambiguous_birth_date_does_not_hold_up_an_adult(imported) -> None:
    roster = imported(WEBPT_PATIENTS, WEBPT_APPOINTMENTS)
    assert "03/04/1975" in WEBPT_PATIENTS
    assert not roster.needs_date_order


def test_a_workbook_and_a_csv_file_may_be_joined(imported, workbook) -> None:
    people = workbook(*[line.split(",") for line in WEBPT_PATIENTS.splitlines()])
    assert visits(imported(people, WEBPT_APPOINTMENTS)) == visits(
        imported(WEBPT_PATIENTS, WEBPT_APPOINTMENTS)
    )


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ((WEBPT_PATIENTS, WEBPT_PATIENTS), "not one of patients"),
        ((WEBPT_APPOINTMENTS, WEBPT_APPOINTMENTS), "not one of patients"),
        ((WEBPT_PATIENTS, WEBPT_APPOINTMENTS, CLINIKO_PATIENTS), "do not belong together"),
        ((WEBPT_PATIENTS, '{"resourceType": "Patient", "id": "1"}'), "do not belong together"),
        ((WEBPT_PATIENTS,), "no column for first_visit"),
        ((WEBPT_APPOINTMENTS,), "no column for email"),
    ],
    ids=[
        "twice patients",
        "twice appointments",
        "three files",
        "a table and FHIR",
        "patients alone",
        "visits alone",
    ],
)
def test_files_that_do_not_make_one_import_are_refused_with_a_way_out(files, words: str, imported) -> None:
    with pytest.raises(RosterError) as caught:
        imported(*files)
    assert words in caught.value.what
    assert caught.value.mend
