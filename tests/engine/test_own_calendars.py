"""What a series says of its own calendar holds again between claim and send, part by part."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from pipeline.delivery.states import Reason, State
from pipeline.patients.model import Basis, Consent, Patient
from pipeline.rendering.calendars import part_days
from pipeline.rendering.edition import sealed
from pipeline.schedule.plan import plan
from pipeline.series.model import Calendar
from pipeline.store.enrollments import NewEnrollment, enroll
from pipeline.store.patients import add_consents, save_patients
from pipeline.store.planning import Dated, plan_deliveries
from tests.engine.recorder import Recorder
from tests.engine.sample import RULES, ZONE, Clinic, edition, person

#: The day after it, when part 1 is due, is a Saturday.
FRIDAY = date(2026, 3, 6)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=ZONE)


@pytest.fixture
def saturdays(store, keyring) -> Clinic:
    """Part 1 goes on Saturdays at noon and for one day only; the others as the clinic says."""
    first, *others = edition().parts
    own = Calendar(weekdays=("sat",), send_time=time(12), expires_after_days=0)
    made = Clinic(store=store, keyring=keyring, edition=sealed(
        replace(edition(), parts=(replace(first, calendar=own), *others))
    ))  # fmt: skip
    made.prepare()
    return made


def bring(clinic: Clinic, patient: Patient) -> None:
    early = at(FRIDAY, 9) - timedelta(days=20)
    with clinic.store.begin() as tx:
        (saved,) = save_patients(tx, [patient], now=early)
        ground = Consent(basis=Basis.TREATMENT, wording="intake", source="test", given_at=early)
        add_consents(tx, [(saved.id, ground)], now=early)
        new = NewEnrollment(patient_id=saved.id, series=clinic.edition.series, episode="1",
                            edition=clinic.edition.sha256, start=FRIDAY, zone=ZONE.key)  # fmt: skip
        (enrolled,) = enroll(tx, [new], now=early)
        dated = plan(start=FRIDAY, zone=ZONE, parts=part_days(clinic.edition, RULES), rules=RULES, now=early,
                     enrolled_at=early)  # fmt: skip
        rows = [Dated(enrollment=enrolled.id, planned=each, key=f"key-{each.part}") for each in dated]
        plan_deliveries(tx, rows, actor="test", now=early)


def tick(clinic: Clinic, moment: datetime) -> list[str]:
    provider = Recorder()
    clinic.clock.moment = moment
    clinic.dispatcher(provider).tick(moment)
    return provider.keys


def test_a_part_with_days_of_its_own_goes_on_them(saturdays: Clinic) -> None:
    bring(saturdays, person(1))
    saturday = FRIDAY + timedelta(days=1)

    assert tick(saturdays, at(saturday, 11, 59)) == []
    assert tick(saturdays, at(saturday, 12)) == ["key-1"]


def test_its_own_expiry_ends_it(saturdays: Clinic) -> None:
    bring(saturdays, person(1))

    assert tick(saturdays, at(FRIDAY + timedelta(days=3), 12)) == []
    assert saturdays.states() == [(State.SKIPPED, Reason.EXPIRED)]


def test_the_other_parts_follow_the_clinic(saturdays: Clinic) -> None:
    bring(saturdays, person(1))
    tick(saturdays, at(FRIDAY + timedelta(days=1), 12))
    tuesday = FRIDAY + timedelta(days=4)

    assert tick(saturdays, at(tuesday, 9)) == ["key-2"]


def test_a_part_that_the_clinics_new_hours_shut_out_is_held_and_harms_nobody(saturdays: Clinic) -> None:
    noon = Calendar(send_time=time(12))
    first, *others = edition().parts
    saturdays.edition = sealed(
        replace(edition(series="noon"), parts=(replace(first, calendar=noon), *others))
    )
    saturdays.prepare()
    bring(saturdays, person(1))
    saturdays.rules = replace(RULES, window_close=time(11))

    assert tick(saturdays, at(FRIDAY + timedelta(days=3), 12)) == []
    assert saturdays.states() == [(State.HELD, Reason.NO_OPEN_DAY)]


def test_a_language_that_changed_under_way_is_held_and_never_sent(saturdays: Clinic) -> None:
    bring(saturdays, replace(person(1), language="en-GB"))
    with saturdays.store.begin() as tx:
        save_patients(tx, [replace(person(1), language="es-US")], now=at(FRIDAY, 9))

    assert tick(saturdays, at(FRIDAY + timedelta(days=1), 12)) == []
    assert saturdays.states() == [(State.HELD, Reason.NO_LANGUAGE)]
