"""What mail services report: kept before it is understood, applied once, in any order, and never undone."""

import threading
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from pipeline.actions import halting, taking_in
from pipeline.actions.stopping import stop_series
from pipeline.actions.taking_in import FeedbackRules, apply_waiting, read_again
from pipeline.delivery.alarm import AlarmRules
from pipeline.delivery.events import EventKind
from pipeline.delivery.states import Reason, State, may_follow
from pipeline.errors import StoreError
from pipeline.store import audit, calls, events, hook_calls, marks, overview, patients, schema, suppression
from pipeline.store.database import Store
from pipeline.store.enrollments import EnrollmentStatus, load_enrollment
from pipeline.store.events import Standing
from tests.actions.telling import Service, Teller
from tests.engine.recorder import Recorder
from tests.engine.remembering import Ends, Remembering
from tests.engine.sample import NOW, Clinic, person

KIND = EventKind


@pytest.fixture
def clinic(store, keyring) -> Clinic:
    """Three patients whose part 1 the mail service took."""
    return sent(store, keyring, 3)


@pytest.fixture
def teller(store) -> Teller:
    return Teller(store=store)


def sent(store, keyring, people) -> Clinic:
    made = Clinic(store=store, keyring=keyring)
    made.prepare()
    made.enroll(people)
    made.dispatcher(Recorder()).tick(NOW)
    return made


def key(clinic: Clinic, number: int = 0) -> str:
    return clinic.rows()[number].key


def reasons(clinic: Clinic, number: int = 0) -> set[str]:
    with clinic.store.read() as tx:
        return {each.reason for each in suppression.suppressions_of(tx, person(number).email)}


def standings(store) -> dict[Standing, int]:
    with store.read() as tx:
        return {standing: count for (_, standing), count in events.count_standing(tx).items()}


@pytest.mark.parametrize(
    ("kind", "state", "reason"),
    [
        (KIND.DELIVERED, State.DELIVERED, None),
        (KIND.BOUNCED_HARD, State.BOUNCED, Reason.NO_SUCH_ADDRESS),
        (KIND.BOUNCED_SOFT, State.BOUNCED, Reason.NOT_TAKEN),
        (KIND.DROPPED, State.BOUNCED, Reason.NOT_TRIED),
        (KIND.COMPLAINED, State.COMPLAINED, None),
        (KIND.AUTO_REPLY, State.ACCEPTED, None),
        (KIND.DELAYED, State.ACCEPTED, None),
        (KIND.UNSUBSCRIBED, State.ACCEPTED, None),
        (KIND.OTHER, State.ACCEPTED, None),
    ],
)
def test_each_kind_leaves_its_delivery_where_it_says_and_no_other(clinic, teller, kind, state, reason):
    teller.tell(kind, key(clinic), detail="550 to patient0@example.org")

    assert clinic.states() == [(state, reason), (State.ACCEPTED, None), (State.ACCEPTED, None)]
    if reason is not None:
        assert clinic.rows()[0].detail == "550 to [address]"
        assert clinic.history()[-1].actor == "event:recorder"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (KIND.BOUNCED_HARD, {Reason.NO_SUCH_ADDRESS}),
        (KIND.COMPLAINED, {Reason.COMPLAINED}),
        (KIND.UNSUBSCRIBED, {Reason.UNSUBSCRIBED}),
        (KIND.BOUNCED_SOFT, set()),
        (KIND.DROPPED, set()),
        (KIND.AUTO_REPLY, set()),
        (KIND.DELAYED, set()),
        (KIND.OTHER, set()),
    ],
)
def test_only_what_is_for_good_suppresses_the_address(clinic, teller, kind, expected):
    teller.tell(kind, key(clinic))

    assert reasons(clinic) == expected
    assert reasons(clinic, 1) == set()


def test_parts_planned_for_a_suppressed_address_are_left_out(clinic, teller):
    teller.tell(KIND.BOUNCED_HARD, key(clinic))
    later = NOW + timedelta(days=3)
    provider = Recorder()

    clinic.clock.moment = later
    clinic.dispatcher(provider).tick(later)

    assert clinic.states(2) == [
        (State.SKIPPED, Reason.SUPPRESSED), (State.ACCEPTED, None), (State.ACCEPTED, None),
    ]  # fmt: skip
    assert len(provider.keys) == 2


def test_an_unsubscribe_at_the_service_ends_everything_for_everyone_who_shares_the_address(
    store, keyring, teller
):
    shared = [replace(person(number), email="family@example.org") for number in range(2)]
    clinic = sent(store, keyring, shared)

    teller.tell(KIND.UNSUBSCRIBED, key(clinic))

    assert clinic.states(2) == [(State.CANCELED, Reason.UNSUBSCRIBED)] * 2
    with store.read() as tx:
        row = overview.find_by_key(tx, key(clinic, 1))
        assert load_enrollment(tx, row.enrollment_id).status is EnrollmentStatus.ENDED


def test_a_bad_address_is_on_the_call_list_once_and_the_trail_names_the_service(clinic, teller):
    teller.tell(KIND.BOUNCED_HARD, key(clinic))
    teller.tell(KIND.BOUNCED_HARD, key(clinic))

    with clinic.store.read() as tx:
        (call,) = calls.open_calls(tx)
        assert audit.verify(tx) is None
        deeds = [(each.actor, each.action) for each in audit.entries(tx) if each.actor.startswith("event")]
    assert call.reason is calls.CallReason.WRONG_ADDRESS
    assert sorted(deeds) == [
        ("event:recorder", "call:wrong_address"), ("event:recorder", "suppress:no_such_address"),
    ]  # fmt: skip


def test_the_same_event_is_applied_once_however_often_it_comes(clinic, teller):
    event = teller.tell(KIND.DELIVERED, key(clinic))
    life = len(clinic.history())

    again = teller.bring(event, event)

    assert again.fresh == 0
    assert len(clinic.history()) == life
    assert standings(clinic.store) == {Standing.APPLIED: 1}


def test_a_late_older_event_never_undoes_newer_truth(clinic, teller):
    teller.tell(KIND.BOUNCED_HARD, key(clinic), minutes=5)
    teller.tell(KIND.ACCEPTED, key(clinic), minutes=1)
    teller.tell(KIND.DELIVERED, key(clinic), minutes=2)

    assert clinic.states()[0] == (State.BOUNCED, Reason.NO_SUCH_ADDRESS)


def test_a_full_mailbox_that_took_it_later_is_delivered(clinic, teller):
    teller.tell(KIND.BOUNCED_SOFT, key(clinic), minutes=1)
    teller.tell(KIND.DELIVERED, key(clinic), minutes=2)

    assert clinic.states()[0] == (State.DELIVERED, None)


def test_a_worse_reason_replaces_the_first_and_the_history_keeps_both(clinic, teller):
    teller.tell(KIND.BOUNCED_SOFT, key(clinic), minutes=1)
    teller.tell(KIND.BOUNCED_HARD, key(clinic), minutes=2)

    assert clinic.states()[0] == (State.BOUNCED, Reason.NO_SUCH_ADDRESS)
    told = [each.reason for each in clinic.history() if each.state == State.BOUNCED]
    assert told == [Reason.NOT_TAKEN, Reason.NO_SUCH_ADDRESS]


@pytest.mark.parametrize(
    ("kind", "state"), [(KIND.ACCEPTED, State.ACCEPTED), (KIND.DELIVERED, State.DELIVERED)]
)
def test_an_event_with_our_key_resolves_what_is_unknown(store, keyring, teller, kind, state):
    clinic = Clinic(store=store, keyring=keyring)
    clinic.prepare()
    clinic.enroll(1)
    clinic.dispatcher(Remembering(Ends.LOST_AFTER, clock=clinic.clock)).tick(NOW)
    assert clinic.states()[0][0] is State.UNKNOWN

    teller.tell(kind, key(clinic), provider_id="p-7")

    assert clinic.states() == [(state, None)]
    assert clinic.rows()[0].provider_id == "p-7"


def test_an_event_before_our_receipt_is_placed_by_our_key_at_once(store, keyring, teller):
    clinic = Clinic(store=store, keyring=keyring)
    clinic.prepare()
    clinic.enroll(1)
    told = Recorder(during=lambda: teller.tell(KIND.DELIVERED, key(clinic)))

    clinic.dispatcher(told).tick(NOW)

    assert clinic.states() == [(State.DELIVERED, None)]


def test_an_event_before_our_receipt_waits_for_the_services_id_to_be_known(store, keyring, teller):
    clinic = Clinic(store=store, keyring=keyring)
    clinic.prepare()
    clinic.enroll(1)
    name = f"id-{key(clinic)}"
    early = Recorder(during=lambda: teller.tell(KIND.DELIVERED, None, provider_id=name))
    clinic.dispatcher(early).tick(NOW)
    assert clinic.states() == [(State.ACCEPTED, None)]
    assert standings(store) == {Standing.WAITING: 1}

    assert apply_waiting(store, teller.rules, now=NOW) == 1

    assert clinic.states() == [(State.DELIVERED, None)]
    assert apply_waiting(store, teller.rules, now=NOW) == 0


def test_one_id_of_the_service_for_many_messages_tells_of_none(store, keyring, teller):
    clinic = sent(store, keyring, 2)
    with store.begin() as tx:
        tx.connection.execute(schema.deliveries.update().values(provider_id="batch-1"))

    teller.tell(KIND.BOUNCED_HARD, None, provider_id="batch-1")

    assert [state for state, _ in clinic.states()] == [State.ACCEPTED, State.ACCEPTED]


def test_events_of_nobody_are_kept_and_counted_and_wait_no_longer_than_a_day(clinic, teller):
    teller.tell(KIND.BOUNCED_HARD, "a key of nobody")
    teller.tell(KIND.DELIVERED, None)
    teller.tell(KIND.DELIVERED, None, provider_id="unheard-of")
    assert standings(clinic.store) == {Standing.STRAY: 2, Standing.WAITING: 1}

    apply_waiting(clinic.store, teller.rules, now=NOW + timedelta(days=2))

    assert standings(clinic.store) == {Standing.STRAY: 3}
    assert [state for state, _ in clinic.states()] == [State.ACCEPTED] * 3


def test_events_of_an_erased_patient_are_nobodys_and_what_was_told_before_is_gone(clinic, teller):
    gone = key(clinic)
    teller.tell(KIND.DELIVERED, gone, detail="to patient0@example.org")
    with clinic.store.begin() as tx:
        patients.erase_patient(tx, overview.find_by_key(tx, gone).patient_id)

    teller.tell(KIND.BOUNCED_HARD, gone)

    assert standings(clinic.store) == {Standing.STRAY: 1}
    with clinic.store.read() as tx:
        assert len(tx.connection.execute(select(schema.hook_calls)).all()) == 1


def test_an_event_about_a_former_address_leaves_the_new_one_alone(clinic, teller):
    corrected = replace(person(0), email="right@example.org")
    with clinic.store.begin() as tx:
        patients.save_patients(tx, [corrected], now=NOW + timedelta(hours=1))

    teller.tell(KIND.BOUNCED_HARD, key(clinic))

    with clinic.store.read() as tx:
        assert not suppression.is_suppressed(tx, "right@example.org")
    assert clinic.states()[0][0] is State.BOUNCED


@pytest.mark.parametrize("kind", [KIND.UNSUBSCRIBED, KIND.COMPLAINED, KIND.BOUNCED_HARD])
def test_a_late_report_does_not_undo_that_the_patient_asked_for_mail_again(clinic, teller, kind):
    with clinic.store.begin() as tx:
        suppression.suppress(tx, person(0).email, reason="unsubscribed", source="page", now=NOW)
        suppression.lift(tx, person(0).email, source="page", now=NOW + timedelta(hours=1))

    teller.tell(kind, key(clinic))
    with clinic.store.read() as tx:
        assert not suppression.is_suppressed(tx, person(0).email)
    teller.tell(kind, key(clinic), minutes=90)
    with clinic.store.read() as tx:
        assert suppression.is_suppressed(tx, person(0).email)


def test_unknown_kinds_are_kept_and_counted(clinic, teller):
    teller.tell(KIND.OTHER, key(clinic), said="Brand new thing")

    with clinic.store.read() as tx:
        (count,) = events.count_events(tx)
        kept = events.events_of(tx, [clinic.rows()[0].id])
    assert (count.kind, count.count) == (KIND.OTHER, 1)
    assert [each.event.said for (each,) in kept.values()] == ["Brand new thing"]


@pytest.mark.parametrize("body", [b"{ cut off", b'"stumble"', b"\xff\x00\xfe"])
def test_a_proven_call_that_nobody_can_read_is_kept_and_counted(clinic, teller, body, caplog):
    assert teller.bring_body(body).readable is False

    with clinic.store.read() as tx:
        assert hook_calls.count_unreadable(tx) == {"recorder": 1}
    assert "example.org" not in caplog.text
    assert "recorder" in caplog.text


def test_somebody_elses_signs_never_keep_an_event_from_being_kept(clinic, teller):
    odd = "a\x00b\ud800\x1b[31m" + "x" * 5000

    teller.tell(KIND.DELIVERED, key(clinic), said=odd, detail=odd, provider_id=odd, dedupe=odd)

    assert clinic.states()[0][0] is State.DELIVERED
    with clinic.store.read() as tx:
        ((kept,),) = events.events_of(tx, [clinic.rows()[0].id]).values()
    assert all(text.isprintable() and len(text) < len(odd) for text in (kept.event.said, kept.event.detail))


def test_a_call_is_kept_sealed_without_its_proof_and_before_it_is_read(clinic, teller, monkeypatch):
    monkeypatch.setattr(Service, "events", lambda *_: (_ for _ in ()).throw(SystemExit))
    with pytest.raises(SystemExit):
        teller.bring_body(b'["patient0@example.org"]')

    with clinic.store.read() as tx:
        (row,) = tx.connection.execute(select(schema.hook_calls)).all()
        (kept,) = hook_calls.waiting_calls(tx, before=NOW + timedelta(minutes=1))
    assert kept.body == b'["patient0@example.org"]'
    assert dict(kept.headers) == {"x-trace": "1"}
    assert b"example.org" not in row.sealed_call


def test_what_a_dead_process_kept_is_read_by_the_next_tick(clinic, teller, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(taking_in, "_read", lambda *_args, **_named: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            teller.tell(KIND.DELIVERED, key(clinic))
    listeners = {"recorder": Service()}

    at_once = read_again(clinic.store, lambda: listeners, teller.rules, now=NOW)
    later = read_again(clinic.store, lambda: listeners, teller.rules, now=NOW + timedelta(minutes=5))

    assert (at_once, later) == (0, 1)
    assert clinic.states()[0][0] is State.DELIVERED
    assert read_again(clinic.store, lambda: listeners, teller.rules, now=NOW + timedelta(hours=1)) == 0


def test_events_whose_applying_failed_are_applied_by_the_next_tick(clinic, teller, monkeypatch):
    event = teller.event(KIND.DELIVERED, key(clinic))
    with monkeypatch.context() as broken:
        broken.setattr(
            taking_in, "follow_events", lambda *_args, **_named: (_ for _ in ()).throw(StoreError("x"))
        )
        with pytest.raises(StoreError):
            teller.bring(event)
    assert clinic.states()[0][0] is State.ACCEPTED

    assert apply_waiting(clinic.store, teller.rules, now=NOW) == 1

    assert clinic.states()[0][0] is State.DELIVERED
    assert teller.bring(event).fresh == 0


def test_calls_are_forgotten_in_time_and_their_events_stay(clinic, teller):
    teller.tell(KIND.DELIVERED, key(clinic))

    with clinic.store.begin() as tx:
        assert hook_calls.forget_calls(tx, before=NOW) == 0
        assert hook_calls.forget_calls(tx, before=NOW + timedelta(seconds=1)) == 1

    assert standings(clinic.store) == {Standing.APPLIED: 1}


def test_soft_bounces_in_a_row_suppress_at_the_limit_and_a_delivery_begins_anew(store, keyring):
    shared = [replace(person(number), email="full@example.org") for number in range(6)]
    clinic = sent(store, keyring, shared)
    teller = Teller(store=store, rules=FeedbackRules(soft_limit=3))
    keys = [row.key for row in clinic.rows()]
    for minute, kind in enumerate([KIND.BOUNCED_SOFT, KIND.BOUNCED_SOFT, KIND.DELIVERED, KIND.BOUNCED_SOFT]):
        teller.tell(kind, keys[minute], minutes=minute)
    teller.tell(KIND.BOUNCED_SOFT, keys[4], minutes=4)
    with store.read() as tx:
        assert not suppression.is_suppressed(tx, "full@example.org")

    teller.tell(KIND.BOUNCED_SOFT, keys[5], minutes=5)

    with store.read() as tx:
        (kept,) = suppression.suppressions_of(tx, "full@example.org")
        (call,) = calls.open_calls(tx)
    assert (kept.reason, kept.source) == (Reason.OFTEN_NOT_TAKEN, "event:recorder")
    assert call.reason is calls.CallReason.WRONG_ADDRESS


def test_a_call_of_hundreds_of_events_is_applied_whole(store, keyring, teller):
    clinic = sent(store, keyring, 250)
    told = [teller.event(KIND.DELIVERED, row.key) for row in clinic.rows()]

    assert teller.bring(*told).fresh == len(told)

    assert {state for state, _ in clinic.states()} == {State.DELIVERED}


def test_a_restored_backup_learns_from_events_what_had_gone(store, keyring, teller):
    clinic = Clinic(store=store, keyring=keyring)
    clinic.prepare()
    clinic.enroll(1)

    teller.tell(KIND.DELIVERED, key(clinic))
    provider = Recorder()
    clinic.dispatcher(provider).tick(NOW)

    assert provider.keys == []
    assert clinic.states() == [(State.DELIVERED, None)]


def test_an_event_for_a_part_that_was_canceled_changes_no_state_and_still_suppresses(clinic, teller):
    with clinic.store.begin() as tx:
        stop_series(tx, overview.find_by_key(tx, key(clinic)), now=NOW)
        canceled = clinic.rows(2)[0].key

    teller.tell(KIND.BOUNCED_HARD, canceled)

    assert clinic.states(2)[0][0] is State.CANCELED
    assert reasons(clinic) == {Reason.NO_SUCH_ADDRESS}


def test_too_many_complaints_stop_the_series_until_a_person_goes_on(store, keyring):
    clinic = sent(store, keyring, 20)
    rules = FeedbackRules(alarm=AlarmRules(least=20, watch_percent=5, stop_percent=10))
    teller = Teller(store=store, rules=rules)
    series = clinic.edition.series

    def stopped() -> bool:
        with store.read() as tx:
            return marks.halted(tx).stops(series)

    teller.tell(KIND.COMPLAINED, key(clinic, 0))
    assert not stopped(), "told, and not stopped yet"
    teller.tell(KIND.COMPLAINED, key(clinic, 1))
    assert stopped()
    with store.read() as tx:
        entry = next(each for each in audit.entries(tx) if each.action == "halt")
    assert entry.actor == "alarm"
    assert entry.detail["reason"] == "2 of 20 emails were marked as spam (10 %)"

    with store.begin() as tx:
        halting.go_on(tx, series, actor="staff:ana", now=NOW)
    teller.now += timedelta(minutes=1)
    teller.tell(KIND.COMPLAINED, key(clinic, 1))
    assert not stopped(), "the same complaint again is nothing new"
    teller.tell(KIND.COMPLAINED, key(clinic, 2))
    assert stopped()


def test_two_processes_that_bring_the_same_call_at_once_apply_it_once(database_url, keyring):
    with Store.open(database_url, keyring) as first, Store.open(database_url, keyring) as second:
        clinic = sent(first, keyring, 20)
        tellers = [Teller(store=each) for each in (first, second)]
        told = [tellers[0].event(KIND.BOUNCED_HARD, row.key) for row in clinic.rows()]
        fresh: list[int] = []
        # In opposite orders: none may wait for the other for ever.
        threads = [
            threading.Thread(target=lambda one, order: fresh.append(one.bring(*order).fresh), args=pair)
            for pair in ((tellers[0], told), (tellers[1], told[::-1]))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        apply_waiting(first, tellers[0].rules, now=NOW)

        assert sum(fresh) == len(told)
        assert {state for state, _ in clinic.states()} == {State.BOUNCED}
        bounced = [row for row in clinic.history() if row.state == State.BOUNCED]
        assert len(bounced) == len(told)
        with first.read() as tx:
            assert len(calls.open_calls(tx)) == len(told)


TOLD = st.lists(
    st.tuples(st.sampled_from(EventKind), st.integers(0, 2), st.integers(0, 4)), min_size=1, max_size=6
)


def final(store, clinic) -> tuple:
    with store.read() as tx:
        listed = [suppression.is_suppressed(tx, person(number).email) for number in range(3)]
    return (clinic.states(), [row.state for row in clinic.rows(2)], listed)


@given(told=TOLD, data=st.data())
@settings(
    deadline=None, max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_any_order_repetition_and_splitting_into_calls_ends_the_same(fresh_store, told, data, keyring):
    """And no step on the way is one that the ledger forbids."""
    ends = []
    order = data.draw(st.permutations(range(len(told))))
    repeated = data.draw(st.lists(st.sampled_from(order), max_size=3))
    cuts = data.draw(st.sets(st.integers(1, len(told) + 3), max_size=3))
    for sequence, splits in ((list(range(len(told))), set()), ([*order, *repeated], cuts)):
        with fresh_store() as store:
            clinic, teller = sent(store, keyring, 3), Teller(store=store)
            made = [
                teller.event(kind, key(clinic, number), minutes=minute, dedupe=f"{place}")
                for place, (kind, number, minute) in enumerate(told)
            ]
            start = 0
            for end in [*sorted(cut for cut in splits if cut < len(sequence)), len(sequence)]:
                teller.bring(*(made[place] for place in sequence[start:end]))
                start = end
            ends.append(final(store, clinic))
            assert legal(clinic)
    assert ends[0] == ends[1]


def legal(clinic: Clinic) -> bool:
    lives: dict[int, list] = {}
    for row in clinic.history():
        lives.setdefault(row.delivery_id, []).append(State(row.state))
    return all(
        before is after or may_follow(before, after)
        for life in lives.values()
        for before, after in pairwise(life)
    )
