"""What patients on their way would read twice, or never, if they went on with another edition.

In charge of: comparing the parts that went with those to come. Not in charge of: who is on the way
(``actions.replacing``).

Parts are matched by number. Where an article was cut anew, a paragraph may have moved from a part that is
still to come into one that went, or the other way round.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.rendering.edition_words import PartWords, frame_of, has_slot
from pipeline.rendering.model import Edition

#: A paragraph with fewer words is a heading or a line of the frame: reading it again says nothing.
_LEAST_WORDS: Final = 8
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Numbers of paragraphs, by part number of the new edition; parts without any are left out."""

    #: In a part to come, and read already.
    twice: Mapping[int, int]
    #: In a part that went with other words, and in no part to come.
    missed: Mapping[int, int]


def overlap(before: Edition, after: Edition, gone: Collection[int]) -> Overlap:
    """What somebody who got the parts ``gone`` of ``before`` reads twice or never in ``after``. Pure."""
    old, new = _paragraphs(before), _paragraphs(after)
    read = {each for part in gone for each in old.get(part, ())}
    to_come = {each for part, own in new.items() if part not in gone for each in own}
    twice = {part: sum(each in read for each in own) for part, own in new.items() if part not in gone}
    missed = {
        part: sum(each not in read and each not in to_come for each in own)
        for part, own in new.items()
        if part in gone
    }
    return Overlap(twice=_some(twice), missed=_some(missed))


def _paragraphs(edition: Edition) -> dict[int, tuple[str, ...]]:
    """Each part's own paragraphs; frame, short lines and numbers ("the first of 5") do not count."""
    words = [PartWords.of(part) for part in edition.parts]
    frame = frame_of(words)
    return {
        each.part.number: tuple(
            _NUMBER.sub("#", text)
            for text in each.after_greeting()
            if text not in frame and not has_slot(text) and len(text.split()) >= _LEAST_WORDS
        )
        for each in words
    }


def _some(counts: Mapping[int, int]) -> dict[int, int]:
    return {part: count for part, count in counts.items() if count}
