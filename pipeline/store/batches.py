"""What goes to a provider in one call: the step to ``sending``, and what it takes to send it again.

In charge of: the tables ``batches`` and ``batch_members``, and committing ``sending`` with them. Not in
charge of: the bytes themselves (the caller hashes them) or the outcomes (``ledger.record``).

A batch goes out again only whole and unchanged, and only as long as the provider knows its key; its members
go from ``unknown`` to ``sending`` for that, so that lease, heartbeat and watchdog hold for them as always.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, insert, or_, select, update

from pipeline.delivery.states import State
from pipeline.store.bulk import insert_rows
from pipeline.store.columns import among, in_order
from pipeline.store.database import Tx
from pipeline.store.enrollments import EnrollmentStatus
from pipeline.store.schema import batch_members, batches, deliveries, enrollments, patients
from pipeline.store.steps import move
from pipeline.store.suppression import patient_is_suppressed

#: What goes out is the enrollment's edition of this moment; it may be given another one later.
_EDITION = (
    select(enrollments.c.edition)
    .where(enrollments.c.id == deliveries.c.enrollment_id)
    .correlate(deliveries)
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One message of a batch."""

    delivery: int
    #: SHA-256 of the bytes that will be sent for it.
    payload_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A batch whose members are ``sending``: these may go out, in this order, and no others."""

    id: int
    deliveries: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch as kept."""

    id: int
    provider: str
    idempotency_key: str
    #: SHA-256 over the members' payload hashes in order.
    payload_hash: bytes
    members: tuple[Member, ...]
    created_at: datetime
    #: When its outcomes were recorded; None: the process died, or is still waiting for the answer.
    finished_at: datetime | None
    #: How often it was sent again.
    resends: int = 0


def begin_sending(
    tx: Tx,
    members: Sequence[Member],
    *,
    provider: str,
    idempotency_key: str,
    owner: str,
    lease_until: datetime,
    now: datetime,
) -> Begun | None:
    """Take claimed deliveries to ``sending`` and keep the batch, in the order given.

    Commit this before the first byte goes out. Left out are those that no longer belong to ``owner``, whose
    enrollment is not active any more, or whose address was suppressed meanwhile: send only what is
    returned. None: nothing is left to send.
    """
    kept = {"provider": provider, "idempotency_key": idempotency_key, "owner": owner, "created_at": now}
    batch_id = tx.connection.scalars(
        insert(batches).values(payload_hash=b"", size=0, resends=0, **kept).returning(batches.c.id)
    ).one()
    moved = frozenset(
        move(
            tx, _may_begin([each.delivery for each in members], owner), before=(State.CLAIMED,),
            after=State.SENDING, actor=owner, now=now,
            values={
                "owner": owner, "lease_until": lease_until, "batch_id": batch_id, "provider": provider,
                "sending_at": now, "attempts": deliveries.c.attempts + 1, "sent_edition": _EDITION,
            },
        )
    )  # fmt: skip
    begun = [each for each in members if each.delivery in moved]
    _keep_members(tx, batch_id, begun)
    return Begun(id=batch_id, deliveries=tuple(each.delivery for each in begun)) if begun else None


def resendable(
    tx: Tx, *, provider: str, first_sent_after: datetime, now: datetime, limit: int
) -> tuple[int, ...]:
    """The oldest ``limit`` batches of ``provider`` with unknown members that may be sent again by the clock.

    ``first_sent_after``: what left before, the provider may have forgotten. A batch of the future comes from
    a clock that was set back; nobody knows how old it is.
    """
    unknown = select(deliveries.c.batch_id).where(deliveries.c.state == State.UNKNOWN)
    waits = or_(batches.c.resend_at.is_(None), batches.c.resend_at <= now)
    found = (
        select(batches.c.id)
        .where(batches.c.id.in_(unknown), batches.c.provider == provider, waits)
        .where(batches.c.created_at > first_sent_after, batches.c.created_at <= now)
        .order_by(batches.c.id)
        .limit(limit)
    )
    return tuple(tx.connection.scalars(found))


def hold_still(tx: Tx, members: Sequence[int]) -> None:
    """Let nobody end, pause or move the enrollments of these deliveries before this transaction ends.

    An unsubscribe does not wait for unknown deliveries, as it does for claimed ones; it waits for this. Ask
    what has changed after it.
    """
    theirs = select(deliveries.c.enrollment_id).where(among(deliveries.c.id, members))
    held = select(enrollments.c.id).where(enrollments.c.id.in_(theirs)).order_by(in_order(enrollments.c.id))
    tx.connection.execute(held.with_for_update(read=True))


def begin_again(
    tx: Tx, batch: Batch, members: Sequence[int], *, owner: str, lease_until: datetime, now: datetime
) -> bool:
    """Take unknown ``members`` of ``batch`` to ``sending`` once more; whether all of them went there.

    If not (an event, a person or another dispatcher was quicker), the caller has to undo its transaction:
    a batch goes whole or not at all.
    """
    moved = move(
        tx, and_(among(deliveries.c.id, members), deliveries.c.batch_id == batch.id),
        before=(State.UNKNOWN,), after=State.SENDING, actor=owner, now=now,
        values={"owner": owner, "lease_until": lease_until, "sending_at": now},
    )  # fmt: skip
    return len(moved) == len(members)


def postpone_resend(tx: Tx, batch_id: int, *, until: datetime, tried: bool) -> None:
    """Leave a batch alone until ``until``; ``tried`` counts a resend."""
    values = {"resend_at": until, "resends": batches.c.resends + (1 if tried else 0)}
    tx.connection.execute(update(batches).where(batches.c.id == batch_id).values(values))


def finish_batch(tx: Tx, batch_id: int, *, now: datetime) -> None:
    """Note that the outcomes of a batch are recorded."""
    tx.connection.execute(update(batches).where(batches.c.id == batch_id).values(finished_at=now))


def load_batch(tx: Tx, batch_id: int) -> Batch | None:
    """A batch with its members in order, or None."""
    row = tx.connection.execute(select(batches).where(batches.c.id == batch_id)).one_or_none()
    if row is None:
        return None
    members = tx.connection.execute(
        select(batch_members).where(batch_members.c.batch_id == batch_id).order_by(batch_members.c.position)
    )
    return Batch(
        id=row.id,
        provider=row.provider,
        idempotency_key=row.idempotency_key,
        payload_hash=row.payload_hash,
        members=tuple(Member(delivery=each.delivery_id, payload_hash=each.payload_hash) for each in members),
        created_at=row.created_at,
        finished_at=row.finished_at,
        resends=row.resends,
    )


def payload_hash(members: Sequence[Member]) -> bytes:
    """The hash of a whole batch: equal only if members, order and every byte are."""
    return hashlib.sha256(b"".join(each.payload_hash for each in members)).digest()


def _may_begin(ids: Sequence[int], owner: str) -> ColumnElement[bool]:
    mailable = (
        exists()
        .where(
            enrollments.c.id == deliveries.c.enrollment_id,
            enrollments.c.status == EnrollmentStatus.ACTIVE,
            patients.c.id == enrollments.c.patient_id,
            ~patient_is_suppressed(),
        )
        .correlate(deliveries)
    )
    return and_(among(deliveries.c.id, ids), deliveries.c.owner == owner, mailable)


def _keep_members(tx: Tx, batch_id: int, members: Sequence[Member]) -> None:
    if not members:
        tx.connection.execute(delete(batches).where(batches.c.id == batch_id))
        return
    rows = [
        {
            "batch_id": batch_id,
            "position": position,
            "delivery_id": each.delivery,
            "payload_hash": each.payload_hash,
        }
        for position, each in enumerate(members)
    ]
    insert_rows(tx, batch_members, rows)
    whole = {"payload_hash": payload_hash(members), "size": len(members)}
    tx.connection.execute(update(batches).where(batches.c.id == batch_id).values(whole))
