"""Patients and their consents: sealed on the way in, opened on the way out, found by keyed hashes.

In charge of: the tables ``patients``, ``name_words`` and ``consents``, and erasing a person. Not in charge
of: who may be mailed (``patients.eligibility``), or addresses that must not be (``suppression``).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from pipeline.keys import Keyring
from pipeline.patients.model import Basis, Consent, Patient
from pipeline.store.bulk import insert_rows, reserve_ids
from pipeline.store.columns import among, in_order
from pipeline.store.database import Tx
from pipeline.store.lookups import address_digest, address_digests, record_digests, word_digests, words_of
from pipeline.store.schema import (
    batch_members,
    consents,
    deliveries,
    delivery_history,
    enrollments,
    events,
    hook_calls,
    name_words,
    patients,
)

#: Patients looked up and written in one statement: keeps memory flat and SQLite's parameters in bounds.
_CHUNK = 500
_SEALED = ("record", "given", "family", "email")
_OPEN = ("language", "zone", "phone_instead", "minor", "deceased")


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What saving one patient did."""

    id: int
    created: bool
    #: Names of the fields of ``Patient`` that differ from what was kept; empty for a new one.
    changed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientRow:
    """A patient as kept."""

    id: int
    patient: Patient
    created_at: datetime
    updated_at: datetime


def save_patients(tx: Tx, people: Iterable[Patient], *, now: datetime) -> tuple[Saved, ...]:
    """Add new patients and update those whose record id is known; one result each, same order.

    Two people may share an address. A patient that has not changed is not written.
    """
    return tuple(saved for chunk in _chunks(people) for saved in _save_chunk(tx, chunk, now))


def load_patients(tx: Tx, ids: Iterable[int]) -> dict[int, PatientRow]:
    """The patients ``ids`` by id, in the order of ids; those that are not there (erased) are left out."""
    query = select(patients).where(among(patients.c.id, ids)).order_by(in_order(patients.c.id))
    rows = tx.connection.execute(query)
    return {
        row.id: PatientRow(
            id=row.id, patient=opened(tx.keyring, row), created_at=row.created_at, updated_at=row.updated_at
        )
        for row in rows
    }


def load_patient(tx: Tx, patient_id: int) -> PatientRow | None:
    """One patient, or None."""
    return load_patients(tx, (patient_id,)).get(patient_id)


def find_by_record(tx: Tx, record: str) -> int | None:
    """The id of the patient with the practice system's id ``record``."""
    digests = record_digests(tx.keyring, record)
    found: int | None = tx.connection.scalar(select(patients.c.id).where(patients.c.record_hash.in_(digests)))
    return found


def find_by_address(tx: Tx, address: str) -> tuple[int, ...]:
    """The ids of everyone with exactly this address, whatever its case."""
    digests = address_digests(tx.keyring, address)
    return tuple(
        tx.connection.scalars(
            select(patients.c.id).where(patients.c.address_hash.in_(digests)).order_by(patients.c.id)
        )
    )


def find_by_name(tx: Tx, name: str) -> tuple[int, ...]:
    """The ids of everyone whose name has every whole word of ``name``, in any order and case."""
    found: set[int] | None = None
    for word in words_of(name):
        digests = word_digests(tx.keyring, word)
        matching = set(
            tx.connection.scalars(select(name_words.c.patient_id).where(name_words.c.word_hash.in_(digests)))
        )
        found = matching if found is None else found & matching
    return tuple(sorted(found or ()))


def list_patients(tx: Tx, *, after: int = 0, limit: int = 50) -> tuple[PatientRow, ...]:
    """The next ``limit`` patients by id, after the id ``after``."""
    ids = select(patients.c.id).where(patients.c.id > after).order_by(patients.c.id).limit(limit)
    return tuple(load_patients(tx, tx.connection.scalars(ids)).values())


def count_patients(tx: Tx) -> int:
    """How many patients are kept."""
    return tx.connection.scalar(select(func.count()).select_from(patients)) or 0


def add_consents(tx: Tx, recorded: Sequence[tuple[int, Consent]], *, now: datetime) -> None:
    """Record grounds, as (patient id, consent). Nothing is replaced: the newest row is one row more."""
    rows = [
        {
            "patient_id": patient_id,
            "basis": consent.basis,
            "wording": consent.wording,
            "source": consent.source,
            "given_at": consent.given_at,
            "expires_on": consent.expires_on,
            "recorded_at": now,
        }
        for patient_id, consent in recorded
    ]
    insert_rows(tx, consents, rows)


def consents_of(tx: Tx, patient_ids: Iterable[int]) -> dict[int, tuple[Consent, ...]]:
    """Every recorded ground of each patient that has one, oldest first."""
    rows = tx.connection.execute(
        select(*consents.c["patient_id", "basis", "wording", "source", "given_at", "expires_on"])
        .where(among(consents.c.patient_id, patient_ids))
        .order_by(in_order(consents.c.id))
    )
    found: dict[int, tuple[Consent, ...]] = {}
    # A roster gives thousands the same ground: the value is built once.
    built: dict[tuple[Any, ...], Consent] = {}
    for row in rows:
        ground = row[1:]
        consent = built.get(ground) or built.setdefault(ground, _consent(*ground))
        found[row[0]] = (*found.get(row[0], ()), consent)
    return found


def erase_patient(tx: Tx, patient_id: int) -> bool:
    """Delete a patient with everything that hangs on them; whether they were there.

    Suppressions stay: they hold a keyed hash, and belong to the address. The caller writes the audit row.
    """
    theirs = (
        select(deliveries.c.id)
        .join(enrollments, enrollments.c.id == deliveries.c.enrollment_id)
        .where(enrollments.c.patient_id == patient_id)
    )
    # What was reported of them quotes their address; with it goes whatever else stood in the same calls.
    reported = select(events.c.call_id).where(events.c.delivery_id.in_(theirs))
    tx.connection.execute(delete(hook_calls).where(hook_calls.c.id.in_(reported)))
    tx.connection.execute(delete(delivery_history).where(delivery_history.c.delivery_id.in_(theirs)))
    tx.connection.execute(delete(batch_members).where(batch_members.c.delivery_id.in_(theirs)))
    return tx.connection.execute(delete(patients).where(patients.c.id == patient_id)).rowcount > 0


def opened(keyring: Keyring, row: Row[Any]) -> Patient:
    """The patient in a row that has every column of ``patients`` that ``Patient`` needs."""
    whose = row.record_hash.hex()
    email = row.sealed_email
    return Patient(
        record=keyring.open(row.sealed_record, record=_context("record", whose)),
        given=keyring.open(row.sealed_given, record=_context("given", whose)),
        family=keyring.open(row.sealed_family, record=_context("family", whose)),
        email=None if email is None else keyring.open(email, record=_context("email", whose)),
        language=row.language,
        zone=row.zone,
        phone_instead=row.phone_instead,
        minor=row.minor,
        deceased=row.deceased,
    )


def opened_name_and_address(keyring: Keyring, row: Row[Any]) -> tuple[str, str | None]:
    """Given name and address alone, of a row that has their sealed columns."""
    whose = row.record_hash.hex()
    given = keyring.open(row.sealed_given, record=_context("given", whose))
    email = row.sealed_email
    return given, None if email is None else keyring.open(email, record=_context("email", whose))


def _context(field: str, whose: str) -> str:
    """What a sealed column is bound to: moved to another column or patient it does not open."""
    return f"patients.{field}/{whose}"


def _chunks(people: Iterable[Patient]) -> Iterator[list[Patient]]:
    """Runs without a record twice, so that the second of two equal records updates the first."""
    chunk: dict[str, Patient] = {}
    for person in people:
        if len(chunk) == _CHUNK or person.record.strip() in chunk:
            yield list(chunk.values())
            chunk = {}
        chunk[person.record.strip()] = person
    if chunk:
        yield list(chunk.values())


def _save_chunk(tx: Tx, people: Sequence[Patient], now: datetime) -> list[Saved]:
    digests = [record_digests(tx.keyring, person.record) for person in people]
    every = [digest for each in digests for digest in each]
    rows = tx.connection.execute(select(patients).where(patients.c.record_hash.in_(every)))
    known = {row.record_hash: row for row in rows}
    kept = [next((known[digest] for digest in each if digest in known), None) for each in digests]
    new = [(person, each[0]) for person, each, row in zip(people, digests, kept, strict=True) if row is None]
    added = iter(_insert(tx, new, now))
    return [
        Saved(id=next(added), created=True) if row is None else _update(tx, person, row, now)
        for person, row in zip(people, kept, strict=True)
    ]


def _insert(tx: Tx, people: Sequence[tuple[Patient, bytes]], now: datetime) -> list[int]:
    """Write new patients, each with the hash of its record id."""
    if not people:
        return []
    ids = reserve_ids(tx, patients, len(people))
    rows = [
        {
            "id": patient_id,
            "record_hash": record_hash,
            **_columns(tx.keyring, person, record_hash),
            "version": 1,
            "address_since": now,
            "created_at": now,
            "updated_at": now,
        }
        for patient_id, (person, record_hash) in zip(ids, people, strict=True)
    ]
    insert_rows(tx, patients, rows)
    _add_words(tx, zip(ids, (person for person, _ in people), strict=True))
    return ids


def _update(tx: Tx, person: Patient, row: Row[Any], now: datetime) -> Saved:
    before = opened(tx.keyring, row)
    fields = ("given", "family", "email", *_OPEN)
    changed = frozenset(field for field in fields if getattr(before, field) != getattr(person, field))
    if changed:
        again = {"version": row.version + 1, "updated_at": now}
        since = now if "email" in changed else row.address_since
        values = {**_columns(tx.keyring, person, row.record_hash), **again, "address_since": since}
        tx.connection.execute(update(patients).where(patients.c.id == row.id).values(values))
    if changed & {"given", "family"}:
        tx.connection.execute(delete(name_words).where(name_words.c.patient_id == row.id))
        _add_words(tx, [(row.id, person)])
    return Saved(id=row.id, created=False, changed=changed)


def _columns(keyring: Keyring, person: Patient, record_hash: bytes) -> dict[str, Any]:
    """The row of ``person`` but for its keys and times."""
    whose = record_hash.hex()
    sealed = {
        f"sealed_{field}": None if value is None else keyring.seal(value, record=_context(field, whose))
        for field in _SEALED
        for value in (getattr(person, field),)
    }
    address_hash = None if person.email is None else address_digest(keyring, person.email)
    return {**sealed, "address_hash": address_hash, **{field: getattr(person, field) for field in _OPEN}}


def _add_words(tx: Tx, people: Iterable[tuple[int, Patient]]) -> None:
    rows = [
        {"patient_id": patient_id, "word_hash": word_digests(tx.keyring, word)[0]}
        for patient_id, person in people
        for word in sorted(words_of(f"{person.given} {person.family}"))
    ]
    insert_rows(tx, name_words, rows)


def _consent(basis: str, wording: str, source: str, given_at: datetime, expires_on: date | None) -> Consent:
    return Consent(
        basis=Basis(basis), wording=wording, source=source, given_at=given_at, expires_on=expires_on
    )
