"""The one way a delivery changes its state: guarded, allowed by the table of transitions, written down.

In charge of: every UPDATE of ``deliveries.state`` and the history row that goes with it. Not in charge of:
which deliveries, and why (``ledger``, ``planning``, ``batches``).

Every change names the state it starts from and repeats it in the UPDATE itself. Two dispatchers, or a
dispatcher and a patient who unsubscribes, may aim at the same row: one of them finds it changed and leaves
it alone. Rows are locked in the order of their ids, so that two of them can never wait for each other.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnClause,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    Update,
    bindparam,
    case,
    cast,
    column,
    func,
    insert,
    select,
    type_coerce,
    update,
)

from pipeline.delivery.states import Reason, State, may_follow
from pipeline.store.columns import ROW_ID, Utc, among, by_scan, in_order
from pipeline.store.database import Tx
from pipeline.store.schema import deliveries, delivery_history

#: A provider may quote the address back at us; it must not come to rest in the ledger.
_ADDRESS = re.compile(r"[^\s<>\"'(),;:=]+@[^\s<>\"'(),;:=]+")
_DETAIL_LENGTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What becomes of one delivery."""

    delivery: int
    state: State
    reason: Reason | None = None
    #: The provider's own words; what looks like an address is taken out.
    detail: str | None = None
    #: The provider's id of the message, where one was given.
    provider_id: str | None = None
    #: The new due time (aware), for ``planned``; None keeps the old one.
    due_at: datetime | None = None
    #: False: the attempt was used up by an outage, and does not count against this delivery.
    counted: bool = True


#: What ends with `claimed` and `sending`: nobody owns a delivery in any other state.
_FREE: Mapping[str, Any] = {"owner": None, "lease_until": None}

_HISTORY = insert(delivery_history).from_select(
    ["delivery_id", "at", "state", "reason", "detail", "due_at", "attempt", "actor"],
    select(
        deliveries.c.id,
        bindparam("moment", type_=Utc()),
        deliveries.c.state,
        deliveries.c.reason,
        deliveries.c.detail,
        deliveries.c.due_at,
        deliveries.c.attempts,
        bindparam("actor", type_=delivery_history.c.actor.type),
    )
    .where(among(deliveries.c.id))
    .order_by(in_order(deliveries.c.id)),
)


def sweep(
    tx: Tx,
    which: ColumnElement[bool],
    *,
    before: State,
    after: State,
    actor: str,
    now: datetime,
    values: Mapping[str, Any] | None = None,
    limit: int | None = None,
) -> tuple[int, ...]:
    """Take the deliveries in ``before`` that match ``which`` to ``after``, the earliest due first.

    Passes over rows that another transaction holds: the next sweep finds them. ``values`` are further
    columns to set. Returns the ids that changed, sorted. Raises ValueError for a step that is not allowed.
    """
    _check((before,), after)
    # One state, compared with "=": only then is the index read in the order of due times.
    found = select(deliveries.c.id).where(deliveries.c.state == before, which)
    found = found.order_by(deliveries.c.due_at, deliveries.c.id).limit(limit)
    locked = found.with_for_update(skip_locked=True, of=deliveries)
    return _change(tx, locked, (before,), after, values=values, actor=actor, now=now)


def move(
    tx: Tx,
    which: ColumnElement[bool],
    *,
    before: Collection[State],
    after: State,
    actor: str,
    now: datetime,
    values: Mapping[str, Any] | None = None,
) -> tuple[int, ...]:
    """Take every delivery that matches ``which`` from one of the states ``before`` to ``after``.

    Waits for whoever holds one of them. ``which`` names rows by their ids or enrollments; ``values`` are
    further columns to set. Returns the ids that changed, sorted. Raises ValueError for a step that is not
    allowed.
    """
    _check(before, after)
    found = select(deliveries.c.id).where(by_scan(deliveries.c.state).in_(before), which)
    locked = found.order_by(in_order(deliveries.c.id)).with_for_update(of=deliveries)
    return _change(tx, locked, before, after, values=values, actor=actor, now=now)


def mark(
    tx: Tx, marks: Sequence[Mark], *, before: State, owner: str | None, actor: str, now: datetime
) -> frozenset[int]:
    """Give each delivery its own new state, if it is in ``before`` and (where given) belongs to ``owner``.

    Where the table of transitions has no direct step, it goes through ``planned`` and both steps are
    written down. Returns the ids that changed. Raises ValueError for a step that is not allowed.
    """
    if not marks:
        return frozenset()
    paths = {each.delivery: _path(before, each.state) for each in marks}
    held = _locked(tx, sorted(paths), before, owner)
    detours = [each for each in marks if each.delivery in held and len(paths[each.delivery]) > 1]
    direct = [each for each in marks if each.delivery in held and len(paths[each.delivery]) == 1]
    _apply(tx, [replace(each, state=State.PLANNED) for each in detours], before=before, actor=actor, now=now)
    _apply(tx, [replace(each, counted=True) for each in detours], before=State.PLANNED, actor=actor, now=now)
    _apply(tx, direct, before=before, actor=actor, now=now)
    return held


def write_down(tx: Tx, ids: Sequence[int], *, actor: str, now: datetime) -> None:
    """Add what the deliveries ``ids`` are now to their history."""
    if ids:
        tx.connection.execute(_HISTORY, {"ids": ids, "moment": now, "actor": actor})


def cleaned(words: str | None, length: int = _DETAIL_LENGTH) -> str | None:
    """``words`` of a provider as one short line without anything that looks like an address."""
    if not words:
        return None
    return _ADDRESS.sub("[address]", " ".join(words.split()))[:length]


def _check(before: Iterable[State], after: State) -> None:
    for state in before:
        if not may_follow(state, after):
            raise ValueError(f"a delivery never goes from {state} to {after}")


def _path(before: State, after: State) -> tuple[State, ...]:
    if after in {State.CLAIMED, State.SENDING}:
        raise ValueError("claiming and sending need an owner and a lease: a mark never does them")
    if may_follow(before, after):
        return (after,)
    if after is State.UNKNOWN:
        raise ValueError(f"a delivery never goes from {before} to {after}")
    _check((before,), State.PLANNED)
    _check((State.PLANNED,), after)
    return (State.PLANNED, after)


def _change(
    tx: Tx,
    locked: Select[Any],
    before: Collection[State],
    after: State,
    *,
    values: Mapping[str, Any] | None,
    actor: str,
    now: datetime,
) -> tuple[int, ...]:
    # A CTE, because PostgreSQL may run a plain subquery more than once, and lock more than the limit.
    chosen = locked.cte("chosen")
    fixed = {**_FREE, "reason": None, "detail": None, **(values or {}), "state": after, "updated_at": now}
    change = (
        update(deliveries)
        # The guard stands here again: without it PostgreSQL hands one row to several claimers,
        # because the inner query saw it before the lock was granted.
        .where(deliveries.c.id.in_(select(chosen.c.id)), by_scan(deliveries.c.state).in_(before))
        .values(fixed)
        .returning(deliveries.c.id)
    )
    ids = tuple(sorted(tx.connection.scalars(change)))
    write_down(tx, ids, actor=actor, now=now)
    return ids


def _locked(tx: Tx, ids: Sequence[int], before: State, owner: str | None) -> frozenset[int]:
    """Those of ``ids`` that may be changed; nobody else can change them until this transaction ends."""
    found = select(deliveries.c.id).where(among(deliveries.c.id), by_scan(deliveries.c.state) == before)
    if owner is not None:
        found = found.where(deliveries.c.owner == owner)
    locked = found.order_by(in_order(deliveries.c.id)).with_for_update()
    return frozenset(tx.connection.scalars(locked, {"ids": ids}))


def _apply(tx: Tx, marks: Sequence[Mark], *, before: State, actor: str, now: datetime) -> None:
    if not marks:
        return
    to_database = Utc().bind_processor(tx.connection.dialect)
    rows = [_given_row(each, to_database) for each in marks]
    # default=str: PostgreSQL's times, which it reads back from text.
    parameters = {"rows": json.dumps(rows, default=str), "before": before, "moment": now}
    tx.connection.execute(_update_given(on_postgresql=tx.on_postgresql), parameters)
    write_down(tx, [each.delivery for each in marks], actor=actor, now=now)


def _given_row(each: Mark, to_database: Callable[[datetime | None], object]) -> dict[str, object]:
    return {
        "id": each.delivery,
        "state": each.state,
        "reason": each.reason,
        "detail": cleaned(each.detail),
        "provider_id": each.provider_id,
        "due_at": to_database(each.due_at),
        "uncounted": 0 if each.counted else 1,
    }


@cache
def _update_given(*, on_postgresql: bool) -> Update:
    """One UPDATE for any number of marks, each with its own values, handed over as one JSON text.

    A statement per row takes ten times as long, most of it outside the database.
    """
    given = _given_on_postgresql() if on_postgresql else _given_on_sqlite()
    accepted = case((given.c.state == State.ACCEPTED, bindparam("moment", type_=Utc())))
    return (
        update(deliveries)
        .where(deliveries.c.id == given.c.id, by_scan(deliveries.c.state) == bindparam("before"))
        .values(
            state=given.c.state,
            reason=given.c.reason,
            detail=given.c.detail,
            provider_id=func.coalesce(given.c.provider_id, deliveries.c.provider_id),
            due_at=func.coalesce(given.c.due_at, deliveries.c.due_at),
            accepted_at=func.coalesce(accepted, deliveries.c.accepted_at),
            attempts=deliveries.c.attempts - given.c.uncounted,
            updated_at=bindparam("moment", type_=Utc()),
            **_FREE,
        )
    )


def _given_on_postgresql() -> FromClause:
    records = func.json_to_recordset(cast(bindparam("rows", type_=Text()), JSON))
    return records.table_valued(*_GIVEN).render_derived(name="given", with_types=True)


def _given_on_sqlite() -> FromClause:
    each = func.json_each(bindparam("rows", type_=Text())).table_valued("value")
    fields = [
        type_coerce(func.json_extract(each.c.value, f"$.{given.name}"), given.type).label(given.name)
        for given in _GIVEN
    ]
    return select(*fields).subquery("given")


#: What is given for each mark; the JSON of ``_given_row``.
_GIVEN: tuple[ColumnClause[Any], ...] = (
    column("id", ROW_ID),
    column("state", Text()),
    column("reason", Text()),
    column("detail", Text()),
    column("provider_id", Text()),
    column("due_at", Utc()),
    column("uncounted", Integer()),
)
