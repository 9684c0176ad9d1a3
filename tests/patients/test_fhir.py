"""FHIR R4: who is enrolled from an export, who is not, and why not."""

import importlib
import importlib.util
import io
import json
import tracemalloc
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline.errors import RosterError
from pipeline.patients.eligibility import Ineligible, why_not_enrolled
from pipeline.patients.model import Basis, RosterFile, RosterRow, VisitStatus
from pipeline.patients.roster import gather, open_rosters

PT = {"coding": [{"system": "http://snomed.info/sct", "code": "91251008"}]}
SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "fhir"
OVERLAY = SHARED / "overlay" / "email-by-patient.ndjson"
SAMPLE_FILES = sorted(SHARED.rglob("*.ndjson"))


def patient(record: str = "a", **more: object) -> dict:
    return {
        "resourceType": "Patient", "id": record, "birthDate": "1980-02-03",
        "name": [{"use": "official", "given": ["Ana", "Maria"], "family": "Maple"}],
        "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "ana@example.org"}],
    } | more  # fmt: skip


def appointment(
    start: str = "2026-12-01T09:00:00-06:00", status: str = "booked", record: str = "Patient/a"
) -> dict:
    participant = [
        {"actor": {"reference": "Practitioner/a"}, "status": "accepted"},
        {"actor": {"reference": record}, "status": "accepted"},
    ]
    kind = {"text": "Initial evaluation"}
    return {
        "resourceType": "Appointment", "id": "x", "status": status, "start": start,
        "end": start.replace("T09", "T10"), "appointmentType": kind, "participant": participant,
    }  # fmt: skip


def episode(status: str, start: str = "2026-12-01") -> dict:
    who = {"reference": "Patient/a"}
    return {"resourceType": "EpisodeOfCare", "id": "e", "status": status, "type": [PT], "patient": who,
            "period": {"start": start}}  # fmt: skip


def consent(kind: str = "permit", status: str = "active", **more: object) -> dict:
    return {
        "resourceType": "Consent", "id": "c", "status": status, "patient": {"reference": "Patient/a"},
        "scope": {"coding": [{"code": "patient-privacy"}]}, "category": [{"text": "Email education series"}],
        "dateTime": "2026-11-20", "policyRule": {"text": "email policy v2"}, "provision": {"type": kind},
    } | more  # fmt: skip


def ndjson(*resources: dict) -> str:
    return "".join(json.dumps(each) + "\n" for each in resources)


def bundle(*resources: dict, **urls: str) -> str:
    entries = [{"resource": each} for each in resources]
    for entry in entries:
        if entry["resource"].get("id") in urls:
            entry["fullUrl"] = urls[entry["resource"]["id"]]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}, indent=2)


def one(roster) -> RosterRow:
    assert roster.errors == ()
    (row,) = roster.rows
    return row


def test_patient_appointment_and_consent_make_one_row(imported) -> None:
    row = one(imported(ndjson(patient(), appointment(), consent())))
    assert (row.patient.record, row.patient.given, row.patient.family) == ("a", "Ana", "Maple")
    assert (row.patient.email, row.start, row.status) == (
        "ana@example.org", date(2026, 12, 1), VisitStatus.BOOKED,
    )  # fmt: skip
    assert (row.consent.basis, row.consent.wording) == (Basis.CONSENT, "email policy v2")
    assert row.visit_type == "Initial evaluation"
    assert why_not_enrolled(row, purpose="treatment", on=date(2026, 11, 23), suppressed=False) == ()


def test_a_bundle_several_files_and_one_resource_tell_the_same(imported) -> None:
    parts = patient(), appointment(), consent()
    wanted = one(imported(ndjson(*parts)))
    for files in ([bundle(*parts)], [ndjson(each) for each in parts], [json.dumps(list(parts))]):
        found = one(imported(*files))
        assert (found.patient, found.start, found.consent.basis) == (
            wanted.patient,
            wanted.start,
            Basis.CONSENT,
        )


def test_references_of_a_bundle_by_uuid_and_by_url_are_followed(imported) -> None:
    url = "urn:uuid:0b0c1a1e-0000-4000-8000-000000000001"
    by_uuid = bundle(patient(), appointment(record=url), a=url)
    by_url = bundle(patient(), appointment(record="https://fhir.example.org/r4/Patient/a/_history/2"))
    assert one(imported(by_uuid)).start == one(imported(by_url)).start == date(2026, 12, 1)


def test_a_practitioner_with_the_same_id_is_not_the_patient(imported) -> None:
    assert one(imported(ndjson(patient(), appointment(record="Practitioner/a")))).start is None


@pytest.mark.parametrize(
    ("zone", "wanted"), [("America/New_York", date(2026, 12, 2)), ("America/Chicago", date(2026, 12, 1))]
)
def test_a_visit_is_dated_in_the_patients_zone(zone: str, wanted: date, imported) -> None:
    extension = [{"url": "http://hl7.org/fhir/StructureDefinition/timezone", "valueCode": zone}]
    text = ndjson(patient(extension=extension), appointment("2026-12-01T23:30:00-06:00"))
    assert one(imported(text)).start == wanted


@pytest.mark.parametrize(
    ("status", "start", "wanted"),
    [
        ("booked", True, VisitStatus.BOOKED), ("arrived", True, VisitStatus.ARRIVED),
        ("checked-in", True, VisitStatus.ARRIVED), ("fulfilled", True, VisitStatus.ARRIVED),
        ("cancelled", True, VisitStatus.CANCELED), ("noshow", True, VisitStatus.NO_SHOW),
        ("proposed", False, VisitStatus.BOOKED), ("pending", False, VisitStatus.BOOKED),
        ("waitlist", False, VisitStatus.BOOKED), ("entered-in-error", False, VisitStatus.BOOKED),
    ],
)  # fmt: skip
def test_every_state_of_an_appointment_has_its_meaning(
    status: str,
    start: bool,  # noqa: FBT001 - the table's answer
    wanted: VisitStatus,
    imported,
) -> None:
    row = one(imported(ndjson(patient(), appointment(status=status), episode("planned", "2026-12-20"))))
    assert (row.start == date(2026, 12, 1) if start else row.start is None, row.status) == (True, wanted)


def test_an_appointment_that_the_patient_declined_is_canceled(imported) -> None:
    declined = appointment()
    declined["participant"][1]["status"] = "declined"
    assert one(imported(ndjson(patient(), declined))).status is VisitStatus.CANCELED


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ("planned", VisitStatus.BOOKED), ("active", VisitStatus.BOOKED), ("waitlist", VisitStatus.BOOKED),
        ("onhold", VisitStatus.ON_HOLD), ("finished", VisitStatus.DISCHARGED),
        ("cancelled", VisitStatus.CANCELED), ("entered-in-error", VisitStatus.BOOKED),
    ],
)  # fmt: skip
def test_every_state_of_an_episode_has_its_meaning(status: str, wanted: VisitStatus, imported) -> None:
    assert one(imported(ndjson(patient(), appointment(), episode(status)))).status is wanted


def test_of_two_episodes_the_newer_one_counts(imported) -> None:
    old, new = episode("finished", "2024-01-10"), episode("active", "2026-12-01")
    for order in ((old, new), (new, old)):
        assert one(imported(ndjson(patient(), appointment(), *order))).status is VisitStatus.BOOKED


def test_without_any_appointment_the_start_of_the_episode_is_the_date_to_count_from(imported) -> None:
    assert one(imported(ndjson(patient(), episode("planned", "2026-12-09")))).start == date(2026, 12, 9)


@pytest.mark.parametrize(
    ("consents", "has_ground", "denied"),
    [
        ([consent()], True, False),
        ([consent("deny")], False, True),
        ([consent("deny", "inactive")], False, True),
        ([consent("permit", "inactive")], False, True),
        ([consent("permit", "rejected")], False, True),
        ([consent(), consent("deny", dateTime="2026-11-22")], False, True),
        ([consent("deny", dateTime="2026-11-01"), consent()], True, False),
        ([consent(), consent("deny", "entered-in-error", dateTime="2026-11-22")], True, False),
        ([consent(provision={"type": "permit", "period": {"start": "2026-12-24"}})], False, True),
        ([consent(category=[{"text": "Treatment"}], policyRule={"text": "surgery"})], False, False),
        ([consent(category=[{"text": "Marketing emails"}])], False, False),
    ],
    ids=[
        "permits", "denies", "denied and ended", "ended", "rejected", "denied later", "permitted later",
        "denied in error", "not begun", "about something else", "for marketing only",
    ],
)  # fmt: skip
def test_only_a_standing_consent_about_email_is_a_ground(
    consents: list[dict],
    has_ground: bool,  # noqa: FBT001 - the table's answer
    denied: bool,  # noqa: FBT001 - the same
    imported,
) -> None:
    other = consent() | {"patient": {"reference": "Patient/b"}}
    roster = imported(ndjson(patient("a"), patient("b"), other, *consents), basis=Basis.CONSENT)
    assert roster.errors == ()
    row = roster.rows[0]
    assert (row.consent is not None, row.denied) == (has_ground, denied)


def test_a_denial_outweighs_the_ground_that_the_import_declares(imported) -> None:
    row = one(imported(ndjson(patient(), consent("deny")), basis=Basis.TREATMENT))
    assert (row.consent, row.denied) == (None, True)


def test_a_marketing_consent_is_a_ground_for_marketing(imported) -> None:
    text = ndjson(patient(), consent(category=[{"text": "Marketing emails"}]))
    assert one(imported(text, basis=Basis.MARKETING)).consent.basis is Basis.MARKETING


def test_a_consent_ends_with_its_period_and_is_never_dated_ahead_of_the_import(imported) -> None:
    given = consent(dateTime="2027-03-01", provision={"type": "permit", "period": {"end": "2027-06-30"}})
    found = one(imported(ndjson(patient(), given))).consent
    assert (found.expires_on, found.given_at) == (date(2027, 6, 30), datetime(2026, 11, 23, 15, tzinfo=UTC))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"deceasedDateTime": "2026-01-01"}, Ineligible.DECEASED),
        ({"deceasedBoolean": True}, Ineligible.DECEASED),
        ({"birthDate": "2012"}, Ineligible.MINOR),
        ({"telecom": []}, Ineligible.NO_ADDRESS),
        ({"telecom": [{"system": "email", "use": "old", "value": "x@example.org"}]}, Ineligible.NO_ADDRESS),
        ({"active": False}, Ineligible.DISCHARGED),
        ({"link": [{"type": "replaced-by", "other": {"reference": "Patient/b"}}]}, Ineligible.DISCHARGED),
    ],
)
def test_what_a_patient_resource_says_against_mailing(more: dict, reason: Ineligible, imported) -> None:
    row = one(imported(ndjson(patient(**more), appointment())))
    assert why_not_enrolled(row, purpose="treatment", on=date(2026, 11, 23), suppressed=False) == (reason,)


def test_of_several_names_and_addresses_the_current_ones_count(imported) -> None:
    names = [{"use": "maiden", "given": ["Ann"], "family": "Ash"}, {"use": "usual", "given": ["Annie"]},
             {"use": "official", "given": ["Ana"], "family": "Maple"}]  # fmt: skip
    mails = [{"system": "email", "value": "work@example.org", "use": "work"},
             {"system": "email", "value": "home@example.org", "use": "home"},
             {"system": "email", "value": "first@example.org", "use": "work", "rank": 1}]  # fmt: skip
    person = one(imported(ndjson(patient(name=names, telecom=mails)))).patient
    assert (person.given, person.family, person.email) == ("Ana", "Maple", "first@example.org")


def test_the_preferred_language_is_read(imported) -> None:
    spoken = [
        {"language": {"coding": [{"code": code}]}, "preferred": code == "es-MX"} for code in ("en", "es-MX")
    ]
    assert one(imported(ndjson(patient(communication=spoken)))).patient.language == "es-MX"


def test_addresses_that_the_export_left_out_may_stand_in_a_list_beside_it(imported) -> None:
    beside = ndjson({"patient": "a", "email": "beside@example.org"}, {"patient": "b", "email": None})
    row = one(imported(ndjson(patient(telecom=[])), beside))
    assert row.patient.email == "beside@example.org"


@pytest.mark.parametrize(
    ("broken", "column"),
    [
        (patient(telecom=[{"system": "email", "value": "ana@clinic"}]), "Patient.telecom"),
        (patient(birthDate="1980-13-01"), "Patient.birthDate"),
        (patient(birthDate="2008"), "Patient.birthDate"),
        (patient(name=[{"given": ["=1+1"]}]), "Patient.name"),
        (patient(""), "Patient.id"),
        (appointment(start="soon"), "Appointment"),
        (appointment(start=""), "Appointment"),
        (appointment(start="2062-12-01"), "Appointment"),
        (appointment(status="maybe"), "Appointment"),
        (episode("maybe"), "EpisodeOfCare"),
        (consent(dateTime="lately"), "Consent"),
    ],
)
def test_what_cannot_be_read_keeps_its_patient_out_and_says_where(
    broken: dict, column: str, imported
) -> None:
    others = [] if broken["resourceType"] == "Patient" else [patient()]
    roster = imported(ndjson(*others, broken, patient("b")))
    assert [row.patient.record for row in roster.rows] == ["b"]
    assert (len(others) + 1, column) in [(error.row, error.column) for error in roster.errors]


def test_a_patient_who_stands_twice_is_taken_once(imported) -> None:
    roster = imported(ndjson(patient(), patient()))
    assert (len(roster.rows), [(error.row, error.column) for error in roster.errors]) == (
        1,
        [(2, "Patient.id")],
    )


@pytest.mark.parametrize("line", ["{broken", "[1]", '"text"', "{" * 100_000, '{"a": ' * 50_000, "\udce9"])
def test_a_line_that_is_no_object_costs_that_line(line: str, imported) -> None:
    data = (
        ndjson(patient()).encode()
        + line.encode("utf-8", "surrogateescape")
        + b"\n"
        + ndjson(patient("b")).encode()
    )
    roster = imported(data)
    assert [row.patient.record for row in roster.rows] == ["a", "b"]
    assert [(error.row, error.column) for error in roster.errors] == [(2, "(row)")]


@pytest.mark.parametrize("odd", [None, 7, "x", [7, None], {"x": 1}])
@pytest.mark.parametrize("key", ["name", "telecom", "communication", "extension", "link", "active"])
def test_a_field_of_the_wrong_shape_is_as_if_it_were_not_there(key: str, odd: object, imported) -> None:
    assert one(imported(ndjson(patient(**{key: odd})))).patient.record == "a"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ndjson(appointment()), "no Patient"),
        ('{"resourceType": "Bundle", "entry": []}', "no Patient"),
        ("[]", "no Patient"),
        (bundle(patient())[:-20], "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_a_file_without_patients_or_cut_off_is_refused(text: str, words: str, imported) -> None:
    with pytest.raises(RosterError) as caught:
        imported(text)
    assert words in caught.value.what
    assert caught.value.mend


def test_diagnoses_and_whatever_else_an_export_holds_are_not_kept(imported) -> None:
    condition = {"resourceType": "Condition", "id": "z", "code": {"text": "Low back pain"}}
    roster = imported(ndjson(patient(), condition))
    assert roster.ignored_columns == ("Condition",)
    assert "back" not in repr(roster)


#: What has to come of the public sample, by the end of each patient's address (patient08 has none).
ENROLLED = {"06", "09", "10"}
WHY_NOT = {
    "00": Ineligible.DECEASED, "01": Ineligible.DECEASED, "02": Ineligible.MINOR,
    "03": Ineligible.CANCELED_VISIT, "04": Ineligible.DECEASED, "05": Ineligible.NO_SHOW,
    "07": Ineligible.DISCHARGED, "08": Ineligible.NO_ADDRESS, "11": Ineligible.PAUSED,
    "12": Ineligible.NO_CONSENT,
}  # fmt: skip


@pytest.mark.parametrize("basis", [Basis.CONSENT, Basis.TREATMENT] if SAMPLE_FILES else [])
def test_the_public_sample_enrolls_exactly_the_patients_it_should(basis: Basis, imported) -> None:
    roster = imported(*(path.read_bytes() for path in SAMPLE_FILES), basis=basis)
    assert roster.errors == ()
    numbers = [f"{number:02}" for number in range(13)]
    order = [json.loads(line)["patient"] for line in OVERLAY.read_text().splitlines()]
    number_of = dict(zip(order, numbers, strict=True))
    found = {
        number_of[row.patient.record]: why_not_enrolled(
            row, purpose="treatment", on=date(2026, 11, 23), suppressed=False
        )
        for row in roster.rows
    }
    assert {number for number, reasons in found.items() if not reasons} == ENROLLED
    assert {number: reasons[0] for number, reasons in found.items() if reasons} == WHY_NOT


#: The library's R4B models read R4 resources of these four types; it is a tool of the tests alone.
HAS_MODELS = importlib.util.find_spec("fhir") is not None
MADE_HERE = [patient(), appointment(), episode("active"), consent(), consent("deny", "inactive")]


@pytest.mark.parametrize("resource", MADE_HERE if HAS_MODELS else [], ids=lambda each: each["resourceType"])
def test_the_resources_of_these_tests_are_valid_fhir(resource: dict) -> None:
    module = importlib.import_module(f"fhir.resources.R4B.{resource['resourceType'].lower()}")
    model = getattr(module, resource["resourceType"])
    assert model.model_validate(resource).get_resource_type() == resource["resourceType"]


MRN = {"system": "https://clinic.example.org/mrn", "value": "MRN-1"}


def with_actor(actor: dict, **more: object) -> dict:
    """An appointment whose patient is named in this way."""
    made = appointment()
    made["participant"] = [{"actor": actor, "status": "accepted"}]
    return made | more


#: Ways in which an Appointment may name the patient "a", whose identifier is MRN.
NAMED = {
    "relative": with_actor({"reference": "Patient/a"}),
    "absolute": with_actor({"reference": "https://fhir.example.org/r4/Patient/a"}),
    "with a version": with_actor({"reference": "Patient/a/_history/3"}),
    "by its identifier": with_actor({"type": "Patient", "identifier": MRN}),
    "inside the resource": with_actor(
        {"reference": "#p"}, contained=[{"resourceType": "Patient", "id": "p", "identifier": [MRN]}]
    ),
}


@pytest.mark.parametrize("made", NAMED.values(), ids=NAMED)
def test_however_the_patient_is_named_the_visit_is_theirs(made: dict, imported) -> None:
    assert one(imported(ndjson(patient(identifier=[MRN]), made))).start == date(2026, 12, 1)


def test_an_identifier_that_two_patients_share_names_neither(imported) -> None:
    two = patient(identifier=[MRN]), patient("b", identifier=[MRN])
    roster = imported(ndjson(*two, NAMED["by its identifier"]))
    assert [row.start for row in roster.rows] == [None, None]
    assert [(error.row, error.column) for error in roster.errors] == [(3, "Appointment")]


def test_an_appointment_of_somebody_else_is_told_once(imported) -> None:
    stray = appointment(record="Patient/z")
    roster = imported(ndjson(patient(), stray, stray))
    assert [(error.row, error.column) for error in roster.errors] == [(2, "Appointment")]
    assert "not in these files" in roster.errors[0].message


def test_a_visit_of_a_merged_record_is_the_remaining_ones(imported) -> None:
    link = [{"type": "replaced-by", "other": {"reference": "Patient/a"}}]
    roster = imported(ndjson(patient(), patient("old", link=link), appointment(record="Patient/old")))
    assert {row.patient.record: (row.start, row.status) for row in roster.rows} == {
        "a": (date(2026, 12, 1), VisitStatus.BOOKED),
        "old": (date(2026, 12, 1), VisitStatus.DISCHARGED),
    }


def test_of_several_appointments_the_first_one_of_this_episode_that_takes_place_counts(imported) -> None:
    starts = {
        "2025-01-10T09:00:00-06:00": "fulfilled", "2026-11-30T09:00:00-06:00": "cancelled",
        "2026-12-04T09:00:00-06:00": "booked", "2026-12-08T09:00:00-06:00": "booked",
        "2026-12-02T09:00:00-06:00": "proposed",
    }  # fmt: skip
    made = [appointment(start, status) for start, status in starts.items()]
    assert one(imported(ndjson(patient(), *made))).start == date(2026, 12, 4)


@pytest.mark.parametrize(
    ("contact", "wanted"),
    [
        ({"period": {"end": "2026-11-22"}}, None),
        ({"period": {"end": "2026"}}, "one@example.org"),
        ({"period": {"end": "2025"}}, None),
        ({"period": {"start": "2026-01-01"}}, "one@example.org"),
    ],
)
def test_an_address_counts_until_its_period_ends(contact: dict, wanted: str | None, imported) -> None:
    mail = {"system": "email", "value": "one@example.org", **contact}
    assert one(imported(ndjson(patient(telecom=[mail])))).patient.email == wanted


def test_an_episode_whose_period_has_ended_is_over_though_nobody_closed_it(imported) -> None:
    over = episode("active", "2026-10-01") | {"period": {"start": "2026-10-01", "end": "2026-11-20"}}
    goes_on = episode("active") | {"period": {"start": "2026-10-01", "end": "2027-11-20"}}
    statuses = [one(imported(ndjson(patient(), appointment(), each))).status for each in (over, goes_on)]
    assert statuses == [VisitStatus.DISCHARGED, VisitStatus.BOOKED]


def test_an_exception_about_email_outweighs_what_the_consent_says_of_everything(imported) -> None:
    about = [{"text": "Email"}]
    no_email = consent(
        category=[{"text": "Privacy"}], policyRule={"text": "privacy"},
        provision={"type": "permit", "provision": [{"type": "deny", "action": about}]},
    )  # fmt: skip
    but_email = no_email | {"provision": {"type": "deny", "provision": [{"type": "permit", "action": about}]}}
    found = [one(imported(ndjson(patient(), each), basis=Basis.CONSENT)) for each in (no_email, but_email)]
    assert [(row.consent is not None, row.denied) for row in found] == [(False, True), (True, False)]


def test_a_broken_line_is_named_by_its_number_and_the_rest_is_read(imported) -> None:
    lines = ndjson(patient(), appointment()).splitlines()
    text = "\n".join([lines[0], "", '{"resourceType": "Patient", "id": "c', "[1]", lines[1]])
    roster = imported(text)
    assert [(error.row, error.column) for error in roster.errors] == [(3, "(row)"), (4, "(row)")]
    assert [row.start for row in roster.rows] == [date(2026, 12, 1)]


def test_an_export_of_any_size_is_read_line_by_line(terms) -> None:
    """Fifty megabytes of other resources around one patient, which come from a stream and are never held."""
    other = json.dumps({"resourceType": "Observation", "id": "o", "note": "x" * 1000}).encode() + b"\n"
    before = ndjson(patient(), appointment()).encode()
    file = RosterFile(name="big.ndjson", data=before[:100], reopen=lambda: Repeating(before, other, 50_000))
    tracemalloc.start()
    found = gather(open_rosters([file], terms=terms()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [row.start for row in found.rows] == [date(2026, 12, 1)]
    assert found.ignored_columns == ("Observation",)
    assert peak < 5_000_000


class Repeating(io.BytesIO):
    """A file with a beginning and then the same line again and again."""

    def __init__(self, beginning: bytes, line: bytes, times: int) -> None:
        super().__init__(beginning)
        self._line, self._left = line, times

    def readline(self, size: int | None = -1, /) -> bytes:
        if found := super().readline(size):
            return found
        self._left -= 1
        return self._line if self._left >= 0 else b""


@pytest.mark.parametrize("resource", NAMED.values() if HAS_MODELS else [], ids=NAMED if HAS_MODELS else [])
def test_the_appointments_of_these_tests_are_valid_fhir(resource: dict) -> None:
    test_the_resources_of_these_tests_are_valid_fhir(resource)


@pytest.mark.parametrize("path", SAMPLE_FILES if HAS_MODELS else [], ids=lambda path: path.stem)
def test_the_public_sample_is_valid_fhir_where_we_read_it(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        resource = json.loads(line)
        if resource.get("resourceType") in {"Patient", "Appointment", "EpisodeOfCare", "Consent"}:
            test_the_resources_of_these_tests_are_valid_fhir(resource)
