"""What is unknown goes once more, the same batch byte for byte, only where the provider knows its key."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.delivery.states import Reason, State
from pipeline.engine.dispatch import Dispatcher
from pipeline.rendering.edition import to_bytes
from pipeline.store.batches import load_batch
from pipeline.store.editions import save_edition
from pipeline.store.enrollments import use_edition
from pipeline.store.ledger import resolve
from pipeline.store.patients import save_patients
from pipeline.store.schema import deliveries
from pipeline.store.steps import Mark
from tests.engine.recorder import HERE, Recorder
from tests.engine.remembering import REMEMBERS, Ends, KilledError, Remembering
from tests.engine.sample import NOW, Clinic, edition, person
from tests.engine.test_dispatch import (
    end_the_approval,
    end_the_enrollment,
    pause_the_enrollment,
    prefer_the_phone,
    stop_everything,
    stop_the_series,
    suppress_the_address,
)

KEY_EACH = pytest.mark.parametrize("key_each", [True, False], ids=["a key each", "a key per call"])
#: Longer than any wait of the breaker and between two tries, and still the same day.
LATER = timedelta(minutes=40)


def api(clinic: Clinic, *ends: Ends, **how: object) -> Remembering:
    return Remembering(*ends, clock=clinic.clock, **how)


def pass_time(clinic: Clinic, span: timedelta = LATER) -> None:
    clinic.clock.moment += span


def tick(clinic: Clinic, dispatcher: Dispatcher):
    return dispatcher.tick(clinic.clock.moment)


def states(clinic: Clinic) -> list[State]:
    return [state for state, _ in clinic.states()]


@KEY_EACH
@pytest.mark.parametrize("first", [Ends.LOST_AFTER, Ends.LOST_BEFORE])
def test_an_unknown_batch_goes_once_more_and_arrives_once(clinic: Clinic, first: Ends, key_each) -> None:
    clinic.enroll(5)
    provider = api(clinic, first, key_each=key_each)
    dispatcher = clinic.dispatcher(provider)
    assert tick(clinic, dispatcher).unknown == 5
    pass_time(clinic)

    report = tick(clinic, dispatcher)

    assert (report.resent, report.accepted) == (5, 5)
    assert states(clinic) == [State.ACCEPTED] * 5
    assert provider.calls[0] == provider.calls[1], "the same members in the same order"
    assert sorted(provider.taken) == sorted(row.key for row in clinic.rows())


@KEY_EACH
def test_another_process_makes_the_same_bytes(clinic: Clinic, key_each) -> None:
    """Killed in the middle of sending; its heir has its own random numbers and a later clock."""
    clinic.enroll(5)
    provider = api(clinic, Ends.KILLED, key_each=key_each)
    with pytest.raises(KilledError):
        tick(clinic, clinic.dispatcher(provider, seed=1))
    pass_time(clinic)

    heir = clinic.dispatcher(provider, seed=2)
    tick(clinic, heir)
    pass_time(clinic)
    tick(clinic, heir)

    assert states(clinic) == [State.ACCEPTED] * 5
    assert sorted(provider.taken) == sorted(row.key for row in clinic.rows())


@KEY_EACH
def test_killed_between_the_resend_and_its_record_it_is_the_same_batch_again(clinic, key_each) -> None:
    clinic.enroll(4)
    provider = api(clinic, Ends.LOST_BEFORE, Ends.KILLED, key_each=key_each)
    tick(clinic, clinic.dispatcher(provider))
    pass_time(clinic)
    with pytest.raises(KilledError):
        tick(clinic, clinic.dispatcher(provider))
    assert states(clinic) == [State.SENDING] * 4
    batch = clinic.rows()[0].batch_id
    for _ in range(2):
        pass_time(clinic)
        tick(clinic, clinic.dispatcher(provider))

    assert states(clinic) == [State.ACCEPTED] * 4
    assert {row.batch_id for row in clinic.rows()} == {batch}
    assert len(set(provider.calls)) == 1
    assert sorted(provider.taken) == sorted(row.key for row in clinic.rows())


def test_without_a_promise_of_the_provider_nothing_goes_again(clinic: Clinic) -> None:
    clinic.enroll(2)
    provider = api(clinic, Ends.LOST_BEFORE)
    provider.capabilities = replace(provider.capabilities, idempotency=None)
    dispatcher = clinic.dispatcher(provider)
    tick(clinic, dispatcher)
    pass_time(clinic)

    assert tick(clinic, dispatcher).idle
    assert states(clinic) == [State.UNKNOWN] * 2


def test_once_the_provider_may_have_forgotten_nothing_goes_again(clinic: Clinic) -> None:
    clinic.enroll(2)
    provider = api(clinic, Ends.LOST_AFTER)
    dispatcher = clinic.dispatcher(provider)
    tick(clinic, dispatcher)
    pass_time(clinic, REMEMBERS - timedelta(minutes=30))

    tick(clinic, dispatcher)

    assert len(provider.calls) == 1
    assert states(clinic) == [State.UNKNOWN] * 2


def test_a_batch_from_the_future_is_of_no_known_age(clinic: Clinic) -> None:
    """The clock was set back after the first attempt."""
    clinic.enroll(1)
    provider = api(clinic, Ends.LOST_AFTER)
    dispatcher = clinic.dispatcher(provider)
    tick(clinic, dispatcher)
    pass_time(clinic, -timedelta(minutes=30))

    tick(clinic, dispatcher)

    assert len(provider.calls) == 1


def test_another_provider_does_not_send_it(clinic: Clinic) -> None:
    clinic.enroll(1)
    tick(clinic, clinic.dispatcher(api(clinic, Ends.LOST_AFTER)))
    pass_time(clinic)
    other = Recorder(replace(HERE, idempotency=REMEMBERS, key_each=True))

    tick(clinic, clinic.dispatcher(other))

    assert other.calls == []


def correct_the_address(clinic: Clinic) -> None:
    with clinic.store.begin() as tx:
        save_patients(tx, [replace(person(0), email="corrected@example.org")], now=NOW)


def correct_the_name(clinic: Clinic) -> None:
    with clinic.store.begin() as tx:
        save_patients(tx, [replace(person(0), given="Another")], now=NOW)


def change_the_edition(clinic: Clinic) -> None:
    other = edition(words=30)
    with clinic.store.begin() as tx:
        save_edition(tx, other, to_bytes(other), now=NOW)
        use_edition(tx, clinic.rows()[0].enrollment_id, other.sha256, now=NOW)


def forget_a_member(clinic: Clinic) -> None:
    with clinic.store.begin() as tx:
        tx.connection.execute(deliveries.delete().where(deliveries.c.id == clinic.rows()[0].id))


CHANGES = [
    suppress_the_address, end_the_enrollment, pause_the_enrollment, prefer_the_phone, end_the_approval,
    stop_everything, stop_the_series, correct_the_address, correct_the_name, change_the_edition,
]  # fmt: skip


@KEY_EACH
@pytest.mark.parametrize("change", CHANGES)
def test_if_one_member_may_not_go_or_is_another_message_now_all_stay_unknown(
    clinic: Clinic, change: Callable[[Clinic], None], key_each
) -> None:
    clinic.enroll(3)
    provider = api(clinic, Ends.LOST_BEFORE, key_each=key_each)
    dispatcher = clinic.dispatcher(provider)
    tick(clinic, dispatcher)
    change(clinic)
    pass_time(clinic)

    tick(clinic, dispatcher)

    assert len(provider.calls) == 1
    assert states(clinic) == [State.UNKNOWN] * 3


def test_a_batch_whose_member_was_erased_never_goes_again_under_one_key(clinic: Clinic) -> None:
    clinic.enroll(3)
    provider = api(clinic, Ends.LOST_AFTER, key_each=False)
    dispatcher = clinic.dispatcher(provider)
    tick(clinic, dispatcher)
    forget_a_member(clinic)
    pass_time(clinic)

    tick(clinic, dispatcher)

    assert len(provider.calls) == 1


@KEY_EACH
def test_what_a_person_settled_meanwhile_is_not_sent_again(clinic: Clinic, key_each) -> None:
    clinic.enroll(3)
    provider = api(clinic, Ends.LOST_AFTER, key_each=key_each)
    dispatcher = clinic.dispatcher(provider)
    tick(clinic, dispatcher)
    first = clinic.rows()[0]
    with clinic.store.begin() as tx:
        resolve(tx, [Mark(delivery=first.id, state=State.ACCEPTED)], actor="staff", now=clinic.clock.moment)
    pass_time(clinic)

    tick(clinic, dispatcher)

    again = provider.calls[1:]
    assert again == ([(clinic.rows()[1].key, clinic.rows()[2].key)] if key_each else [])
    assert len(provider.taken) == len(set(provider.taken)) == 3


@KEY_EACH
def test_after_doubt_in_the_middle_only_a_key_for_each_message_lets_one_go_alone(clinic, key_each) -> None:
    """The third, which was never tried, goes in a batch of its own either way."""
    clinic.enroll(3)
    provider = api(clinic, Ends.IN_THE_MIDDLE, key_each=key_each)
    dispatcher = clinic.dispatcher(provider)
    tick(clinic, dispatcher)
    assert states(clinic) == [State.ACCEPTED, State.UNKNOWN, State.PLANNED]
    for _ in range(3):
        pass_time(clinic)
        tick(clinic, dispatcher)

    second = State.ACCEPTED if key_each else State.UNKNOWN
    assert states(clinic) == [State.ACCEPTED, second, State.ACCEPTED]
    assert len(provider.taken) == len(set(provider.taken)) == 3


@pytest.mark.parametrize("second", [Ends.BUSY, Ends.LOST_BEFORE])
def test_a_second_attempt_that_fails_says_nothing_of_the_first(clinic: Clinic, second: Ends) -> None:
    """Not even a proof that nothing was accepted this time makes it planned."""
    clinic.enroll(2)
    provider = api(clinic, Ends.LOST_AFTER, second)
    dispatcher = clinic.dispatcher(provider)
    tick(clinic, dispatcher)
    pass_time(clinic)

    report = tick(clinic, dispatcher)

    assert (report.resent, report.unknown) == (2, 2)
    assert clinic.states() == [(State.UNKNOWN, Reason.NO_ANSWER)] * 2
    pass_time(clinic)
    assert tick(clinic, dispatcher).accepted == 2
    assert len(provider.taken) == 2


def test_a_refusal_of_the_second_attempt_is_an_answer(clinic: Clinic) -> None:
    clinic.enroll(2)
    dispatcher = clinic.dispatcher(api(clinic, Ends.LOST_BEFORE, Ends.REFUSED))
    tick(clinic, dispatcher)
    pass_time(clinic)

    assert tick(clinic, dispatcher).refused == 2


def test_tries_come_further_and_further_apart(clinic: Clinic) -> None:
    clinic.enroll(1)
    provider = api(clinic, *[Ends.LOST_BEFORE] * 50)
    dispatcher = clinic.dispatcher(provider)
    for _ in range(60):
        tick(clinic, dispatcher)
        pass_time(clinic, timedelta(minutes=1))

    assert 4 <= len(provider.calls) <= 12, "an hour of minutes"
    with clinic.store.read() as tx:
        batch = load_batch(tx, clinic.rows()[0].batch_id)
    assert batch.resends == len(provider.calls) - 1


def test_two_dispatchers_never_send_the_same_batch_at_once(clinic: Clinic) -> None:
    clinic.enroll(3)
    provider = api(clinic, Ends.LOST_AFTER)
    tick(clinic, clinic.dispatcher(provider))
    pass_time(clinic)
    first, second = clinic.dispatcher(provider), clinic.dispatcher(provider)
    seen: list[int] = []

    def meanwhile(*given: object):
        seen.append(second.tick(clinic.clock.moment).resent)
        return send(*given)

    send, provider.send = provider.send, meanwhile
    report = tick(clinic, first)

    assert (report.resent, seen) == (3, [0])
    assert len(provider.calls) == 2


def test_when_both_have_looked_at_it_one_of_them_leaves_it(clinic: Clinic) -> None:
    clinic.enroll(3)
    provider = api(clinic, Ends.LOST_AFTER)
    tick(clinic, clinic.dispatcher(provider))
    pass_time(clinic)
    first, second = clinic.dispatcher(provider), clinic.dispatcher(provider)
    look = first._resender._look

    def look_and_let_the_other_go(*given: object):
        whole = look(*given)
        assert second.tick(clinic.clock.moment).resent == 3
        return whole

    first._resender._look = look_and_let_the_other_go
    assert tick(clinic, first).resent == 0
    assert len(provider.calls) == 2


def test_an_unsubscribe_between_the_look_and_the_commit_wins(clinic: Clinic) -> None:
    clinic.enroll(3)
    provider = api(clinic, Ends.LOST_BEFORE)
    dispatcher = clinic.dispatcher(provider)
    tick(clinic, dispatcher)
    pass_time(clinic)
    look = dispatcher._resender._look

    def look_and_unsubscribe(*given: object):
        whole = look(*given)
        suppress_the_address(clinic)
        return whole

    dispatcher._resender._look = look_and_unsubscribe
    tick(clinic, dispatcher)

    assert len(provider.calls) == 1
    assert states(clinic) == [State.UNKNOWN] * 3


def test_the_life_of_a_resent_delivery_is_written_down(clinic: Clinic) -> None:
    clinic.enroll(1)
    dispatcher = clinic.dispatcher(api(clinic, Ends.LOST_AFTER))
    tick(clinic, dispatcher)
    pass_time(clinic)
    tick(clinic, dispatcher)

    mine = clinic.rows()[0].id
    life = [row.state for row in clinic.history() if row.delivery_id == mine]
    assert life == ["planned", "claimed", "sending", "unknown", "sending", "accepted"]
    assert clinic.rows()[0].attempts == 1, "it is one attempt, made twice"


def test_a_later_part_keeps_its_distance_from_a_resent_one(clinic: Clinic) -> None:
    clinic.enroll(1)
    provider = api(clinic, Ends.LOST_AFTER)
    dispatcher = clinic.dispatcher(provider)
    tick(clinic, dispatcher)
    pass_time(clinic)
    tick(clinic, dispatcher)

    row = clinic.rows()[0]
    assert row.sending_at == clinic.clock.moment
    assert row.sent_edition == clinic.edition.sha256
