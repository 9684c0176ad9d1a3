"""How often somebody called as a mail service, and could not prove it.

In charge of: that count, one mark per service. Not in charge of: what proof is (``providers``).
"""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from pipeline.store.database import Tx
from pipeline.store.marks import get_mark, set_mark
from pipeline.store.schema import marks

_PREFIX = "calls refused:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """Calls without proof in the name of one service."""

    provider: str
    count: int
    #: When the newest was counted; aware.
    newest: datetime


def add(tx: Tx, provider: str, count: int, *, now: datetime) -> None:
    """Count ``count`` more."""
    kept = get_mark(tx, _PREFIX + provider)
    before = int(json.loads(kept)) if kept else 0
    set_mark(tx, _PREFIX + provider, json.dumps(before + count), now=now)


def counted(tx: Tx) -> tuple[Refusals, ...]:
    """All of them, by service."""
    rows = tx.connection.execute(
        select(marks).where(marks.c.key.startswith(_PREFIX, autoescape=True)).order_by(marks.c.key)
    )
    return tuple(
        Refusals(provider=row.key.removeprefix(_PREFIX), count=int(row.value), newest=row.updated_at)
        for row in rows
    )
