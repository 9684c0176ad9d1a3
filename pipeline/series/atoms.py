"""Glues blocks into atoms: runs of blocks that no cut may part.

In charge of: where a part may begin at all. Not in charge of: where it had better begin (``cuts``)
or which cuts are taken (``split``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from pipeline.article.model import Block, BlockKind

__all__ = ["Atom", "after_pictures", "before_pictures", "glue", "why_held"]

_PICTURES = frozenset({BlockKind.CAPTION, BlockKind.PICTURE})
#: Kinds that announce what follows. In pages saved as text a caption stands before its section, so
#: the safe reading is that it belongs to what follows, never to what came before.
_FORWARD = _PICTURES | {BlockKind.TITLE, BlockKind.SUBTITLE, BlockKind.HEADING}
#: Kinds whose neighbours of the same kind are one thing to a reader.
_WHOLE = frozenset({BlockKind.LIST_ITEM, BlockKind.TABLE_ROW, BlockKind.QUOTE})
#: Kinds that the block before introduces, whether or not it ends with a colon.
_INTRODUCED = frozenset({BlockKind.LIST_ITEM, BlockKind.TABLE_ROW})
_THING_NAMES = MappingProxyType(
    {BlockKind.LIST_ITEM: "list", BlockKind.TABLE_ROW: "table", BlockKind.QUOTE: "quotation"}
)
#: A block that ends so goes on in the next one; the second colon is the full-width one.
_OPEN_ENDS = (":", "：", ",")
_CLOSERS = " \t\n\"'”’»)*_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """Blocks ``first`` up to, without, ``stop`` (indexes from 0), and their words."""

    first: int
    stop: int
    words: int


def glue(blocks: Sequence[Block]) -> tuple[Atom, ...]:
    """The atoms of ``blocks``, in order: together they hold every block exactly once."""
    held = _held(blocks)
    starts = [i for i in range(len(blocks)) if i == 0 or not held[i - 1]]
    return tuple(
        Atom(first=first, stop=stop, words=sum(block.words for block in blocks[first:stop]))
        for first, stop in pairwise([*starts, len(blocks)])
    )


def before_pictures(blocks: Sequence[Block], index: int) -> int:
    """Where a part begins that is named by ``blocks[index]``: the pictures before belong to it."""
    while index > 0 and blocks[index - 1].kind in _PICTURES:
        index -= 1
    return index


def after_pictures(blocks: Sequence[Block], index: int) -> int:
    """What a part that begins at ``blocks[index]`` is named by: captions and pictures do not count."""
    rest = range(index, len(blocks))
    return next((at for at in rest if blocks[at].kind not in _PICTURES), index)


def why_held(blocks: Sequence[Block], index: int) -> str | None:
    """Why no part may begin at ``blocks[index]``, in words that follow "because"; None where one may."""
    if any(atom.first == index for atom in glue(blocks)):
        return None
    before = blocks[index - 1]
    if before.kind in _FORWARD:
        return f"the part before would end on a {before.kind.value}"
    if _ends_open(before):
        return "the part before would end on a line that leads into this one"
    thing = _THING_NAMES.get(blocks[index].kind, "list or table")
    return f"a {thing} would be cut, or parted from its lead-in"


def _held(blocks: Sequence[Block]) -> list[bool]:
    """For each block: must the next one follow it in the same part?"""
    held = [block.kind in _FORWARD or _ends_open(block) for block in blocks]
    for first, last in (*_joined_by_kind(blocks), *_joined_by_group(blocks)):
        held[first:last] = [True] * (last - first)
    return held


def _ends_open(block: Block) -> bool:
    return block.text.rstrip(_CLOSERS).endswith(_OPEN_ENDS)


def _joined_by_kind(blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """Pairs of neighbours, pictures between them overlooked, that make one list, table or quote."""
    solid = [i for i, block in enumerate(blocks) if block.kind not in _PICTURES]
    return [
        (before, after)
        for before, after in pairwise(solid)
        if blocks[after].kind in _INTRODUCED
        or (blocks[after].kind in _WHOLE and blocks[before].kind is blocks[after].kind)
    ]


def _joined_by_group(blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """First and last block of each group: also a paragraph inside a list item stays in its list."""
    ends: dict[int, tuple[int, int]] = {}
    for i, block in enumerate(blocks):
        if block.group is not None:
            ends[block.group] = (ends.get(block.group, (i, i))[0], i)
    return list(ends.values())
