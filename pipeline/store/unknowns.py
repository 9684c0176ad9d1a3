"""Deliveries of which nobody knows whether they went: found for people, with what was asked of the provider.

In charge of: reading them. Not in charge of: settling them (``ledger.resolve``), or which belong to one
outage (``delivery.outages``).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select

from pipeline.delivery.outages import InDoubt
from pipeline.delivery.states import Reason, State
from pipeline.store.columns import among
from pipeline.store.database import Tx
from pipeline.store.schema import deliveries

_COLUMNS = ("id", "key", "enrollment_id", "part", "updated_at", "provider", "reason", "detail", "batch_id")


def unknowns(tx: Tx, *, since: datetime | None = None) -> tuple[InDoubt, ...]:
    """All of them, or those that are in doubt since ``since`` (aware) or later; the oldest first."""
    query = _unknown()
    if since is not None:
        query = query.where(deliveries.c.updated_at >= since)
    found = map(_in_doubt, tx.connection.execute(query))
    return tuple(sorted(found, key=lambda each: (each.since, each.delivery)))


def unknown_among(tx: Tx, ids: Iterable[int]) -> Sequence[InDoubt]:
    """Those of ``ids`` that are unknown, locked: nobody else settles or sends them before this transaction
    ends.
    """
    query = _unknown().where(among(deliveries.c.id, ids)).order_by(deliveries.c.id)
    return tuple(map(_in_doubt, tx.connection.execute(query.with_for_update())))


def _unknown() -> Select[Any]:
    return select(*deliveries.c[_COLUMNS]).where(deliveries.c.state == State.UNKNOWN)


def _in_doubt(row: Row[Any]) -> InDoubt:
    return InDoubt(
        delivery=row.id,
        key=row.key,
        enrollment=row.enrollment_id,
        part=row.part,
        since=row.updated_at,
        provider=row.provider or "",
        reason=Reason(row.reason) if row.reason else Reason.NO_ANSWER,
        detail=row.detail,
        batch=row.batch_id,
    )
