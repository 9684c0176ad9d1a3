"""Dating deliveries: the plan of the calendar becomes rows, and a new plan changes what has not gone.

In charge of: rows of deliveries before they are claimed, and taking them back. Not in charge of: computing
the plan (``schedule``), or what is on its way out (``ledger``).
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, bindparam, select, update

from pipeline.delivery.states import Reason, State
from pipeline.schedule.model import Planned, PlanReason, Sent, Verdict
from pipeline.store.bulk import insert_rows, reserve_ids
from pipeline.store.columns import among, in_order
from pipeline.store.database import Tx
from pipeline.store.schema import deliveries
from pipeline.store.steps import Mark, mark, move, write_down

_STATE_OF = {Verdict.PLANNED: State.PLANNED, Verdict.SKIPPED: State.SKIPPED, Verdict.HELD: State.HELD}
#: It went, or may have gone: never planned again.
GONE = frozenset(
    {State.SENDING, State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.COMPLAINED, State.UNKNOWN,
     State.REFUSED},
)  # fmt: skip
#: A skip for one of these reasons may be undone by a new date, or by an edition that has the part again;
#: any other is somebody's decision.
_CALENDAR = frozenset({*(reason.value for reason in PlanReason), Reason.NOT_IN_EDITION.value})

_REDATE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("delivery"))
    .values(
        due_at=bindparam("due"),
        expires_on=bindparam("last_day"),
        zone=bindparam("in_zone"),
        reason=bindparam("why"),
        asked=False,
        updated_at=bindparam("moment"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """One part of one enrollment, as the calendar dates it."""

    enrollment: int
    planned: Planned
    #: The delivery key: opaque, random, unique; it goes to the provider and comes back in its events.
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replanned:
    """What a new plan did, by part numbers."""

    added: tuple[int, ...]
    changed: tuple[int, ...]
    #: Already the same, gone, canceled, or skipped for a reason that is not the calendar's.
    left: tuple[int, ...]


def plan_deliveries(tx: Tx, dated: Sequence[Dated], *, actor: str, now: datetime) -> int:
    """Write the rows of new parts, for any number of enrollments at once; how many.

    A part that has a row already is a bug (the database refuses it): change it with ``replan``.
    """
    if not dated:
        return 0
    ids = reserve_ids(tx, deliveries, len(dated))
    insert_rows(tx, deliveries, [_new_row(*each, now) for each in zip(ids, dated, strict=True)])
    write_down(tx, ids, actor=actor, now=now)
    return len(ids)


def replan(
    tx: Tx,
    enrollment_id: int,
    plan: Sequence[Planned],
    *,
    lifted: Collection[Reason] = frozenset(),
    new_key: Callable[[], str],
    actor: str,
    now: datetime,
) -> Replanned:
    """Bring the rows of one enrollment to ``plan``.

    Changed is what is planned, claimed (the claim is lost), held, or skipped for a reason of the calendar
    or one of ``lifted``; never what went or may have gone, what was canceled, or what was skipped for
    another reason.
    """
    undone = _CALENDAR | frozenset(lifted)
    kept = _rows_of(tx, enrollment_id)
    new = [each for each in plan if each.part not in kept]
    moved = [
        (kept[each.part], each)
        for each in plan
        if each.part in kept and _differs(kept[each.part], each, undone)
    ]
    plan_deliveries(
        tx,
        [Dated(enrollment=enrollment_id, planned=each, key=new_key()) for each in new],
        actor=actor,
        now=now,
    )
    _redate(tx, moved, actor=actor, now=now)
    touched = {each.part for each in new} | {each.part for _, each in moved}
    return Replanned(
        added=tuple(each.part for each in new),
        changed=tuple(each.part for _, each in moved),
        left=tuple(each.part for each in plan if each.part not in touched),
    )


def ask_now(tx: Tx, delivery_id: int, *, due_at: datetime, actor: str, now: datetime) -> bool:
    """Date one planned part at the patient's request, past gap and closed days; whether it was planned."""
    change = (
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.state == State.PLANNED)
        .values(due_at=due_at, asked=True, reason=None, updated_at=now)
        .returning(deliveries.c.id)
    )
    changed = list(tx.connection.scalars(change))
    write_down(tx, changed, actor=actor, now=now)
    return bool(changed)


def hold(
    tx: Tx, enrollment_ids: Iterable[int], *, reason: Reason, actor: str, now: datetime
) -> tuple[int, ...]:
    """Hold what is planned or claimed of these enrollments; the ids that changed."""
    return _take_back(
        tx, among(deliveries.c.enrollment_id, enrollment_ids), (State.PLANNED, State.CLAIMED), State.HELD,
        reason=reason, actor=actor, now=now,
    )  # fmt: skip


def cancel(
    tx: Tx, enrollment_ids: Iterable[int], *, reason: Reason, actor: str, now: datetime
) -> tuple[int, ...]:
    """Cancel what is planned, claimed or held of these enrollments, for good; the ids that changed.

    It waits for a dispatcher that is committing ``sending`` on one of the rows: after this commit none
    of them begins to be sent.
    """
    return _take_back(
        tx, among(deliveries.c.enrollment_id, enrollment_ids), (State.PLANNED, State.CLAIMED, State.HELD),
        State.CANCELED, reason=reason, actor=actor, now=now,
    )  # fmt: skip


def release_held(
    tx: Tx, delivery_ids: Iterable[int], *, due_at: datetime, actor: str, now: datetime
) -> tuple[int, ...]:
    """Plan held deliveries again, all due at ``due_at``; the ids that changed.

    For what was held for a person (approval, too many deferrals). After a pause the dates are computed
    anew: that is ``replan``.
    """
    return move(
        tx, among(deliveries.c.id, delivery_ids), before=(State.HELD,), after=State.PLANNED,
        actor=actor, now=now, values={"due_at": due_at},
    )  # fmt: skip


def sent_parts(
    tx: Tx, enrollment_ids: Iterable[int], *, zone: str | None = None
) -> dict[int, tuple[Sent, ...]]:
    """What went or may have gone of each enrollment, with the date in ``zone``; None: the delivery's own.

    For a patient who moved to another zone, gaps count from the date that their clocks show now.
    """
    rows = tx.connection.execute(
        select(deliveries.c.enrollment_id, deliveries.c.part, deliveries.c.sending_at, deliveries.c.zone)
        .where(among(deliveries.c.enrollment_id, enrollment_ids), deliveries.c.state.in_(GONE))
        .order_by(deliveries.c.enrollment_id, deliveries.c.part)
    )
    found: dict[int, tuple[Sent, ...]] = {}
    for row in rows:
        sent = Sent(part=row.part, on=row.sending_at.astimezone(ZoneInfo(zone or row.zone)).date())
        found[row.enrollment_id] = (*found.get(row.enrollment_id, ()), sent)
    return found


def _take_back(
    tx: Tx,
    which: ColumnElement[bool],
    before: Sequence[State],
    after: State,
    *,
    reason: Reason,
    actor: str,
    now: datetime,
) -> tuple[int, ...]:
    return move(tx, which, before=before, after=after, actor=actor, now=now, values={"reason": reason})


def _new_row(delivery_id: int, each: Dated, now: datetime) -> dict[str, Any]:
    planned = each.planned
    return {
        "id": delivery_id,
        "enrollment_id": each.enrollment,
        "part": planned.part,
        "state": _STATE_OF[planned.verdict],
        "reason": planned.reason,
        "due_at": planned.due,
        "expires_on": planned.expires_on,
        "zone": planned.zone,
        "key": each.key,
        "asked": False,
        "attempts": 0,
        "created_at": now,
        "updated_at": now,
    }


def _rows_of(tx: Tx, enrollment_id: int) -> dict[int, Row[Any]]:
    """The rows of an enrollment by part, locked."""
    rows = tx.connection.execute(
        select(deliveries)
        .where(deliveries.c.enrollment_id == enrollment_id)
        .order_by(in_order(deliveries.c.id))
        .with_for_update()
    )
    return {row.part: row for row in rows}


def _differs(row: Row[Any], each: Planned, undone: Collection[str]) -> bool:
    """Whether the row may be changed, and the plan says something else of it.

    ``undone`` are the reasons for a skip that the plan may undo.
    """
    if row.state == State.SKIPPED and row.reason not in undone:
        return False
    if row.state not in {State.PLANNED, State.CLAIMED, State.HELD, State.SKIPPED}:
        return False
    now = (row.state, row.due_at, row.expires_on, row.zone, row.reason)
    return now != (_STATE_OF[each.verdict], each.due, each.expires_on, each.zone, each.reason)


def _redate(tx: Tx, moved: Sequence[tuple[Row[Any], Planned]], *, actor: str, now: datetime) -> None:
    if not moved:
        return
    tx.connection.execute(_REDATE, [_new_dates(row.id, each, now) for row, each in moved])
    same = [row.id for row, each in moved if row.state == _STATE_OF[each.verdict]]
    write_down(tx, same, actor=actor, now=now)
    for state in (State.PLANNED, State.CLAIMED, State.HELD, State.SKIPPED):
        marks = [
            Mark(delivery=row.id, state=_STATE_OF[each.verdict], reason=_reason(each))
            for row, each in moved
            if row.state == state != _STATE_OF[each.verdict]
        ]
        mark(tx, marks, before=state, owner=None, actor=actor, now=now)


def _new_dates(delivery_id: int, each: Planned, now: datetime) -> dict[str, Any]:
    return {
        "delivery": delivery_id,
        "due": each.due,
        "last_day": each.expires_on,
        "in_zone": each.zone,
        "why": each.reason,
        "moment": now,
    }


def _reason(each: Planned) -> Reason | None:
    return None if each.reason is None else Reason(each.reason.value)
