"""Which column is which: guesses for the systems we know, and mappings that a clinic saved."""

import json
from dataclasses import replace

import pytest

from pipeline.errors import RosterError
from pipeline.patients.columns import (
    CLINIKO,
    JANE,
    OWN,
    PRESETS,
    WEBPT,
    Field,
    apply_mapping,
    guess_mapping,
)
from pipeline.patients.mappings import mapping_data, saved_mapping

HEADERS = {
    "plain": "record_id,given_name,family_name,email,first_visit",
    "webpt": "start_date,end_date,appointment_type,apt_apttype,case_id,patient_id,clinic_id,therapist_id,"
    "appointment_status,check_in_time",
    "cliniko": "id,first_name,last_name,email,date_of_birth,time_zone,accepted_email_marketing,"
    "accepted_privacy_policy,archived_at",
    "jane": "Patient Guid,First Name,Last Name,Email,Birth Date,Start At,State,Treatment,Location",
}


@pytest.mark.parametrize("system", HEADERS)
def test_a_systems_export_is_recognised_by_its_header(system: str) -> None:
    assert guess_mapping(HEADERS[system].split(",")).name == system


def test_an_id_column_is_the_patients_only_where_no_patient_id_stands_beside_it() -> None:
    people = apply_mapping(CLINIKO, ["id", "email"], name="p")
    visits = apply_mapping(CLINIKO, ["id", "patient_id", "starts_at"], name="a")
    assert (people.name(Field.RECORD), visits.name(Field.RECORD)) == ("id", "patient_id")


@pytest.mark.parametrize("written", ["E-mail", "EMAIL", " email ", "e_mail", "Ｅmail"])
def test_capitals_blanks_and_hyphens_in_a_header_do_not_matter(written: str) -> None:
    assert Field.EMAIL in apply_mapping(WEBPT, [written], name="p").at


def test_what_no_field_uses_is_listed_as_ignored() -> None:
    columns = apply_mapping(OWN, ["record_id", "diagnosis", "email", ""], name="p")
    assert columns.ignored == ("diagnosis",)


@pytest.mark.parametrize("mapping", PRESETS, ids=lambda mapping: mapping.name)
def test_a_mapping_survives_being_saved(mapping) -> None:
    read_again = saved_mapping(json.loads(json.dumps(mapping_data(mapping))))
    assert read_again == replace(mapping, is_saved=True)


def test_a_saved_mapping_names_the_clinics_own_columns(imported) -> None:
    mapping = saved_mapping(
        {"name": "ours", "columns": {"record_id": "Nr", "email": "Mail 1", "first_visit": ["Erstbefund"]}}
    )
    roster = imported("Nr;Mail 1;Erstbefund\n7;ana@example.org;2026-12-01\n", mappings={"file1": mapping})
    assert [row.patient.record for row in roster.rows] == ["7"]


def test_a_saved_mapping_says_where_times_are_utc(imported) -> None:
    columns = {"record_id": "id", "email": "mail", "first_visit": "at"}
    text = "id,mail,at\n7,ana@example.org,2026-12-02 03:00\n"
    days = [
        imported(text, mappings={"file1": saved_mapping({"columns": columns, "times": times})})
        .rows[0]
        .start.day
        for times in ("local", "utc")
    ]
    assert days == [2, 1]


@pytest.mark.parametrize(
    ("data", "words", "mend"),
    [
        ({}, "needs a table 'columns'", ""),
        ({"columns": {"emial": "Mail"}}, "no field 'emial'", "did you mean 'email'"),
        ({"columns": {"email": 7}}, "has to be a name", 'email = "Name'),
        ({"columns": {"email": ["", 1]}}, "has to be a name", ""),
    ],
)
def test_a_broken_mapping_names_the_key_and_the_nearest_field(data, words: str, mend: str) -> None:
    with pytest.raises(RosterError) as caught:
        saved_mapping(data, file="mappings.toml")
    assert words in caught.value.what
    assert mend in caught.value.mend
    assert (caught.value.where.file, caught.value.where.key.split(".")[0]) == ("mappings.toml", "columns")


def test_jane_is_told_from_webpt_by_more_than_the_names_both_use() -> None:
    assert guess_mapping(["First Name", "Last Name", "Email", "Patient Number", "Start At"]) is JANE
    assert guess_mapping(["First Name", "Last Name", "Email", "Patient Id", "Case Id"]) is WEBPT


def test_a_column_that_stands_twice_is_named_with_the_row_of_its_header() -> None:
    with pytest.raises(RosterError) as caught:
        apply_mapping(OWN, ["record_id", "email", "email"], name="list.csv", line=4)
    assert (caught.value.where.file, caught.value.where.line) == ("list.csv", 4)
