"""What mail services report, from the call as it came to the ledger, the suppression list and the call list.

In charge of: the order of these steps and their transactions. Not in charge of: proof and words
(``providers``), the rules (``delivery.feedback``, ``delivery.alarm``), or the web address (``web.hooks``).

A call is committed before anybody tries to understand it, and its events before anything follows from them:
whatever fails later, nothing that a service told us is lost, and the next tick goes on from there.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline.actions import alarming, calling, stopping
from pipeline.actions.resolving import Told, follow_events
from pipeline.delivery.alarm import AlarmRules
from pipeline.delivery.events import SUPPRESSES, Event, EventKind
from pipeline.delivery.feedback import decisive, soft_run
from pipeline.delivery.states import Reason
from pipeline.providers.hooks import Hook, HookUnreadableError, Listener
from pipeline.store import audit, events, hook_calls, patients, suppression
from pipeline.store.database import Store, Tx
from pipeline.store.events import Kept, Matched
from pipeline.store.overview import DeliveryRow

_log = logging.getLogger(__name__)
#: Events applied in one transaction: a service may bring thousands, and others want to write too.
_CHUNK = 100
#: So long an event without our key waits for the service's id of a message to become known.
_PATIENCE = timedelta(days=1)
#: A call that was stored and never read is left to the process that took it for so long.
_STILL_AT_IT = timedelta(minutes=1)
#: One round of what waits, so that a tick does not become long.
_ROUND = 2000
#: What a call proves itself with; never kept.
_PROOF = frozenset({"authorization", "cookie", "proxy-authorization", "x-webhook-secret"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackRules:
    """How bounces and complaints count."""

    #: Emails in a row that were not taken for the time being, and the address is not mailed any more.
    soft_limit: int = 5
    alarm: AlarmRules = field(default_factory=AlarmRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one call brought."""

    #: New events; those that were told before are not counted.
    fresh: int
    readable: bool = True


def take_in(store: Store, listener: Listener, hook: Hook, rules: FeedbackRules) -> Taken:
    """Keep a call that ``listener`` has verified, and apply what it tells. Raises StoreError.

    Without an error everything is committed. After one the service should bring the call again; what was kept
    by then is not taken twice.
    """
    headers = {name: value for name, value in hook.headers.items() if name not in _PROOF}
    with store.begin() as tx:
        call_id = hook_calls.keep_call(tx, listener.name, hook.body, headers, now=hook.received_at)
    return _read(store, listener, hook, call_id, rules, now=hook.received_at)


def read_again(
    store: Store, listeners: Callable[[], Mapping[str, Listener]], rules: FeedbackRules, *, now: datetime
) -> int:
    """Read the calls that a process kept and never read, because it died; how many. Raises StoreError.

    ``listeners`` by name are opened only where there is such a call.
    """
    with store.read() as tx:
        left = hook_calls.waiting_calls(tx, before=now - _STILL_AT_IT)
    opened = listeners() if left else {}
    known = [each for each in left if each.provider in opened]
    for each in known:
        hook = Hook(body=each.body, headers=each.headers, received_at=each.received_at)
        _read(store, opened[each.provider], hook, each.id, rules, now=now)
    return len(known)


def apply_waiting(store: Store, rules: FeedbackRules, *, now: datetime) -> int:
    """Apply events whose delivery was not known when they came; how many. Raises StoreError.

    An event without our key that nobody could place for a day belongs to somebody else's mail.
    """
    with store.read() as tx:
        waiting = events.waiting_events(tx, limit=_ROUND)
        placed = events.find_deliveries(tx, waiting)
    ready = [each.id for each in waiting if each.id in placed or _is_stray(each, now)]
    return _apply(store, ready, rules, now)


def _read(
    store: Store, listener: Listener, hook: Hook, call_id: int, rules: FeedbackRules, *, now: datetime
) -> Taken:
    told = _events(listener, hook)
    with store.begin() as tx:
        fresh = () if told is None else events.keep_events(tx, call_id, listener.name, told, now=now)
        hook_calls.finish_call(tx, call_id, told=None if told is None else len(told))
    _apply(store, fresh, rules, now)
    return Taken(fresh=len(fresh), readable=told is not None)


def _events(listener: Listener, hook: Hook) -> Sequence[Event] | None:
    """What the call tells; None where it cannot be read."""
    try:
        return listener.events(hook)
    except HookUnreadableError as error:
        _log.warning("a call of %s cannot be read: %s", listener.name, error.what)
    except Exception as error:
        # Somebody else's text found a fault of ours: the call is kept, and read again once that is mended.
        # Without the traceback and its values, which would quote the body.
        _log.error("a call of %s cannot be read, %s: a fault of ours", listener.name, type(error).__name__)
    return None


def _apply(store: Store, ids: Sequence[int], rules: FeedbackRules, now: datetime) -> int:
    applied = 0
    for start in range(0, len(ids), _CHUNK):
        with store.begin() as tx:
            applied += _apply_chunk(tx, ids[start : start + _CHUNK], rules, now)
    return applied


def _apply_chunk(tx: Tx, ids: Collection[int], rules: FeedbackRules, now: datetime) -> int:
    waiting = events.hold_events(tx, ids)
    placed = events.find_deliveries(tx, waiting)
    rows = events.hold_deliveries(tx, set(placed.values()))
    events.let_go(tx, [each.id for each in waiting if each.id not in placed and _is_stray(each, now)])
    found = [(each, rows[placed[each.id]]) for each in waiting if placed.get(each.id) in rows]
    addresses = events.addresses_of(tx, rows)
    events.settle(
        tx,
        [Matched(event=each.id, delivery=row.id, address=addresses.get(row.id)) for each, row in found],
    )
    follow_events(tx, _told(tx, rows), now=now)
    for each, row in sorted(found, key=lambda pair: (pair[0].event.at, pair[0].id)):
        _follow(tx, each, row, addresses.get(row.id), rules, now)
    complained = {row.series for each, row in found if each.event.kind is EventKind.COMPLAINED}
    if complained:
        alarming.look_at(tx, complained, rules.alarm, now=now)
    return len(found)


def _told(tx: Tx, rows: Mapping[int, DeliveryRow]) -> list[Told]:
    """For each delivery the one of all its events, now and before, that says what became of it."""
    found = []
    for delivery, kept in events.events_of(tx, rows).items():
        event = decisive(each.event for each in kept)
        if event is not None:
            provider = next(each.provider for each in kept if each.event is event)
            found.append(Told(row=rows[delivery], event=event, provider=provider))
    return found


def _is_stray(waiting: Kept, now: datetime) -> bool:
    """Whether an event that fits no delivery will never fit one: our key is there from the beginning."""
    never = waiting.event.key is not None or waiting.event.provider_id is None
    return never or waiting.received_at < now - _PATIENCE


def _follow(
    tx: Tx, told: Kept, row: DeliveryRow, address_hash: bytes | None, rules: FeedbackRules, now: datetime
) -> None:
    """What else follows from one event, beside the ledger."""
    source = f"event:{told.provider}"
    if told.event.kind in _STOPS and _asked_again(tx, row, told.event.at):
        return
    match told.event.kind:
        case EventKind.BOUNCED_HARD:
            _suppress(tx, row, address_hash, Reason.NO_SUCH_ADDRESS, source, now)
        case EventKind.COMPLAINED:
            _suppress(tx, row, address_hash, Reason.COMPLAINED, source, now)
        case EventKind.BOUNCED_SOFT if address_hash is not None:
            if soft_run(events.events_of_address(tx, address_hash)) >= rules.soft_limit:
                _suppress(tx, row, address_hash, Reason.OFTEN_NOT_TAKEN, source, now)
        case EventKind.UNSUBSCRIBED:
            stopping.stop_all(tx, row, source=source, now=now)
        case _:
            # The others say something of the message only.
            pass


_STOPS = SUPPRESSES | {EventKind.BOUNCED_SOFT}


def _asked_again(tx: Tx, row: DeliveryRow, at: datetime) -> bool:
    """Whether the patient asked for mail again after ``at``: a late report does not undo their word."""
    patient = patients.load_patient(tx, row.patient_id)
    address = patient.patient.email if patient else None
    listed = suppression.suppressions_of(tx, address) if address else ()
    return any(each.lifted_at is not None and each.lifted_at >= at for each in listed)


#: After these the clinic asks the patient for another address.
_ASKS_FOR_ADDRESS = frozenset({Reason.NO_SUCH_ADDRESS, Reason.OFTEN_NOT_TAKEN})


def _suppress(
    tx: Tx, row: DeliveryRow, address_hash: bytes | None, reason: Reason, source: str, now: datetime
) -> None:
    """Never mail the address again, for everyone who shares it; parts that are planned the gate leaves out.

    An address that the patient no longer has is left alone: what we would suppress is the new one.
    """
    patient = patients.load_patient(tx, row.patient_id)
    if address_hash is None or patient is None or patient.patient.email is None:
        return
    if suppression.suppress(tx, patient.patient.email, reason=reason, source=source, now=now):
        subject = f"patient:{row.patient_id}"
        audit.append(tx, actor=source, action=f"suppress:{reason}", subject=subject, now=now)
        if reason in _ASKS_FOR_ADDRESS:
            calling.ask_for_address(tx, row, actor=source, now=now)
