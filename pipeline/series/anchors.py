"""Finds a block by the words it starts with, so that a cut survives edits elsewhere in the article.

In charge of: comparing opening words, and choosing words that name one block only. Not in charge of: what
to do where they name none or several (``loading``, ``drift``).

Opening words may run on into the next blocks: two sections may share a heading, hardly ever the sentence
after it too. Case, spacing, quotation marks and dashes do not matter; people retype them.
"""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.article.model import Block
from pipeline.series.atoms import before_pictures

__all__ = ["Anchors", "normal"]

#: Words of an opening that are compared at most, and written at least where the block has as many.
_MOST_WORDS = 40
_FEW_WORDS = 8
#: Nor more characters than these: what has no spaces is no word to copy.
_MOST_CHARACTERS = 300

_ALIKE = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})


def normal(text: str) -> str:
    """``text`` as it is compared: one space between words, no case, plain quotes and dashes."""
    plain = unicodedata.normalize("NFKC", text.translate(_ALIKE))
    return " ".join(plain.split()).casefold()


@dataclass(frozen=True, slots=True)
class Anchors:
    """The openings of an article's blocks."""

    blocks: Sequence[Block]
    #: For each block, its first words and as many of the next blocks' as it needs, in normal form.
    openings: tuple[str, ...] = field(init=False)
    #: The openings in alphabetical order, each with its block: those that begin alike are neighbours.
    _sorted: Sequence[tuple[str, int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        words = [_words(block) for block in self.blocks]
        openings = tuple(
            " ".join(_running(words, at))[:_MOST_CHARACTERS] or normal(_source(block))
            for at, block in enumerate(self.blocks)
        )
        object.__setattr__(self, "openings", openings)
        object.__setattr__(self, "_sorted", sorted((opening, at) for at, opening in enumerate(openings)))

    def places(self, starts_at: str) -> tuple[int, ...]:
        """Indexes of all blocks that start with these words."""
        wanted = " ".join(normal(starts_at).split()[:_MOST_WORDS])[:_MOST_CHARACTERS]
        ends_anywhere = len(starts_at) >= _MOST_CHARACTERS
        found = []
        for opening, at in self._sorted[bisect_left(self._sorted, (wanted, -1)) :]:
            if not wanted or not opening.startswith(wanted):
                break
            if ends_anywhere or not opening[len(wanted) : len(wanted) + 1].isalnum():
                found.append(at)
        return tuple(sorted(found))

    def find(self, starts_at: str, line: int | None) -> tuple[int, ...]:
        """Where a part may be meant to begin that is named so; at ``line``, if one of several stands there.

        The captions and pictures right before a block belong to it, so a part may be named by its heading.
        """
        places = {place: before_pictures(self.blocks, place) for place in self.places(starts_at)}
        lines = {place: {self.blocks[place].line, self.blocks[start].line} for place, start in places.items()}
        at_line = {places[place] for place in places if line is not None and line in lines[place]}
        return tuple(sorted(at_line if len(at_line) == 1 else set(places.values())))

    def wording(self, index: int) -> str:
        """The fewest opening words, eight or the whole block at least, that name this beginning only.

        Where forty words do not, they are given all the same: then the line number has to decide.
        """
        words = list(_spelled(self.blocks[index]))
        least = min(_FEW_WORDS, len(words) or 1)
        for block in self.blocks[index + 1 :]:
            if len(words) >= _MOST_WORDS:
                break
            words += _spelled(block)
        shared = self._shared_with_others(index)
        for count in range(least, min(_MOST_WORDS, len(words)) + 1):
            if len(normal(" ".join(words[:count]))) > shared:
                return " ".join(words[:count])[:_MOST_CHARACTERS]
        return " ".join(words[:_MOST_WORDS])[:_MOST_CHARACTERS] or _source(self.blocks[index])

    def _shared_with_others(self, index: int) -> int:
        """Characters of the longest beginning that a block elsewhere has too."""
        opening, own = self.openings[index], before_pictures(self.blocks, index)
        at = bisect_left(self._sorted, (opening, index))
        before = (self._sorted[one] for one in range(at - 1, -1, -1))
        after = (self._sorted[one] for one in range(at + 1, len(self._sorted)))
        around = (self._first_elsewhere(own, side) for side in (before, after))
        return max(_alike(opening, other) for other in around)

    def _first_elsewhere(self, own: int, neighbours: Iterable[tuple[str, int]]) -> str:
        return next((other for other, at in neighbours if before_pictures(self.blocks, at) != own), "")


def _alike(one: str, other: str) -> int:
    """Characters that both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _spelled(block: Block) -> list[str]:
    """The block's words as they stand; a wordless picture has those of its alternative text."""
    return block.text.split() or (block.picture.alt.split() if block.picture else [])


def _source(block: Block) -> str:
    """The last resort, for a picture without words that nothing follows: its file."""
    return block.picture.source if block.picture else ""


def _words(block: Block) -> list[str]:
    return normal(" ".join(_spelled(block))).split()


def _running(words: Sequence[Sequence[str]], at: int) -> list[str]:
    opening = list(words[at][:_MOST_WORDS])
    while len(opening) < _MOST_WORDS and (at := at + 1) < len(words):
        opening += words[at][: _MOST_WORDS - len(opening)]
    return opening
