import threading

import pytest
from sqlalchemy import delete, insert, update

from pipeline.store import audit
from pipeline.store.audit import Deed, Head
from pipeline.store.schema import audit as table

COUNT = 6


@pytest.fixture
def trail(clinic) -> Head:
    """Six rows; their head."""
    with clinic.store.begin() as tx:
        for number in range(COUNT):
            newest = audit.append(
                tx, actor="staff:ana", action="move", subject=f"enrollment:{number}",
                detail={"from": "2026-03-02", "to": "2026-03-09", "row": number}, now=clinic.now,
            )  # fmt: skip
    return newest


def verify(clinic, anchor: Head | None = None) -> int | None:
    with clinic.store.read() as tx:
        return audit.verify(tx, anchor)


def change(clinic, statement) -> None:
    with clinic.store.begin() as tx:
        assert tx.connection.execute(statement).rowcount


def test_a_trail_that_nobody_touched_is_whole(clinic, trail):
    assert verify(clinic) is None
    assert verify(clinic, trail) is None
    assert trail.seq == COUNT


def test_an_empty_trail_is_whole_unless_a_head_was_anchored(clinic):
    assert verify(clinic) is None
    assert verify(clinic, Head(seq=2, hash="x")) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"actor": "staff:ben"}, {"action": "hold"}, {"subject": "enrollment:99"}, {"detail": "{}"},
        {"previous": "0" * 64}, {"hash": "0" * 64},
    ],
)  # fmt: skip
def test_a_changed_row_is_found(clinic, trail, values):
    change(clinic, update(table).where(table.c.seq == 3).values(values))
    assert verify(clinic) == 3


def test_a_row_with_another_time_is_found(clinic, trail):
    change(clinic, update(table).where(table.c.seq == 3).values(at=clinic.lease))
    assert verify(clinic) == 3


@pytest.mark.parametrize("seq", [1, 3])
def test_a_removed_row_is_found(clinic, trail, seq):
    change(clinic, delete(table).where(table.c.seq == seq))
    assert verify(clinic) == seq


def test_swapped_rows_are_found(clinic, trail):
    for before, after in ((2, 100), (3, 2), (100, 3)):
        change(clinic, update(table).where(table.c.seq == before).values(seq=after))
    assert verify(clinic) == 2


def test_a_row_written_anew_with_a_hash_that_fits_it_is_found_at_the_row_after_it(clinic, trail):
    with clinic.store.begin() as tx:
        rest = tx.connection.execute(table.select().where(table.c.seq > 3)).mappings().all()
        tx.connection.execute(delete(table).where(table.c.seq >= 3))
        forged = audit.append(tx, actor="staff:ben", action="move", subject="enrollment:2", now=clinic.now)
        tx.connection.execute(insert(table), [dict(row) for row in rest])
    assert forged.seq == 3
    assert verify(clinic) == 4


def test_rows_cut_off_at_the_end_are_found_by_the_anchor_alone(clinic, trail):
    change(clinic, delete(table).where(table.c.seq > 4))
    assert verify(clinic) is None
    assert verify(clinic, trail) == 5


def test_a_trail_written_anew_is_found_by_the_anchor_alone(clinic, trail):
    change(clinic, delete(table).where(table.c.seq > 4))
    with clinic.store.begin() as tx:
        for number in range(4):
            audit.append(tx, actor="nobody", action="nothing", subject=f"enrollment:{number}", now=clinic.now)
    assert verify(clinic) is None
    assert verify(clinic, trail) == COUNT


def test_an_anchor_in_the_middle_of_a_longer_trail_fits(clinic, trail):
    with clinic.store.begin() as tx:
        audit.append(tx, actor="staff:ana", action="halt", subject="series:everything", now=clinic.now)
    assert verify(clinic, trail) is None


def test_writers_at_the_same_time_make_one_chain(clinic):
    failed: list[BaseException] = []

    def write(actor: str) -> None:
        try:
            for _ in range(5):
                with clinic.store.begin() as tx:
                    audit.append(tx, actor=actor, action="move", subject="enrollment:1", now=clinic.now)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with clinic.store.read() as tx:
        assert audit.head(tx).seq == 20
        assert audit.verify(tx) is None


def test_many_deeds_are_written_at_once_and_in_order(clinic):
    deeds = [Deed(actor="import", action="enroll", subject=f"enrollment:{each}") for each in range(1500)]
    with clinic.store.begin() as tx:
        newest = audit.append_all(tx, deeds, now=clinic.now)
        assert audit.append_all(tx, [], now=clinic.now) == newest
        assert audit.verify(tx, newest) is None
    assert newest.seq == len(deeds)


def test_an_audit_row_is_gone_with_the_transaction_that_wrote_it(clinic, trail):
    def fail() -> None:
        with clinic.store.begin() as tx:
            audit.append(tx, actor="staff:ana", action="move", subject="enrollment:1", now=clinic.now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with clinic.store.read() as tx:
        assert audit.head(tx) == trail


def test_the_trail_is_read_newest_first_by_subject_and_page(clinic, trail):
    with clinic.store.read() as tx:
        page = audit.entries(tx, limit=2)
        rest = audit.entries(tx, before=page[-1].seq)
        one = audit.entries(tx, subject="enrollment:2")
    assert [each.seq for each in (*page, *rest)] == list(range(COUNT, 0, -1))
    assert [(each.actor, each.action, each.at) for each in one] == [("staff:ana", "move", clinic.now)]
    assert one[0].detail == {"from": "2026-03-02", "to": "2026-03-09", "row": 2}
