import itertools
from datetime import date, timedelta

import pytest

from pipeline.delivery.states import Reason, State
from pipeline.errors import StoreError
from pipeline.schedule.model import PlanReason, Sent, Verdict
from pipeline.store import ledger, overview, planning
from pipeline.store.steps import Mark

DAY = timedelta(days=1)


@pytest.fixture
def enrolled(clinic) -> int:
    (enrollment,) = clinic.enroll(clinic.bring_in([clinic.person(1)]))
    return enrollment


def replan(clinic, enrollment: int, *plan) -> planning.Replanned:
    keys = (f"new-{number}" for number in itertools.count())
    with clinic.store.begin() as tx:
        return planning.replan(
            tx, enrollment, plan, new_key=lambda: next(keys), actor="staff:ana", now=clinic.now
        )


def test_a_plan_becomes_rows_with_state_due_time_and_reason(clinic, enrolled):
    ids = clinic.date(
        [enrolled],
        [
            clinic.planned(1, clinic.now + DAY, reason=PlanReason.CLOSED),
            clinic.planned(2, None, reason=PlanReason.VISIT_PASSED),
            clinic.planned(3, None, verdict=Verdict.HELD, reason=PlanReason.NO_OPEN_DAY),
        ],
    )
    rows = [clinic.row(each) for each in ids]
    assert [(row.state, row.reason, row.due_at) for row in rows] == [
        (State.PLANNED, Reason.CLOSED, clinic.now + DAY),
        (State.SKIPPED, Reason.VISIT_PASSED, None),
        (State.HELD, Reason.NO_OPEN_DAY, None),
    ]
    assert [(row.expires_on, row.zone, row.attempts) for row in rows] == [
        (date(2026, 3, 12), clinic.zone, 0)
    ] * 3


def test_the_database_refuses_a_second_row_for_the_same_part(clinic, enrolled):
    clinic.date([enrolled], [clinic.planned(1)])
    with pytest.raises(StoreError):
        clinic.date([enrolled], [clinic.planned(1)])


def test_the_database_refuses_a_key_that_was_used(clinic, enrolled):
    dated = [planning.Dated(enrollment=enrolled, planned=clinic.planned(part), key="same") for part in (1, 2)]
    with pytest.raises(StoreError), clinic.store.begin() as tx:
        planning.plan_deliveries(tx, dated, actor="import", now=clinic.now)


def test_a_new_plan_moves_what_is_planned_and_adds_what_is_new(clinic, enrolled):
    first, second = clinic.date([enrolled], [clinic.planned(1), clinic.planned(2)])
    done = replan(
        clinic,
        enrolled,
        clinic.planned(1),
        clinic.planned(2, clinic.now + DAY),
        clinic.planned(3, clinic.now),
    )
    assert done == planning.Replanned(added=(3,), changed=(2,), left=(1,))
    assert [clinic.row(each).due_at for each in (first, second)] == [clinic.now, clinic.now + DAY]
    assert clinic.life(first) == [State.PLANNED]
    assert clinic.life(second) == [State.PLANNED, State.PLANNED]


@pytest.mark.parametrize("state", [State.ACCEPTED, State.UNKNOWN, State.REFUSED])
def test_a_new_plan_never_touches_what_went_or_may_have_gone(clinic, enrolled, state):
    (delivery,) = clinic.date([enrolled], [clinic.planned(1)])
    clinic.begin(clinic.claim())
    before = clinic.row(delivery)
    assert replan(clinic, enrolled, clinic.planned(1, clinic.now + DAY)).left == (1,)
    assert clinic.row(delivery) == before
    with clinic.store.begin() as tx:
        ledger.record(tx, [Mark(delivery=delivery, state=state)], owner="a", now=clinic.now)
    before = clinic.row(delivery)
    assert replan(clinic, enrolled, clinic.planned(1, None, reason=PlanReason.EXPIRED)).left == (1,)
    assert clinic.row(delivery) == before


def test_a_new_plan_wins_over_a_claim_that_has_not_begun_to_send(clinic, enrolled):
    (delivery,) = clinic.date([enrolled], [clinic.planned(1)])
    clinic.claim("a")
    replan(clinic, enrolled, clinic.planned(1, clinic.now + DAY))
    assert clinic.begin([delivery], owner="a") is None
    assert (clinic.row(delivery).state, clinic.row(delivery).due_at) == (State.PLANNED, clinic.now + DAY)


def test_a_new_plan_revives_what_the_calendar_skipped_and_leaves_what_was_decided(clinic, enrolled):
    calendar, decided = clinic.date(
        [enrolled], [clinic.planned(1, None, reason=PlanReason.EXPIRED), clinic.planned(2)]
    )
    clinic.claim()
    with clinic.store.begin() as tx:
        skip = Mark(delivery=decided, state=State.SKIPPED, reason=Reason.NOT_ON_TRIAL_LIST)
        ledger.settle(tx, [skip], owner="a", now=clinic.now)
    done = replan(clinic, enrolled, clinic.planned(1, clinic.now + DAY), clinic.planned(2, clinic.now + DAY))
    assert (done.changed, done.left) == ((1,), (2,))
    assert clinic.states([calendar, decided]) == [State.PLANNED, State.SKIPPED]


def test_a_skipped_part_that_is_now_held_goes_through_planned(clinic, enrolled):
    (delivery,) = clinic.date([enrolled], [clinic.planned(1, None, reason=PlanReason.EXPIRED)])
    replan(clinic, enrolled, clinic.planned(1, None, verdict=Verdict.HELD, reason=PlanReason.NO_OPEN_DAY))
    assert clinic.life(delivery) == [State.SKIPPED, State.PLANNED, State.HELD]
    assert clinic.row(delivery).reason is Reason.NO_OPEN_DAY


def test_a_held_part_is_dated_again_and_a_canceled_one_is_not(clinic, enrolled):
    (delivery,) = clinic.date([enrolled], [clinic.planned(1)])
    with clinic.store.begin() as tx:
        planning.hold(tx, [enrolled], reason=Reason.PAUSED, actor="patient", now=clinic.now)
    assert (clinic.row(delivery).state, clinic.row(delivery).reason) == (State.HELD, Reason.PAUSED)
    replan(clinic, enrolled, clinic.planned(1, clinic.now + DAY))
    assert clinic.states([delivery]) == [State.PLANNED]
    with clinic.store.begin() as tx:
        planning.cancel(tx, [enrolled], reason=Reason.DECEASED, actor="import", now=clinic.now)
    assert replan(clinic, enrolled, clinic.planned(1, clinic.now + 2 * DAY)).left == (1,)
    assert (clinic.row(delivery).state, clinic.row(delivery).reason) == (State.CANCELED, Reason.DECEASED)


def test_holding_and_canceling_reach_only_the_enrollments_named(clinic):
    ours, others = clinic.with_due(2)
    with clinic.store.begin() as tx:
        enrollment = overview.find_delivery(tx, ours).enrollment_id
        assert planning.hold(tx, [enrollment], reason=Reason.PAUSED, actor="s", now=clinic.now) == (ours,)
        assert planning.cancel(tx, [enrollment], reason=Reason.STOPPED, actor="s", now=clinic.now) == (ours,)
        assert planning.cancel(tx, [enrollment], reason=Reason.STOPPED, actor="s", now=clinic.now) == ()
    assert clinic.states([ours, others]) == [State.CANCELED, State.PLANNED]


def test_what_is_held_can_be_released_for_now(clinic):
    (delivery,) = clinic.with_due()
    with clinic.store.begin() as tx:
        planning.hold(
            tx, [clinic.row(delivery).enrollment_id], reason=Reason.NOT_APPROVED, actor="a", now=clinic.now
        )
        due = clinic.now + DAY
        released = planning.release_held(tx, [delivery], due_at=due, actor="staff:ana", now=clinic.now)
    assert released == (delivery,)
    assert (clinic.row(delivery).state, clinic.row(delivery).due_at) == (State.PLANNED, due)


def test_the_patient_may_ask_for_a_planned_part_now_and_for_no_other(clinic, enrolled):
    first, second = clinic.date([enrolled], [clinic.planned(1, clinic.now + DAY), clinic.planned(2, None)])
    with clinic.store.begin() as tx:
        assert planning.ask_now(tx, first, due_at=clinic.now, actor="patient", now=clinic.now)
        assert not planning.ask_now(tx, second, due_at=clinic.now, actor="patient", now=clinic.now)
    assert clinic.claim() == (first,)


def test_what_went_is_told_with_its_date_in_the_patients_zone(clinic, enrolled):
    clinic.date([enrolled], [clinic.planned(1), clinic.planned(2, clinic.now + DAY)])
    clinic.begin(clinic.claim())
    with clinic.store.read() as tx:
        assert planning.sent_parts(tx, [enrolled]) == {enrolled: (Sent(part=1, on=date(2026, 3, 2)),)}
