"""The words of an edition, taken out of its compiled parts.

In charge of: reading them for a person who compares. Not in charge of: comparing (``difference``,
``overlap``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import lxml.html

from pipeline.rendering.model import CompiledPart, Skeleton, Slot
from pipeline.rendering.page import preview_line, seen_words
from pipeline.rendering.word_difference import paragraphs

#: How a slot stands among words.
_SLOT_MARK = "‹{}›"
_GREETING = _SLOT_MARK.format(Slot.GREETING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartWords:
    """A part's words, taken out of its skeletons once."""

    part: CompiledPart
    #: The plain text's paragraphs, slots as marks.
    text: tuple[str, ...]
    #: What the HTML shows beside it.
    preheader: str
    html: str

    @classmethod
    def of(cls, part: CompiledPart) -> "PartWords":
        tree = lxml.html.document_fromstring(_marked(part.html))
        return cls(
            part=part,
            text=paragraphs(_marked(part.text)),
            preheader=preview_line(tree),
            html=seen_words(tree),
        )

    def own(self, frame: frozenset[str]) -> tuple[str, ...]:
        """The paragraphs that do not stand in every part."""
        return tuple(each for each in self.text if each not in frame)

    def after_greeting(self) -> tuple[str, ...]:
        """The paragraphs below the greeting: above it stands whose email it is and which part of how many."""
        return self.text[self.text.index(_GREETING) + 1 :] if _GREETING in self.text else self.text


def has_slot(text: str) -> bool:
    """Whether a patient's own value or link stands in ``text``."""
    return any(_SLOT_MARK.format(slot.value) in text for slot in Slot)


def _marked(skeleton: Skeleton) -> str:
    return skeleton.join({slot: _SLOT_MARK.format(slot.value) for slot in skeleton.slots})


def frame_of(parts: Sequence[PartWords]) -> frozenset[str]:
    """The paragraphs that stand in all parts; with one part nothing can be told apart."""
    if len(parts) < 2:
        return frozenset()
    return frozenset(parts[0].text).intersection(*(part.text for part in parts[1:]))
