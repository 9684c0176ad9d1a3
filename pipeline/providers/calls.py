"""Cutting a batch into calls an API takes, and never letting one bad item refuse its neighbours.

In charge of: limits of count and size, halving a refused call, leaving the rest untried after doubt, and
that no header is forged, whatever the API. Not in charge of: what one call looks like (each API's file).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, Generic, TypeAlias, TypeVar

from pipeline.delivery.outcome import Outcome, Refused
from pipeline.providers.answers import UNTRIED, stops_the_call
from pipeline.rendering.headers import HeaderRefusedError, refuse_forging
from pipeline.rendering.model import Message

#: One outcome for each item, or a single one that holds for the whole call.
CallOutcome: TypeAlias = tuple[Outcome, ...] | Outcome
#: An encoded item: bytes, or ``fields.Pieces``. Its length is what it has on the wire.
ItemT = TypeVar("ItemT", bound=Sized)

#: A message and its place in the call of ``send``.
Numbered: TypeAlias = tuple[int, Message]

#: For a message whose header would forge another.
FORGED: Final = Refused(reason="a header's value holds a line break or a control character")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot(Generic[ItemT]):
    """Messages that one kind of call can carry."""

    #: Where each item's outcome belongs.
    places: tuple[int, ...]
    #: One encoded item per message.
    items: Sequence[ItemT] = field(repr=False)
    call: Callable[[Sequence[ItemT]], CallOutcome]
    #: Items and bytes in one call, at most.
    most: int
    largest: int


def in_lots(
    messages: Sequence[Message], lots: Callable[[Sequence[Numbered]], Iterable[Lot[Any]]]
) -> tuple[Outcome, ...]:
    """One outcome per message, in order; ``lots`` sorts those whose headers are clean into calls.

    JSON carries a line break without complaint, so a forged header is stopped here for every API alike.
    """
    outcomes: list[Outcome] = [UNTRIED] * len(messages)
    clean: list[Numbered] = []
    for place, message in enumerate(messages):
        if forged(message):
            outcomes[place] = FORGED
        else:
            clean.append((place, message))
    for lot in lots(clean) if clean else ():
        found = in_calls(lot.items, lot.call, most=lot.most, largest=lot.largest)
        for place, outcome in zip(lot.places, found, strict=True):
            outcomes[place] = outcome
        if any(stops_the_call(outcome) for outcome in found):
            break
    return tuple(outcomes)


def forged(message: Message) -> bool:
    """Whether anything of ``message`` that becomes a header would end it and begin another."""
    text = "".join(
        (message.to, message.subject, message.from_name, message.from_address, message.reply_to,
         message.message_id, message.key, *chain.from_iterable(message.headers))
    )  # fmt: skip
    # Nearly every message ends here, in a fifth of the time that the search takes.
    if text.isprintable():
        return False
    try:
        refuse_forging("a header", text)
    except HeaderRefusedError:
        return True
    return False


def one_by_one(
    numbered: Sequence[Numbered],
    encode: Callable[[Message], bytes],
    call: Callable[[Sequence[bytes]], CallOutcome],
) -> Lot[bytes]:
    """A lot in which every message has a call of its own."""
    return Lot(
        places=tuple(place for place, _ in numbered),
        items=[encode(message) for _, message in numbered],
        call=call,
        most=1,
        largest=0,
    )


def in_calls(
    items: Sequence[ItemT], call: Callable[[Sequence[ItemT]], CallOutcome], *, most: int, largest: int
) -> tuple[Outcome, ...]:
    """One outcome per encoded item, in order: ``call`` takes at most ``most`` items and ``largest`` bytes."""
    outcomes: list[Outcome] = []
    stopped = False
    for chunk in _chunks(items, most, largest):
        found = (UNTRIED,) * len(chunk) if stopped else _halving(chunk, call)
        stopped = stopped or any(stops_the_call(outcome) for outcome in found)
        outcomes.extend(found)
    return tuple(outcomes)


def _chunks(items: Sequence[ItemT], most: int, largest: int) -> Iterator[Sequence[ItemT]]:
    start, size = 0, 0
    for index, item in enumerate(items):
        if index > start and (index - start >= most or size + len(item) > largest):
            yield items[start:index]
            start, size = index, 0
        size += len(item)
    if items:
        yield items[start:]


def _halving(chunk: Sequence[ItemT], call: Callable[[Sequence[ItemT]], CallOutcome]) -> tuple[Outcome, ...]:
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
