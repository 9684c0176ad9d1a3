"""Any order of claims, sends, crashes, cancellations and new plans, against a model of what may happen."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete

from pipeline.delivery.states import Reason, State, may_follow
from pipeline.store import batches, ledger, overview, planning, schema
from pipeline.store.steps import Mark

OWNERS = st.sampled_from(["a", "b", "c"])
#: A new plan writes a row of history without a change of state.
DATED = {State.PLANNED, State.HELD, State.SKIPPED}
OUTCOMES = [State.ACCEPTED, State.PLANNED, State.REFUSED, State.UNKNOWN, State.HELD]
RESOLVED = [State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.REFUSED, State.PLANNED, State.CANCELED]
SETTLED = [State.PLANNED, State.HELD, State.SKIPPED, State.CANCELED]
LEASE = timedelta(minutes=5)


class Ledger(RuleBasedStateMachine):
    """The rules are what dispatchers, patients and staff do; the model is a dict."""

    clinic = None

    def __init__(self) -> None:
        super().__init__()
        with self.clinic.store.begin() as tx:
            for table in (schema.delivery_history, schema.batch_members, schema.batches, schema.patients):
                tx.connection.execute(delete(table))
        self.now = self.clinic.now
        self.people: Iterator[int] = iter(range(1, 10_000))
        #: Delivery id to state and owner, and when the owner's lease ends.
        self.model: dict[int, tuple[State, str | None]] = {}
        self.leases: dict[int, object] = {}
        self.enrollments: dict[int, list[int]] = {}
        #: The batch each delivery went with last, and the members of each batch.
        self.batch_of: dict[int, int] = {}
        self.batches: dict[int, list[int]] = {}

    def within(self, *states: State, owner: str | None = None) -> list[int]:
        return [
            each
            for each, (state, whose) in self.model.items()
            if state in states and (owner is None or whose == owner)
        ]

    def put(self, ids, state: State, owner: str | None = None) -> None:
        for each in ids:
            self.model[each] = (state, owner)
            self.leases[each] = self.now + LEASE if owner else None

    @rule(parts=st.integers(1, 4))
    def enroll(self, parts: int) -> None:
        (enrollment,) = self.clinic.enroll(self.clinic.bring_in([self.clinic.person(next(self.people))]))
        plan = [self.clinic.planned(part, self.now) for part in range(1, parts + 1)]
        ids = self.clinic.date([enrollment], plan)
        self.enrollments[enrollment] = ids
        self.put(ids, State.PLANNED)

    @rule(owner=OWNERS, limit=st.integers(1, 5))
    def claim(self, owner: str, limit: int) -> None:
        with self.clinic.store.begin() as tx:
            got = ledger.claim_due(tx, now=self.now, owner=owner, lease_until=self.now + LEASE, limit=limit)
        planned = set(self.within(State.PLANNED))
        assert set(got) <= planned
        assert len(got) == min(limit, len(planned))
        self.put(got, State.CLAIMED, owner)

    @precondition(lambda self: self.within(State.CLAIMED))
    @rule(owner=OWNERS, data=st.data())
    def begin(self, owner: str, data) -> None:
        wanted = data.draw(st.lists(st.sampled_from(self.within(State.CLAIMED)), unique=True))
        members = [batches.Member(delivery=each, payload_hash=bytes(32)) for each in wanted]
        with self.clinic.store.begin() as tx:
            begun = batches.begin_sending(
                tx, members, provider="outbox", idempotency_key=self.clinic.key(), owner=owner,
                lease_until=self.now + LEASE, now=self.now,
            )  # fmt: skip
        mine = [each for each in wanted if self.model[each][1] == owner]
        assert (list(begun.deliveries) if begun else []) == mine
        self.put(mine, State.SENDING, owner)
        if begun:
            self.batches[begun.id] = mine
            self.batch_of.update(dict.fromkeys(mine, begun.id))

    @precondition(lambda self: self.within(State.UNKNOWN))
    @rule(owner=OWNERS, data=st.data())
    def send_again(self, owner: str, data) -> None:
        """The same batch once more: whole, or not at all."""
        number = self.batch_of[data.draw(st.sampled_from(self.within(State.UNKNOWN)))]
        members = self.batches[number]
        whole = all(
            self.model[each][0] is State.UNKNOWN and self.batch_of[each] == number for each in members
        )
        with self.clinic.store.begin() as tx:
            batch = batches.load_batch(tx, number)
            begun = batches.begin_again(
                tx, batch, members, owner=owner, lease_until=self.now + LEASE, now=self.now
            )
            if not begun:
                tx.connection.rollback()
        assert begun is whole
        if begun:
            self.put(members, State.SENDING, owner)

    @precondition(lambda self: self.within(State.SENDING))
    @rule(owner=OWNERS, data=st.data())
    def record(self, owner: str, data) -> None:
        self._mark(data, State.SENDING, OUTCOMES, owner, ledger.record)

    @precondition(lambda self: self.within(State.CLAIMED))
    @rule(owner=OWNERS, data=st.data())
    def settle(self, owner: str, data) -> None:
        self._mark(data, State.CLAIMED, SETTLED, owner, ledger.settle)

    def _mark(self, data, before: State, to: list[State], owner: str, function) -> None:
        wanted = data.draw(st.lists(st.sampled_from(self.within(before)), unique=True, max_size=4))
        marks = [Mark(delivery=each, state=data.draw(st.sampled_from(to))) for each in wanted]
        with self.clinic.store.begin() as tx:
            changed = function(tx, marks, owner=owner, now=self.now)
        assert changed == {each for each in wanted if self.model[each][1] == owner}
        for mark in marks:
            if mark.delivery in changed:
                self.put([mark.delivery], mark.state)

    @precondition(lambda self: self.within(State.UNKNOWN))
    @rule(data=st.data())
    def resolve(self, data) -> None:
        delivery = data.draw(st.sampled_from(self.within(State.UNKNOWN)))
        state = data.draw(st.sampled_from(RESOLVED))
        with self.clinic.store.begin() as tx:
            marks = [Mark(delivery=delivery, state=state)]
            assert ledger.resolve(tx, marks, actor="staff", now=self.now) == {delivery}
        self.put([delivery], state)

    @rule(minutes=st.integers(1, 6))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        with self.clinic.store.begin() as tx:
            expired = ledger.expire_leases(tx, now=self.now)
        over = {each for each, until in self.leases.items() if until is not None and until <= self.now}
        assert set(expired.freed) == over & set(self.within(State.CLAIMED))
        assert set(expired.unknown) == over & set(self.within(State.SENDING))
        self.put(expired.freed, State.PLANNED)
        self.put(expired.unknown, State.UNKNOWN)

    @precondition(lambda self: self.enrollments)
    @rule(data=st.data(), canceled=st.booleans())
    def take_back(self, data, *, canceled: bool) -> None:
        enrollment = data.draw(st.sampled_from(sorted(self.enrollments)))
        function, to = (planning.cancel, State.CANCELED) if canceled else (planning.hold, State.HELD)
        reach = {State.PLANNED, State.CLAIMED} | ({State.HELD} if canceled else set())
        with self.clinic.store.begin() as tx:
            changed = function(tx, [enrollment], reason=Reason.STOPPED, actor="staff", now=self.now)
        assert set(changed) == {each for each in self.enrollments[enrollment] if self.model[each][0] in reach}
        self.put(changed, to)

    @precondition(lambda self: self.enrollments)
    @rule(data=st.data())
    def replan(self, data) -> None:
        enrollment = data.draw(st.sampled_from(sorted(self.enrollments)))
        ids = self.enrollments[enrollment]
        later = self.now - timedelta(minutes=data.draw(st.integers(0, 3)))
        plan = [self.clinic.planned(part, later) for part in range(1, len(ids) + 1)]
        with self.clinic.store.begin() as tx:
            done = planning.replan(tx, enrollment, plan, new_key=self.clinic.key, actor="staff", now=self.now)
        may_change = {State.PLANNED, State.CLAIMED, State.HELD}
        assert all(self.model[ids[part - 1]][0] in may_change for part in done.changed)
        assert done.added == ()
        self.put([ids[part - 1] for part in done.changed], State.PLANNED)

    @invariant()
    def the_database_is_where_the_model_is(self) -> None:
        with self.clinic.store.read() as tx:
            rows = tx.connection.execute(schema.deliveries.select().order_by(schema.deliveries.c.id)).all()
            lives = {row.id: [each.state for each in overview.history(tx, row.id)] for row in rows}
        assert {row.id: (State(row.state), row.owner) for row in rows} == self.model
        assert len({(row.enrollment_id, row.part) for row in rows}) == len(rows)
        for row in rows:
            life = lives[row.id]
            assert life[0] is State.PLANNED
            assert life[-1] == row.state
            for before, after in pairwise(life):
                assert may_follow(before, after) or (before == after and before in DATED), life


def test_no_order_of_events_breaks_the_ledger(clinic):
    machine = type("Bound", (Ledger,), {"clinic": clinic})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15, stateful_step_count=25, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
