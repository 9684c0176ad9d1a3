"""Which series a row gets: the one that is named, or the first rule that fits."""

import pytest

from pipeline.actions.choosing import fits
from pipeline.actions.effects import Effect
from pipeline.delivery.states import Reason, State
from pipeline.sections.calendar import EnrollingRule
from pipeline.store.enrollments import EnrollmentStatus
from tests.actions.desk import Desk, row
from tests.actions.dump import dump
from tests.engine.sample import SERIES

SPANISH = "primeras-semanas"
HANDS = EnrollingRule(series="hands", visit_types=("Hand Evaluation",))
NORTH = EnrollingRule(series="north", locations=("Riverbend North",))
IN_SPANISH = EnrollingRule(series=SPANISH, languages=("es",))
EVERYBODY = EnrollingRule(series=SERIES)


def effects(brought) -> list[tuple[Effect, str | None]]:
    return [(result.effect, result.reason) for result in brought.results]


@pytest.mark.parametrize(
    ("rule", "fields", "language", "wanted"),
    [
        (EVERYBODY, {}, "en-US", True),
        (HANDS, {"visit_type": "hand  evaluation"}, "en-US", True),
        (HANDS, {"visit_type": "Hand Evaluation, short"}, "en-US", False),
        (HANDS, {}, "en-US", False),
        (NORTH, {"location": "RIVERBEND NORTH"}, "en-US", True),
        (NORTH, {"location": "Riverbend South"}, "en-US", False),
        (IN_SPANISH, {}, "es-MX", True),
        (IN_SPANISH, {}, "est", False),
        (EnrollingRule(series="x", visit_types=("a",), locations=("b",)), {"visit_type": "a"}, "en", False),
    ],
)
def test_a_rule_fits_where_each_of_its_lists_holds_the_rows_own(rule, fields, language, wanted) -> None:
    assert fits(rule, row(**fields), language) is wanted


def test_the_first_rule_that_fits_counts(desk: Desk) -> None:
    desk.prepare("hands")
    hand = {"visit_type": "Hand Evaluation"}

    desk.bring(row(1, **hand), row(2), series=None, rules=[HANDS, EVERYBODY])
    desk.bring(row(3, **hand), series=None, rules=[EVERYBODY, HANDS])

    assert [desk.enrollment(number).series for number in (1, 2, 3)] == ["hands", SERIES, SERIES]


def test_a_row_that_no_rule_fits_is_brought_in_and_not_enrolled(desk: Desk) -> None:
    brought = desk.bring(row(1), row(2, visit_type="Hand Evaluation"), series=None, rules=[HANDS])

    assert effects(brought) == [
        (Effect.NOT_ENROLLED, Reason.NO_SERIES),
        (Effect.NOT_ENROLLED, Reason.NOT_APPROVED),
    ]
    assert brought.added == 2
    assert desk.enrollments(1) == desk.enrollments(2) == ()


def test_a_series_that_is_not_approved_yet_is_enrolled_in_once_it_is(desk: Desk) -> None:
    hand = row(visit_type="Hand Evaluation")
    assert effects(desk.bring(hand, series=None, rules=[HANDS])) == [
        (Effect.NOT_ENROLLED, Reason.NOT_APPROVED)
    ]

    desk.prepare("hands")

    assert effects(desk.bring(hand, series=None, rules=[HANDS])) == [(Effect.ENROLLED, None)]


def test_a_series_that_is_named_goes_before_every_rule(desk: Desk) -> None:
    desk.prepare("hands")
    desk.bring(row(visit_type="Hand Evaluation"), series=SERIES, rules=[HANDS])
    assert desk.enrollment().series == SERIES


def test_a_patient_without_a_language_speaks_the_clinics(desk: Desk) -> None:
    english = EnrollingRule(series=SERIES, languages=("en",))
    assert effects(desk.bring(row(), series=None, rules=[english])) == [(Effect.ENROLLED, None)]


def test_by_rules_a_patient_stays_in_the_series_they_are_in(desk: Desk) -> None:
    desk.prepare("hands")
    desk.bring(row(), series=None, rules=[EVERYBODY])
    before = dump(desk.store)

    brought = desk.bring(row(visit_type="Hand Evaluation"), series=None, rules=[HANDS, EVERYBODY])

    assert effects(brought) == [(Effect.UNCHANGED, None)]
    assert dump(desk.store) == before


def test_who_waits_for_a_language_gets_the_series_that_a_new_rule_has_in_it(desk: Desk) -> None:
    patient = row(person={"language": "es-US"})
    assert effects(desk.bring(patient, series=None, rules=[EVERYBODY])) == [(Effect.HELD, Reason.NO_LANGUAGE)]
    desk.prepare(SPANISH, language="es-US")

    assert effects(desk.bring(patient, series=None, rules=[IN_SPANISH, EVERYBODY])) == [
        (Effect.ENROLLED, None)
    ]
    waited, going = desk.enrollments()
    assert (waited.status, waited.reason) == (EnrollmentStatus.ENDED, Reason.NO_LANGUAGE)
    assert (going.series, going.status) == (SPANISH, EnrollmentStatus.ACTIVE)
    assert {state for state, _ in desk.states()} == {State.PLANNED}

    before = dump(desk.store)
    desk.bring(patient, series=None, rules=[IN_SPANISH, EVERYBODY])
    assert dump(desk.store) == before
