"""Who may be mailed, and the weightiest reason where nobody may."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from pipeline.delivery.states import Reason
from pipeline.patients.eligibility import Ineligible, all_reasons, eligible, stands, why_not_enrolled
from pipeline.patients.model import Basis, Consent, Patient, RosterRow, VisitStatus

TODAY = date(2026, 11, 23)
ANA = Patient(record="P-1", given="Ana", family="Maple", email="ana@example.org", language=None, zone=None)
GIVEN_AT = datetime(2026, 11, 1, tzinfo=UTC)
GROUNDS = {basis: Consent(basis=basis, wording="w1", source="page", given_at=GIVEN_AT) for basis in Basis}


def why(patient: Patient = ANA, *consents: Consent, purpose: str = "treatment", suppressed: bool = False):
    return eligible(patient, consents, purpose=purpose, on=TODAY, suppressed=suppressed)


@pytest.mark.parametrize(
    ("basis", "purposes"),
    [(Basis.CONSENT, {"treatment"}), (Basis.TREATMENT, {"treatment"}), (Basis.MARKETING, {"marketing"})],
)
def test_each_ground_carries_its_own_kind_of_series_and_no_other(basis: Basis, purposes: set[str]) -> None:
    carried = {
        purpose for purpose in ("treatment", "marketing", "anything")
        if why(ANA, GROUNDS[basis], purpose=purpose) is None
    }  # fmt: skip
    assert carried == purposes


def test_without_a_recorded_ground_nobody_is_mailed() -> None:
    assert why() is Ineligible.NO_CONSENT


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"deceased": True}, Ineligible.DECEASED), ({"minor": True}, Ineligible.MINOR),
        ({"phone_instead": True}, Ineligible.PHONE_INSTEAD), ({"email": None}, Ineligible.NO_ADDRESS),
        ({"email": ""}, Ineligible.NO_ADDRESS),
    ],
)  # fmt: skip
def test_what_stands_against_the_patient_is_the_reason(change: dict, reason: Ineligible) -> None:
    assert why(replace(ANA, **change), GROUNDS[Basis.CONSENT]) is reason


def test_a_suppressed_address_is_never_mailed_whatever_was_consented_to() -> None:
    assert why(ANA, *GROUNDS.values(), suppressed=True) is Ineligible.SUPPRESSED


@pytest.mark.parametrize(("ahead", "carries"), [(-1, False), (0, True), (1, True)])
def test_a_ground_carries_up_to_and_on_its_last_day(ahead: int, carries: bool) -> None:  # noqa: FBT001 - the table's answer
    ground = replace(GROUNDS[Basis.CONSENT], expires_on=TODAY + timedelta(days=ahead))
    assert stands(ground, purpose="treatment", on=TODAY) is carries
    assert (why(ANA, ground) is None) is carries


def test_one_ground_that_stands_is_enough_beside_others_that_do_not() -> None:
    expired = replace(GROUNDS[Basis.CONSENT], expires_on=TODAY - timedelta(days=1))
    assert why(ANA, expired, GROUNDS[Basis.MARKETING], GROUNDS[Basis.TREATMENT]) is None


def test_all_reasons_are_told_from_what_ends_it_to_what_may_change() -> None:
    worst = replace(ANA, deceased=True, minor=True, phone_instead=True, email=None)
    told = all_reasons(worst, (), purpose="treatment", on=TODAY, suppressed=True)
    order = list(Ineligible)
    assert len(told) == 6
    assert all(order.index(first) < order.index(then) for first, then in pairwise(told))


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (VisitStatus.CANCELED, Ineligible.CANCELED_VISIT), (VisitStatus.NO_SHOW, Ineligible.NO_SHOW),
        (VisitStatus.DISCHARGED, Ineligible.DISCHARGED), (VisitStatus.ON_HOLD, Ineligible.PAUSED),
    ],
)  # fmt: skip
def test_a_visit_that_does_not_take_place_keeps_its_patient_from_being_enrolled(
    status: VisitStatus, reason: Ineligible
) -> None:
    row = RosterRow(row=2, patient=ANA, consent=GROUNDS[Basis.CONSENT], start=TODAY, status=status)
    asked = {"purpose": "treatment", "on": TODAY, "suppressed": False}
    assert why_not_enrolled(row, **asked) == (reason,)
    for fine in (VisitStatus.BOOKED, VisitStatus.ARRIVED):
        assert why_not_enrolled(replace(row, status=fine), **asked) == ()
    assert why_not_enrolled(replace(row, status=VisitStatus.BOOKED, start=None), **asked) == (
        Ineligible.NO_VISIT,
    )


def test_every_reason_but_the_missing_visit_is_one_of_the_ledgers() -> None:
    assert {reason.value for reason in Ineligible} - {reason.value for reason in Reason} <= {"no_visit"}
