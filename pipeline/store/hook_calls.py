"""What mail services brought, call by call, as it came: kept before it is understood.

In charge of: the table ``hook_calls``. Not in charge of: what a call tells (``events``), or
proof (``providers``).

A body quotes addresses, so it is sealed, and deleted after a while (``forget_calls``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from pipeline.store.bulk import reserve_ids
from pipeline.store.database import Tx
from pipeline.store.schema import hook_calls


class Reading(StrEnum):
    """What became of a call."""

    #: Stored, and not understood yet.
    WAITING = "waiting"
    READ = "read"
    #: It came from the service, but its body is not what the service's own pages say.
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCall:
    """One call as it came, opened."""

    id: int
    provider: str
    received_at: datetime
    body: bytes = field(repr=False)
    #: Without those that prove who called.
    headers: Mapping[str, str] = field(repr=False)


def keep_call(tx: Tx, provider: str, body: bytes, headers: Mapping[str, str], *, now: datetime) -> int:
    """Keep a proven call before it is understood; returns its id. ``headers`` without any secret."""
    (call_id,) = reserve_ids(tx, hook_calls, 1)
    # Latin-1 gives every byte a character, and the same bytes back.
    whole = json.dumps({"headers": dict(headers), "body": body.decode("latin-1")})
    row = {
        "id": call_id,
        "provider": provider,
        "received_at": now,
        "sealed_call": tx.keyring.seal(whole, record=_context(call_id)),
        "reading": Reading.WAITING,
        "told": 0,
    }
    tx.connection.execute(insert(hook_calls).values(row))
    return call_id


def waiting_calls(tx: Tx, *, before: datetime, limit: int = 50) -> tuple[KeptCall, ...]:
    """Calls that came before ``before`` (aware) and were never read: the process died in between."""
    query = (
        select(hook_calls)
        .where(hook_calls.c.reading == Reading.WAITING, hook_calls.c.received_at < before)
        .order_by(hook_calls.c.id)
        .limit(limit)
    )
    return tuple(_call(tx, row) for row in tx.connection.execute(query))


def finish_call(tx: Tx, call_id: int, *, told: int | None) -> None:
    """Note how many events a call told; None: nobody could read it."""
    reading = Reading.UNREADABLE if told is None else Reading.READ
    change = update(hook_calls).where(hook_calls.c.id == call_id)
    tx.connection.execute(change.values(reading=reading, told=told or 0))


def count_unreadable(tx: Tx) -> dict[str, int]:
    """How many calls of each service nobody could read."""
    query = select(hook_calls.c.provider, func.count()).where(hook_calls.c.reading == Reading.UNREADABLE)
    rows = tx.connection.execute(query.group_by(hook_calls.c.provider))
    return {row[0]: row[1] for row in rows}


def forget_calls(tx: Tx, *, before: datetime) -> int:
    """Delete calls that came before ``before`` (aware), read or not; how many. Their events stay."""
    return tx.connection.execute(delete(hook_calls).where(hook_calls.c.received_at < before)).rowcount


def _call(tx: Tx, row: Row[Any]) -> KeptCall:
    whole = json.loads(tx.keyring.open(row.sealed_call, record=_context(row.id)))
    return KeptCall(
        id=row.id,
        provider=row.provider,
        received_at=row.received_at,
        body=whole["body"].encode("latin-1"),
        headers=whole["headers"],
    )


def _context(call_id: int) -> str:
    """What a call is bound to: moved to another row it does not open."""
    return f"hook_calls.call/{call_id}"
