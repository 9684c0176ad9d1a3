"""Deliveries of a restored backup that were due while it was not the living database.

In charge of: finding them and putting them in doubt. Not in charge of: noticing that the database is a
restored one, or asking a person (``actions.generation``).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from pipeline.delivery.states import Reason, State
from pipeline.store.columns import among
from pipeline.store.database import Tx
from pipeline.store.schema import deliveries
from pipeline.store.steps import move

_MAY_HAVE_GONE = (State.PLANNED, State.CLAIMED)


def due_until(tx: Tx, *, until: datetime) -> tuple[int, ...]:
    """Deliveries that this database thinks unsent, and that were due at ``until`` or before."""
    found = [
        delivery
        for state in _MAY_HAVE_GONE
        for delivery in tx.connection.scalars(
            select(deliveries.c.id).where(deliveries.c.state == state, deliveries.c.due_at <= until)
        )
    ]
    return tuple(sorted(found))


def put_in_doubt(tx: Tx, ids: Sequence[int], *, provider: str, actor: str, now: datetime) -> tuple[int, ...]:
    """Make unsent deliveries ``unknown``: events, and staff, settle them like any other.

    They count as sent when they were due, so that the next part keeps its distance.
    """
    which = among(deliveries.c.id, ids)
    move(tx, which, before=(State.CLAIMED,), after=State.PLANNED, actor=actor, now=now)
    values = {"reason": Reason.RESTORED, "provider": provider, "sending_at": deliveries.c.due_at}
    return move(tx, which, before=(State.PLANNED,), after=State.UNKNOWN, actor=actor, now=now, values=values)
