"""The steps from where a delivery stands to a state that somebody outside reports of it.

In charge of: the table, by states. Not in charge of: what an event means (``feedback``), writing the steps
(``actions.resolving``), or suppressing an address.

Reports come late, twice, and in any order: one that says less than is known already changes nothing.
"""

from collections.abc import Mapping
from types import MappingProxyType

from pipeline.delivery.states import State

#: How much each says; a report never takes a delivery back to less.
_WEIGHT: Mapping[State, int] = MappingProxyType(
    {State.ACCEPTED: 1, State.DELIVERED: 2, State.BOUNCED: 3, State.COMPLAINED: 4}
)


def after_event(now: State, says: State) -> tuple[State, ...]:
    """The steps that a delivery in state ``now`` takes when it is reported accepted, delivered, bounced or
    complained; none where nothing changes.

    A report while we still wait for the answer (``sending``) proves that it was accepted.
    """
    if now is State.UNKNOWN:
        return (says,)
    if now is State.SENDING:
        return (State.ACCEPTED,) if says is State.ACCEPTED else (State.ACCEPTED, says)
    if now in _WEIGHT and _WEIGHT[says] > _WEIGHT[now]:
        return (says,)
    return ()
