"""How much mail is due.

In charge of: counting it cheaply. Not in charge of: taking it (``ledger``).
"""

from datetime import datetime

from sqlalchemy import func, select

from pipeline.delivery.states import State
from pipeline.store.database import Tx
from pipeline.store.schema import deliveries


def count_due(tx: Tx, *, now: datetime, limit: int) -> int:
    """How many planned deliveries are due at ``now`` (aware), counted up to ``limit``."""
    due = select(deliveries.c.id).where(deliveries.c.state == State.PLANNED, deliveries.c.due_at <= now)
    return int(tx.connection.scalar(select(func.count()).select_from(due.limit(limit).subquery())) or 0)
