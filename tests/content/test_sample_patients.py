"""The sample patients: every promised case is there, the README tells the truth, and no address is real."""

import csv
import re
from collections import Counter
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from pipeline.config import load_config
from pipeline.patients.model import Basis, Roster, RosterRow, VisitStatus
from pipeline.patients.roster import read_roster

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "content" / "patients"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
(SUPPRESSED,) = re.findall(r"^\| (P-\d+) \|.*the suppressed one", README, re.MULTILINE)
ANCHOR = date.fromisoformat(re.findall(r"anchor day, \w+ (\S+?)\*\*", README)[0])


def rows_of(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def roster_of(name: str) -> Roster:
    return read_roster(
        (FOLDER / name).read_bytes(),
        name=name,
        clinic_zone=load_config(ROOT / "config.toml").zone,
        now=datetime.combine(ANCHOR, time(16), tzinfo=UTC),
        basis=Basis.CONSENT,
        wording="intake-2026-01",
    )


ROWS = {row["record_id"]: row for row in rows_of("sample.csv")}


def days_from_anchor(row: dict[str, str]) -> int:
    return (date.fromisoformat(row["first_visit"]) - ANCHOR).days


def records(**cells: str) -> set[str]:
    return {record for record, row in ROWS.items() if all(row[name] == cell for name, cell in cells.items())}


def test_the_readme_counts_each_visit_from_the_anchor_day_rightly() -> None:
    told = {
        record: int(days.replace("−", "-"))
        for record, days in re.findall(r"^\| (P-\d+) \| ([+−]?\d+) \|", README, re.MULTILINE)
    }
    assert told == {record: days_from_anchor(row) for record, row in ROWS.items()}


def mailable(row: RosterRow) -> bool:
    """Nothing stands in the way of mail to this patient, not even the demo's suppression."""
    patient = row.patient
    return (
        row.consent is not None
        and patient.email is not None
        and not (patient.phone_instead or patient.minor)
        and row.status in {VisitStatus.BOOKED, VisitStatus.ARRIVED}
        and patient.language in {None, "en-US"}
        and patient.record != SUPPRESSED
    )


def test_every_part_of_the_default_series_is_due_to_somebody_on_the_anchor_day() -> None:
    starts = [row.start for row in roster_of("sample.csv").rows if mailable(row) and row.start]
    days = load_config(ROOT / "config.toml").schedule.days
    assert set(days) <= {(ANCHOR - start).days for start in starts}


def test_visits_lie_on_both_sides_of_the_anchor_day_so_that_mail_goes_on_for_days() -> None:
    days = sorted(days_from_anchor(row) for row in ROWS.values())
    assert days[0] == -16
    assert days[-1] == 10


def test_an_import_takes_every_row_of_the_sample_file() -> None:
    roster = roster_of("sample.csv")
    assert roster.errors == ()
    assert roster.ignored_columns == ()
    assert [row.patient.record for row in roster.rows] == list(ROWS)


def test_exactly_one_patient_stands_for_each_reason_not_to_mail() -> None:
    rows = roster_of("sample.csv").rows
    assert [row.patient.record for row in rows if row.consent is None] == ["P-1009"]
    assert [row.patient.record for row in rows if row.patient.phone_instead] == ["P-1011"]
    assert [row.patient.record for row in rows if row.patient.minor] == ["P-1012"]
    assert [row.patient.record for row in rows if row.status is VisitStatus.CANCELED] == ["P-1015"]
    assert [row.patient.record for row in rows if row.patient.email is None] == ["P-1016"]
    assert [row.patient.record for row in rows if row.patient.language == "es-US"] == ["P-1008"]


def test_an_import_finds_the_mistakes_that_the_readme_lists_and_no_others() -> None:
    told = re.findall(r"^\| (\d+) \| (.+) \|$", README, re.MULTILINE)
    roster = roster_of("with-errors.csv")
    assert {error.row for error in roster.errors} == {int(row) for row, what in told if what != "nothing"}
    assert {row.row for row in roster.rows} == {int(row) for row, what in told if what == "nothing"}


def test_the_suppressed_patient_would_get_mail_on_the_anchor_day_if_not_for_the_suppression() -> None:
    assert SUPPRESSED in records(email_consent="yes", phone_instead="no", visit_status="arrived")
    days = load_config(ROOT / "config.toml").schedule.days
    assert -days_from_anchor(ROWS[SUPPRESSED]) in days


def test_two_people_and_no_more_share_one_address() -> None:
    addresses = Counter(row["email"] for row in ROWS.values() if row["email"])
    (shared,) = (address for address, count in addresses.items() if count > 1)
    assert len({row["given_name"] for row in ROWS.values() if row["email"] == shared}) == 2


def test_zones_reach_from_honolulu_to_europe_and_one_is_left_to_the_clinic() -> None:
    zones = {row["time_zone"] for row in ROWS.values()}
    assert {"Pacific/Honolulu", "America/New_York", "Europe/Madrid", ""} <= zones


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.csv")))
def test_no_address_lies_outside_the_domain_that_never_receives_mail(name: str) -> None:
    cells = [cell for row in rows_of(name) for cell in row.values() if "@" in cell]
    assert cells
    assert [cell for cell in cells if not re.search(r"@example(\.org)?$", cell)] == []
