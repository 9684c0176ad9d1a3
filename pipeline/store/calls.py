"""Who the clinic should call, why, and since when: the call list of the staff.

In charge of: the table ``calls``, and the standing list of patients who want calls instead of mail. Not in
charge of: who asks for a call (``actions.calling``), who is mailed (``patients.eligibility``), or what was
said on the phone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.store import audit
from pipeline.store.audit import Deed
from pipeline.store.database import Tx
from pipeline.store.schema import audit as trail
from pipeline.store.schema import calls, patients

_ACTION = "phone_instead"


class CallReason(StrEnum):
    """Why somebody is on the call list."""

    #: "I have more pain than I expected: please call me."
    PAIN = "pain"
    #: Mail came back, or somebody else says it is not theirs: ask the patient for the right address.
    WRONG_ADDRESS = "wrong_address"
    #: "Do not email, phone instead" (45 CFR 164.522(b)); it stands until the patient's list says otherwise.
    PHONE_INSTEAD = "phone_instead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One patient to call."""

    patient_id: int
    reason: CallReason
    #: Aware, UTC.
    since: datetime
    #: What it is closed by; None where it stands until the patient's list says otherwise.
    id: int | None = None
    #: What it is about, where it is about one email.
    delivery_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A call that was made."""

    call: Call
    closed_at: datetime
    closed_by: str
    note: str | None = field(repr=False)


def open_call(
    tx: Tx, patient_id: int, reason: CallReason, *, delivery_id: int | None = None, now: datetime
) -> bool:
    """Put a patient on the list; False where they stand there for the same delivery and reason already.

    Without a delivery: for the same reason. Once it is closed, the next wish is a call of its own.
    """
    whose = f"patient:{patient_id}" if delivery_id is None else f"delivery:{delivery_id}"
    row = {
        "patient_id": patient_id,
        "delivery_id": delivery_id,
        "reason": reason,
        "about": f"{whose} {reason}",
        "opened_at": now,
    }
    dialect = postgresql if tx.on_postgresql else sqlite
    # The target names the one constraint that may hold it back: any other failure is a failure.
    adding = dialect.insert(calls).values(row).on_conflict_do_nothing(index_elements=["about"])
    return tx.connection.scalar(adding.returning(calls.c.id)) is not None


def close_call(tx: Tx, call_id: int, *, by: str, note: str | None = None, now: datetime) -> Call | None:
    """Take a call off the list, with a note that is sealed; None where it is not there or closed already."""
    sealed = None if note is None else tx.keyring.seal(note, record=_context(call_id))
    change = (
        update(calls)
        .where(calls.c.id == call_id, calls.c.closed_at.is_(None))
        .values(about=None, closed_at=now, closed_by=by, sealed_note=sealed)
        .returning(*calls.c)
    )
    row = tx.connection.execute(change).one_or_none()
    return None if row is None else _call(row)


def open_calls(tx: Tx, *, limit: int | None = None) -> tuple[Call, ...]:
    """What is to be done, the oldest first. Nobody who has died."""
    query = (
        select(calls)
        .join(patients, patients.c.id == calls.c.patient_id)
        .where(calls.c.closed_at.is_(None), ~patients.c.deceased)
    )
    rows = tx.connection.execute(query.order_by(calls.c.opened_at, calls.c.id).limit(limit))
    return tuple(map(_call, rows))


def closed_calls(tx: Tx, patient_id: int) -> tuple[Closed, ...]:
    """The calls of one patient that were made, the oldest first, with their notes opened."""
    query = select(calls).where(calls.c.patient_id == patient_id, calls.c.closed_at.is_not(None))
    return tuple(
        Closed(
            call=_call(row),
            closed_at=row.closed_at,
            closed_by=row.closed_by,
            note=None
            if row.sealed_note is None
            else tx.keyring.open(row.sealed_note, record=_context(row.id)),
        )
        for row in tx.connection.execute(query.order_by(calls.c.id))
    )


def note_phone_instead(tx: Tx, patient_ids: Sequence[int], *, actor: str, now: datetime) -> None:
    """Write down that these patients want calls from now on: the list shows since when."""
    deeds = [Deed(actor=actor, action=_ACTION, subject=_subject(each)) for each in sorted(set(patient_ids))]
    if deeds:
        audit.append_all(tx, deeds, now=now)


def phone_instead(tx: Tx, *, after: int = 0, limit: int = 500) -> tuple[Call, ...]:
    """The next ``limit`` patients who want calls instead of mail, by patient id, after the id ``after``.

    Nobody who has died.
    """
    wanted = select(patients.c.id, patients.c.created_at).where(
        patients.c.phone_instead, ~patients.c.deceased, patients.c.id > after
    )
    rows = tx.connection.execute(wanted.order_by(patients.c.id).limit(limit)).all()
    since = _noted(tx, [row.id for row in rows])
    return tuple(
        Call(
            patient_id=row.id,
            reason=CallReason.PHONE_INSTEAD,
            since=since.get(_subject(row.id), row.created_at),
        )
        for row in rows
    )


def _call(row: Row[Any]) -> Call:
    return Call(
        id=row.id,
        patient_id=row.patient_id,
        reason=CallReason(row.reason),
        since=row.opened_at,
        delivery_id=row.delivery_id,
    )


def _noted(tx: Tx, patient_ids: Sequence[int]) -> dict[str, datetime]:
    """When each of these last asked for calls, by the subject of the audit row."""
    found = (
        select(trail.c.subject, func.max(trail.c.at))
        .where(trail.c.subject.in_([_subject(each) for each in patient_ids]), trail.c.action == _ACTION)
        .group_by(trail.c.subject)
    )
    return {row.subject: row[1] for row in tx.connection.execute(found)}


def _subject(patient_id: int) -> str:
    return f"patient:{patient_id}"


def _context(call_id: int) -> str:
    """What a note is bound to: moved to another call it does not open."""
    return f"calls.note/{call_id}"
