"""Who did what: an append-only trail in which every row's hash covers the row before it.

In charge of: the table ``audit``. Not in charge of: where the head is anchored outside the database
(``app``), or which actions are written (``actions``: all of them).

A changed, removed, inserted or reordered row breaks the chain at that row. Rows cut off at the end, or a
chain written anew from some row on, fit together again: only a head kept elsewhere shows them.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, insert, select, text

from pipeline.store.database import Tx
from pipeline.store.schema import audit

#: What the first row's ``previous`` is.
_START = "0" * 64
#: What a row's hash covers, besides its time.
_HASHED = ("seq", "actor", "action", "subject", "detail", "previous")
#: Any number, the same in every process: who appends holds this PostgreSQL advisory lock until its commit.
_LOCK = 0x6175646974


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing done, before it is written."""

    #: Who: ``staff:ana``, ``patient``, ``dispatcher``, ``command line``.
    actor: str
    #: What, as a verb of the code base: ``approve``, ``import``, ``unsubscribe``.
    action: str
    #: On what: ``enrollment 12``, ``edition 3f2a…``; never a name or an address.
    subject: str
    #: Further facts, JSON; never a name or an address.
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest row: what is anchored outside the database."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the trail."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    hash: str


def append(
    tx: Tx, *, actor: str, action: str, subject: str, detail: Mapping[str, Any] | None = None, now: datetime
) -> Head:
    """Write one deed. Returns the new head."""
    return append_all(tx, [Deed(actor=actor, action=action, subject=subject, detail=detail)], now=now)


def append_all(tx: Tx, deeds: Sequence[Deed], *, now: datetime) -> Head:
    """Write deeds in order; returns the new head.

    Writers queue up here until the commit, so make it the last thing of a transaction: then nobody waits
    for long, and nobody who waits here holds what another one needs.
    """
    if tx.on_postgresql:
        tx.connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    last = head(tx) or Head(seq=0, hash=_START)
    rows = []
    for deed in deeds:
        row = _row(deed, after=last, now=now)
        last = Head(seq=row["seq"], hash=row["hash"])
        rows.append(row)
    if rows:
        tx.connection.execute(insert(audit), rows)
    return last


def head(tx: Tx) -> Head | None:
    """The newest row; None for an empty trail."""
    row = tx.connection.execute(
        select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
    ).one_or_none()
    return None if row is None else Head(seq=row.seq, hash=row.hash)


def verify(tx: Tx, anchor: Head | None = None) -> int | None:
    """The number of the first row that is wrong or missing; None if the trail is whole.

    ``anchor`` is a head kept outside the database: with it rows cut off at the end, and a trail written
    anew, are found too.
    """
    last = Head(seq=0, hash=_START)
    # Read in pieces: the trail only ever grows.
    query = select(audit).order_by(audit.c.seq).execution_options(yield_per=1000)
    with tx.connection.execute(query) as rows:
        for row in rows:
            if row.seq != last.seq + 1 or row.previous != last.hash or row.hash != _hash(row._asdict()):
                return last.seq + 1
            last = Head(seq=row.seq, hash=row.hash)
            if anchor is not None and anchor.seq == last.seq and anchor.hash != last.hash:
                return last.seq
    return last.seq + 1 if anchor is not None and anchor.seq > last.seq else None


def entries(
    tx: Tx, *, before: int | None = None, subject: str | None = None, limit: int = 50
) -> tuple[Entry, ...]:
    """The newest ``limit`` rows, of one ``subject`` if given, older than the row ``before`` if given."""
    query = select(audit).order_by(audit.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.seq < before)
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    return tuple(map(_entry, tx.connection.execute(query)))


def _row(deed: Deed, *, after: Head, now: datetime) -> dict[str, Any]:
    row = {
        "seq": after.seq + 1,
        "at": now,
        "actor": deed.actor,
        "action": deed.action,
        "subject": deed.subject,
        "detail": json.dumps(deed.detail or {}, sort_keys=True, separators=(",", ":")),
        "previous": after.hash,
    }
    return {**row, "hash": _hash(row)}


def _hash(row: Mapping[str, Any]) -> str:
    """SHA-256 over everything in the row but the hash, as a JSON array: no two rows read the same."""
    fields = [row["at"].astimezone(UTC).isoformat(), *(row[name] for name in _HASHED)]
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        action=row.action,
        subject=row.subject,
        detail=json.loads(row.detail),
        hash=row.hash,
    )
