"""``pipeline import`` as staff type it: what they see, what is kept, and how a list is mended."""

import csv
import io
import json
import shlex
from pathlib import Path

import pytest

from pipeline.app.files import BUNDLED
from pipeline.delivery.words import reason_in_words
from pipeline.patients.annotated import PROBLEMS
from tests.cli.conftest import Run, contents

SAMPLE = BUNDLED / "content" / "patients" / "sample.csv"
BROKEN = BUNDLED / "content" / "patients" / "with-errors.csv"
SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "fhir"
AT = ("--now", "2026-01-12T16:00", "--wording", "again-2")

#: A list in a system's own words: two columns could be the date, and the states are the clinic's.
OWN = """\
Patient Number,First Name,Surname,Email,Start Date,Initial Evaluation Date,Appointment Status,Signed,Diagnosis
1,Ana,Maple,ana@example.org,03/04/2026,,Planned in,ja gerne,M54.5
2,Bo,Birch,bo@example.org,03/05/2026,,Struck off,ja gerne,M54.5
"""
OWN_MAPPING = """\
date_order = "month_first"
[columns]
record_id = "Patient Number"
given_name = "First Name"
family_name = "Surname"
email = "Email"
first_visit = "Start Date"
visit_status = "Appointment Status"
email_consent = "Signed"
[statuses]
booked = ["Planned in"]
canceled = ["struck  OFF"]
[answers]
yes = ["ja gerne"]
"""


@pytest.fixture
def list_of(running_clinic):
    """Write a list into the clinic's folder; returns its name."""

    def make(text: str, name: str = "list.csv") -> str:
        (running_clinic / name).write_text(text, encoding="utf-8")
        return name

    return make


def with_mapping(clinic: Path, text: str, name: str = "ours") -> None:
    (clinic / "mappings").mkdir()
    (clinic / "mappings" / f"{name}.toml").write_text(text, encoding="utf-8")


def test_a_dry_run_ends_with_the_very_command_that_keeps_it(run: Run, running_clinic, list_of) -> None:
    name = list_of(OWN.replace("Planned in", "new").replace("ja gerne", "yes"), "a list.csv")
    options = ("--date-order", "month_first", "--mapping=webpt", "--annotate", "x.csv", "--save-mapping=mine")
    dry = run("import", name, *AT, *options)

    words = shlex.split(dry.out.splitlines()[-1])

    assert words == ["pipeline", "import", name, *AT, *options[:3], "--apply"]
    assert (running_clinic / "x.csv").exists()
    done = run(*words[1:], "--json").json
    assert done["applied"]
    assert (done["rows"], done["added"]) == (1, 1)


def test_without_a_wording_a_dry_run_tells_everything_and_keeping_it_is_refused(
    run: Run, running_clinic
) -> None:
    dry = run("import", SAMPLE, "--now", "2026-01-12T16:00")
    refused = run("import", SAMPLE, "--now", "2026-01-12T16:00", "--apply")

    assert dry.code == 0
    assert "--wording" in dry.out.splitlines()[-1]
    assert refused.code == 1
    assert "which words" in refused.err


def test_the_summary_counts_each_reason_in_words_and_then_tells_the_rows(run: Run, clinic, folder) -> None:
    told = run("import", SAMPLE, "--now", "2026-01-12T16:00")
    answer = run("import", SAMPLE, "--now", "2026-01-12T16:00", "--json").json

    against = [each for each in answer["results"] if each["reason"]]
    assert against
    for each in against:
        words = reason_in_words(each["reason"])
        assert told.out.count(words) >= 2, "once counted, once in its row"
        assert each["patient"] in told.out
    assert "example.org" not in told.out


def test_every_row_is_in_the_answer_for_programs_with_its_patient_and_effect(
    run: Run, running_clinic
) -> None:
    answer = run("import", SAMPLE, *AT, "--json").json

    records = [row["record_id"] for row in csv.DictReader(SAMPLE.read_text(encoding="utf-8").splitlines())]
    assert [each["patient"] for each in answer["results"]] == records
    assert all(each["reason"] for each in answer["results"] if each["effect"] == "not_enrolled")


@pytest.mark.parametrize("sample", [SHARED] if SHARED.is_dir() else [])
def test_the_fhir_sample_enrolls_three_and_says_why_not_for_each_of_the_others(
    run: Run, running_clinic, sample: Path
) -> None:
    """The reason of each, from the sample's own files; the number is the one in the patient's address."""
    expected = {
        "00": ("not_enrolled", "deceased"),  # died in 1989, and denied consent
        "01": ("not_enrolled", "deceased"),  # died in 1971
        "02": ("not_enrolled", "minor"),  # born in 2011
        "03": ("not_enrolled", "canceled_visit"),  # appointment and episode are canceled
        "04": ("not_enrolled", "deceased"),  # died in 1994, and denied consent
        "05": ("not_enrolled", "no_show"),  # appointment: noshow
        "06": ("enrolled", None),  # booked, active, permitted
        "07": ("not_enrolled", "discharged"),  # episode: finished
        "08": ("not_enrolled", "no_address"),  # no email; consent denied, too
        "09": ("enrolled", None),  # booked, planned, permitted; 19 years old
        "10": ("enrolled", None),  # booked, planned, permitted
        "11": ("not_enrolled", "paused"),  # episode: onhold
        "12": ("not_enrolled", "no_consent"),  # consent denied; appointment only proposed
    }
    listed = (sample / "overlay" / "email-by-patient.ndjson").read_text(encoding="utf-8").splitlines()
    numbers = {json.loads(line)["patient"]: f"{number:02}" for number, line in enumerate(listed)}

    answer = run("import", sample, "--now", "2026-11-23", "--json")

    assert (answer.code, answer.json["errors"]) == (0, [])
    found = {numbers[each["patient"]]: (each["effect"], each["reason"]) for each in answer.json["results"]}
    assert found == expected


def test_a_saved_mapping_reads_the_clinics_own_words(run: Run, running_clinic, list_of) -> None:
    with_mapping(running_clinic, OWN_MAPPING)

    answer = run("import", list_of(OWN), *AT, "--mapping", "ours", "--json").json

    assert answer["errors"] == []
    assert [(each["effect"], each["reason"]) for each in answer["results"]] == [
        ("enrolled", None),
        ("not_enrolled", "canceled_visit"),
    ]
    used = {each["column"]: each["field"] for each in answer["columns"]["list.csv"]}
    assert used["Start Date"] == "first_visit"
    assert used["Diagnosis"] is None
    assert "Diagnosis" in answer["ignored"]


def test_what_was_guessed_can_be_kept_and_then_reads_the_next_list_the_same(
    run: Run, running_clinic, list_of
) -> None:
    text = OWN.replace("Planned in", "Booked").replace("Struck off", "Canceled").replace("ja gerne", "yes")
    name = list_of(text)
    first = run("import", name, *AT, "--date-order", "month_first", "--save-mapping", "desk", "--json").json
    again = run("import", name, *AT, "--mapping", "desk", "--json").json

    assert again["results"] == first["results"]
    assert again["errors"] == first["errors"] == []
    kept = (running_clinic / "mappings" / "desk.toml").read_text(encoding="utf-8")
    assert 'date_order = "month_first"' in kept
    assert "Diagnosis" not in kept
    shown = run("import", name, "--mapping", "desk", "--show-mapping").out
    assert "by the mapping 'desk'" in shown


def test_a_mapping_of_that_name_that_says_something_else_is_left_alone(
    run: Run, running_clinic, list_of
) -> None:
    with_mapping(running_clinic, OWN_MAPPING)
    before = contents(running_clinic / "mappings")

    ended = run("import", list_of(OWN), *AT, "--save-mapping", "ours")

    assert ended.code == 1
    assert "choose another name" in ended.err
    assert contents(running_clinic / "mappings") == before


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("webtp", "did you mean 'webpt'"),
        ("our", "did you mean 'ours'"),
        ("zzz", "cliniko, jane, ours, plain, webpt"),
        ("../config", "no name for a mapping"),
    ],
)
def test_an_unknown_mapping_names_its_neighbours(
    run: Run, running_clinic, list_of, name: str, says: str
) -> None:
    with_mapping(running_clinic, OWN_MAPPING)

    ended = run("import", list_of(OWN), *AT, "--mapping", name)

    assert ended.code == 1
    assert says in ended.err


def test_a_mapping_whose_column_the_file_has_not_is_told_with_the_nearest(
    run: Run, running_clinic, list_of
) -> None:
    with_mapping(running_clinic, OWN_MAPPING)

    ended = run("import", list_of(OWN.replace("Start Date", "Start Dates")), *AT, "--mapping", "ours")

    assert ended.code == 1
    assert "names the column 'Start Date' for first_visit" in ended.err
    assert "is it 'Start Dates' now" in ended.err


def test_a_mapping_for_fhir_files_is_refused(run: Run, running_clinic, list_of) -> None:
    name = list_of('{"resourceType": "Patient", "id": "a"}\n', "p.ndjson")

    assert "leave out --mapping" in run("import", name, *AT, "--mapping", "plain").err
    assert "leave out --save-mapping" in run("import", name, *AT, "--save-mapping", "mine").err


def test_what_is_uncertain_about_the_columns_is_said(run: Run, running_clinic, list_of) -> None:
    shown = run("import", list_of(OWN), "--show-mapping").out

    assert "guessed as 'webpt'" in shown
    assert "'Initial Evaluation Date' could be meant as well" in shown
    assert "Diagnosis" in shown
    assert "ignored, never stored" in shown


def test_what_was_recognised_is_shown_also_where_a_needed_column_is_missing(
    run: Run, running_clinic, list_of
) -> None:
    ended = run("import", list_of("Kennung;E-Mail;Termin\n1;ana@example.org;2026-12-01\n"), "--show-mapping")

    assert ended.code == 1
    assert [name in ended.out for name in ("Kennung", "E-Mail", "Termin")] == [True] * 3
    assert "email address" in ended.out
    assert "no column for record_id and first_visit" in ended.err


def test_the_example_can_be_written_read_and_is_never_written_over(run: Run, running_clinic) -> None:
    assert run("import", "--example").out == SAMPLE.read_text(encoding="utf-8")
    assert run("import", "--example", "mine.csv").code == 0
    before = contents(running_clinic)
    assert "left alone" in run("import", "--example", "mine.csv").err
    assert contents(running_clinic) == before
    assert run("import", "mine.csv", *AT, "--json").json["errors"] == []


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_the_annotated_copy_is_mended_and_imported_instead(run: Run, running_clinic, suffix: str) -> None:
    copy = running_clinic / f"mend.{suffix}"
    first = run("import", BROKEN, *AT, "--annotate", copy, "--json").json

    again = run("import", copy, *AT, "--json").json

    assert PROBLEMS in again["ignored"]
    assert [each["row"] for each in again["errors"]] == [each["row"] for each in first["errors"]]
    assert again["results"] == first["results"]


def test_the_copy_never_replaces_a_file(run: Run, running_clinic) -> None:
    (running_clinic / "list.csv").write_bytes(BROKEN.read_bytes())
    before = contents(running_clinic)

    for target in ("list.csv", running_clinic / "list.csv", "config.toml", "copy.pdf"):
        ended = run("import", "list.csv", *AT, "--annotate", target, "--apply")
        assert ended.code == 1
        assert "--annotate" in ended.err
    assert contents(running_clinic) == before


def test_of_two_files_each_gets_its_own_copy(run: Run, running_clinic, list_of) -> None:
    people = list_of("Patient ID,Email\n1,ana@clinic\n", "people.csv")
    visits = list_of("patient_id,start_date\n1,soon\n", "visits.csv")

    answer = run("import", people, visits, *AT, "--annotate", "mend.csv", "--json").json

    assert {each["file"] for each in answer["errors"]} == {"people.csv", "visits.csv"}
    first = [
        next(csv.reader(io.StringIO((running_clinic / name).read_text(encoding="utf-8-sig"))))
        for name in ("mend-people.csv", "mend-visits.csv")
    ]
    assert first == [[PROBLEMS, "Patient ID", "Email"], [PROBLEMS, "patient_id", "start_date"]]


def test_the_same_file_again_says_when_it_was_brought_and_that_nothing_changed(
    run: Run, running_clinic, list_of
) -> None:
    name = list_of(SAMPLE.read_text(encoding="utf-8").replace("P-1", "Q-1"))
    assert "already brought" not in run("import", name, *AT).out
    run("import", name, *AT, "--apply")

    again = run("import", list_of((running_clinic / name).read_text(), "renamed.csv"), *AT)

    assert "already brought in on 12 January 2026" in again.out
    assert "nothing has changed since" in again.out
    assert run("import", name, *AT, "--json").json["brought_before"]


def test_piped_output_holds_no_trace_of_the_progress_bar(run: Run, running_clinic) -> None:
    told = run("import", SAMPLE, *AT)

    assert told.out.startswith("sample.csv: 16 rows read")
    assert "\x1b" not in told.out + told.err
    assert told.err == ""


@pytest.mark.parametrize("now", ["2026-01-12T16:00:00Z", "2026-01-12T16:00", "2026-01-12T10:00-06:00"])
def test_now_is_utc_unless_it_says_an_offset(run: Run, clinic, now: str) -> None:
    answer = run("import", SAMPLE, "--now", now, "--wording", "w", "--apply", "--json")
    again = run("import", SAMPLE, "--now", now, "--wording", "w", "--json")

    assert answer.code == 0
    assert again.json["brought_before"] == "2026-01-12T16:00:00+00:00"


def test_words_that_are_no_moment_or_no_file_are_told(run: Run, clinic) -> None:
    assert "--now" in run("import", SAMPLE, "--now", "soon").err
    assert "--example" in run("import").err
    assert "no FHIR file" in run("import", clinic).err


def test_dates_that_can_be_read_twice_end_with_the_choice_to_make(run: Run, running_clinic, list_of) -> None:
    told = run("import", list_of(OWN), *AT, "--mapping", "webpt")

    assert told.code == 1
    assert "--date-order month_first or --date-order day_first" in told.out
