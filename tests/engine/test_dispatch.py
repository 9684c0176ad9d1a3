"""The dispatcher on real databases and real loopback HTTP: the promises of DESIGN 8 within one process."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from pipeline.delivery.retry import RetryRules
from pipeline.delivery.states import Reason, State
from pipeline.demo.accepted import taken_twice
from pipeline.demo.faults import Call, Fault, in_turn
from pipeline.engine.dispatch import Dispatcher
from pipeline.errors import KeyringError
from pipeline.keys import Keyring
from pipeline.rendering.edition import sealed, to_bytes
from pipeline.store.batches import load_batch, payload_hash
from pipeline.store.database import Store
from pipeline.store.editions import save_edition
from pipeline.store.enrollments import EnrollmentStatus, set_status, use_edition
from pipeline.store.marks import halt, lift_halt
from pipeline.store.patients import save_patients
from pipeline.store.planning import cancel
from pipeline.store.schema import deliveries, editions, enrollments, patients
from pipeline.store.suppression import is_suppressed, lift, suppress
from tests.engine.recorder import HERE, Recorder
from tests.engine.sample import NOW, SEND_TIME, SERIES, TODAY, Clinic, edition, person


def while_composing(dispatcher: Dispatcher, act: Callable[[], None]) -> None:
    """Let ``act`` happen once, between the claim and the commit of ``sending``: links are made there."""
    wiring = dispatcher._desk._with
    made = wiring.links
    waiting = [act]

    def links(delivery: int):
        if waiting:
            waiting.pop()()
        return made(delivery)

    dispatcher._desk._with = replace(wiring, links=links)


def test_what_is_due_goes_and_the_rest_stays_planned(clinic: Clinic) -> None:
    clinic.enroll(3)
    provider = Recorder()

    report = clinic.dispatcher(provider).tick(NOW)

    assert (report.claimed, report.sent, report.accepted) == (3, 3, 3)
    assert clinic.states() == [(State.ACCEPTED, None)] * 3
    assert [state for state, _ in clinic.states(part=2)] == [State.PLANNED] * 3
    assert [row.provider_id for row in clinic.rows()] == [f"id-{key}" for key in provider.keys]


def test_nothing_goes_before_its_minute(clinic: Clinic) -> None:
    clinic.enroll(1)
    provider = Recorder()
    dispatcher = clinic.dispatcher(provider)

    assert dispatcher.tick(SEND_TIME - timedelta(minutes=1)).idle
    assert provider.calls == []
    clinic.clock.moment = SEND_TIME
    assert dispatcher.tick(SEND_TIME).accepted == 1


def test_a_second_tick_sends_nothing_again(clinic: Clinic) -> None:
    clinic.enroll(3)
    provider = Recorder()
    dispatcher = clinic.dispatcher(provider)

    dispatcher.tick(NOW)

    assert dispatcher.tick(NOW).idle
    assert len(provider.keys) == len(set(provider.keys)) == 3


def test_more_than_a_batch_goes_in_several_calls(clinic: Clinic) -> None:
    clinic.enroll(7)
    provider = Recorder(replace(HERE, max_batch=3))

    report = clinic.dispatcher(provider).tick(NOW)

    assert [len(call) for call in provider.calls] == [3, 3, 1]
    assert report.accepted == 7


def test_sending_is_in_the_ledger_before_the_first_byte_leaves(clinic: Clinic) -> None:
    clinic.enroll(2)
    seen = []
    provider = Recorder(during=lambda: seen.extend(clinic.rows()))

    clinic.dispatcher(provider).tick(NOW)

    assert [row.state for row in seen] == [State.SENDING] * 2
    with clinic.store.read() as tx:
        batch = load_batch(tx, seen[0].batch_id)
    assert batch is not None
    assert [member.delivery for member in batch.members] == [row.id for row in seen]
    assert batch.payload_hash == payload_hash(batch.members)
    assert batch.finished_at is not None


def test_the_message_is_for_the_patient_and_carries_its_key(clinic: Clinic) -> None:
    clinic.enroll(1)
    provider = Recorder()

    clinic.dispatcher(provider).tick(NOW)

    ((message,),) = provider.calls
    assert message.to == person(0).email
    assert f"Hello {person(0).given}," in message.html
    assert dict(message.headers)["X-Delivery-Key"] == message.key == clinic.rows()[0].key
    assert "Trial" in message.html


def stop_everything(clinic: Clinic) -> None:
    with clinic.store.begin() as tx:
        halt(tx, None, now=NOW)


def stop_the_series(clinic: Clinic) -> None:
    with clinic.store.begin() as tx:
        halt(tx, SERIES, now=NOW)


def suppress_the_address(clinic: Clinic) -> None:
    with clinic.store.begin() as tx:
        suppress(tx, str(person(0).email), reason="unsubscribed", source="one_click", now=NOW)


def end_the_enrollment(clinic: Clinic) -> None:
    with clinic.store.begin() as tx:
        ids = list(tx.connection.scalars(select(enrollments.c.id)))
        set_status(tx, ids, EnrollmentStatus.ENDED, reason=Reason.DISCHARGED, now=NOW)


def pause_the_enrollment(clinic: Clinic) -> None:
    with clinic.store.begin() as tx:
        ids = list(tx.connection.scalars(select(enrollments.c.id)))
        set_status(tx, ids, EnrollmentStatus.PAUSED, now=NOW)


def cancel_the_parts(clinic: Clinic) -> None:
    with clinic.store.begin() as tx:
        ids = list(tx.connection.scalars(select(enrollments.c.id)))
        cancel(tx, ids, reason=Reason.UNSUBSCRIBED, actor="patient", now=NOW)


def prefer_the_phone(clinic: Clinic) -> None:
    with clinic.store.begin() as tx:
        save_patients(tx, [replace(person(0), phone_instead=True)], now=NOW)


def end_the_approval(clinic: Clinic) -> None:
    with clinic.store.begin() as tx:
        clinic.approve(tx, review_by=TODAY - timedelta(days=1))


STOPS = [
    (stop_everything, State.PLANNED),
    (stop_the_series, State.PLANNED),
    (suppress_the_address, State.SKIPPED),
    (end_the_enrollment, State.CANCELED),
    (pause_the_enrollment, State.HELD),
    (cancel_the_parts, State.CANCELED),
    (prefer_the_phone, State.SKIPPED),
    (end_the_approval, State.HELD),
]


@pytest.mark.parametrize(("stop", "state"), STOPS)
def test_what_was_stopped_before_the_tick_does_not_go(
    clinic: Clinic, stop: Callable[[Clinic], None], state: State
) -> None:
    clinic.enroll(1)
    provider = Recorder()
    stop(clinic)

    clinic.dispatcher(provider).tick(NOW)

    assert provider.calls == []
    assert [found for found, _ in clinic.states()] == [state]


@pytest.mark.parametrize(("stop", "state"), STOPS)
def test_what_is_stopped_between_claim_and_send_does_not_go(
    clinic: Clinic, stop: Callable[[Clinic], None], state: State
) -> None:
    clinic.enroll(1)
    provider = Recorder()
    dispatcher = clinic.dispatcher(provider)
    while_composing(dispatcher, lambda: stop(clinic))

    dispatcher.tick(NOW)

    assert provider.calls == []
    assert [found for found, _ in clinic.states()] == [state]


def test_an_unsubscribe_of_one_patient_stops_none_of_the_others(clinic: Clinic) -> None:
    clinic.enroll(3)
    provider = Recorder()
    dispatcher = clinic.dispatcher(provider)
    while_composing(dispatcher, lambda: suppress_the_address(clinic))

    dispatcher.tick(NOW)

    assert [state for state, _ in clinic.states()] == [State.SKIPPED, State.ACCEPTED, State.ACCEPTED]


def test_an_address_that_is_corrected_between_claim_and_send_is_the_one_that_is_used(clinic: Clinic) -> None:
    clinic.enroll(1)
    provider = Recorder()
    dispatcher = clinic.dispatcher(provider)

    def correct() -> None:
        with clinic.store.begin() as tx:
            save_patients(tx, [replace(person(0), email="corrected@example.org")], now=NOW)

    while_composing(dispatcher, correct)
    for _ in range(2):
        dispatcher.tick(NOW)

    assert [message.to for call in provider.calls for message in call] == ["corrected@example.org"]


def test_unsubscribing_the_family_address_stops_everyone_who_shares_it(clinic: Clinic) -> None:
    clinic.enroll(
        [replace(person(0), email="Family@example.org"), replace(person(1), email="family@Example.org")]
    )
    with clinic.store.begin() as tx:
        suppress(tx, "family@example.org", reason="unsubscribed", source="one_click", now=NOW)
    provider = Recorder()

    clinic.dispatcher(provider).tick(NOW)

    assert provider.calls == []


def test_lifting_a_halt_lets_the_same_day_go_on(clinic: Clinic) -> None:
    clinic.enroll(1)
    provider = Recorder()
    dispatcher = clinic.dispatcher(provider)
    stop_everything(clinic)
    assert dispatcher.tick(NOW).stopped_by == Reason.HALTED
    with clinic.store.begin() as tx:
        lift_halt(tx, None)

    assert dispatcher.tick(NOW).accepted == 1


def test_an_edition_that_nobody_approved_is_held(store: Store, keyring: Keyring) -> None:
    clinic = Clinic(store=store, keyring=keyring)
    clinic.prepare(approved=False)
    clinic.enroll(1)
    provider = Recorder()

    clinic.dispatcher(provider).tick(NOW)

    assert provider.calls == []
    assert clinic.states() == [(State.HELD, Reason.NOT_APPROVED)]


def test_an_edition_whose_bytes_were_changed_in_the_database_is_not_sent(clinic: Clinic) -> None:
    clinic.enroll(1)
    forged = to_bytes(edition(words=21))
    with clinic.store.begin() as tx:
        tx.connection.execute(editions.update().values(canonical=forged))
    provider = Recorder()

    clinic.dispatcher(provider).tick(NOW)

    assert provider.calls == []
    assert clinic.states() == [(State.HELD, Reason.NOT_APPROVED)]


def test_a_patient_without_a_recorded_ground_gets_nothing(clinic: Clinic) -> None:
    clinic.enroll(1, consent=False)
    provider = Recorder()

    clinic.dispatcher(provider).tick(NOW)

    assert provider.calls == []
    assert clinic.states() == [(State.SKIPPED, Reason.NO_CONSENT)]


def test_a_part_past_its_expiry_is_skipped_with_its_reason(clinic: Clinic) -> None:
    clinic.enroll(1)
    provider = Recorder()
    later = NOW + timedelta(days=8)
    clinic.clock.moment = later

    clinic.dispatcher(provider).tick(later)

    assert clinic.states() == [(State.SKIPPED, Reason.EXPIRED)]
    assert provider.keys == []


def test_after_a_week_of_downtime_parts_come_one_by_one_and_in_order(clinic: Clinic) -> None:
    clinic.enroll(1)
    provider = Recorder()
    dispatcher = clinic.dispatcher(provider)
    sent_on: dict[str, date] = {}
    start = NOW + timedelta(days=5)
    for hours in range(0, 24 * 14, 3):
        clinic.clock.moment = start + timedelta(hours=hours)
        dispatcher.tick(clinic.clock.moment)
        for key in provider.keys:
            sent_on.setdefault(key, clinic.clock.moment.date())

    days = list(sent_on.values())
    assert sorted(sent_on) == list(sent_on), "in order"
    assert len(days) == 3
    assert all(later - earlier >= timedelta(days=2) for earlier, later in pairwise(days))


def test_mail_of_a_trial_leaves_this_machine_for_the_trial_list_only(clinic: Clinic) -> None:
    clinic.enroll(3)
    provider = Recorder(replace(HERE, leaves_machine=True))

    clinic.dispatcher(provider, trial_list=frozenset({"patient1@example.org"})).tick(NOW)

    assert [message.to for call in provider.calls for message in call] == ["patient1@example.org"]
    skipped = (State.SKIPPED, Reason.NOT_ON_TRIAL_LIST)
    assert clinic.states() == [skipped, (State.ACCEPTED, None), skipped]


def test_a_live_message_has_no_trial_banner(clinic: Clinic) -> None:
    clinic.enroll(1)
    provider = Recorder(replace(HERE, leaves_machine=True))

    clinic.dispatcher(provider, trial=False).tick(NOW)

    assert "Trial" not in provider.calls[0][0].html


def test_a_refused_message_stops_nobody_and_its_address_is_suppressed(
    clinic: Clinic, start_standin, open_provider
) -> None:
    clinic.enroll(4)
    standin = start_standin(in_turn(Fault.FAILED_ITEMS))

    report = clinic.dispatcher(open_provider(standin)).tick(NOW)

    assert (report.accepted, report.refused) == (2, 2)
    assert [state for state, _ in clinic.states()] == [State.REFUSED, State.ACCEPTED] * 2
    with clinic.store.read() as tx:
        assert is_suppressed(tx, str(person(0).email))
        assert not is_suppressed(tx, str(person(1).email))


@pytest.mark.parametrize(
    "fault", [Fault.TOO_MANY, Fault.TOO_MANY_SILENT, Fault.UNAVAILABLE, Fault.UNAUTHORIZED]
)
def test_a_storm_of_deferrals_loses_nothing_repeats_nothing_and_uses_up_no_attempt(
    clinic: Clinic, fault: Fault, start_standin, open_provider
) -> None:
    clinic.enroll(5)
    storm = 12
    standin = start_standin(in_turn(*[fault] * storm))
    dispatcher = clinic.dispatcher(open_provider(standin), retry=RetryRules(max_attempts=3))
    for minute in range(0, 6 * 60, 5):
        clinic.clock.moment = NOW + timedelta(minutes=minute)
        dispatcher.tick(clinic.clock.moment)

    assert clinic.states() == [(State.ACCEPTED, None)] * 5
    assert taken_twice(standin.taken()) == []
    assert {row.attempts for row in clinic.rows()} == {1}


@pytest.mark.parametrize(
    "fault", [Fault.CUT_AFTER, Fault.GARBAGE, Fault.ERROR_AFTER, Fault.WRONG_COUNT, Fault.SLOW]
)
def test_doubt_is_never_resent_and_an_outage_makes_few_unknowns(
    clinic: Clinic, fault: Fault, start_standin, open_provider
) -> None:
    clinic.enroll(40)
    outage = 3
    standin = start_standin(in_turn(*[fault] * outage))
    timeout = 0.3 if fault is Fault.SLOW else 20.0
    dispatcher = clinic.dispatcher(open_provider(standin, timeout_seconds=timeout), batch_size=10)
    for minute in range(0, 60, 2):
        clinic.clock.moment = NOW + timedelta(minutes=minute)
        dispatcher.tick(clinic.clock.moment)

    states = [state for state, _ in clinic.states()]
    assert states.count(State.UNKNOWN) == 10 + (outage - 1), "one batch, then one message per probe"
    assert states.count(State.ACCEPTED) == 40 - states.count(State.UNKNOWN)
    assert taken_twice(standin.taken()) == []
    assert len(standin.taken()) == 40


def test_one_damaged_row_stops_nobody_else(clinic: Clinic) -> None:
    clinic.enroll(3)
    with clinic.store.begin() as tx:
        _, second, _ = sorted(tx.connection.scalars(select(patients.c.id)))
        tx.connection.execute(
            patients.update().where(patients.c.id == second).values(sealed_email=b"\1" + b"x" * 40)
        )
    provider = Recorder()

    clinic.dispatcher(provider).tick(NOW)

    assert [state for state, _ in clinic.states()] == [State.ACCEPTED, State.HELD, State.ACCEPTED]


def test_the_wrong_key_file_harms_no_row(clinic: Clinic, database_url: str) -> None:
    clinic.enroll(2)
    provider = Recorder()
    with Store.open(database_url, Keyring.generate()) as stranger:
        dispatcher = Clinic(store=stranger, keyring=clinic.keyring).dispatcher(provider)
        with pytest.raises(KeyringError):
            dispatcher.tick(NOW)

    assert provider.calls == []
    assert clinic.states() == [(State.PLANNED, None)] * 2


def test_an_address_that_cannot_stand_in_a_header_is_held_and_stops_nobody_else(clinic: Clinic) -> None:
    clinic.enroll([replace(person(0), email='"two words"@example.org'), person(1)])
    provider = Recorder()

    clinic.dispatcher(provider).tick(NOW)

    assert clinic.states() == [(State.HELD, Reason.NO_ADDRESS), (State.ACCEPTED, None)]


def test_a_bug_in_a_provider_ends_in_doubt_and_stops_the_next_batch(clinic: Clinic) -> None:
    clinic.enroll(5)

    def fail() -> None:
        raise RuntimeError("patient0@example.org")

    provider = Recorder(replace(HERE, max_batch=2), during=fail)

    report = clinic.dispatcher(provider).tick(NOW)

    assert (report.unknown, len(provider.calls)) == (2, 1)
    assert "example.org" not in str(clinic.rows()[0].detail)


def test_what_a_dead_dispatcher_left_behind_is_free_or_unknown_never_sent_again(clinic: Clinic) -> None:
    clinic.enroll(3)

    class Killed(BaseException):
        """Stands for the end of the process: nothing after it runs."""

    def die() -> None:
        raise Killed

    sending = clinic.dispatcher(Recorder(during=die), batch_size=1)
    claiming = clinic.dispatcher(Recorder(), batch_size=1)
    while_composing(claiming, die)
    for dispatcher in (sending, claiming):
        with pytest.raises(Killed):
            dispatcher.tick(NOW)
    provider = Recorder()
    heir = clinic.dispatcher(provider)
    assert heir.tick(NOW).accepted == 1, "leases still hold"

    clinic.clock.moment = NOW + timedelta(minutes=6)
    report = heir.tick(clinic.clock.moment)

    assert (report.freed, report.lost, report.accepted) == (1, 1, 1)
    states = [state for state, _ in clinic.states()]
    assert sorted(states) == [State.ACCEPTED, State.ACCEPTED, State.UNKNOWN]
    assert clinic.rows()[0].key not in provider.keys


def test_an_answer_that_comes_after_the_lease_ended_still_counts(clinic: Clinic) -> None:
    clinic.enroll(1)

    def others_give_up() -> None:
        clinic.clock.moment = NOW + timedelta(minutes=6)
        assert clinic.dispatcher(Recorder()).tick(clinic.clock.moment).lost == 1

    report = clinic.dispatcher(Recorder(during=others_give_up)).tick(NOW)

    assert report.accepted == 1
    assert clinic.states() == [(State.ACCEPTED, None)]


def test_a_process_that_stood_still_past_its_lease_sends_nothing(clinic: Clinic) -> None:
    clinic.enroll(1)
    provider = Recorder()
    dispatcher = clinic.dispatcher(provider)
    gateway = dispatcher._gateway
    begin = gateway.begin

    def slow_begin(*given):
        going = begin(*given)
        clinic.clock.moment = NOW + timedelta(minutes=6)
        return going

    gateway.begin = slow_begin
    dispatcher.tick(NOW)

    assert provider.calls == []
    assert clinic.states() == [(State.PLANNED, Reason.DEFERRED)]


def test_asked_to_stop_it_finishes_the_batch_in_hand_and_begins_no_other(clinic: Clinic) -> None:
    clinic.enroll(6)
    ticking: list[Dispatcher] = []

    def stop() -> None:
        ticking[0].stop()

    dispatcher = clinic.dispatcher(Recorder(replace(HERE, max_batch=2), during=stop))
    ticking.append(dispatcher)

    report = dispatcher.tick(NOW)

    assert report.accepted == 2
    assert [state for state, _ in clinic.states()] == [State.ACCEPTED] * 2 + [State.PLANNED] * 4


def test_a_clock_that_is_set_back_sends_nothing_twice(clinic: Clinic) -> None:
    clinic.enroll(4)
    provider = Recorder(replace(HERE, max_batch=2))
    dispatcher = clinic.dispatcher(provider)
    dispatcher.tick(NOW)
    clinic.clock.moment = NOW - timedelta(hours=1)

    dispatcher.tick(clinic.clock.moment)
    dispatcher.tick(clinic.clock.moment + timedelta(hours=2))

    assert len(provider.keys) == len(set(provider.keys)) == 4


def test_a_corrected_address_goes_although_the_old_one_was_refused(
    clinic: Clinic, start_standin, open_provider
) -> None:
    """A bad address is suppressed by itself; the patient's later parts go to the corrected one."""
    clinic.enroll(1)
    standin = start_standin(lambda call: Fault.FAILED_ITEMS if call.number == 1 else Fault.NONE)
    dispatcher = clinic.dispatcher(open_provider(standin))
    dispatcher.tick(NOW)
    with clinic.store.begin() as tx:
        save_patients(tx, [replace(person(0), email="corrected@example.org")], now=NOW)
    clinic.clock.moment = NOW + timedelta(days=3)

    dispatcher.tick(clinic.clock.moment)

    assert clinic.states(part=1) == [(State.REFUSED, Reason.PROVIDER_REFUSED)]
    assert clinic.states(part=2) == [(State.ACCEPTED, None)]


def test_a_way_back_from_the_suppression_list_lets_later_parts_go(clinic: Clinic) -> None:
    clinic.enroll(1)
    provider = Recorder()
    dispatcher = clinic.dispatcher(provider)
    suppress_the_address(clinic)
    dispatcher.tick(NOW)
    with clinic.store.begin() as tx:
        lift(tx, str(person(0).email), source="page", now=NOW)
    clinic.clock.moment = NOW + timedelta(days=3)

    dispatcher.tick(clinic.clock.moment)

    assert [state for state, _ in (*clinic.states(1), *clinic.states(2))] == [State.SKIPPED, State.ACCEPTED]


def test_an_enrollment_that_was_given_a_shorter_edition_is_held_not_broken(clinic: Clinic) -> None:
    clinic.enroll(1)
    short = edition()
    short = replace(short, parts=short.parts[1:], sha256="")
    shorter = sealed(short)
    with clinic.store.begin() as tx:
        save_edition(tx, shorter, to_bytes(shorter), now=NOW)
        use_edition(tx, clinic.rows()[0].enrollment_id, shorter.sha256, now=NOW)
    provider = Recorder()

    clinic.dispatcher(provider).tick(NOW)

    assert provider.calls == []
    assert [state for state, _ in clinic.states()] == [State.HELD]


def test_the_report_counts_every_claimed_delivery_once(clinic: Clinic, start_standin, open_provider) -> None:
    clinic.enroll(6)
    suppress_the_address(clinic)

    def plan(call: Call) -> Fault:
        return Fault.FAILED_ITEMS if call.number == 1 else Fault.NONE

    report = clinic.dispatcher(open_provider(start_standin(plan))).tick(NOW)

    ends = (report.accepted, report.deferred, report.waiting, report.refused, report.unknown, report.held,
            report.skipped, report.canceled)  # fmt: skip
    assert sum(ends) == report.claimed == 6
    assert report.sent == 5


def test_no_state_of_the_ledger_is_left_in_the_middle(clinic: Clinic) -> None:
    clinic.enroll(10)
    clinic.dispatcher(Recorder()).tick(NOW)

    with clinic.store.read() as tx:
        owners = set(tx.connection.scalars(select(deliveries.c.owner)))
    assert owners == {None}
