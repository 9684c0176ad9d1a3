"""Addresses that must not be mailed, kept as keyed hashes only, longer than any patient.

In charge of: the table ``suppressions``. Not in charge of: who puts an address on it or takes it off
(``actions``: an import never does the latter), or stopping what is planned (``planning``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, insert, select, update

from pipeline.store.database import Tx
from pipeline.store.lookups import address_digest, address_digests
from pipeline.store.schema import patients, suppressions

#: Addresses asked about in one statement; each takes a parameter per key of the ring.
_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """Why and since when an address is not mailed."""

    reason: str
    #: Where it came from: ``page``, ``one_click``, ``staff:ana``, ``event:postmark``.
    source: str
    suppressed_at: datetime
    lifted_at: datetime | None
    lifted_source: str | None


def suppress(tx: Tx, address: str, *, reason: str, source: str, now: datetime) -> bool:
    """Put ``address`` on the list, for everyone who shares it; False if it stood there already.

    What is planned for those people is canceled by the caller in the same transaction
    (``planning.cancel``), so that nothing begins to be sent after this commit (DESIGN 9.2).
    """
    if is_suppressed(tx, address):
        return False
    row = {
        "address_hash": address_digest(tx.keyring, address),
        "reason": reason,
        "source": source,
        "suppressed_at": now,
    }
    tx.connection.execute(insert(suppressions).values(row))
    return True


def is_suppressed(tx: Tx, address: str) -> bool:
    """Whether ``address`` is on the list, under any key of the ring."""
    return bool(suppressed_among(tx, (address,)))


def suppressed_among(tx: Tx, addresses: Iterable[str]) -> frozenset[str]:
    """Those of ``addresses`` that are on the list, as they were written."""
    asked = sorted(set(addresses))
    found: set[str] = set()
    for start in range(0, len(asked), _CHUNK):
        by_digest = {
            digest: address
            for address in asked[start : start + _CHUNK]
            for digest in address_digests(tx.keyring, address)
        }
        hashes = select(suppressions.c.address_hash).where(
            suppressions.c.address_hash.in_(by_digest), suppressions.c.lifted_at.is_(None)
        )
        hit = {by_digest[digest] for digest in tx.connection.scalars(hashes)}
        found |= hit
    return frozenset(found)


def lift(tx: Tx, address: str, *, source: str, now: datetime) -> bool:
    """Take ``address`` off the list, because the patient asked for mail again; whether it was on it.

    ``source`` says how they did (``page``, ``staff:ana``). The row stays, with the time.
    """
    digests = address_digests(tx.keyring, address)
    change = (
        update(suppressions)
        .where(suppressions.c.address_hash.in_(digests), suppressions.c.lifted_at.is_(None))
        .values(lifted_at=now, lifted_source=source)
    )
    return tx.connection.execute(change).rowcount > 0


def suppressions_of(tx: Tx, address: str) -> tuple[Suppression, ...]:
    """Everything the list says of ``address``, lifted ones too, oldest first."""
    rows = tx.connection.execute(
        select(suppressions)
        .where(suppressions.c.address_hash.in_(address_digests(tx.keyring, address)))
        .order_by(suppressions.c.id)
    )
    return tuple(
        Suppression(
            reason=row.reason,
            source=row.source,
            suppressed_at=row.suppressed_at,
            lifted_at=row.lifted_at,
            lifted_source=row.lifted_source,
        )
        for row in rows
    )


def patient_is_suppressed() -> ColumnElement[bool]:
    """SQL: the address of the row of ``patients`` at hand is on the list, by the hash kept with it.

    After a rotation of keys the two may be hashed with different keys: ``suppressed_among`` finds those.
    """
    return exists().where(
        suppressions.c.address_hash == patients.c.address_hash, suppressions.c.lifted_at.is_(None)
    )
