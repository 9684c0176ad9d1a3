"""Mail merge: messages of one part as one body with variables, and each recipient's values.

In charge of: finding messages that differ in their slots only, and that nothing of a patient or an author
can be taken for template code. Not in charge of: how an API writes a variable (its own file).

A message is merged only if neither its shared text nor any of its values holds anything that the API could
read as its own template language. All others go whole, so no value is ever interpreted.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pipeline.providers.calls import Numbered
from pipeline.rendering.model import Bodies, Message, Skeleton, Slot, SlotValues

Variable = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Messages that share sender, subject, pictures and both bodies but for the slots."""

    members: tuple[Numbered, ...] = field(repr=False)
    #: Slots whose value in HTML differs from the one in plain text for at least one member.
    apart: frozenset[Slot]
    #: Headers that are the same for everyone, in order.
    headers: tuple[tuple[str, str], ...]

    @property
    def first(self) -> Message:
        """Any member: what is shared can be read from it."""
        return self.members[0][1]

    def html(self, variable: Variable) -> str:
        """The HTML body with ``variable(name)`` in every slot."""
        return _open(self.first.bodies.html, lambda slot: variable(self._html_name(slot)))

    def text(self, variable: Variable) -> str:
        """The plain-text body with ``variable(name)`` in every slot."""
        return _open(self.first.bodies.text, variable)

    def values(self, message: Message) -> dict[str, str]:
        """``message``'s value for every variable of both bodies."""
        bodies = message.bodies
        values = {str(slot): bodies.text_values[slot] for slot in bodies.text.slots}
        for slot in bodies.html.slots:
            values[self._html_name(slot)] = bodies.html_values[slot]
        return values

    def own_headers(self, message: Message) -> Iterator[tuple[str, str]]:
        """The headers of ``message`` that are not the same for everyone."""
        shared = {name for name, _ in self.headers}
        return ((name, value) for name, value in message.headers if name not in shared)

    def _html_name(self, slot: Slot) -> str:
        return f"h_{slot}" if slot in self.apart else slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """What can be merged, and what has to go whole."""

    merges: tuple[Merge, ...]
    whole: tuple[Numbered, ...]


def sort_out(numbered: Sequence[Numbered], *, code: re.Pattern[str], one_per_address: bool = False) -> Sorted:
    """``numbered`` in groups that can be merged; ``code`` matches what the API might interpret.

    ``one_per_address``: the API takes an address once per call, so a second message to a shared address
    gets a group of its own. A group of one gains nothing and goes whole.
    """
    groups: dict[object, list[Numbered]] = {}
    whole: list[Numbered] = []
    seen: dict[tuple[object, str], int] = {}
    for place, message in numbered:
        if not _slots(message.bodies) or _holds_code(message, message.bodies, code):
            whole.append((place, message))
            continue
        shared = _shared(message, message.bodies)
        address = message.to.casefold()
        nth = seen.get((shared, address), 0) if one_per_address else 0
        seen[shared, address] = nth + 1
        groups.setdefault((shared, nth), []).append((place, message))
    whole += [group[0] for group in groups.values() if len(group) == 1]
    merges = tuple(_merge(group) for group in groups.values() if len(group) > 1)
    return Sorted(merges=merges, whole=tuple(sorted(whole, key=lambda each: each[0])))


def _merge(group: Sequence[Numbered]) -> Merge:
    messages = [message for _, message in group]
    everyone = set(messages[0].headers).intersection(*(message.headers for message in messages))
    apart = {
        slot
        for message in messages
        for slot in _slots(message.bodies)
        if message.bodies.html_values[slot] != message.bodies.text_values[slot]
    }
    return Merge(
        members=tuple(group),
        apart=frozenset(apart),
        headers=tuple(header for header in messages[0].headers if header in everyone),
    )


def _slots(bodies: Bodies) -> set[Slot]:
    return set(bodies.html.slots) & set(bodies.text.slots)


def _shared(message: Message, bodies: Bodies) -> object:
    names = tuple(name for name, _ in message.headers)
    return (bodies.html, bodies.text, message.subject, message.from_name, message.from_address,
            message.reply_to, message.pictures, names)  # fmt: skip


def _holds_code(message: Message, bodies: Bodies, code: re.Pattern[str]) -> bool:
    if _literals_hold_code(bodies.html, code) or _literals_hold_code(bodies.text, code):
        return True
    texts = (
        message.subject, message.from_name,
        *_used(bodies.html, bodies.html_values), *_used(bodies.text, bodies.text_values),
        *(value for _, value in message.headers),
    )  # fmt: skip
    return any(code.search(text) for text in texts)


@lru_cache(maxsize=256)
def _literals_hold_code(skeleton: Skeleton, code: re.Pattern[str]) -> bool:
    return any(code.search(literal) for literal in skeleton.literals)


def _used(skeleton: Skeleton, values: SlotValues) -> list[str]:
    return [values[slot] for slot in skeleton.slots]


def _open(skeleton: Skeleton, variable: Callable[[Slot], str]) -> str:
    return skeleton.join({slot: variable(slot) for slot in skeleton.slots})
