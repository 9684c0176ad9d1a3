"""What a patient says beside stopping ("please call me", "this was helpful"), and staff who called.

In charge of: these deeds, in the caller's transaction, with their audit row. Not in charge of: pages
(``web``), or the list itself (``store.calls``).
"""

from datetime import datetime

from pipeline.store import audit, calls, reports
from pipeline.store.calls import Call, CallReason
from pipeline.store.database import Tx
from pipeline.store.overview import DeliveryRow


def ask_for_call(tx: Tx, delivery: DeliveryRow, *, now: datetime) -> bool:
    """The patient has more pain than expected and asks for a call; False where the wish is open already."""
    fresh = calls.open_call(tx, delivery.patient_id, CallReason.PAIN, delivery_id=delivery.id, now=now)
    if fresh:
        _write(tx, delivery.patient_id, f"call:{CallReason.PAIN}", "patient:page", now)
    return fresh


def ask_for_address(tx: Tx, delivery: DeliveryRow, *, actor: str, now: datetime) -> bool:
    """Mail does not reach the patient: staff ask for the right address. False where that is open already.

    One call for a patient, however many of their emails came back.
    """
    fresh = calls.open_call(tx, delivery.patient_id, CallReason.WRONG_ADDRESS, now=now)
    if fresh:
        _write(tx, delivery.patient_id, f"call:{CallReason.WRONG_ADDRESS}", actor, now)
    return fresh


def say_helpful(tx: Tx, delivery: DeliveryRow, helpful: bool, *, now: datetime) -> None:  # noqa: FBT001 - the answer itself
    """Whether this part was helpful; a patient's last answer to it counts."""
    reports.keep_helpful(tx, delivery.id, helpful=helpful, now=now)


def close(tx: Tx, call_id: int, *, actor: str, note: str | None, now: datetime) -> Call | None:
    """``actor`` called; None where the call is not on the list (any more). ``note`` is kept sealed."""
    done = calls.close_call(tx, call_id, by=actor, note=note, now=now)
    if done is not None:
        _write(tx, done.patient_id, f"called:{done.reason}", actor, now)
    return done


def _write(tx: Tx, patient_id: int, action: str, actor: str, now: datetime) -> None:
    audit.append(tx, actor=actor, action=action, subject=f"patient:{patient_id}", now=now)
