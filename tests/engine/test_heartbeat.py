"""A provider that takes its time is not taken for dead."""

import threading
from datetime import timedelta

from pipeline.delivery.states import State
from pipeline.engine.heartbeat import Heartbeat
from pipeline.store.ledger import claim_due, expire_leases
from tests.engine.sample import NOW, Clinic

LEASE = timedelta(milliseconds=60)
PATIENCE = 10


def claim(clinic: Clinic) -> tuple[int, ...]:
    with clinic.store.begin() as tx:
        return claim_due(tx, now=NOW, owner="me", lease_until=NOW + LEASE, limit=10)


def test_a_lease_is_renewed_as_long_as_the_block_lasts(clinic: Clinic) -> None:
    clinic.enroll(2)
    ids = claim(clinic)
    asked = threading.Semaphore(0)

    def clock():
        asked.release()
        return NOW + timedelta(hours=1)

    with Heartbeat(clinic.store, ids, owner="me", lease=LEASE, clock=clock):
        for _ in range(3):
            assert asked.acquire(timeout=PATIENCE)

    with clinic.store.begin() as tx:
        assert expire_leases(tx, now=NOW + timedelta(minutes=30)).freed == ()
        assert expire_leases(tx, now=NOW + timedelta(hours=1) + LEASE).freed == ids


def test_a_lease_that_another_took_is_not_renewed(clinic: Clinic) -> None:
    clinic.enroll(1)
    ids = claim(clinic)
    asked = threading.Event()

    def clock():
        asked.set()
        return NOW + timedelta(hours=1)

    with Heartbeat(clinic.store, ids, owner="somebody else", lease=LEASE, clock=clock):
        assert asked.wait(PATIENCE)

    with clinic.store.begin() as tx:
        assert expire_leases(tx, now=NOW + LEASE).freed == ids
    assert [state for state, _ in clinic.states()] == [State.PLANNED]
