"""What a cut before each atom costs: where an editor would rather cut.

In charge of: the penalties and their weights. Not in charge of: where a cut is allowed (``atoms``)
or which set of cuts is best (``split``).

The unit is the squared relative error of a part's size: 0.04 is what a part of 20 % too much costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.article.model import Block, BlockKind
from pipeline.series.atoms import Atom, after_pictures

__all__ = ["WEIGHTS", "Weights", "cut_penalties", "opening_block"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each fault of a cut weighs.

    Measured on 13 labelled articles, each at three lengths of part (119 cuts): ten cuts inside a section,
    sizes that vary by .21 (standard deviation over mean), and 116 times the same cut from bare text as from
    its marked-up version. Weights from two thirds to one and a half times these change that to 111..116 and
    .20..21: nothing here is tuned to a file.
    """

    #: Per level below the article's shallowest heading. Small: the levels of bare text are half guessed, so
    #: they decide between sizes that are much alike, not more.
    depth: float = 0.05
    #: Between two paragraphs of a section. A part may rather be 60 % too long or too short.
    inside: float = 0.4
    #: For a stub of no words between the cut and the section's border; falls to nothing ...
    stub: float = 0.25
    #: ... at this many words.
    stub_words: int = 80


WEIGHTS = Weights()


def cut_penalties(
    blocks: Sequence[Block], atoms: Sequence[Atom], weights: Weights = WEIGHTS
) -> tuple[float, ...]:
    """For each atom, what beginning a part with it costs; the first atom costs nothing."""
    levels = [_level(opening_block(blocks[atom.first : atom.stop])) for atom in atoms]
    behind = _words_since_heading(atoms, levels)
    ahead = _words_until_heading(atoms, levels)
    top = min((level for level in levels if level is not None), default=0)
    return tuple(
        _cost(levels[k - 1 : k + 1], behind[k], ahead[k], top, weights) if k else 0.0
        for k in range(len(atoms))
    )


def _cost(levels: Sequence[int | None], behind: int, ahead: int, top: int, weights: Weights) -> float:
    """``levels`` are those of the atom before the cut and of the one after it."""
    before, level = levels
    if level is None:
        return weights.inside + _stub(behind, weights) + _stub(ahead, weights)
    # A heading and one short paragraph before the next heading most likely introduce what follows. Asking
    # for a deeper level there would be stricter, but bare text does not tell levels surely enough; a
    # shallower one, though, surely begins something else.
    introduced = before is not None and level >= before
    return weights.depth * (level - top) + (_stub(behind, weights) if introduced else 0.0)


def opening_block(blocks: Sequence[Block]) -> Block:
    """The block that a reader takes for the beginning of ``blocks``."""
    return blocks[after_pictures(blocks, 0)]


def _level(block: Block) -> int | None:
    return (block.level or 2) if block.kind is BlockKind.HEADING else None


def _stub(words: int, weights: Weights) -> float:
    return weights.stub * max(0.0, 1 - words / weights.stub_words)


def _words_since_heading(atoms: Sequence[Atom], levels: Sequence[int | None]) -> list[int]:
    """Words from the last heading (or the article's start) to the beginning of each atom."""
    behind, words = [], 0
    for atom, level in zip(atoms, levels, strict=True):
        behind.append(words)
        words = atom.words if level is not None else words + atom.words
    return behind


def _words_until_heading(atoms: Sequence[Atom], levels: Sequence[int | None]) -> list[int]:
    """Words from the beginning of each atom to the next one that opens with a heading, or the end."""
    ahead, words = [], 0
    for atom, level in zip(reversed(atoms), reversed(levels), strict=True):
        words += atom.words
        ahead.append(words)
        if level is not None:
            words = 0
    return ahead[::-1]
