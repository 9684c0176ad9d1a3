"""What the databases do for a tick: found by index, and no more of it with a longer plan."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from pipeline.delivery.states import Reason, State
from pipeline.store import (
    batches,
    bulk,
    enrollments,
    ledger,
    loading,
    overview,
    patients,
    planning,
    schema,
    suppression,
)
from pipeline.store.enrollments import EnrollmentStatus
from pipeline.store.marks import Halted
from pipeline.store.overview import Filter
from pipeline.store.steps import Mark

FAR = timedelta(days=30)
#: All but the suppressions: PostgreSQL may read a short list of those whole, once for a whole batch.
TABLES = ("deliveries", "delivery_history", "enrollments", "patients", "name_words", "consents")


def plan_ahead(clinic, parts: int) -> None:
    """As many deliveries that are not due for a month."""
    (enrollment,) = clinic.enroll(clinic.bring_in([clinic.person(parts)]))
    with clinic.store.begin() as tx:
        ids = bulk.reserve_ids(tx, schema.deliveries, parts)
        rows = [
            {
                "id": each, "enrollment_id": enrollment, "part": each, "state": State.PLANNED,
                "due_at": clinic.now + FAR, "expires_on": (clinic.now + FAR).date(), "zone": clinic.zone,
                "key": f"far-{each}", "asked": False, "attempts": 0, "created_at": clinic.now,
                "updated_at": clinic.now,
            }
            for each in ids
        ]  # fmt: skip
        bulk.insert_rows(tx, schema.deliveries, rows)


def tick(tx, clinic) -> None:
    """A whole tick in one transaction, from the watchdog to the outcome."""
    ledger.expire_leases(tx, now=clinic.now)
    halted = Halted(everything=False, series=frozenset({"other"}))
    ids = ledger.claim_due(tx, now=clinic.now, owner="a", lease_until=clinic.lease, limit=500, halted=halted)
    loaded = loading.load_claimed(tx, ids, owner="a")
    loading.still_as_loaded(tx, loaded, owner="a")
    begun = batches.begin_sending(
        tx, [batches.Member(delivery=each, payload_hash=bytes(32)) for each in ids], provider="outbox",
        idempotency_key=clinic.key(), owner="a", lease_until=clinic.lease, now=clinic.now,
    )  # fmt: skip
    marks = [Mark(delivery=each, state=State.ACCEPTED) for each in (begun.deliveries if begun else ())]
    ledger.record(tx, marks, owner="a", now=clinic.now)


@pytest.fixture
def statements(clinic):
    """Every statement that reads or changes rows while the test runs, with its parameters."""
    seen: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement, parameters, _context, many) -> None:
        if not many and re.match(r"\s*(SELECT|UPDATE|WITH|INSERT|DELETE)", statement):
            seen.append((statement, parameters))

    event.listen(clinic.store._engine, "before_cursor_execute", note)
    yield seen
    event.remove(clinic.store._engine, "before_cursor_execute", note)


def no_table_is_read_whole(clinic, seen) -> None:
    prefix = "EXPLAIN QUERY PLAN " if clinic.store.kind == "sqlite" else "EXPLAIN "
    scan = re.compile(rf"(SCAN|Seq Scan on) ({'|'.join(TABLES)})\b")
    with clinic.store.begin() as tx:
        if tx.on_postgresql:
            # A table of a few pages is read whole for good reason; what has no index is read whole even so.
            tx.connection.execute(text("SET LOCAL enable_seqscan = off"))
        for statement, parameters in seen:
            steps = [row[-1] for row in tx.connection.exec_driver_sql(prefix + statement, parameters)]
            assert [step for step in steps if scan.search(step)] == [], statement


@pytest.fixture(params=["without statistics", "with statistics"])
def filled(request, clinic, statements):
    """Far more planned than due; the planner knows it, or has never looked."""
    plan_ahead(clinic, 3000)
    clinic.with_due(300)
    with clinic.store.begin() as tx:
        for number in range(500, 600):
            suppression.suppress(
                tx, clinic.person(number).email, reason="bounced", source="event", now=clinic.now
            )
        if request.param == "with statistics":
            tx.connection.execute(text("ANALYZE"))
    statements.clear()
    return clinic


def test_no_step_of_a_tick_reads_a_whole_table(filled, statements):
    with filled.store.begin() as tx:
        tick(tx, filled)
    seen = list(statements)
    assert sum("deliveries" in statement for statement, _ in seen) >= 8
    no_table_is_read_whole(filled, seen)


LOOK_UPS = {
    "cancel": lambda tx, now: planning.cancel(tx, [1], reason=Reason.STOPPED, actor="s", now=now),
    "hold": lambda tx, now: planning.hold(tx, [1], reason=Reason.PAUSED, actor="s", now=now),
    "replan": lambda tx, now: planning.replan(tx, 1, [], new_key=str, actor="s", now=now),
    "sent parts": lambda tx, now: planning.sent_parts(tx, [1, 2]),
    "status": lambda tx, now: enrollments.set_status(tx, [1, 2], EnrollmentStatus.HELD, now=now),
    "enrollments of": lambda tx, now: enrollments.enrollments_of(tx, [1, 2]),
    "by address": lambda tx, now: patients.find_by_address(tx, "person1@example.org"),
    "by record": lambda tx, now: patients.find_by_record(tx, "R-1"),
    "by name": lambda tx, now: patients.find_by_name(tx, "family1"),
    "patients": lambda tx, now: patients.load_patients(tx, [1, 2]),
    "erase": lambda tx, now: patients.erase_patient(tx, 1),
    "consents": lambda tx, now: patients.consents_of(tx, [1, 2]),
    "suppressed": lambda tx, now: suppression.is_suppressed(tx, "person1@example.org"),
    "history": lambda tx, now: overview.history(tx, 1),
    "by key": lambda tx, now: overview.find_by_key(tx, "key"),
    "of enrollment": lambda tx, now: overview.deliveries_of(tx, [1, 2]),
    "unknowns": lambda tx, now: overview.list_deliveries(tx, Filter(states=[State.UNKNOWN, State.HELD])),
    "of patient": lambda tx, now: overview.list_deliveries(tx, Filter(patient_id=1)),
    "upcoming": lambda tx, now: overview.list_upcoming(tx, after=(now, 1)),
    "next due": lambda tx, now: overview.next_due(tx),
}


def test_no_look_up_reads_a_whole_table(filled, statements):
    for name, look_up in LOOK_UPS.items():
        statements.clear()
        with filled.store.begin() as tx:
            look_up(tx, filled.now)
        seen = list(statements)
        assert seen, name
        no_table_is_read_whole(filled, seen)


def test_due_rows_are_found_by_the_index_in_the_order_of_their_due_times(clinic, statements):
    plan_ahead(clinic, 3000)
    clinic.with_due(1, parts=300)
    with clinic.store.begin() as tx:
        tx.connection.execute(text("ANALYZE"))
    statements.clear()
    clinic.claim(limit=10)
    (claim,) = [each for each in statements if "LIMIT" in each[0]]
    prefix = "EXPLAIN QUERY PLAN " if clinic.store.kind == "sqlite" else "EXPLAIN "
    with clinic.store.begin() as tx:
        steps = "\n".join(row[-1] for row in tx.connection.exec_driver_sql(prefix + claim[0], claim[1]))
    assert "ix_deliveries_state_due_at_id" in steps
    assert not re.search(r"Sort|TEMP B-TREE", steps)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_idle_tick_costs_the_same_with_fifty_times_as_many_planned(clinic):
    def steps() -> int:
        """Instructions of SQLite's virtual machine for one tick with nothing due: no clock is involved."""
        counted = 0

        def count() -> int:
            nonlocal counted
            counted += 1
            return 0

        with clinic.store.begin() as tx:
            driver = tx.connection.connection.driver_connection
            driver.set_progress_handler(count, 1)
            tick(tx, clinic)
            overview.next_due(tx)
            driver.set_progress_handler(None, 1)
        return counted

    plan_ahead(clinic, 100)
    few = steps()
    plan_ahead(clinic, 5000)
    assert 0 < steps() <= few + 5
