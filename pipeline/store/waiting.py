"""Enrollments whose parts wait for something to change about their patient.

In charge of: finding them. Not in charge of: what lifts a reason (``actions``), or dating parts anew
(``planning``).
"""

from collections.abc import Collection, Iterable

from sqlalchemy import select

from pipeline.delivery.states import Reason, State
from pipeline.store.columns import among, by_scan
from pipeline.store.database import Tx
from pipeline.store.schema import deliveries


def held_back(tx: Tx, enrollment_ids: Iterable[int], reasons: Collection[Reason]) -> frozenset[int]:
    """Those of these enrollments with a part that is held or was left out for one of ``reasons``."""
    found = select(deliveries.c.enrollment_id).where(
        among(deliveries.c.enrollment_id, enrollment_ids),
        by_scan(deliveries.c.state).in_((State.HELD, State.SKIPPED)),
        deliveries.c.reason.in_(sorted(reasons)),
    )
    return frozenset(tx.connection.scalars(found.distinct()))
