import hashlib

from sqlalchemy import func, select

from pipeline.delivery.states import Reason, State
from pipeline.store import batches, enrollments, planning, suppression
from pipeline.store.batches import Member
from pipeline.store.enrollments import EnrollmentStatus
from pipeline.store.schema import batches as batch_table


def test_a_batch_keeps_its_members_in_order_with_their_hashes(clinic):
    ids = clinic.with_due(3)
    clinic.claim()
    begun = clinic.begin([ids[2], ids[0], ids[1]])
    with clinic.store.read() as tx:
        batch = batches.load_batch(tx, begun.id)
    assert [each.delivery for each in batch.members] == [ids[2], ids[0], ids[1]] == list(begun.deliveries)
    assert [each.payload_hash for each in batch.members] == [
        hashlib.sha256(b"%d" % each.delivery).digest() for each in batch.members
    ]
    assert batch.payload_hash == batches.payload_hash(batch.members)
    assert (batch.provider, batch.created_at, batch.finished_at) == ("outbox", clinic.now, None)


def test_the_hash_of_a_batch_changes_with_order_members_and_bytes():
    one, two = Member(delivery=1, payload_hash=b"a" * 32), Member(delivery=2, payload_hash=b"b" * 32)
    hashes = {batches.payload_hash(each) for each in ([one, two], [two, one], [one], [one, one])}
    assert len(hashes) == 4


def test_the_members_of_a_batch_are_sending_and_know_it(clinic):
    ids = clinic.with_due(2)
    clinic.claim()
    begun = clinic.begin(ids)
    for each in ids:
        row = clinic.row(each)
        assert (row.state, row.batch_id, row.provider) == (State.SENDING, begun.id, "outbox")
        assert (row.attempts, row.sending_at) == (1, clinic.now)


def test_what_was_lost_meanwhile_is_left_out_of_the_batch(clinic):
    mine, lost, held = clinic.with_due(3)
    clinic.claim("a")
    with clinic.store.begin() as tx:
        planning.hold(
            tx, [clinic.row(held).enrollment_id], reason=Reason.PAUSED, actor="staff", now=clinic.now
        )
        planning.cancel(
            tx, [clinic.row(lost).enrollment_id], reason=Reason.STOPPED, actor="staff", now=clinic.now
        )
    begun = clinic.begin([mine, lost, held])
    assert begun.deliveries == (mine,)
    with clinic.store.read() as tx:
        batch = batches.load_batch(tx, begun.id)
    assert [each.delivery for each in batch.members] == [mine]
    assert batch.payload_hash == batches.payload_hash(batch.members)
    assert clinic.states([lost, held]) == [State.CANCELED, State.HELD]


def test_an_enrollment_that_is_not_active_any_more_is_left_out(clinic):
    first, second = clinic.with_due(2)
    clinic.claim()
    with clinic.store.begin() as tx:
        enrollments.set_status(tx, [clinic.row(first).enrollment_id], EnrollmentStatus.PAUSED, now=clinic.now)
    assert clinic.begin([first, second]).deliveries == (second,)
    assert clinic.states([first]) == [State.CLAIMED]


def test_an_address_that_was_suppressed_meanwhile_is_left_out_for_everyone_who_shares_it(clinic):
    shared = {"email": "family@example.org"}
    people = [clinic.person(1, **shared), clinic.person(2, **shared), clinic.person(3)]
    ids = clinic.date(clinic.enroll(clinic.bring_in(people)), [clinic.planned(1)])
    clinic.claim()
    with clinic.store.begin() as tx:
        suppression.suppress(tx, "Family@Example.org", reason="unsubscribed", source="page", now=clinic.now)
    assert clinic.begin(ids).deliveries == (ids[2],)


def test_a_batch_with_nothing_left_is_not_kept(clinic):
    ids = clinic.with_due(2)
    clinic.claim("a")
    assert clinic.begin(ids, owner="b") is None
    with clinic.store.read() as tx:
        assert tx.connection.scalar(select(func.count()).select_from(batch_table)) == 0


def test_a_finished_batch_says_when(clinic):
    clinic.with_due()
    begun = clinic.begin(clinic.claim())
    with clinic.store.begin() as tx:
        batches.finish_batch(tx, begun.id, now=clinic.lease)
        assert batches.load_batch(tx, begun.id).finished_at == clinic.lease
