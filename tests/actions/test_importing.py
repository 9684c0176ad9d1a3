"""Bringing a list: who is enrolled, who is not and why, and what a newer list changes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.actions import stopping
from pipeline.actions.effects import Effect
from pipeline.delivery.states import Reason, State
from pipeline.patients.eligibility import Ineligible
from pipeline.patients.model import Basis, VisitStatus
from pipeline.store import patients, suppression
from pipeline.store.enrollments import EnrollmentStatus
from tests.actions.desk import VISIT, Desk, ground, row
from tests.actions.dump import dump
from tests.engine.sample import DAYS

PLANNED = [(State.PLANNED, None)] * len(DAYS)


def effects(brought) -> list[tuple[Effect, str | None]]:
    return [(result.effect, result.reason) for result in brought.results]


def test_a_good_row_is_enrolled_and_every_part_gets_its_day(desk: Desk) -> None:
    brought = desk.bring(row())

    assert effects(brought) == [(Effect.ENROLLED, None)]
    assert desk.states() == PLANNED
    assert [delivery.part for delivery in desk.deliveries()] == [1, 2, 3]
    assert desk.days() == [VISIT + timedelta(days=offset) for offset in DAYS]


def test_the_same_list_brought_again_changes_nothing_at_all(desk: Desk) -> None:
    rows = [
        row(1),
        row(2, status=VisitStatus.CANCELED),
        row(3, denied=True, consent=None),
        row(4, start=None),
    ]
    desk.bring(*rows)
    before = dump(desk.store)
    desk.later(hours=2)

    brought = desk.bring(*rows)

    assert dump(desk.store) == before
    assert (brought.added, brought.changed) == (0, 0)
    assert effects(brought)[0] == (Effect.UNCHANGED, None)


def test_a_new_date_moves_every_part_that_has_not_gone(desk: Desk) -> None:
    desk.bring(row())
    before = desk.days()

    brought = desk.bring(row(start=VISIT + timedelta(days=7)))

    assert effects(brought) == [(Effect.MOVED, None)]
    assert desk.days() == [day + timedelta(days=7) for day in before]
    assert len(desk.enrollments()) == 1, "a move is no second enrollment"


@pytest.mark.parametrize("status", [VisitStatus.CANCELED, VisitStatus.NO_SHOW])
def test_a_missed_first_visit_holds_and_a_new_date_goes_on(desk: Desk, status: VisitStatus) -> None:
    desk.bring(row())

    held = desk.bring(row(status=status))

    reason = Reason(status.value) if status is VisitStatus.NO_SHOW else Reason.CANCELED_VISIT
    assert effects(held) == [(Effect.HELD, reason)]
    assert desk.states() == [(State.HELD, reason)] * len(DAYS)
    assert effects(desk.bring(row(status=status))) == [(Effect.UNCHANGED, None)]

    released = desk.bring(row(start=VISIT + timedelta(days=7)))

    assert effects(released) == [(Effect.RELEASED, None)]
    assert desk.states() == PLANNED
    assert desk.enrollment().start == VISIT + timedelta(days=7)


def test_a_visit_that_was_canceled_by_mistake_goes_on_with_its_old_date(desk: Desk) -> None:
    desk.bring(row())
    days = desk.days()
    desk.bring(row(status=VisitStatus.CANCELED))

    desk.bring(row())

    assert desk.days() == days
    assert desk.enrollment().status is EnrollmentStatus.ACTIVE


def test_a_missed_later_visit_changes_nothing(desk: Desk) -> None:
    desk.bring(row())
    desk.later(days=10)
    before = dump(desk.store)

    brought = desk.bring(row(status=VisitStatus.CANCELED, start=VISIT + timedelta(days=14)))

    assert effects(brought) == [(Effect.UNCHANGED, None)]
    assert dump(desk.store) == before


def test_a_no_show_in_the_evening_of_the_visit_day_still_holds(desk: Desk) -> None:
    """At 20:00 in the clinic the next day has begun in UTC."""
    desk.bring(row())
    desk.later(days=7, hours=10)

    brought = desk.bring(row(status=VisitStatus.NO_SHOW, start=VISIT + timedelta(days=14)))

    assert effects(brought) == [(Effect.HELD, Reason.NO_SHOW)]


@pytest.mark.parametrize(
    ("newer", "reason"),
    [
        (row(status=VisitStatus.DISCHARGED), Reason.DISCHARGED),
        (row(person={"deceased": True}), Reason.DECEASED),
    ],
    ids=["discharged", "deceased"],
)
def test_discharge_and_death_end_everything(desk: Desk, newer, reason: Reason) -> None:
    desk.prepare("home-exercises")
    desk.bring(row())
    desk.bring(row(), series="home-exercises")

    brought = desk.bring(newer)

    assert effects(brought) == [(Effect.ENDED, reason)]
    assert [(each.status, each.reason) for each in desk.enrollments()] == [
        (EnrollmentStatus.ENDED, reason)
    ] * 2
    assert desk.states() == [(State.CANCELED, reason)] * len(DAYS)


def test_an_old_list_after_the_discharge_enrolls_nobody_again(desk: Desk) -> None:
    desk.bring(row())
    moved = VISIT + timedelta(days=1)
    desk.bring(row(start=moved))
    desk.bring(row(status=VisitStatus.DISCHARGED))

    for start in (VISIT, moved):
        assert effects(desk.bring(row(start=start))) == [(Effect.NOT_ENROLLED, Reason.DISCHARGED)]
    assert len(desk.enrollments()) == 1


def test_a_new_course_after_the_discharge_is_a_new_enrollment(desk: Desk) -> None:
    desk.bring(row())
    desk.bring(row(status=VisitStatus.DISCHARGED))

    brought = desk.bring(row(start=VISIT + timedelta(days=90)))

    assert effects(brought) == [(Effect.ENROLLED, None)]
    assert len(desk.enrollments()) == 2


def test_a_no_to_email_holds_and_a_later_yes_goes_on(desk: Desk) -> None:
    desk.bring(row())

    held = desk.bring(row(denied=True, consent=None))

    assert effects(held) == [(Effect.HELD, Reason.NO_CONSENT)]
    assert desk.states() == [(State.HELD, Reason.NO_CONSENT)] * len(DAYS)

    assert effects(desk.bring(row())) == [(Effect.RELEASED, None)]
    assert desk.states() == PLANNED


def test_a_no_holds_every_series_and_not_only_the_one_at_hand(desk: Desk) -> None:
    desk.prepare("home-exercises")
    desk.bring(row())
    desk.bring(row(), series="home-exercises")

    desk.bring(row(denied=True, consent=None), series="home-exercises")

    assert {each.reason for each in desk.enrollments()} == {Reason.NO_CONSENT}


def test_a_visit_of_another_series_does_not_move_this_one(desk: Desk) -> None:
    desk.prepare("home-exercises")
    desk.bring(row())
    days = desk.days()

    desk.bring(row(start=VISIT + timedelta(days=30)), series="home-exercises")

    first, second = desk.enrollments()
    assert (first.start, second.start) == (VISIT, VISIT + timedelta(days=30))
    with desk.store.read() as tx:
        assert desk.days()[0] == days[0] + timedelta(days=30)
        assert patients.count_patients(tx) == 1


def test_treatment_on_hold_waits_until_a_newer_list_says_otherwise(desk: Desk) -> None:
    desk.bring(row())

    assert effects(desk.bring(row(status=VisitStatus.ON_HOLD))) == [(Effect.HELD, Reason.PAUSED)]
    assert effects(desk.bring(row(status=VisitStatus.ARRIVED))) == [(Effect.RELEASED, None)]
    assert desk.states() == PLANNED


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row(denied=True, consent=None), Ineligible.NO_CONSENT),
        (row(consent=None), Ineligible.NO_CONSENT),
        (row(consent=ground(basis=Basis.MARKETING)), Ineligible.NO_CONSENT),
        (row(consent=ground(expires_on=VISIT - timedelta(days=30))), Ineligible.NO_CONSENT),
        (row(person={"minor": True}), Ineligible.MINOR),
        (row(person={"phone_instead": True}), Ineligible.PHONE_INSTEAD),
        (row(person={"email": None}), Ineligible.NO_ADDRESS),
        (row(status=VisitStatus.CANCELED), Reason.CANCELED_VISIT),
        (row(status=VisitStatus.DISCHARGED), Reason.DISCHARGED),
        (row(start=None), Ineligible.NO_VISIT),
    ],
    ids=["denied", "no ground", "marketing", "expired", "minor", "phone", "no address", "canceled",
         "discharged", "no visit"],
)  # fmt: skip
def test_nobody_is_enrolled_who_may_not_be_mailed_and_the_list_says_why(desk: Desk, bad, reason) -> None:
    brought = desk.bring(bad)

    assert effects(brought) == [(Effect.NOT_ENROLLED, reason)]
    assert desk.enrollments() == ()


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        ({"phone_instead": True}, Reason.PHONE_INSTEAD),
        ({"minor": True}, Reason.MINOR),
        ({"email": None}, Reason.NO_ADDRESS),
    ],
    ids=["phone instead", "minor", "no address"],
)
def test_what_a_newer_list_says_against_mailing_holds_and_its_end_goes_on(desk: Desk, person, reason) -> None:
    desk.bring(row())

    assert effects(desk.bring(row(person=person))) == [(Effect.HELD, reason)]
    assert desk.states() == [(State.HELD, reason)] * len(DAYS)
    assert effects(desk.bring(row(person=person))) == [(Effect.UNCHANGED, None)]

    assert effects(desk.bring(row())) == [(Effect.RELEASED, None)]
    assert desk.states() == PLANNED


def test_a_consent_of_the_wrong_kind_releases_nobody(desk: Desk) -> None:
    desk.bring(row(consent=ground(expires_on=VISIT)))
    desk.bring(row(denied=True, consent=None))
    desk.later(days=8)

    assert effects(desk.bring(row(consent=None))) == [(Effect.UNCHANGED, None)]
    only_marketing = row(consent=ground(basis=Basis.MARKETING))
    assert effects(desk.bring(only_marketing)) == [(Effect.UNCHANGED, None)]
    assert desk.enrollment().reason is Reason.NO_CONSENT


def test_the_language_counts_not_the_country(desk: Desk) -> None:
    assert effects(desk.bring(row(person={"language": "en-GB"}))) == [(Effect.ENROLLED, None)]


def test_a_marketing_permission_carries_a_marketing_series_only(desk: Desk) -> None:
    offer = replace(desk.offer(), purpose="marketing")

    assert effects(desk.bring(row(1), offer=offer)) == [(Effect.NOT_ENROLLED, Ineligible.NO_CONSENT)]
    allowed = row(2, consent=ground(basis=Basis.MARKETING))
    assert effects(desk.bring(allowed, offer=offer)) == [(Effect.ENROLLED, None)]


def test_an_import_never_lifts_an_unsubscribe(desk: Desk) -> None:
    desk.bring(row())
    with desk.store.begin() as tx:
        stopping.stop_all(tx, desk_delivery(desk), source="one_click", now=desk.now)

    same, moved, elsewhere = (
        row(),
        row(start=VISIT + timedelta(days=90)),
        row(person={"email": "new@example.org"}, start=VISIT + timedelta(days=200)),
    )

    assert effects(desk.bring(same)) == [(Effect.NOT_ENROLLED, Ineligible.SUPPRESSED)]
    assert effects(desk.bring(moved)) == [(Effect.NOT_ENROLLED, Ineligible.SUPPRESSED)]
    assert effects(desk.bring(elsewhere)) == [(Effect.NOT_ENROLLED, Reason.UNSUBSCRIBED)]
    with desk.store.read() as tx:
        assert suppression.is_suppressed(tx, "PERSON1@example.org")
    assert desk.states() == [(State.CANCELED, Reason.UNSUBSCRIBED)] * len(DAYS)


def test_a_new_patient_with_an_unsubscribed_address_is_not_enrolled(desk: Desk) -> None:
    with desk.store.begin() as tx:
        suppression.suppress(tx, "Person1@Example.org", reason="unsubscribed", source="page", now=desk.now)

    assert effects(desk.bring(row(1))) == [(Effect.NOT_ENROLLED, Ineligible.SUPPRESSED)]


def test_a_series_that_the_patient_stopped_stays_stopped_whatever_the_date(desk: Desk) -> None:
    desk.prepare("home-exercises")
    desk.bring(row())
    with desk.store.begin() as tx:
        stopping.stop_series(tx, desk_delivery(desk), now=desk.now)

    for start in (VISIT, VISIT + timedelta(days=7)):
        assert effects(desk.bring(row(start=start))) == [(Effect.NOT_ENROLLED, Reason.STOPPED)]
    assert effects(desk.bring(row(), series="home-exercises")) == [(Effect.ENROLLED, None)]


def test_the_way_back_is_the_patients_own_later_word_and_no_list(desk: Desk) -> None:
    desk.bring(row())
    with desk.store.begin() as tx:
        stopping.stop_series(tx, desk_delivery(desk), now=desk.now)
    desk.later(hours=1)
    again = row(start=VISIT + timedelta(days=30), consent=ground(wording="intake-2", given_at=desk.now))
    assert effects(desk.bring(again)) == [(Effect.NOT_ENROLLED, Reason.STOPPED)], "a list's consent is none"

    with desk.store.begin() as tx:
        word = ground(source="staff:ana", wording="by phone", given_at=desk.now)
        patients.add_consents(tx, [(desk.enrollment().patient_id, word)], now=desk.now)

    assert effects(desk.bring(again)) == [(Effect.ENROLLED, None)]


def test_a_wrong_persons_address_waits_for_another_one(desk: Desk) -> None:
    desk.bring(row())
    with desk.store.begin() as tx:
        stopping.not_me(tx, desk_delivery(desk), now=desk.now)

    desk.bring(row(status=VisitStatus.CANCELED))
    desk.bring(row(start=VISIT + timedelta(days=7)))
    assert desk.enrollment().reason is Reason.WRONG_PERSON, "a new date does not correct an address"
    assert {state for state, _ in desk.states()} == {State.HELD}

    corrected = row(start=VISIT + timedelta(days=7), person={"email": "right@example.org"})
    assert effects(desk.bring(corrected)) == [(Effect.RELEASED, None)]
    assert desk.states() == PLANNED


def test_families_share_an_address_and_stay_two_people(desk: Desk) -> None:
    shared = {"email": "family@example.org"}

    brought = desk.bring(row(1, person=shared), row(2, person=shared))

    assert effects(brought) == [(Effect.ENROLLED, None)] * 2
    with desk.store.read() as tx:
        assert len(patients.find_by_address(tx, "FAMILY@example.org")) == 2


def test_the_same_patient_twice_in_one_list_is_enrolled_once(desk: Desk) -> None:
    desk.bring(row(), row(start=VISIT + timedelta(days=1)))

    assert [each.start for each in desk.enrollments()] == [VISIT + timedelta(days=1)], "the later row counts"


def test_without_a_series_patients_are_kept_and_nobody_is_enrolled(desk: Desk) -> None:
    brought = desk.bring(row(), series=None)

    assert effects(brought) == [(Effect.BROUGHT, None)]
    assert desk.enrollments() == ()


def test_without_a_series_a_newer_list_still_holds_what_runs(desk: Desk) -> None:
    desk.bring(row())

    assert effects(desk.bring(row(status=VisitStatus.CANCELED), series=None)) == [
        (Effect.HELD, Reason.CANCELED_VISIT)
    ]


def test_a_pause_asked_for_outlives_a_canceled_and_rebooked_visit(desk: Desk) -> None:
    from pipeline.actions import preferences

    desk.bring(row())
    with desk.store.begin() as tx:
        until = VISIT + timedelta(days=30)
        preferences.pause(tx, desk.enrollment(), desk.dating(), until=until)
    desk.bring(row(status=VisitStatus.CANCELED))

    desk.bring(row(start=VISIT + timedelta(days=7)))

    assert (desk.enrollment().status, desk.enrollment().paused_until) == (EnrollmentStatus.PAUSED, until)
    assert {state for state, _ in desk.states()} == {State.HELD}


def test_every_change_of_an_import_stands_in_the_audit_trail(desk: Desk) -> None:
    desk.bring(row(1), row(2), row(3))
    desk.bring(
        row(1, start=VISIT + timedelta(days=1)),
        row(2, status=VisitStatus.CANCELED),
        row(3, status=VisitStatus.DISCHARGED),
    )
    desk.bring(row(2, start=VISIT + timedelta(days=1)))

    assert desk.deeds() == [
        "enroll", "enroll", "enroll", "move", "hold:canceled_visit", "end:discharged", "release",
    ]  # fmt: skip
    assert {entry.actor for entry in desk.trail()} == {"staff:ana"}
    written = " ".join(f"{entry.subject} {entry.detail}" for entry in desk.trail())
    assert "example.org" not in written
    assert "Given" not in written


def desk_delivery(desk: Desk):
    return desk.deliveries()[0]
