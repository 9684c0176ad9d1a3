"""What goes to a provider in one call: the step to ``sending``, and what it takes to send it again.

In charge of: the tables ``batches`` and ``batch_members``, and committing ``sending`` with them. Not in
charge of: the bytes themselves (the caller hashes them) or the outcomes (``ledger.record``).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, insert, select, update

from pipeline.delivery.states import State
from pipeline.store.bulk import insert_rows
from pipeline.store.columns import among
from pipeline.store.database import Tx
from pipeline.store.enrollments import EnrollmentStatus
from pipeline.store.schema import batch_members, batches, deliveries, enrollments, patients
from pipeline.store.steps import move
from pipeline.store.suppression import patient_is_suppressed


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
        insert(batches).values(payload_hash=b"", size=0, **kept).returning(batches.c.id)
    ).one()
    moved = frozenset(
        move(
            tx, _may_begin([each.delivery for each in members], owner), before=(State.CLAIMED,),
            after=State.SENDING, actor=owner, now=now,
            values={
                "owner": owner, "lease_until": lease_until, "batch_id": batch_id, "provider": provider,
                "sending_at": now, "attempts": deliveries.c.attempts + 1,
            },
        )
    )  # fmt: skip
    begun = [each for each in members if each.delivery in moved]
    _keep_members(tx, batch_id, begun)
    return Begun(id=batch_id, deliveries=tuple(each.delivery for each in begun)) if begun else None


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
