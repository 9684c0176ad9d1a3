"""What must hold after any fault: every delivery in a right state, nothing twice, nothing lost.

In charge of: reading ledger, history, audit trail and the stand-in's log, and saying in words what is wrong.
Not in charge of: causing faults.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from pipeline.delivery.states import FINAL, State, may_follow
from pipeline.demo.accepted import Taken, taken_twice
from pipeline.store import audit, marks
from pipeline.store.database import Store
from pipeline.store.schema import batch_members, batches, deliveries, delivery_history

#: The provider has taken it, as far as the ledger knows.
WENT = frozenset({State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.COMPLAINED})
#: States in which a dispatcher has a delivery in hand.
IN_HAND = frozenset({State.CLAIMED, State.SENDING})
#: What a delivery may begin as.
_BEGINNINGS = frozenset({State.PLANNED, State.HELD, State.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """How everything stands when all processes are gone and all leases are over."""

    #: Keys by state.
    keys: dict[State, frozenset[str]]
    #: Keys that the mail API took, each once.
    taken: frozenset[str]
    #: What is wrong, in words; nothing may be.
    wrong: tuple[str, ...]

    def count(self, state: State) -> int:
        return len(self.keys.get(state, ()))


def look(store: Store, log: Sequence[Taken], *, now: datetime, in_flight: int) -> Left:
    """Judge all of it at ``now``; ``in_flight``: messages that may be in doubt, at most."""
    with store.read() as tx:
        rows = list(tx.connection.execute(deliveries.select().order_by(deliveries.c.id)))
        steps = list(tx.connection.execute(delivery_history.select().order_by(delivery_history.c.id)))
        kept = list(tx.connection.execute(batch_members.select()))
        known = {row.id for row in tx.connection.execute(batches.select())}
        broken = audit.verify(tx)
    by_state: dict[State, set[str]] = defaultdict(set)
    for row in rows:
        by_state[State(row.state)].add(row.key)
    keys = {state: frozenset(found) for state, found in by_state.items()}
    taken = frozenset(entry.key for entry in log)
    wrong = [
        *_unsettled(rows, now),
        *_sent(keys, log, in_flight),
        *_lives(rows, steps),
        *_unkept(rows, {(each.batch_id, each.delivery_id) for each in kept}, known),
    ]
    if broken is not None:
        wrong.append(f"the audit trail breaks at row {broken}")
    return Left(keys=keys, taken=taken, wrong=tuple(wrong))


def stands_still(
    store: Store, tick: Callable[[], object], taken: Callable[[], Collection[Taken]]
) -> list[str]:
    """What is wrong if this database is a restored backup: ``tick`` may change no delivery, send nothing."""
    before, went = _all_rows(store), len(taken())
    tick()
    wrong = []
    if _all_rows(store) != before:
        wrong.append("a restored backup was worked on before anybody confirmed it")
    if len(taken()) != went:
        wrong.append("a restored backup sent mail before anybody confirmed it")
    with store.read() as tx:
        if not marks.halted(tx).restored:
            wrong.append("a restored backup is not on hold")
    return wrong


def is_settled(store: Store, now: datetime, *, doubt: bool = False) -> bool:
    """Whether nothing is on its way or due any more; with ``doubt`` false, nothing unknown either."""
    with store.read() as tx:
        rows = tx.connection.execute(deliveries.select()).all()
    open_states = IN_HAND if doubt else IN_HAND | {State.UNKNOWN}
    return not any(
        row.state in open_states or (row.state == State.PLANNED and row.due_at <= now) for row in rows
    )


def _all_rows(store: Store) -> list[Any]:
    with store.read() as tx:
        return list(tx.connection.execute(deliveries.select().order_by(deliveries.c.id)))


def _unsettled(rows: Sequence[Any], now: datetime) -> Iterator[str]:
    """Leases that nobody has given back, and parts that were forgotten."""
    for row in rows:
        state = State(row.state)
        if state in IN_HAND:
            yield f"delivery {row.id} was left {state}"
        elif row.owner is not None or row.lease_until is not None:
            yield f"delivery {row.id} is {state} and still has an owner or a lease"
        elif state is State.PLANNED and row.due_at <= now:
            yield f"delivery {row.id} was due and forgotten"
        elif state is State.HELD and row.reason is None:
            yield f"delivery {row.id} is held without a reason"
        elif state not in FINAL | {State.PLANNED, State.HELD, State.UNKNOWN}:
            yield f"delivery {row.id} is {state}"


def _sent(keys: dict[State, frozenset[str]], log: Sequence[Taken], in_flight: int) -> Iterator[str]:
    """Nothing twice, nothing lost, and no more doubt than there was reason for."""
    taken = {entry.key for entry in log}
    went = frozenset().union(*(keys.get(state, frozenset()) for state in WENT))
    unknown = keys.get(State.UNKNOWN, frozenset())
    if twice := taken_twice(log):
        yield f"{len(twice)} accepted twice: {twice[:3]}"
    if never := went - taken:
        yield f"{len(never)} stand as accepted that never arrived: {sorted(never)[:3]}"
    if lost := taken - went - unknown:
        yield f"{len(lost)} arrived that the ledger does not know of: {sorted(lost)[:3]}"
    if len(unknown) > in_flight:
        yield f"{len(unknown)} are unknown, but only {in_flight} can have been in flight"


def _lives(rows: Sequence[Any], steps: Sequence[Any]) -> Iterator[str]:
    """Each history goes from a beginning, by allowed steps, to where the delivery stands."""
    lives: dict[int, list[State]] = defaultdict(list)
    for step in steps:
        lives[step.delivery_id].append(State(step.state))
    for row in rows:
        life = lives.get(row.id, [])
        if not life or life[0] not in _BEGINNINGS or life[-1] != row.state:
            yield f"the history of delivery {row.id} does not lead to {row.state}: {[*map(str, life)]}"
        for before, after in pairwise(life):
            # Dated anew it stays planned.
            if before is not after and not may_follow(before, after):
                yield f"delivery {row.id} went from {before} to {after}"


def _unkept(
    rows: Sequence[Any], members: Collection[tuple[int, int]], known: Collection[int]
) -> Iterator[str]:
    """Whatever was handed over belongs to a batch that is kept with its members."""
    for row in rows:
        if row.batch_id is not None and ((row.batch_id, row.id) not in members or row.batch_id not in known):
            yield f"delivery {row.id} was sent with a batch that is not kept"
