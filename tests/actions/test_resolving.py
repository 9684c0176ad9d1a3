"""Staff and events settle what is unknown: once, as a whole, and never what is on the wire."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.actions.enrolling import Dating
from pipeline.actions.offers import EditionDays
from pipeline.actions.resolving import Told, Verdict, follow_events, resolve
from pipeline.delivery.events import Event, EventKind
from pipeline.delivery.states import Reason, State
from pipeline.store import audit, overview
from pipeline.store.enrollments import EnrollmentStatus, set_status
from tests.engine.recorder import Recorder
from tests.engine.remembering import Ends, Remembering
from tests.engine.sample import NOW, RULES, ZONE, Clinic


@pytest.fixture
def clinic(store, keyring) -> Clinic:
    """Three of whose part 1 nobody knows whether it went."""
    made = Clinic(store=store, keyring=keyring)
    made.prepare()
    made.enroll(3)
    provider = Remembering(Ends.LOST_AFTER, clock=made.clock)
    provider.capabilities = Recorder().capabilities
    assert made.dispatcher(provider).tick(NOW).unknown == 3
    return made


def dating(clinic: Clinic, now=NOW) -> Dating:
    return Dating(
        rules=RULES, clinic_zone=ZoneInfo(ZONE.key), clinic_language="en", days=EditionDays(RULES),
        actor="staff:ana", now=now, new_key=lambda: f"new-{next(clinic.numbers)}",
    )  # fmt: skip


def ids(clinic: Clinic) -> list[int]:
    return [row.id for row in clinic.rows()]


def settle(clinic: Clinic, verdict: Verdict, *, now=NOW, only: list[int] | None = None):
    with clinic.store.begin() as tx:
        return resolve(tx, only or ids(clinic), verdict, dating(clinic, now))


def test_said_to_have_gone_they_count_as_sent_and_never_go_again(clinic: Clinic) -> None:
    done = settle(clinic, Verdict.ACCEPTED)
    provider = Recorder()
    clinic.dispatcher(provider).tick(NOW)

    assert [state for _, state, _ in done.states] == [State.ACCEPTED] * 3
    assert clinic.states() == [(State.ACCEPTED, None)] * 3
    assert provider.calls == []


def test_said_not_to_have_gone_they_go_once(clinic: Clinic) -> None:
    settle(clinic, Verdict.NOT_SENT)
    provider = Recorder()
    clinic.clock.moment = NOW + timedelta(hours=1)

    clinic.dispatcher(provider).tick(clinic.clock.moment)

    assert sorted(provider.keys) == sorted(row.key for row in clinic.rows())
    assert [state for state, _ in clinic.states()] == [State.ACCEPTED] * 3


def test_what_is_too_late_by_now_is_left_out(clinic: Clinic) -> None:
    done = settle(clinic, Verdict.NOT_SENT, now=NOW + timedelta(days=10))

    assert {(state, reason) for _, state, reason in done.states} == {(State.SKIPPED, Reason.EXPIRED)}


@pytest.mark.parametrize(
    ("status", "reason", "state"),
    [
        (EnrollmentStatus.ENDED, Reason.DISCHARGED, State.CANCELED),
        (EnrollmentStatus.PAUSED, Reason.PAUSED, State.HELD),
        (EnrollmentStatus.HELD, Reason.WRONG_PERSON, State.HELD),
    ],
)
def test_where_the_enrollment_is_over_or_waits_nothing_goes(clinic, status, reason, state) -> None:
    first = clinic.rows()[0]
    with clinic.store.begin() as tx:
        set_status(tx, [first.enrollment_id], status, reason=reason, now=NOW)

    settle(clinic, Verdict.NOT_SENT)

    assert clinic.states()[0] == (state, reason)
    assert clinic.states()[1][0] is State.PLANNED


def test_what_was_settled_meanwhile_is_left_alone_and_said(clinic: Clinic) -> None:
    first, *rest = ids(clinic)
    settle(clinic, Verdict.ACCEPTED, only=[first])

    done = settle(clinic, Verdict.NOT_SENT)

    assert done.left == (first,)
    assert [delivery for delivery, _, _ in done.states] == rest
    assert clinic.states()[0] == (State.ACCEPTED, None)


def test_what_is_being_sent_again_at_this_moment_cannot_be_settled(store, keyring) -> None:
    clinic = Clinic(store=store, keyring=keyring)
    clinic.prepare()
    clinic.enroll(1)
    provider = Remembering(Ends.LOST_BEFORE, clock=clinic.clock)
    dispatcher = clinic.dispatcher(provider)
    dispatcher.tick(NOW)
    clinic.clock.moment += timedelta(minutes=40)
    send, left = provider.send, []

    def meanwhile(messages):
        left.extend(settle(clinic, Verdict.NOT_SENT).left)
        return send(messages)

    provider.send = meanwhile
    dispatcher.tick(clinic.clock.moment)

    assert left == ids(clinic)
    assert clinic.states() == [(State.ACCEPTED, None)]


def test_one_action_is_one_row_of_the_trail_and_each_history_names_who(clinic: Clinic) -> None:
    settle(clinic, Verdict.ACCEPTED)

    with clinic.store.read() as tx:
        (entry,) = [each for each in audit.entries(tx) if each.action.startswith("resolve")]
    assert (entry.actor, entry.action) == ("staff:ana", "resolve:accepted")
    assert entry.detail["deliveries"] == " ".join(map(str, ids(clinic)))
    last = {row.delivery_id: row.actor for row in clinic.history() if row.state == State.ACCEPTED}
    assert last == dict.fromkeys(ids(clinic), "staff:ana")


KINDS = {
    State.ACCEPTED: EventKind.ACCEPTED,
    State.DELIVERED: EventKind.DELIVERED,
    State.BOUNCED: EventKind.BOUNCED_HARD,
    State.COMPLAINED: EventKind.COMPLAINED,
}


def report(clinic: Clinic, says: State, *, key: str | None = None):
    with clinic.store.begin() as tx:
        row = overview.find_by_key(tx, key or clinic.rows()[0].key)
        event = Event(kind=KINDS[says], said=says, at=NOW, dedupe=says, provider_id="p-1")
        follow_events(tx, [Told(row=row, event=event, provider="postmark")], now=NOW)
        return row


@pytest.mark.parametrize("says", [State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.COMPLAINED])
def test_an_event_settles_its_delivery_and_no_other(clinic: Clinic, says: State) -> None:
    before = report(clinic, says)

    assert before.state is State.UNKNOWN
    assert [state for state, _ in clinic.states()] == [says, State.UNKNOWN, State.UNKNOWN]
    assert clinic.rows()[0].provider_id == "p-1"
    assert clinic.history()[-1].actor == "event:postmark"


def test_the_same_event_twice_and_an_earlier_one_late_change_nothing(clinic: Clinic) -> None:
    report(clinic, State.DELIVERED)
    life = len(clinic.history())

    report(clinic, State.DELIVERED)
    report(clinic, State.ACCEPTED)

    assert len(clinic.history()) == life


def test_an_event_while_the_answer_is_awaited_proves_that_it_was_accepted(store, keyring) -> None:
    clinic = Clinic(store=store, keyring=keyring)
    clinic.prepare()
    clinic.enroll(1)
    provider = Remembering(Ends.LOST_AFTER, clock=clinic.clock)
    provider.capabilities = replace(provider.capabilities, idempotency=None)
    send = provider.send

    def quick_event(messages):
        outcomes = send(messages)
        report(clinic, State.DELIVERED, key=messages[0].key)
        return outcomes

    provider.send = quick_event
    clinic.dispatcher(provider).tick(NOW)

    assert clinic.states() == [(State.DELIVERED, None)]
