"""Several dispatchers, as threads and as processes, on one database: nothing is claimed or sent twice."""

import os
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.delivery.states import Reason, State
from pipeline.errors import StoreError
from pipeline.store import ledger, overview, planning, suppression
from pipeline.store.database import Store
from pipeline.store.steps import Mark

ROOT = Path(__file__).parents[2]
ROWS = 2000
#: One dispatcher: claims twenty at a time until nothing is left, and prints every id it got.
DISPATCHER = """
import sys
from datetime import datetime, timedelta
from pipeline.keys import Keyring
from pipeline.store import ledger
from pipeline.store.database import Store

url, owner, now = sys.argv[1], sys.argv[2], datetime.fromisoformat(sys.argv[3])
with Store.open(url, Keyring.from_text(sys.stdin.read(), name="stdin")) as store:
    print("ready", flush=True)
    while True:
        with store.begin() as tx:
            lease = now + timedelta(minutes=5)
            ids = ledger.claim_due(tx, now=now, owner=owner, lease_until=lease, limit=20)
        if not ids:
            break
        print(*ids, flush=True)
"""


def test_four_processes_claim_two_thousand_rows_each_exactly_once(clinic, database_url, keyring):
    ids = clinic.with_due(20, parts=ROWS // 20)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", DISPATCHER, database_url, f"owner-{number}", clinic.now.isoformat()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for number in range(4)
    ]  # fmt: skip
    for process in processes:
        process.stdin.write(keyring.to_text())
        process.stdin.close()
    claimed = [process.stdout.read().removeprefix("ready").split() for process in processes]
    for process in processes:
        assert process.wait(timeout=60) == 0
        process.stdout.close()
    assert Counter(int(each) for got in claimed for each in got) == Counter(ids)
    assert clinic.states(ids[:1]) == [State.CLAIMED]
    with clinic.store.read() as tx:
        assert overview.count_by_state(tx) == {State.CLAIMED: ROWS}
        assert len(overview.history(tx, ids[0])) == 2


def in_threads(*works) -> list[BaseException]:
    failed: list[BaseException] = []
    start = threading.Barrier(len(works))

    def run(work) -> None:
        start.wait()
        try:
            work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def test_threads_that_share_a_store_never_share_a_delivery(clinic):
    ids = clinic.with_due(10, parts=20)
    got: dict[str, list[int]] = {owner: [] for owner in "abcd"}

    def dispatch(owner: str) -> None:
        while claimed := clinic.claim(owner, limit=7):
            got[owner] += claimed

    assert in_threads(*(lambda owner=owner: dispatch(owner) for owner in got)) == []
    assert Counter(each for claimed in got.values() for each in claimed) == Counter(ids)


@pytest.mark.parametrize("attempt", range(3))
def test_unsubscribing_and_beginning_to_send_never_both_win(clinic, attempt):
    """Whoever commits first: after the unsubscribe nothing of the patient is on its way that was not."""
    shared = {"email": "family@example.org"}
    people = [clinic.person(number, **shared) for number in range(1, 9)]
    enrolled = clinic.enroll(clinic.bring_in(people))
    ids = clinic.date(enrolled, [clinic.planned(1), clinic.planned(2)])
    clinic.claim("a")
    at_answer: list[set[int]] = []

    def unsubscribe() -> None:
        with clinic.store.begin() as tx:
            suppression.suppress(tx, shared["email"], reason="unsubscribed", source="page", now=clinic.now)
            planning.cancel(tx, enrolled, reason=Reason.UNSUBSCRIBED, actor="patient", now=clinic.now)
        with clinic.store.read() as tx:
            rows = overview.list_deliveries(tx, overview.Filter(states=[State.SENDING]))
            at_answer.append({row.id for row in rows})

    def dispatch() -> None:
        for start in range(0, len(ids), 4):
            clinic.begin(ids[start : start + 4])

    assert in_threads(unsubscribe, dispatch) == []
    with clinic.store.read() as tx:
        rows = overview.list_deliveries(tx)
    assert {row.id for row in rows if row.state is State.SENDING} == at_answer[0]
    assert {row.state for row in rows} <= {State.SENDING, State.CANCELED}


def test_a_watchdog_and_a_late_dispatcher_never_both_decide(clinic):
    ids = clinic.sending(40)
    recorded: list[frozenset[int]] = []
    expired: list[tuple[int, ...]] = []

    def record() -> None:
        for each in ids:
            with clinic.store.begin() as tx:
                mark = Mark(delivery=each, state=State.ACCEPTED)
                recorded.append(ledger.record(tx, [mark], owner="a", now=clinic.now))

    def watch() -> None:
        with clinic.store.begin() as tx:
            expired.append(ledger.expire_leases(tx, now=clinic.lease).unknown)

    assert in_threads(record, watch) == []
    accepted = {each for changed in recorded for each in changed}
    assert accepted | set(expired[0]) == set(ids)
    assert accepted & set(expired[0]) == set()


def test_a_dispatcher_that_dies_in_a_transaction_leaves_the_rows_as_they_were(clinic, database_url, keyring):
    ids = clinic.with_due(3)

    def die() -> None:
        with Store.open(database_url, keyring) as other, other.begin() as tx:
            ledger.claim_due(tx, now=clinic.now, owner="b", lease_until=clinic.lease, limit=9)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        die()
    assert clinic.claim("a") == tuple(ids)


def test_a_second_writer_waits_for_the_first_and_says_so_if_it_takes_too_long(clinic, database_url, keyring):
    (delivery,) = clinic.with_due()
    clinic.claim("a")
    enrollment = clinic.row(delivery).enrollment_id
    patience = timedelta(milliseconds=100)
    with Store.open(database_url, keyring, patience=patience) as other, clinic.store.begin() as tx:
        planning.cancel(tx, [enrollment], reason=Reason.STOPPED, actor="staff", now=clinic.now)
        with pytest.raises(StoreError, match=r"[Aa]nother process"), other.begin() as second:
            planning.hold(second, [enrollment], reason=Reason.PAUSED, actor="staff", now=clinic.now)
