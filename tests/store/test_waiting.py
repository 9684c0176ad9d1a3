"""Parts that wait for something to change about their patient, and a plan that lifts it."""

from datetime import timedelta

import pytest

from pipeline.delivery.states import Reason, State
from pipeline.store.planning import replan, sent_parts
from pipeline.store.steps import Mark, mark
from pipeline.store.waiting import held_back
from tests.store.conftest import NOW


@pytest.mark.parametrize("state", [State.HELD, State.SKIPPED])
def test_those_with_a_part_held_or_left_out_for_the_reason_are_found(clinic, state) -> None:
    enrolled = clinic.enroll(clinic.bring_in([clinic.person(number) for number in range(3)]))
    ids = clinic.date(enrolled, [clinic.planned(1), clinic.planned(2)])
    with clinic.store.begin() as tx:
        marks = [
            Mark(delivery=ids[0], state=state, reason=Reason.NO_CONSENT),
            Mark(delivery=ids[2], state=state, reason=Reason.DEFERRED),
        ]
        mark(tx, marks, before=State.PLANNED, owner=None, actor="test", now=NOW)
    with clinic.store.read() as tx:
        assert held_back(tx, enrolled, {Reason.NO_CONSENT}) == {enrolled[0]}
        assert held_back(tx, enrolled[1:], {Reason.NO_CONSENT}) == frozenset()
        assert held_back(tx, enrolled, {Reason.NO_CONSENT, Reason.DEFERRED}) == set(enrolled[:2])


def test_a_plan_undoes_a_skip_for_what_is_lifted_and_for_nothing_else(clinic) -> None:
    (enrollment,) = clinic.enroll(clinic.bring_in([clinic.person(1)]))
    first, second = clinic.date([enrollment], [clinic.planned(1), clinic.planned(2)])
    with clinic.store.begin() as tx:
        marks = [
            Mark(delivery=first, state=State.SKIPPED, reason=Reason.NO_CONSENT),
            Mark(delivery=second, state=State.SKIPPED, reason=Reason.NOT_ON_TRIAL_LIST),
        ]
        mark(tx, marks, before=State.PLANNED, owner=None, actor="test", now=NOW)
        done = replan(
            tx, enrollment, [clinic.planned(1), clinic.planned(2)], lifted={Reason.NO_CONSENT},
            new_key=lambda: "never", actor="test", now=NOW + timedelta(hours=1),
        )  # fmt: skip
    assert (done.changed, done.left) == ((1,), (2,))


def test_what_went_is_dated_on_the_clocks_that_are_asked_for(clinic) -> None:
    """15:00 UTC on Monday is Monday in Chicago, and Tuesday already on Kiritimati."""
    (delivery,) = clinic.sending()
    enrollment = clinic.row(delivery).enrollment_id
    with clinic.store.read() as tx:
        (here,) = sent_parts(tx, [enrollment])[enrollment]
        (there,) = sent_parts(tx, [enrollment], zone="Pacific/Kiritimati")[enrollment]
    assert (here.on, there.on) == (NOW.date(), NOW.date() + timedelta(days=1))
