"""The ledger's questions: how many, what next, which ones, and one delivery's life.

In charge of: reading for people. Not in charge of: changing anything.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, select, true

from pipeline.delivery.states import Reason, State
from pipeline.store.columns import among, by_scan, in_order
from pipeline.store.database import Tx
from pipeline.store.schema import deliveries, delivery_history, enrollments


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """One delivery, for a list: ids, no names."""

    id: int
    key: str
    enrollment_id: int
    patient_id: int
    series: str
    edition: str
    part: int
    state: State
    reason: Reason | None
    detail: str | None
    #: Aware, UTC; None where nothing is dated.
    due_at: datetime | None
    expires_on: date
    zone: str
    attempts: int
    provider: str | None
    provider_id: str | None
    batch_id: int | None
    sending_at: datetime | None
    accepted_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One moment in a delivery's life."""

    at: datetime
    state: State
    reason: Reason | None
    detail: str | None
    due_at: datetime | None
    attempt: int
    #: A dispatcher, ``watchdog``, ``staff:ana`` …
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which deliveries a list shows; everything that is given must hold."""

    states: Collection[State] | None = None
    reason: Reason | None = None
    series: str | None = None
    patient_id: int | None = None
    enrollment_id: int | None = None


#: States that a delivery soon leaves or seldom enters, so that the index of states finds them fast.
_RARE = frozenset(
    {State.CLAIMED, State.SENDING, State.UNKNOWN, State.HELD, State.REFUSED, State.BOUNCED, State.COMPLAINED}
)

#: Every delivery.
ALL = Filter()


def count_by_state(tx: Tx, *, series: str | None = None) -> dict[State, int]:
    """How many deliveries are in each state that occurs."""
    query = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    if series is not None:
        query = query.join(enrollments, enrollments.c.id == deliveries.c.enrollment_id)
        query = query.where(enrollments.c.series == series)
    return {State(state): count for state, count in tx.connection.execute(query)}


def next_due(tx: Tx) -> datetime | None:
    """When the next planned delivery is due (aware, UTC)."""
    due: datetime | None = tx.connection.scalar(
        select(func.min(deliveries.c.due_at)).where(deliveries.c.state == State.PLANNED)
    )
    return due


def list_deliveries(
    tx: Tx, wanted: Filter = ALL, *, before: int | None = None, limit: int = 50
) -> tuple[DeliveryRow, ...]:
    """The newest ``limit`` deliveries that match, older than the id ``before`` if given."""
    query = _rows().where(_matches(wanted)).order_by(_newest_first(wanted)).limit(limit)
    if before is not None:
        query = query.where(deliveries.c.id < before)
    return tuple(map(_delivery, tx.connection.execute(query)))


def list_upcoming(
    tx: Tx, *, after: tuple[datetime, int] | None = None, until: datetime | None = None, limit: int = 50
) -> tuple[DeliveryRow, ...]:
    """The next ``limit`` planned deliveries by due time; ``after`` is (due_at, id) of the last one seen."""
    query = _rows().where(deliveries.c.state == State.PLANNED)
    if until is not None:
        query = query.where(deliveries.c.due_at <= until)
    if after is not None:
        due_at, delivery_id = after
        later = deliveries.c.due_at > due_at
        query = query.where(later | and_(deliveries.c.due_at == due_at, deliveries.c.id > delivery_id))
    query = query.order_by(deliveries.c.due_at, deliveries.c.id).limit(limit)
    return tuple(map(_delivery, tx.connection.execute(query)))


def deliveries_of(tx: Tx, enrollment_ids: Iterable[int]) -> tuple[DeliveryRow, ...]:
    """Every delivery of these enrollments, by enrollment and part."""
    query = _rows().where(among(deliveries.c.enrollment_id, enrollment_ids))
    query = query.order_by(deliveries.c.enrollment_id, deliveries.c.part)
    return tuple(map(_delivery, tx.connection.execute(query)))


def find_delivery(tx: Tx, delivery_id: int) -> DeliveryRow | None:
    """One delivery, or None."""
    return _one(tx, deliveries.c.id == delivery_id)


def find_all(tx: Tx, delivery_ids: Iterable[int]) -> tuple[DeliveryRow, ...]:
    """These deliveries, those that are there, in no order."""
    return tuple(map(_delivery, tx.connection.execute(_rows().where(among(deliveries.c.id, delivery_ids)))))


def find_by_key(tx: Tx, key: str) -> DeliveryRow | None:
    """The delivery with this key (what a provider's event brings back), or None."""
    return _one(tx, deliveries.c.key == key)


def history(tx: Tx, delivery_id: int) -> tuple[HistoryRow, ...]:
    """Everything that happened to one delivery, oldest first."""
    rows = tx.connection.execute(
        select(delivery_history)
        .where(delivery_history.c.delivery_id == delivery_id)
        .order_by(delivery_history.c.id)
    )
    return tuple(
        HistoryRow(
            at=row.at,
            state=State(row.state),
            reason=_reason(row.reason),
            detail=row.detail,
            due_at=row.due_at,
            attempt=row.attempt,
            actor=row.actor,
        )
        for row in rows
    )


def _rows() -> Select[Any]:
    # Outer, though every delivery has its enrollment: SQLite then always begins with the deliveries.
    return select(deliveries, *enrollments.c["patient_id", "series", "edition"]).join(
        enrollments, enrollments.c.id == deliveries.c.enrollment_id, isouter=True
    )


def _matches(wanted: Filter) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if wanted.states is not None:
        conditions.append(_in_states(wanted.states))
    for column, value in (
        (deliveries.c.reason, wanted.reason),
        (enrollments.c.series, wanted.series),
        (enrollments.c.patient_id, wanted.patient_id),
        (deliveries.c.enrollment_id, wanted.enrollment_id),
    ):
        if value is not None:
            conditions.append(column == value)
    return and_(*conditions)


def _in_states(states: Collection[State]) -> ColumnElement[bool]:
    if not _RARE.issuperset(states):
        return by_scan(deliveries.c.state).in_(states)
    # Ids first, from the index alone: that is the better way whatever SQLite's statistics say of states.
    found = deliveries.alias("found")
    return deliveries.c.id.in_(select(found.c.id).where(found.c.state.in_(states)))


def _newest_first(wanted: Filter) -> ColumnElement[int]:
    """By id as a sum where the few that match are looked up and sorted, else by walking the table back."""
    return in_order(deliveries.c.id).desc() if _few(wanted) else deliveries.c.id.desc()


def _few(wanted: Filter) -> bool:
    """Whether what matches can be looked up: an enrollment, a patient, or states that few are ever in."""
    states = wanted.states
    rare = states is not None and _RARE.issuperset(states)
    return rare or wanted.patient_id is not None or wanted.enrollment_id is not None


def _one(tx: Tx, which: ColumnElement[bool]) -> DeliveryRow | None:
    row = tx.connection.execute(_rows().where(which)).one_or_none()
    return None if row is None else _delivery(row)


def _delivery(row: Row[Any]) -> DeliveryRow:
    return DeliveryRow(
        id=row.id,
        key=row.key,
        enrollment_id=row.enrollment_id,
        patient_id=row.patient_id,
        series=row.series,
        edition=row.edition,
        part=row.part,
        state=State(row.state),
        reason=_reason(row.reason),
        detail=row.detail,
        due_at=row.due_at,
        expires_on=row.expires_on,
        zone=row.zone,
        attempts=row.attempts,
        provider=row.provider,
        provider_id=row.provider_id,
        batch_id=row.batch_id,
        sending_at=row.sending_at,
        accepted_at=row.accepted_at,
        updated_at=row.updated_at,
    )


def _reason(code: str | None) -> Reason | None:
    return None if code is None else Reason(code)
