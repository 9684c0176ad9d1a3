"""How the ledger stands, in numbers: for ``pipeline status`` and the staff's first page.

In charge of: counting, by state and reason. Not in charge of: what the numbers mean (``delivery.health``).
Everything here is found by the index of states, so that a million planned deliveries make it no slower,
but for the count of all (``overview.count_by_state``).
"""

from datetime import datetime

from sqlalchemy import func, select

from pipeline.delivery.health import Group
from pipeline.delivery.states import Reason, State
from pipeline.store.database import Tx
from pipeline.store.schema import deliveries

#: States in which deliveries are few, and of which the reason matters.
_TOLD = (State.HELD, State.UNKNOWN, State.REFUSED, State.BOUNCED, State.COMPLAINED)
_ON_THE_WAY = (State.CLAIMED, State.SENDING)


def groups(tx: Tx) -> tuple[Group, ...]:
    """What is held, unknown, refused, came back or was marked as spam, by reason; the largest first."""
    return _groups(tx, *_TOLD, until=None)


def overdue(tx: Tx, *, now: datetime) -> tuple[Group, ...]:
    """What is planned and was due before ``now``, by reason; ``oldest`` is its due time."""
    return _groups(tx, State.PLANNED, until=now)


def abandoned(tx: Tx, *, before: datetime) -> int:
    """Deliveries on their way whose lease ended before ``before``, and that nobody took back."""
    query = select(func.count()).where(deliveries.c.state.in_(_ON_THE_WAY), deliveries.c.lease_until < before)
    return int(tx.connection.scalar(query) or 0)


def _groups(tx: Tx, *states: State, until: datetime | None) -> tuple[Group, ...]:
    since = deliveries.c.updated_at if until is None else deliveries.c.due_at
    found = []
    for state in states:
        query = (
            select(deliveries.c.reason, func.count(), func.min(since))
            .where(deliveries.c.state == state)
            .group_by(deliveries.c.reason)
        )
        if until is not None:
            query = query.where(deliveries.c.due_at < until)
        for reason, count, oldest in tx.connection.execute(query):
            known = None if reason is None else Reason(reason)
            found.append(Group(state=state, reason=known, count=count, oldest=oldest))
    return tuple(sorted(found, key=lambda group: -group.count))
