"""What a simulation asks of the ledger, to judge afterwards what the dispatcher did.

In charge of: reading plain facts, without any of the dispatcher's own rules. Not in charge of: the judgement
(``engine.simulation_checks``), or changing anything.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, func, select

from pipeline.delivery.states import Reason, State
from pipeline.store.database import Tx
from pipeline.store.planning import GONE
from pipeline.store.schema import batches, deliveries, delivery_history, enrollments, patients
from pipeline.store.suppression import patient_is_suppressed

#: What a day's summary counts.
_TOLD = (State.ACCEPTED, State.HELD, State.SKIPPED, State.CANCELED, State.REFUSED, State.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One delivery as it stands when its ``sending`` is committed."""

    delivery: int
    enrollment: int
    patient: int
    part: int
    edition: str
    #: The first visit, a civil date in ``zone``.
    start: date
    slower: bool
    zone: str
    #: Aware, UTC.
    due_at: datetime
    expires_on: date
    #: The patient asked for it now.
    asked: bool
    sending_at: datetime
    #: It goes once more, with the same key, because nobody knows of the attempt before.
    again: bool
    #: The row of the history that says ``sending``: what was committed before has a smaller number.
    began: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A delivery that has not gone, or of which nobody knows."""

    delivery: int
    enrollment: int
    patient: int
    part: int
    state: State
    reason: Reason | None
    due_at: datetime | None
    #: Who brought it to where it is.
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """So many deliveries came to this state at this moment."""

    at: datetime
    state: State
    reason: Reason | None
    count: int


def history_head(tx: Tx) -> int:
    """The number of the newest row of the history; 0 for none."""
    return int(tx.connection.scalar(select(func.max(delivery_history.c.id))) or 0)


def facts_of(tx: Tx, keys: Sequence[str]) -> dict[str, Fact]:
    """The deliveries with these delivery keys, by key."""
    return {row.key: _fact(row) for row in tx.connection.execute(_facts().where(deliveries.c.key.in_(keys)))}


def gone_already(tx: Tx) -> Iterator[Fact]:
    """Every delivery that went or may have gone so far."""
    query = _facts().where(
        deliveries.c.state.in_(GONE - {State.REFUSED}), deliveries.c.sending_at.is_not(None)
    )
    return map(_fact, tx.connection.execute(query.order_by(deliveries.c.sending_at, deliveries.c.id)))


def suppressed_enrollments(tx: Tx) -> frozenset[int]:
    """The enrollments of patients whose address must not be mailed."""
    query = (
        select(enrollments.c.id)
        .join(patients, patients.c.id == enrollments.c.patient_id)
        .where(patient_is_suppressed())
    )
    return frozenset(tx.connection.scalars(query))


def endings(tx: Tx) -> tuple[Ending, ...]:
    """Every delivery that did not end as sent, in the order of ids."""
    last = delivery_history.alias("last")
    newest = (
        select(last.c.actor)
        .where(last.c.delivery_id == deliveries.c.id)
        .order_by(last.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(
            *deliveries.c["id", "enrollment_id", "part", "state", "reason", "due_at"],
            enrollments.c.patient_id,
            newest.label("actor"),
        )
        .join(enrollments, enrollments.c.id == deliveries.c.enrollment_id)
        .where(deliveries.c.state.not_in((State.ACCEPTED, State.DELIVERED)))
        .order_by(deliveries.c.id)
    )
    return tuple(_ending(row) for row in tx.connection.execute(query))


def turns(tx: Tx, *, after: int) -> tuple[Turn, ...]:
    """What deliveries came to since the row ``after`` of the history, by moment."""
    told = delivery_history.c["at", "state", "reason"]
    query = (
        select(*told, func.count().label("count"))
        .where(delivery_history.c.id > after, delivery_history.c.state.in_(_TOLD))
        .group_by(*told)
        .order_by(*told)
    )
    return tuple(
        Turn(at=row.at, state=State(row.state), reason=_reason(row.reason), count=row[3])
        for row in tx.connection.execute(query)
    )


def _facts() -> Select[Any]:
    began = (
        select(func.max(delivery_history.c.id))
        .where(delivery_history.c.delivery_id == deliveries.c.id, delivery_history.c.state == State.SENDING)
        .scalar_subquery()
    )
    own = ("id", "enrollment_id", "part", "key", "zone", "due_at", "expires_on", "asked", "sending_at")
    theirs = ("patient_id", "edition", "start", "slower")
    return (
        select(*deliveries.c[own], *enrollments.c[theirs], batches.c.resends, began.label("began"))
        .select_from(deliveries)
        .join(batches, batches.c.id == deliveries.c.batch_id, isouter=True)
        .join(enrollments, enrollments.c.id == deliveries.c.enrollment_id)
    )


def _fact(row: Row[Any]) -> Fact:
    return Fact(
        delivery=row.id,
        enrollment=row.enrollment_id,
        patient=row.patient_id,
        part=row.part,
        edition=row.edition,
        start=row.start,
        slower=row.slower,
        zone=row.zone,
        due_at=row.due_at,
        expires_on=row.expires_on,
        asked=row.asked,
        sending_at=row.sending_at,
        again=bool(row.resends),
        began=row.began or 0,
    )


def _ending(row: Any) -> Ending:  # noqa: ANN401 - a row of eight columns
    return Ending(
        delivery=row.id,
        enrollment=row.enrollment_id,
        patient=row.patient_id,
        part=row.part,
        state=State(row.state),
        reason=_reason(row.reason),
        due_at=row.due_at,
        actor=row.actor or "",
    )


def _reason(code: str | None) -> Reason | None:
    return None if code is None else Reason(code)
