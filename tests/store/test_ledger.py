from datetime import timedelta

import pytest

from pipeline.delivery.states import Reason, State
from pipeline.store import batches, ledger, overview, planning
from pipeline.store.marks import Halted
from pipeline.store.steps import Mark

HOUR = timedelta(hours=1)


def settle(clinic, mark: Mark, owner: str = "a") -> frozenset[int]:
    with clinic.store.begin() as tx:
        return ledger.settle(tx, [mark], owner=owner, now=clinic.now)


def record(clinic, *marks: Mark, owner: str = "a") -> frozenset[int]:
    with clinic.store.begin() as tx:
        return ledger.record(tx, marks, owner=owner, now=clinic.now)


def expire(clinic, now=None) -> ledger.Expired:
    with clinic.store.begin() as tx:
        return ledger.expire_leases(tx, now=now or clinic.lease)


def test_what_is_due_is_claimed_the_longest_due_first_and_no_more_than_the_limit(clinic):
    enrolled = clinic.enroll(clinic.bring_in([clinic.person(1)]))
    dues = [clinic.now - HOUR, clinic.now - 3 * HOUR, clinic.now, clinic.now + HOUR]
    ids = clinic.date(enrolled, [clinic.planned(part, due) for part, due in enumerate(dues, 1)])
    assert clinic.claim(limit=2) == (ids[0], ids[1])
    assert clinic.claim(limit=10) == (ids[2],)
    assert clinic.states(ids) == [State.CLAIMED] * 3 + [State.PLANNED]


def test_a_claimed_delivery_is_not_claimed_again(clinic):
    ids = clinic.with_due(3)
    assert clinic.claim("a") == tuple(ids)
    assert clinic.claim("b") == ()


def test_a_delivery_due_in_this_very_moment_is_due_and_one_a_microsecond_later_is_not(clinic):
    enrolled = clinic.enroll(clinic.bring_in([clinic.person(1)]))
    now, next_ = clinic.date(
        enrolled, [clinic.planned(1, clinic.now), clinic.planned(2, clinic.now + timedelta(microseconds=1))]
    )
    assert clinic.claim() == (now,)
    assert clinic.states([next_]) == [State.PLANNED]


def test_what_is_halted_stays_planned(clinic):
    ids = clinic.bring_in([clinic.person(1)])
    (stopped,) = clinic.date(clinic.enroll(ids, series="stopped"), [clinic.planned(1)])
    (free,) = clinic.date(clinic.enroll(ids, series="free"), [clinic.planned(1)])

    def claim(halted: Halted) -> tuple[int, ...]:
        with clinic.store.begin() as tx:
            return ledger.claim_due(
                tx, now=clinic.now, owner="a", lease_until=clinic.lease, limit=9, halted=halted
            )

    assert claim(Halted(everything=True, series=frozenset())) == ()
    assert claim(Halted(everything=False, series=frozenset({"stopped"}))) == (free,)
    assert claim(Halted(everything=False, series=frozenset())) == (stopped,)


def test_a_released_delivery_is_planned_and_keeps_its_due_time(clinic):
    (delivery,) = clinic.with_due()
    clinic.claim("a")
    with clinic.store.begin() as tx:
        assert ledger.release(tx, [delivery], owner="a", now=clinic.now) == {delivery}
    assert clinic.row(delivery).due_at == clinic.now
    assert clinic.claim("b") == (delivery,)


@pytest.mark.parametrize("state", [State.PLANNED, State.HELD, State.SKIPPED, State.CANCELED])
def test_a_claimed_delivery_is_settled_with_its_reason(clinic, state):
    (delivery,) = clinic.with_due()
    clinic.claim()
    mark = Mark(delivery=delivery, state=state, reason=Reason.PAUSED, due_at=clinic.now + HOUR)
    assert settle(clinic, mark) == {delivery}
    row = clinic.row(delivery)
    assert (row.state, row.reason, row.due_at) == (state, Reason.PAUSED, clinic.now + HOUR)


def test_nobody_settles_or_sends_what_another_one_claimed(clinic):
    (delivery,) = clinic.with_due()
    clinic.claim("a")
    assert settle(clinic, Mark(delivery=delivery, state=State.HELD), owner="b") == frozenset()
    assert clinic.begin([delivery], owner="b") is None
    assert clinic.states([delivery]) == [State.CLAIMED]


@pytest.mark.parametrize(
    "state",
    [State.ACCEPTED, State.CLAIMED, State.SENDING, State.UNKNOWN, State.REFUSED, State.DELIVERED],
)
def test_a_step_that_is_not_in_the_table_is_refused_before_anything_is_written(clinic, state):
    (delivery,) = clinic.with_due()
    clinic.claim()
    with pytest.raises(ValueError, match="never"):
        settle(clinic, Mark(delivery=delivery, state=state))
    assert clinic.life(delivery) == [State.PLANNED, State.CLAIMED]


def test_outcomes_of_a_batch_are_recorded_each_on_its_own(clinic):
    accepted, deferred, refused, unknown = clinic.sending(4)
    marks = [
        Mark(delivery=accepted, state=State.ACCEPTED, provider_id="pm-1"),
        Mark(delivery=deferred, state=State.PLANNED, reason=Reason.DEFERRED, due_at=clinic.now + HOUR),
        Mark(delivery=refused, state=State.REFUSED, reason=Reason.PROVIDER_REFUSED, detail="no such user"),
        Mark(delivery=unknown, state=State.UNKNOWN, reason=Reason.NO_ANSWER),
    ]
    assert record(clinic, *marks) == {accepted, deferred, refused, unknown}
    rows = [clinic.row(each) for each in (accepted, deferred, refused, unknown)]
    assert [row.state for row in rows] == [mark.state for mark in marks]
    assert (rows[0].provider_id, rows[0].accepted_at) == ("pm-1", clinic.now)
    assert (rows[1].due_at, rows[1].reason, rows[1].accepted_at) == (clinic.now + HOUR, Reason.DEFERRED, None)
    assert (rows[2].detail, rows[2].due_at) == ("no such user", clinic.now)
    assert [row.attempts for row in rows] == [1, 1, 1, 1]


def test_an_attempt_that_an_outage_used_up_does_not_count(clinic):
    (delivery,) = clinic.sending()
    record(clinic, Mark(delivery=delivery, state=State.PLANNED, counted=False))
    assert clinic.row(delivery).attempts == 0


def test_a_delivery_deferred_too_often_is_held_by_way_of_planned(clinic):
    (delivery,) = clinic.sending()
    record(clinic, Mark(delivery=delivery, state=State.HELD, reason=Reason.DEFERRED, detail="busy"))
    assert clinic.life(delivery)[-3:] == [State.SENDING, State.PLANNED, State.HELD]
    assert (clinic.row(delivery).reason, clinic.row(delivery).attempts) == (Reason.DEFERRED, 1)


def test_an_outcome_is_recorded_once(clinic):
    (delivery,) = clinic.sending()
    mark = Mark(delivery=delivery, state=State.ACCEPTED, provider_id="first")
    assert record(clinic, mark) == {delivery}
    assert record(clinic, Mark(delivery=delivery, state=State.UNKNOWN)) == frozenset()
    assert clinic.row(delivery).provider_id == "first"


def test_an_expired_lease_frees_what_was_claimed_and_makes_unknown_what_was_sending(clinic):
    claimed, sending = clinic.with_due(2)
    clinic.claim()
    clinic.begin([sending])
    assert expire(clinic, clinic.lease - timedelta(microseconds=1)) == ledger.Expired(freed=(), unknown=())
    assert expire(clinic) == ledger.Expired(freed=(claimed,), unknown=(sending,))
    assert clinic.states([claimed, sending]) == [State.PLANNED, State.UNKNOWN]
    assert clinic.row(sending).reason is Reason.LEASE_EXPIRED


def test_a_renewed_lease_does_not_expire(clinic):
    claimed, sending = clinic.with_due(2)
    clinic.claim()
    clinic.begin([sending])
    with clinic.store.begin() as tx:
        kept = ledger.renew_lease(tx, [claimed, sending], owner="a", lease_until=clinic.lease + HOUR)
        assert ledger.renew_lease(tx, [claimed], owner="b", lease_until=clinic.lease + HOUR) == 0
    assert kept == 2
    assert expire(clinic) == ledger.Expired(freed=(), unknown=())


def test_who_lost_a_lease_changes_nothing_any_more(clinic):
    sending = clinic.sending(1)
    expire(clinic)
    assert record(clinic, Mark(delivery=sending[0], state=State.ACCEPTED)) == frozenset()
    assert clinic.states(sending) == [State.UNKNOWN]


def test_an_unknown_delivery_is_never_claimed(clinic):
    sending = clinic.sending(1)
    expire(clinic)
    assert clinic.claim("b", now=clinic.lease + HOUR) == ()
    assert clinic.states(sending) == [State.UNKNOWN]


@pytest.mark.parametrize(
    "state", [State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.REFUSED, State.PLANNED, State.CANCELED]
)
def test_an_unknown_delivery_is_resolved_by_whoever_knows(clinic, state):
    (delivery,) = clinic.sending()
    expire(clinic)
    with clinic.store.begin() as tx:
        mark = Mark(delivery=delivery, state=state)
        assert ledger.resolve(tx, [mark], actor="staff:ana", now=clinic.now) == {delivery}
        assert ledger.resolve(tx, [mark], actor="staff:ana", now=clinic.now) == frozenset()
        assert overview.history(tx, delivery)[-1].actor == "staff:ana"
    assert clinic.states([delivery]) == [state]


def test_the_words_of_a_provider_are_kept_without_addresses_and_cut(clinic):
    (delivery,) = clinic.sending()
    said = "mailbox <person1@example.org> is\nfull, to=person1@example.org " + "x" * 400
    record(clinic, Mark(delivery=delivery, state=State.REFUSED, detail=said))
    kept = clinic.row(delivery).detail
    assert "@" not in kept
    assert kept.startswith("mailbox <[address]> is full, to=[address] xxx")
    assert len(kept) == 300


def test_every_state_of_a_delivery_is_written_down_with_time_reason_and_actor(clinic):
    (delivery,) = clinic.with_due()
    clinic.claim("a")
    clinic.begin([delivery])
    later = clinic.now + HOUR
    record(
        clinic,
        Mark(delivery=delivery, state=State.PLANNED, reason=Reason.DEFERRED, due_at=later, detail="busy"),
    )
    with clinic.store.read() as tx:
        life = overview.history(tx, delivery)
    assert [(each.state, each.reason, each.attempt, each.actor, each.due_at) for each in life] == [
        (State.PLANNED, None, 0, "import", clinic.now),
        (State.CLAIMED, None, 0, "a", clinic.now),
        (State.SENDING, None, 1, "a", clinic.now),
        (State.PLANNED, Reason.DEFERRED, 1, "a", later),
    ]
    assert life[-1].detail == "busy"
    assert {each.at for each in life} == {clinic.now}


def test_a_canceled_enrollment_takes_its_claimed_deliveries_out_of_the_dispatchers_hands(clinic):
    enrolled = clinic.enroll(clinic.bring_in([clinic.person(1)]))
    (delivery,) = clinic.date(enrolled, [clinic.planned(1)])
    clinic.claim("a")
    with clinic.store.begin() as tx:
        planning.cancel(tx, enrolled, reason=Reason.UNSUBSCRIBED, actor="patient", now=clinic.now)
    assert clinic.begin([delivery], owner="a") is None
    assert clinic.states([delivery]) == [State.CANCELED]


def test_thousands_of_marks_fit_in_one_call(clinic):
    ids = clinic.with_due(1, parts=3000)
    assert len(clinic.claim(limit=5000)) == len(ids)
    begun = clinic.begin(ids)
    marks = [Mark(delivery=each, state=State.ACCEPTED, provider_id=f"id-{each}") for each in begun.deliveries]
    assert len(record(clinic, *marks)) == len(ids)
    with clinic.store.begin() as tx:
        batches.finish_batch(tx, begun.id, now=clinic.now)
        assert overview.count_by_state(tx) == {State.ACCEPTED: len(ids)}
    assert clinic.row(ids[17]).provider_id == f"id-{ids[17]}"
