"""Editions, the signatures on them, and who last changed a series.

In charge of: the tables ``editions``, ``approvals`` and ``changes``. Not in charge of: the canonical bytes
(``rendering.edition`` writes and reads them), or who may sign (``actions``).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, insert, select

from pipeline.errors import StoreError
from pipeline.rendering.model import Edition
from pipeline.series.model import Purpose
from pipeline.store.database import Tx
from pipeline.store.schema import approvals, changes, editions, users
from pipeline.store.users import User

_SUMMARY = editions.c["sha256", "series", "title", "language", "purpose", "parts", "created_at"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionRow:
    """What is known of an edition without its bytes."""

    sha256: str
    series: str
    title: str
    language: str
    purpose: Purpose
    #: How many parts it has.
    parts: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A clinician's signature on an edition's hash."""

    edition: str
    #: Name of the user who signed, and what the signature shows.
    user: str
    display: str
    credential: str
    #: Last date on which it counts.
    review_by: date
    approved_at: datetime


def save_edition(tx: Tx, edition: Edition, canonical: bytes, *, now: datetime) -> bool:
    """Keep an edition's canonical bytes; False if it is kept already.

    Raises ValueError if ``edition.sha256`` is not the hash of ``canonical``.
    """
    if hashlib.sha256(canonical).hexdigest() != edition.sha256:
        raise ValueError("an edition is kept under the SHA-256 of its canonical bytes")
    if find_edition(tx, edition.sha256) is not None:
        return False
    row = {
        "sha256": edition.sha256,
        "series": edition.series,
        "title": edition.title,
        "language": edition.language,
        "purpose": edition.purpose,
        "parts": len(edition.parts),
        "canonical": canonical,
        "created_at": now,
    }
    tx.connection.execute(insert(editions).values(row))
    return True


def edition_bytes(tx: Tx, sha256: str) -> bytes:
    """The canonical bytes of an edition.

    Raises StoreError when it is not there, or its bytes no longer have the hash that was signed.
    """
    data: bytes | None = tx.connection.scalar(select(editions.c.canonical).where(editions.c.sha256 == sha256))
    if data is None:
        raise StoreError(f"There is no edition {sha256[:12]}.", mend="list them with: pipeline status")
    if hashlib.sha256(data).hexdigest() != sha256:
        raise StoreError(
            f"The bytes of edition {sha256[:12]} were changed in the database: it is not what was approved.",
            mend="restore the database from a backup, then run: pipeline audit verify",
        )
    return data


def find_edition(tx: Tx, sha256: str) -> EditionRow | None:
    """One edition, or None."""
    row = tx.connection.execute(select(*_SUMMARY).where(editions.c.sha256 == sha256)).one_or_none()
    return None if row is None else _edition(row)


def editions_of(tx: Tx, series: str | None = None) -> tuple[EditionRow, ...]:
    """The editions of a series, or of all: the one signed last first, what nobody signed last, by age.

    By signature, not by age: signing the bytes of an older edition again is how a clinic goes back to it.
    """
    signed = select(func.max(approvals.c.id)).where(approvals.c.edition == editions.c.sha256)
    newest = func.coalesce(signed.correlate(editions).scalar_subquery(), 0)
    query = select(*_SUMMARY).order_by(newest.desc(), editions.c.created_at.desc(), editions.c.sha256)
    if series is not None:
        query = query.where(editions.c.series == series)
    return tuple(map(_edition, tx.connection.execute(query)))


def approve(tx: Tx, sha256: str, *, user: User, credential: str, review_by: date, now: datetime) -> Approval:
    """Add a signature. The caller has checked that ``user`` may give it."""
    row = {
        "edition": sha256,
        "user_id": user.id,
        "credential": credential,
        "review_by": review_by,
        "approved_at": now,
    }
    tx.connection.execute(insert(approvals).values(row))
    return Approval(
        edition=sha256,
        user=user.name,
        display=user.display,
        credential=credential,
        review_by=review_by,
        approved_at=now,
    )


def approvals_of(tx: Tx, sha256s: Iterable[str]) -> dict[str, Approval]:
    """The newest signature of each of these editions that has one, whether or not its date has passed."""
    rows = tx.connection.execute(
        select(approvals, users.c.name, users.c.display)
        .join(users, users.c.id == approvals.c.user_id)
        .where(approvals.c.edition.in_(sorted(set(sha256s))))
        .order_by(approvals.c.id)
    )
    return {row.edition: _approval(row) for row in rows}


def history(tx: Tx, series: str, *, limit: int = 50) -> tuple[Approval, ...]:
    """The newest ``limit`` signatures on editions of a series, newest first."""
    rows = tx.connection.execute(
        select(approvals, users.c.name, users.c.display)
        .join(users, users.c.id == approvals.c.user_id)
        .join(editions, editions.c.sha256 == approvals.c.edition)
        .where(editions.c.series == series)
        .order_by(approvals.c.id.desc())
        .limit(limit)
    )
    return tuple(map(_approval, rows))


def record_change(tx: Tx, series: str, *, user: str, now: datetime) -> None:
    """Note that ``user`` (a name) changed a series."""
    tx.connection.execute(insert(changes).values(series=series, user_name=user, changed_at=now))


def last_changed_by(tx: Tx, series: str) -> str | None:
    """The name of the last person who changed a series."""
    newest = select(func.max(changes.c.id)).where(changes.c.series == series).scalar_subquery()
    name: str | None = tx.connection.scalar(select(changes.c.user_name).where(changes.c.id == newest))
    return name


def _edition(row: Row[Any]) -> EditionRow:
    return EditionRow(
        sha256=row.sha256,
        series=row.series,
        title=row.title,
        language=row.language,
        purpose=Purpose(row.purpose),
        parts=row.parts,
        created_at=row.created_at,
    )


def _approval(row: Row[Any]) -> Approval:
    return Approval(
        edition=row.edition,
        user=row.name,
        display=row.display,
        credential=row.credential,
        review_by=row.review_by,
        approved_at=row.approved_at,
    )
