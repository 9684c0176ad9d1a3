"""A patient's own word holds from the commit on: for the address, for everyone who shares it, for good."""

import pytest

from pipeline.actions import stopping
from pipeline.delivery.states import Reason, State
from pipeline.store import suppression
from pipeline.store.enrollments import EnrollmentStatus
from pipeline.store.ledger import claim_due
from tests.actions.desk import Desk, row
from tests.actions.dump import dump
from tests.engine.sample import DAYS

SHARED = {"email": "family@example.org"}


def stop_all(desk: Desk, number: int = 1, source: str = "one_click") -> None:
    delivery = desk.deliveries(number)[0]
    with desk.store.begin() as tx:
        stopping.stop_all(tx, delivery, source=source, now=desk.now)


def test_stop_all_covers_every_series_of_everyone_who_shares_the_address(desk: Desk) -> None:
    desk.prepare("home-exercises")
    desk.bring(row(1, person=SHARED), row(2, person={"email": "FAMILY@Example.org"}), row(3))
    desk.bring(row(1, person=SHARED), series="home-exercises")

    stop_all(desk, 2)

    canceled = [(State.CANCELED, Reason.UNSUBSCRIBED)] * len(DAYS)
    assert desk.states(1) == desk.states(2) == canceled
    assert {each.status for each in desk.enrollments(1)} == {EnrollmentStatus.ENDED}
    assert {state for state, _ in desk.states(3)} == {State.PLANNED}, "another address goes on"
    with desk.store.read() as tx:
        assert suppression.is_suppressed(tx, "family@EXAMPLE.org")
        assert not suppression.is_suppressed(tx, "famil.y@example.org"), "dots are not merged"


@pytest.mark.parametrize("source", ["one_click", "page"])
def test_the_trail_says_how_it_was_asked_and_nothing_about_whom(desk: Desk, source: str) -> None:
    desk.bring(row())

    stop_all(desk, source=source)

    entry = desk.trail()[-1]
    assert (entry.actor, entry.action) == (f"patient:{source}", "unsubscribe")
    assert "example.org" not in f"{entry.subject} {entry.detail}"
    with desk.store.read() as tx:
        (kept,) = suppression.suppressions_of(tx, "person1@example.org")
    assert (kept.source, kept.reason) == (source, Reason.UNSUBSCRIBED)


def test_asking_twice_changes_nothing_more(desk: Desk) -> None:
    desk.bring(row())
    delivery = desk.deliveries()[0]
    for act in (stopping.not_me, stopping.stop_series):
        with desk.store.begin() as tx:
            act(tx, delivery, now=desk.now)
        before = dump(desk.store)
        desk.later(hours=1)
        with desk.store.begin() as tx:
            act(tx, delivery, now=desk.now)
        assert dump(desk.store) == before, act.__name__
    stop_all(desk)
    before = dump(desk.store)
    desk.later(hours=1)
    stop_all(desk)
    assert dump(desk.store) == before


def test_stop_all_without_an_address_still_ends_the_patients_mail(desk: Desk) -> None:
    """The clinic took the address off its list after the mail had gone."""
    desk.bring(row())
    desk.bring(row(person={"email": None}))

    stop_all(desk)

    assert desk.enrollment().reason is Reason.UNSUBSCRIBED
    back = desk.bring(row(person={"email": "person1@example.org"}))
    assert back.results[0].reason == Reason.UNSUBSCRIBED


def test_a_claimed_part_does_not_go_after_the_answer(desk: Desk) -> None:
    desk.bring(row())
    desk.later(days=8, hours=5)
    with desk.store.begin() as tx:
        (claimed,) = claim_due(tx, now=desk.now, owner="a", lease_until=desk.now, limit=10)

    stop_all(desk)

    assert next(each for each in desk.deliveries() if each.id == claimed).state is State.CANCELED


def test_stopping_one_series_leaves_the_other_and_the_address_alone(desk: Desk) -> None:
    desk.prepare("home-exercises")
    desk.bring(row())
    delivery = desk.deliveries()[0]
    desk.bring(row(), series="home-exercises")

    with desk.store.begin() as tx:
        stopping.stop_series(tx, delivery, now=desk.now)

    assert [each.status for each in desk.enrollments()] == [EnrollmentStatus.ENDED, EnrollmentStatus.ACTIVE]
    with desk.store.read() as tx:
        assert not suppression.is_suppressed(tx, "person1@example.org")
    assert desk.deeds()[-1] == "stop_series"


def test_not_me_holds_this_patient_and_no_other_at_the_same_address(desk: Desk) -> None:
    desk.bring(row(1, person=SHARED), row(2, person=SHARED))
    delivery = desk.deliveries(1)[0]
    with desk.store.begin() as tx:
        stopping.not_me(tx, delivery, now=desk.now)

    assert desk.states(1) == [(State.HELD, Reason.WRONG_PERSON)] * len(DAYS)
    assert {state for state, _ in desk.states(2)} == {State.PLANNED}
    assert desk.deeds()[-1] == "not_me"


def test_what_is_to_come_is_what_is_still_planned(desk: Desk) -> None:
    desk.bring(row())
    delivery = desk.deliveries()[0]
    with desk.store.read() as tx:
        assert [each.part for each in stopping.coming(tx, delivery)] == [1, 2, 3]
    with desk.store.begin() as tx:
        stopping.stop_series(tx, delivery, now=desk.now)
        assert stopping.coming(tx, delivery) == ()
