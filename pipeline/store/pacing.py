"""What left through each provider today, counted for all processes on this database.

In charge of: the table ``pacing``. Not in charge of: what the numbers allow (``delivery.pacing``).
"""

from datetime import UTC, date, datetime, time

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.delivery.pacing import Pace, fresh
from pipeline.store.database import Tx
from pipeline.store.schema import batches, pacing


def pace_of(tx: Tx, provider: str, *, now: datetime) -> Pace:
    """What left so far through ``provider``."""
    row = tx.connection.execute(select(pacing).where(pacing.c.provider == provider)).one_or_none()
    if row is None or row.day < now.astimezone(UTC).date():
        # Limits may be set in the middle of a day: what left before them counts too.
        return fresh(now, _left_today(tx, provider, now))
    return Pace(day=row.day, used=row.used, free_at=row.free_at)


def locked_pace(tx: Tx, provider: str, *, now: datetime) -> Pace:
    """``pace_of``, and nobody else counts before this transaction ends."""
    dialect = postgresql if tx.on_postgresql else sqlite
    row = {"provider": provider, "day": date.min, "used": 0, "free_at": now}
    tx.connection.execute(dialect.insert(pacing).values(row).on_conflict_do_nothing())
    tx.connection.execute(select(pacing.c.provider).where(pacing.c.provider == provider).with_for_update())
    return pace_of(tx, provider, now=now)


def keep_pace(tx: Tx, provider: str, pace: Pace) -> None:
    """Write ``pace`` down; read it with ``locked_pace`` in the same transaction, before."""
    values = {"day": pace.day, "used": pace.used, "free_at": pace.free_at}
    tx.connection.execute(update(pacing).where(pacing.c.provider == provider).values(values))


def _left_today(tx: Tx, provider: str, now: datetime) -> int:
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), tzinfo=UTC)
    today = select(func.sum(batches.c.size)).where(
        batches.c.provider == provider, batches.c.created_at >= midnight
    )
    return int(tx.connection.scalar(today) or 0)
