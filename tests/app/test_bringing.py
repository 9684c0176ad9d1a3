"""Bringing a file: a dry run keeps nothing, an import is written down, a list is read to its end."""

import csv
import io
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.actions.effects import Effect
from pipeline.app.bringing import bring
from pipeline.app.clinic import Clinic
from pipeline.app.files import BUNDLED
from pipeline.delivery.states import Reason
from pipeline.demo.folder import ANCHOR
from pipeline.errors import NotAllowedError, RosterError
from pipeline.patients.model import Basis, ImportTerms, RosterFile
from pipeline.sections.calendar import EnrollingRule
from pipeline.store import audit, patients
from tests.actions.dump import dump

COLUMNS = ("record_id", "given_name", "email", "first_visit", "visit_status", "email_consent", "language")
SERIES = "first-weeks"


def file_of(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def person(number: int, **cells: str) -> dict[str, str]:
    return {
        "record_id": f"N-{number}", "given_name": "New", "email": f"new{number}@example.org",
        "first_visit": (ANCHOR + timedelta(days=2)).isoformat(), "visit_status": "booked",
        "email_consent": "yes", "language": "", **cells,
    }  # fmt: skip


def take(clinic: Clinic, data: bytes, *, apply: bool, series: str | None = SERIES, wording: str = "intake-1"):
    terms = ImportTerms(
        clinic_zone=clinic.config.zone, now=clinic.clock(), basis=Basis.CONSENT, wording=wording
    )
    file = RosterFile(name="list.csv", data=data)
    return bring(clinic, [file], terms=terms, series=series, actor="staff:ana", apply=apply)


people = st.builds(
    person,
    st.integers(1, 8),
    email=st.sampled_from(["a@example.org", "A@Example.org", "b@example.org", "", "no address"]),
    first_visit=st.dates(date(2025, 12, 1), date(2026, 3, 1)).map(date.isoformat)
    | st.sampled_from(["", "03/04/2026", "soon"]),
    visit_status=st.sampled_from(["booked", "canceled", "no_show", "discharged", "maybe"]),
    email_consent=st.sampled_from(["yes", "no", "", "perhaps"]),
    language=st.sampled_from(["", "en-US", "es-US"]),
)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(people, max_size=8))
def test_a_dry_run_leaves_the_database_as_it_was_and_foretells_the_import(clinic: Clinic, rows) -> None:
    before = dump(clinic.store)

    told = take(clinic, file_of(rows), apply=False)

    assert dump(clinic.store) == before
    done = take(clinic, file_of(rows), apply=True)
    assert (told.rows, told.added, told.changed) == (done.rows, done.added, done.changed)
    assert (told.effects, told.results, told.errors) == (done.effects, done.results, done.errors)


def test_the_same_file_again_changes_nothing_but_the_note_that_it_was_brought(clinic: Clinic) -> None:
    data = (BUNDLED / "content" / "patients" / "sample.csv").read_bytes()
    take(clinic, data, apply=True)
    before = dump(clinic.store)

    again = take(clinic, data, apply=True)

    after = dump(clinic.store)
    assert len(after.pop("audit")) == len(before.pop("audit")) + 1
    assert after == before
    assert set(again.effects) <= {Effect.UNCHANGED, Effect.NOT_ENROLLED}


def test_an_import_is_written_down_with_its_numbers_and_no_name(clinic: Clinic) -> None:
    take(clinic, file_of([person(1), person(2, email="no address")]), apply=True)

    with clinic.store.read() as tx:
        (entry,) = audit.entries(tx, limit=1)
        assert audit.verify(tx) is None
    assert (entry.actor, entry.action) == ("staff:ana", "import")
    content = entry.detail["files"]
    assert entry.detail == {"rows": 1, "errors": 1, "enrolled": 1, "files": content}


def test_more_rows_than_a_transaction_takes_are_all_brought(clinic: Clinic) -> None:
    from pipeline.app.bringing import _CHUNK

    heard: list[int] = []
    terms = ImportTerms(clinic_zone=clinic.config.zone, now=clinic.clock(), basis=Basis.CONSENT, wording="x")
    rows = [person(number) for number in range(_CHUNK + 3)]
    done = bring(
        clinic, [RosterFile(name="list.csv", data=file_of(rows))], terms=terms, series=SERIES,
        actor="staff:ana", apply=True, progress=heard.append,
    )  # fmt: skip

    assert done.effects[Effect.ENROLLED] == len(rows)
    assert heard == [_CHUNK, len(rows)]
    with clinic.store.read() as tx:
        assert patients.find_by_record(tx, f"N-{_CHUNK + 2}")


def test_a_series_that_is_not_approved_stops_everything_before_it_begins(clinic: Clinic) -> None:
    before = dump(clinic.store)

    with pytest.raises(NotAllowedError, match="no approved edition"):
        take(clinic, file_of([person(1)]), apply=True, series="home-exercises")

    assert dump(clinic.store) == before


def test_a_file_that_is_no_list_changes_nothing(clinic: Clinic) -> None:
    before = dump(clinic.store)

    for data in (b"", bytes(range(256)), b"one,two\n1,2\n"):
        with pytest.raises(RosterError):
            take(clinic, data, apply=True)

    assert dump(clinic.store) == before


def test_without_a_series_the_rules_of_config_choose_row_by_row(clinic: Clinic) -> None:
    rules = (
        EnrollingRule(series="home-exercises", languages=("de",)),
        EnrollingRule(series=SERIES, languages=("en",)),
    )
    ruled = replace(clinic, config=clinic.config.model_copy(update={"enrolling": rules}))
    rows = [person(1), person(2, language="de"), person(3, language="fr")]

    done = take(ruled, file_of(rows), apply=True, series=None)

    assert done.enrolls
    assert done.added == len(rows)
    assert done.effects[Effect.ENROLLED] == 1
    assert [each.reason for each in done.results] == [Reason.NOT_APPROVED, Reason.NO_SERIES]


def test_without_a_series_and_without_rules_nobody_is_enrolled(clinic: Clinic) -> None:
    done = take(clinic, file_of([person(1)]), apply=True, series=None)
    assert not done.enrolls
    assert done.effects == {Effect.BROUGHT: 1}
