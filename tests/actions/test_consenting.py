"""Consent: what runs out is left out, what is given again goes on, and only the patient lifts a stop."""

from datetime import timedelta

import pytest

from pipeline.actions import stopping
from pipeline.actions.consenting import Given, give_consent
from pipeline.actions.effects import Effect
from pipeline.delivery.states import Reason, State
from pipeline.errors import NotAllowedError
from pipeline.patients.eligibility import Ineligible
from pipeline.patients.model import Basis, Consent
from pipeline.store import patients, suppression
from pipeline.store.enrollments import EnrollmentStatus
from pipeline.store.steps import Mark, mark
from tests.actions.desk import VISIT, Desk, ground, row
from tests.actions.dump import dump


def effects(brought) -> list[tuple[Effect, str | None]]:
    return [(result.effect, result.reason) for result in brought.results]


def give(desk: Desk, number: int = 1, **fields: object) -> Given:
    with desk.store.begin() as tx:
        patient = patients.find_by_record(tx, f"R-{number:04}")
        word = ground(**{"source": "staff:ana", "wording": "by phone", "given_at": desk.now, **fields})
        return give_consent(tx, patient, word, desk.dating())


def leave_out(
    desk: Desk, part: int, state: State = State.SKIPPED, reason: Reason = Reason.NO_CONSENT
) -> None:
    """What the dispatcher does with a part whose patient may not be mailed on its day."""
    delivery = desk.deliveries()[part - 1]
    with desk.store.begin() as tx:
        marks = [Mark(delivery=delivery.id, state=state, reason=reason)]
        mark(tx, marks, before=State.PLANNED, owner=None, actor="test", now=desk.now)


def unsubscribe(desk: Desk, number: int = 1) -> None:
    with desk.store.begin() as tx:
        stopping.stop_all(tx, desk.deliveries(number)[0], source="one_click", now=desk.now)
    desk.later(hours=1)


@pytest.mark.parametrize("state", [State.SKIPPED, State.HELD])
@pytest.mark.parametrize("reason", [Reason.NO_CONSENT, Reason.NO_ADDRESS])
def test_a_later_list_that_brings_what_was_missing_releases_the_parts(
    desk: Desk, state: State, reason: Reason
) -> None:
    desk.bring(row())
    before = desk.days()
    leave_out(desk, 1, state, reason)

    renewed = row(consent=ground(wording="intake-2"))
    assert effects(desk.bring(renewed)) == [(Effect.RELEASED, None)]

    assert desk.days() == before
    again = dump(desk.store)
    assert effects(desk.bring(renewed)) == [(Effect.UNCHANGED, None)]
    assert dump(desk.store) == again


def test_a_list_with_the_same_old_consent_releases_nothing(desk: Desk) -> None:
    short = row(consent=ground(expires_on=VISIT))
    desk.bring(short)
    desk.later(days=8)
    leave_out(desk, 1)

    assert effects(desk.bring(short)) == [(Effect.UNCHANGED, None)]
    assert desk.states()[0] == (State.SKIPPED, Reason.NO_CONSENT)


def test_what_is_too_late_when_consent_comes_stays_out(desk: Desk) -> None:
    desk.bring(row(consent=ground(expires_on=VISIT)))
    desk.later(days=17)
    leave_out(desk, 1)

    desk.bring(row(consent=ground(wording="intake-2")))

    assert desk.states()[0] == (State.SKIPPED, Reason.EXPIRED)


def test_a_recorded_word_releases_what_a_no_held(desk: Desk) -> None:
    desk.bring(row())
    desk.bring(row(denied=True, consent=None))

    done = give(desk)

    assert done == Given(lifted=False, sharing=0, released=(desk.enrollment().id,), stay_ended=())
    assert desk.enrollment().status is EnrollmentStatus.ACTIVE
    assert {state for state, _ in desk.states()} == {State.PLANNED}


def test_a_word_of_the_wrong_kind_releases_nothing(desk: Desk) -> None:
    desk.bring(row(consent=ground(expires_on=VISIT)))
    desk.bring(row(denied=True, consent=None))
    desk.later(days=8)

    assert give(desk, basis=Basis.MARKETING).released == ()
    assert desk.enrollment().reason is Reason.NO_CONSENT


def test_the_way_back_lifts_this_address_and_nothing_begins_by_itself(desk: Desk) -> None:
    desk.bring(row(1), row(2))
    unsubscribe(desk, 1)
    unsubscribe(desk, 2)
    assert effects(desk.bring(row(1))) == [(Effect.NOT_ENROLLED, Ineligible.SUPPRESSED)]

    done = give(desk, 1)

    assert (done.lifted, done.released, done.stay_ended) == (True, (), (desk.enrollment(1).id,))
    with desk.store.read() as tx:
        assert not suppression.is_suppressed(tx, "person1@example.org")
        assert suppression.is_suppressed(tx, "person2@example.org")
        (entry,) = suppression.suppressions_of(tx, "person1@example.org")
    assert entry.lifted_source == "staff:ana"
    assert {state for state, _ in desk.states(1)} == {State.CANCELED}
    again = row(1, start=VISIT + timedelta(days=30))
    assert effects(desk.bring(again)) == [(Effect.ENROLLED, None)]


def test_who_shares_the_address_still_needs_a_word_of_their_own(desk: Desk) -> None:
    shared = {"email": "family@example.org"}
    desk.bring(row(1, person=shared), row(2, person=shared))
    unsubscribe(desk)

    assert give(desk, 1).sharing == 1

    later = VISIT + timedelta(days=30)
    brought = desk.bring(row(1, person=shared, start=later), row(2, person=shared, start=later))
    assert effects(brought) == [(Effect.ENROLLED, None), (Effect.NOT_ENROLLED, Reason.UNSUBSCRIBED)]


def test_everything_of_a_consent_is_kept_and_written_down(desk: Desk) -> None:
    desk.bring(row())
    until = VISIT + timedelta(days=365)

    give(desk, expires_on=until)

    with desk.store.read() as tx:
        patient = patients.find_by_record(tx, "R-0001")
        newest = patients.consents_of(tx, [patient])[patient][-1]
    assert newest == Consent(
        basis=Basis.CONSENT, wording="by phone", source="staff:ana", given_at=desk.now, expires_on=until
    )
    entry = desk.trail()[-1]
    assert (entry.actor, entry.action, entry.subject) == ("staff:ana", "consent", f"patient:{patient}")
    assert entry.detail["expires_on"] == until.isoformat()


def test_a_consent_of_somebody_who_is_not_there_is_refused(desk: Desk) -> None:
    with desk.store.begin() as tx, pytest.raises(NotAllowedError):
        give_consent(tx, 4711, ground(), desk.dating())
