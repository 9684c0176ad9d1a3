"""What a mail service's events mean for a delivery: which of them counts, and the steps that follow from it.

In charge of: these rules, pure. Not in charge of: events themselves (``providers`` read them), writing the
steps (``actions.resolving``), or suppressing an address (``actions.taking_in``).

Events come late, twice, and in any order. So no rule asks what came first: the same events mean the same in
whatever order they were brought, by the times that the service gives them.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pipeline.delivery.events import PROVES, Event, EventKind
from pipeline.delivery.states import Reason, State, may_follow

#: How much each says of what became of the message. A service may try again after a full mailbox, so of
#: "not this time" and "delivered" the later one counts.
_WEIGHT: Mapping[EventKind, int] = MappingProxyType(
    {
        EventKind.ACCEPTED: 1,
        EventKind.DELIVERED: 2,
        EventKind.BOUNCED_SOFT: 2,
        EventKind.DROPPED: 3,
        EventKind.BOUNCED_HARD: 4,
        EventKind.COMPLAINED: 5,
    }
)

#: Why a delivery came back, for the ledger.
REASONS: Mapping[EventKind, Reason] = MappingProxyType(
    {
        EventKind.BOUNCED_HARD: Reason.NO_SUCH_ADDRESS,
        EventKind.BOUNCED_SOFT: Reason.NOT_TAKEN,
        EventKind.DROPPED: Reason.NOT_TRIED,
    }
)

#: What has gone, or may have: from here a delivery goes where its events say.
_GONE = frozenset({State.UNKNOWN, State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.COMPLAINED})
#: We thought that it had not gone, and would send it again.
_TO_COME: Mapping[State, tuple[State, ...]] = MappingProxyType(
    {
        State.PLANNED: (State.UNKNOWN,),
        State.CLAIMED: (State.PLANNED, State.UNKNOWN),
        State.HELD: (State.PLANNED, State.UNKNOWN),
        State.SKIPPED: (State.PLANNED, State.UNKNOWN),
    }
)


def decisive(events: Iterable[Event]) -> Event | None:
    """The one of ``events``, all of one delivery, that says what became of it; None where none does."""
    telling = [each for each in events if each.kind in PROVES]
    return max(telling, key=lambda each: (_WEIGHT[each.kind], each.at, each.kind, each.dedupe), default=None)


def steps(now: State, kind: EventKind) -> tuple[State, ...]:
    """The steps from ``now`` to what the decisive event proves, each of which the ledger allows.

    None where nothing changes: it says less than is known, or the delivery was refused or canceled. While we
    still wait for the answer (``sending``) an event proves that it was accepted. A delivery that we thought
    had not gone, and would send, has gone after all: a second email would be worse than the detour.
    """
    then = PROVES[kind]
    if now in _GONE:
        return (then,) if may_follow(now, then) else ()
    if now is State.SENDING:
        return (State.ACCEPTED,) if then is State.ACCEPTED else (State.ACCEPTED, then)
    if now in _TO_COME and kind is not EventKind.DROPPED:
        return (*_TO_COME[now], then)
    return ()


def soft_run(events: Iterable[tuple[int, Event]]) -> int:
    """How many of an address' latest emails in a row came back for the time being.

    ``events`` are pairs of a delivery and an event. Several tries of one email count once, and an email that
    was delivered in the end ends the run.
    """
    by_delivery: dict[int, list[Event]] = {}
    for delivery, event in events:
        by_delivery.setdefault(delivery, []).append(event)
    ends = [end for each in by_delivery.values() if (end := decisive(each)) is not None]
    run = 0
    for end in sorted(ends, key=lambda each: (each.at, each.dedupe)):
        if end.kind is EventKind.BOUNCED_SOFT:
            run += 1
        elif end.kind in {EventKind.DELIVERED, EventKind.COMPLAINED}:
            run = 0
    return run
