"""Cutting a batch into calls an API takes, and never letting one bad item refuse its neighbours.

In charge of: limits of count and size, halving a refused call, leaving the rest untried after doubt. Not
in charge of: what one call looks like (each API's file).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from pipeline.delivery.outcome import Outcome, Refused
from pipeline.providers.answers import UNTRIED, stops_the_call

#: One outcome for each item, or a single one that holds for the whole call.
CallOutcome: TypeAlias = tuple[Outcome, ...] | Outcome
Call: TypeAlias = Callable[[Sequence[bytes]], CallOutcome]


def in_calls(items: Sequence[bytes], call: Call, *, most: int, largest: int) -> tuple[Outcome, ...]:
    """One outcome per encoded item, in order: ``call`` takes at most ``most`` items and ``largest`` bytes."""
    outcomes: list[Outcome] = []
    stopped = False
    for chunk in _chunks(items, most, largest):
        found = (UNTRIED,) * len(chunk) if stopped else _halving(chunk, call)
        stopped = stopped or any(stops_the_call(outcome) for outcome in found)
        outcomes.extend(found)
    return tuple(outcomes)


def _chunks(items: Sequence[bytes], most: int, largest: int) -> Iterator[Sequence[bytes]]:
    start, size = 0, 0
    for index, item in enumerate(items):
        if index > start and (index - start >= most or size + len(item) > largest):
            yield items[start:index]
            start, size = index, 0
        size += len(item)
    if items:
        yield items[start:]


def _halving(chunk: Sequence[bytes], call: Call) -> tuple[Outcome, ...]:
    """The outcomes of one call; one that was refused whole is tried again in halves.

    A refusal (4xx) proves that nothing of the call was accepted, so this sends nothing twice, and the one
    item on which the API stumbled ends alone.
    """
    found = call(chunk)
    if isinstance(found, tuple):
        return found
    if len(chunk) == 1 or not isinstance(found, Refused):
        return (found,) * len(chunk)
    middle = len(chunk) // 2
    first = _halving(chunk[:middle], call)
    if any(stops_the_call(outcome) for outcome in first):
        return (*first, *(UNTRIED,) * (len(chunk) - middle))
    return (*first, *_halving(chunk[middle:], call))
