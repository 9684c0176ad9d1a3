"""A dispatcher's way with the ledger: claim what is due, read it, settle it, give leases back.

In charge of: the rows of deliveries on their way out (DESIGN 8). Not in charge of: the step to ``sending``
and the batch it belongs to (``batches``), dating deliveries (``planning``), deciding (``delivery``), or how
a state changes (``steps``).

An *owner* is one dispatcher's name for itself, unique per process start; a *lease* is how long its claim
holds without a sign of life.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, true, update

from pipeline.delivery.states import Reason, State
from pipeline.store.columns import among
from pipeline.store.database import Tx
from pipeline.store.marks import Halted
from pipeline.store.schema import deliveries, enrollments
from pipeline.store.steps import Mark, mark, sweep

#: The name in the history for what happens by itself.
WATCHDOG = "watchdog"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """What became of leases that ran out."""

    #: Were ``claimed``: nothing had left, planned again.
    freed: tuple[int, ...]
    #: Were ``sending``: may have gone, now ``unknown``.
    unknown: tuple[int, ...]


def claim_due(
    tx: Tx, *, now: datetime, owner: str, lease_until: datetime, limit: int, halted: Halted | None = None
) -> tuple[int, ...]:
    """Take up to ``limit`` planned deliveries that are due at ``now``, the longest due first.

    What is ``halted`` stays planned. Returns the ids, sorted, now ``claimed`` by ``owner``; no other
    dispatcher gets them before ``lease_until``.
    """
    if halted is not None and halted.everything:
        return ()
    due = and_(deliveries.c.due_at <= now, _not_halted(halted))
    return sweep(
        tx, due, before=State.PLANNED, after=State.CLAIMED, actor=owner, now=now, limit=limit,
        values={"owner": owner, "lease_until": lease_until},
    )  # fmt: skip


def settle(tx: Tx, marks: Sequence[Mark], *, owner: str, now: datetime) -> frozenset[int]:
    """Send claimed deliveries elsewhere than out: back to ``planned`` (a later ``due_at`` for "not now"),
    ``held``, ``skipped`` or ``canceled``.

    Returns the ids that changed; those that are missing no longer belonged to ``owner``.
    """
    return mark(tx, marks, before=State.CLAIMED, owner=owner, actor=owner, now=now)


def release(tx: Tx, ids: Sequence[int], *, owner: str, now: datetime) -> frozenset[int]:
    """Give claimed deliveries back unchanged: a quiet stop, or an open circuit breaker."""
    return settle(tx, [Mark(delivery=each, state=State.PLANNED) for each in ids], owner=owner, now=now)


def record(tx: Tx, marks: Sequence[Mark], *, owner: str, now: datetime) -> frozenset[int]:
    """Write down what one send attempt told us: ``sending`` to accepted, planned (deferred, with
    ``due_at``), refused, unknown, or held (deferred too often; it goes through planned).

    Returns the ids that changed. One that is missing was taken away while the provider was asked: its
    lease ran out and it is ``unknown``. What we know of it may then be recorded with ``resolve``.
    """
    return mark(tx, marks, before=State.SENDING, owner=owner, actor=owner, now=now)


def resolve(tx: Tx, marks: Sequence[Mark], *, actor: str, now: datetime) -> frozenset[int]:
    """Settle ``unknown`` deliveries: by an event, a look-up at the provider, a same-key resend, or staff.

    ``actor`` says which (``staff:ana``, ``event:postmark``). Returns the ids that changed.
    """
    return mark(tx, marks, before=State.UNKNOWN, owner=None, actor=actor, now=now)


def renew_lease(tx: Tx, ids: Sequence[int], *, owner: str, lease_until: datetime) -> int:
    """A sign of life: ``owner`` keeps what it has claimed or is sending. Returns how many it still has."""
    alive = (State.CLAIMED, State.SENDING)
    change = (
        update(deliveries)
        .where(among(deliveries.c.id), deliveries.c.owner == owner, deliveries.c.state.in_(alive))
        .values(lease_until=lease_until)
    )
    return tx.connection.execute(change, {"ids": ids}).rowcount


def expire_leases(tx: Tx, *, now: datetime) -> Expired:
    """Take back what a dispatcher left behind when it died: its lease ended at or before ``now``.

    ``claimed`` is planned again, because nothing had left. ``sending`` becomes ``unknown``, never planned,
    because it may have gone (DESIGN 8.1).
    """
    return Expired(
        freed=_take_back(tx, State.CLAIMED, State.PLANNED, now),
        unknown=_take_back(tx, State.SENDING, State.UNKNOWN, now),
    )


def _take_back(tx: Tx, before: State, after: State, now: datetime) -> tuple[int, ...]:
    over = deliveries.c.lease_until <= now
    return sweep(
        tx, over, before=before, after=after, actor=WATCHDOG, now=now,
        values={"reason": Reason.LEASE_EXPIRED},
    )  # fmt: skip


def _not_halted(halted: Halted | None) -> ColumnElement[bool]:
    if halted is None or not halted.series:
        return true()
    # Looked up for each due row: "NOT IN (every enrollment of the series)" would read all of those.
    return ~exists().where(
        enrollments.c.id == deliveries.c.enrollment_id, enrollments.c.series.in_(sorted(halted.series))
    )
