"""What mail services told us, event by event, each of them once.

In charge of: the table ``events``. Not in charge of: calls as they came (``hook_calls``), proof and words
(``providers``), what follows from an event (``delivery.feedback``, ``actions.taking_in``).

Whatever a service sends is somebody else's text: it is cleaned and cut here, so that no character of it can
keep a row from being written.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.delivery.events import Event, EventKind
from pipeline.delivery.states import Reason
from pipeline.store.columns import among, by_scan, in_order
from pipeline.store.database import Tx
from pipeline.store.overview import DeliveryRow, find_all
from pipeline.store.schema import deliveries, enrollments, events, patients
from pipeline.store.steps import cleaned, write_down

#: Values asked about in one statement.
_CHUNK = 500
#: An address has no more events than this looked at, the newest first.
_NEWEST = 200
_SAID_LENGTH, _ID_LENGTH = 80, 300
#: Amazon SNS asks to open an address that is longer than most sentences.
_DETAIL_LENGTH = 1500


class Standing(StrEnum):
    """What became of an event."""

    #: Its delivery is not found yet, or nobody has looked.
    WAITING = "waiting"
    APPLIED = "applied"
    #: It belongs to no delivery of ours: erased meanwhile, or another program's mail.
    STRAY = "stray"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One event as kept; its ``dedupe`` is hashed."""

    id: int
    provider: str
    #: None: not matched with one of ours.
    delivery: int | None
    received_at: datetime
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """To which delivery an event belongs."""

    event: int
    delivery: int
    #: The hash of the address that it is about; None where the patient has another one since.
    address: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCount:
    """How many events of one kind a service told, and when the newest came."""

    provider: str
    kind: EventKind
    count: int
    newest: datetime


def keep_events(
    tx: Tx, call_id: int, provider: str, told: Iterable[Event], *, now: datetime
) -> tuple[int, ...]:
    """Keep those of ``told`` that this service has not told before; returns their ids.

    Where two processes bring the same event at once, one of them keeps it, and the other waits and finds it
    there.
    """
    rows = [_row(each, call_id, provider, now) for each in told]
    # In one order everywhere: two calls that share events never wait for each other.
    once = sorted({row["dedupe"]: row for row in reversed(rows)}.items())
    dialect = postgresql if tx.on_postgresql else sqlite
    fresh: list[int] = []
    for start in range(0, len(once), _CHUNK):
        values = [row for _, row in once[start : start + _CHUNK]]
        adding = dialect.insert(events).values(values)
        adding = adding.on_conflict_do_nothing(index_elements=["provider", "dedupe"])
        fresh += tx.connection.scalars(adding.returning(events.c.id))
    return tuple(sorted(fresh))


def waiting_events(tx: Tx, *, limit: int) -> tuple[Kept, ...]:
    """The oldest ``limit`` events that wait."""
    query = select(events).where(events.c.standing == Standing.WAITING)
    query = query.order_by(events.c.received_at, events.c.id).limit(limit)
    return tuple(map(_kept, tx.connection.execute(query)))


def hold_events(tx: Tx, ids: Collection[int]) -> tuple[Kept, ...]:
    """Those of ``ids`` that wait, by id; nobody else applies them before this transaction ends."""
    query = select(events).where(by_scan(events.c.standing) == Standing.WAITING, among(events.c.id, ids))
    locked = query.order_by(in_order(events.c.id)).with_for_update()
    return tuple(map(_kept, tx.connection.execute(locked)))


def find_deliveries(tx: Tx, found: Sequence[Kept]) -> dict[int, int]:
    """The delivery of each event that has one, by the ids of both: our key first, then the service's id.

    A service's id that several deliveries share (one id for a whole batch) tells nothing.
    """
    keys = {each.event.key for each in found if each.event.key}
    rows = _rows(tx, select(deliveries.c.key, deliveries.c.id), deliveries.c.key, keys)
    by_key: dict[str | None, int] = {row.key: row.id for row in rows}
    ids = {each.event.provider_id for each in found if each.event.provider_id}
    several: dict[tuple[str, str], set[int]] = {}
    columns = select(deliveries.c.provider_id, deliveries.c.provider, deliveries.c.id)
    for row in _rows(tx, columns, deliveries.c.provider_id, ids):
        several.setdefault((row.provider, row.provider_id), set()).add(row.id)
    matched: dict[int, int] = {}
    for each in found:
        named = several.get((each.provider, each.event.provider_id or ""), set())
        if each.event.key in by_key:
            matched[each.id] = by_key[each.event.key]
        elif len(named) == 1 and not each.event.key:
            matched[each.id] = next(iter(named))
    return matched


def hold_deliveries(tx: Tx, ids: Collection[int]) -> dict[int, DeliveryRow]:
    """These deliveries by id; nobody else changes them before this transaction ends."""
    held = select(deliveries.c.id).where(among(deliveries.c.id, ids)).order_by(in_order(deliveries.c.id))
    tx.connection.execute(held.with_for_update())
    return {row.id: row for row in find_all(tx, ids)}


def addresses_of(tx: Tx, ids: Collection[int]) -> dict[int, bytes | None]:
    """By delivery, the hash of the address that it went to; None where the patient has another one since."""
    query = (
        select(deliveries.c.id, deliveries.c.sending_at, *patients.c["address_since", "address_hash"])
        .join(enrollments, enrollments.c.id == deliveries.c.enrollment_id)
        .join(patients, patients.c.id == enrollments.c.patient_id)
        .where(among(deliveries.c.id, ids))
    )
    return {
        row.id: None if row.sending_at and row.sending_at < row.address_since else row.address_hash
        for row in tx.connection.execute(query)
    }


def explain(tx: Tx, delivery: int, *, reason: Reason, detail: str | None, actor: str, now: datetime) -> None:
    """Say better why a delivery is where it is; its history keeps both."""
    better = {"reason": reason, "detail": cleaned(detail), "updated_at": now}
    tx.connection.execute(update(deliveries).where(deliveries.c.id == delivery).values(better))
    write_down(tx, [delivery], actor=actor, now=now)


def settle(tx: Tx, matched: Sequence[Matched]) -> None:
    """Note to which deliveries events belong; they count as applied."""
    if matched:
        tx.connection.execute(_SETTLE, [asdict(each) for each in matched])


_SETTLE = (
    update(events)
    .where(events.c.id == bindparam("event"))
    .values(
        standing=Standing.APPLIED,
        delivery_id=bindparam("delivery"),
        # Not named like its column, which SQLAlchemy keeps for itself in an UPDATE.
        address_hash=bindparam("address"),
    )
)


def let_go(tx: Tx, ids: Collection[int]) -> None:
    """Note that these events belong to no delivery of ours."""
    if ids:
        change = update(events).where(among(events.c.id, ids), by_scan(events.c.standing) == Standing.WAITING)
        tx.connection.execute(change.values(standing=Standing.STRAY))


def events_of(tx: Tx, delivery_ids: Iterable[int]) -> dict[int, tuple[Kept, ...]]:
    """Everything told of these deliveries, by delivery and the events' own time."""
    query = select(events).where(among(events.c.delivery_id, delivery_ids))
    found: dict[int, tuple[Kept, ...]] = {}
    for row in tx.connection.execute(query.order_by(events.c.at, in_order(events.c.id))):
        found[row.delivery_id] = (*found.get(row.delivery_id, ()), _kept(row))
    return found


def events_of_address(tx: Tx, address_hash: bytes) -> tuple[tuple[int, Event], ...]:
    """What was told of emails to one address: pairs of delivery and event, the newest first."""
    query = (
        select(events)
        .where(events.c.address_hash == address_hash, events.c.delivery_id.is_not(None))
        .order_by(events.c.at.desc(), events.c.id.desc())
        .limit(_NEWEST)
    )
    return tuple((row.delivery_id, _kept(row).event) for row in tx.connection.execute(query))


def count_events(tx: Tx) -> tuple[EventCount, ...]:
    """How many of each kind each service told."""
    columns = (events.c.provider, events.c.kind)
    query = select(*columns, func.count().label("count"), func.max(events.c.received_at).label("newest"))
    rows = tx.connection.execute(query.group_by(*columns).order_by(*columns))
    return tuple(
        EventCount(provider=row.provider, kind=EventKind(row.kind), count=row[2], newest=row.newest)
        for row in rows
    )


def odd_events(tx: Tx, *, limit: int) -> tuple[Kept, ...]:
    """The newest ``limit`` events that were not understood."""
    query = select(events).where(events.c.kind == EventKind.OTHER).order_by(events.c.id.desc()).limit(limit)
    return tuple(map(_kept, tx.connection.execute(query)))


def count_standing(tx: Tx) -> dict[tuple[str, Standing], int]:
    """How many events of each service are applied, wait, or belong to none of ours."""
    columns = (events.c.provider, events.c.standing)
    rows = tx.connection.execute(select(*columns, func.count()).group_by(*columns))
    return {(provider, Standing(standing)): count for provider, standing, count in rows}


def _rows(tx: Tx, columns: Select[Any], asked: ColumnElement[Any], values: Collection[str]) -> list[Row[Any]]:
    rows: list[Row[Any]] = []
    wanted = sorted(values)
    for start in range(0, len(wanted), _CHUNK):
        rows += tx.connection.execute(columns.where(asked.in_(wanted[start : start + _CHUNK])))
    return rows


def _row(event: Event, call_id: int, provider: str, now: datetime) -> dict[str, Any]:
    return {
        "call_id": call_id,
        "provider": provider,
        "dedupe": hashlib.sha256(event.dedupe.encode("utf-8", "surrogatepass")).hexdigest(),
        "kind": event.kind,
        "said": _line(event.said, _SAID_LENGTH) or "",
        "at": event.at,
        "received_at": now,
        "key": _line(event.key, _ID_LENGTH),
        "provider_id": _line(event.provider_id, _ID_LENGTH),
        "detail": cleaned(_line(event.detail, None), _DETAIL_LENGTH),
        "standing": Standing.WAITING,
    }


def _line(text: str | None, length: int | None) -> str | None:
    """``text`` without what a database or a terminal would stumble over."""
    if not text:
        return None
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()[:length] or None


def _kept(row: Row[Any]) -> Kept:
    event = Event(
        kind=EventKind(row.kind), said=row.said, at=row.at, dedupe=row.dedupe, key=row.key,
        provider_id=row.provider_id, detail=row.detail,
    )  # fmt: skip
    return Kept(
        id=row.id, provider=row.provider, delivery=row.delivery_id, received_at=row.received_at, event=event
    )
