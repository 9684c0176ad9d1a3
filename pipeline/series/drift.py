"""What an edit of the article does to the cuts that were made before it.

In charge of: finding each cut again, and placing anew only what no longer fits. Not in charge of: refusing a
file that does not fit (``loading``), or writing it (``series_file``).
"""

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

from pipeline.article.model import Article, Block
from pipeline.series.anchors import Anchors, normal
from pipeline.series.atoms import after_pictures, glue, why_held
from pipeline.series.file_model import PartEntry, SeriesFile
from pipeline.series.split import split_article
from pipeline.series.wording import shortened

__all__ = ["Cut", "Drift", "PartDrift", "find_drift", "fingerprint"]

#: How alike two openings must be (0..1) to be the same sentence, reworded.
_ALIKE = 0.6
#: Comparing words takes long: of many blocks, only so many nearest to the old line are looked at.
_MOST_COMPARED = 200


class Cut(StrEnum):
    """What became of a part's beginning."""

    FITS = "fits"
    #: The words are the same, the line is another.
    MOVED = "moved"
    #: The words changed, but a block much like them stands between the neighbours' beginnings.
    REWORDED = "reworded"
    #: Nothing like it is left there.
    LOST = "lost"
    #: It is there, but a heading, list or lead-in would be torn.
    TORN = "torn"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDrift:
    """One part of the file, against the article as it is now."""

    number: int
    title: str
    cut: Cut
    #: Index of the block where it begins now: its own where that still fits, else the best between its
    #: neighbours'; None where the text between those no longer bears a part.
    start: int | None
    #: Whether its words changed; None where nobody knows.
    text_changed: bool | None
    #: One sentence for a person; empty where nothing happened.
    note: str = ""

    @property
    def fits(self) -> bool:
        """It begins where it did."""
        return self.cut in (Cut.FITS, Cut.MOVED, Cut.REWORDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The whole file against the article as it is now."""

    #: The article's bytes are others than those the file was made for.
    article_changed: bool
    parts: tuple[PartDrift, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What happened, part by part, in sentences."""
        return tuple(part.note for part in self.parts if part.note)


def fingerprint(blocks: Sequence[Block]) -> str:
    """Twelve hex digits that change with the words of ``blocks``, not with their spacing."""
    words = "\n".join(" ".join(block.text.split()) for block in blocks)
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def find_drift(file: SeriesFile, article: Article) -> Drift:
    """Find every part of ``file`` in ``article`` again, and a new place for those that lost theirs."""
    anchors, blocks = Anchors(article.blocks), article.blocks
    exact = _in_order([_exact(entry, at, anchors) for at, entry in enumerate(file.parts)])
    allowed = frozenset(atom.first for atom in glue(blocks))
    found = _reworded(file.parts, exact, anchors, allowed)
    starts = _filled([start if start in allowed else None for start in found], blocks)
    stops = [
        next((one for one in starts[at + 1 :] if one is not None), len(blocks)) for at in range(len(starts))
    ]
    return Drift(
        article_changed=file.article_sha256 != article.digest,
        parts=tuple(
            _part_drift(entry, at + 1, _Places(exact[at], found[at], starts[at], stops[at]), blocks)
            for at, entry in enumerate(file.parts)
        ),
    )


def _filled(fitting: Sequence[int | None], blocks: Sequence[Block]) -> list[int | None]:
    """``fitting`` with the best beginnings in its gaps; None remains where the text there bears no more."""
    starts = [0, *fitting[1:]]
    fixed = [at for at, start in enumerate(starts) if start is not None]
    for at, until in zip(fixed, [*fixed[1:], len(starts)], strict=True):
        if until - at > 1:
            first, stop = starts[at] or 0, starts[until] if until < len(starts) else None
            found = split_article(blocks[first:stop], parts=until - at, most_plans=1).best.starts[1:]
            starts[at + 1 : at + 1 + len(found)] = [first + start for start in found]
    return starts


def _exact(entry: PartEntry, at: int, anchors: Anchors) -> tuple[int, ...]:
    places = anchors.find(entry.starts_at, entry.line)
    return tuple(place for place in places if (place == 0) == (at == 0))


def _in_order(candidates: Sequence[Sequence[int]]) -> list[int | None]:
    """One candidate for as many parts as can stand in order: the longest rising row (patience sorting)."""
    tails: list[tuple[int, int]] = []  # place and part that ends the best row of each length
    before: dict[tuple[int, int], tuple[int, int] | None] = {}
    for part, places in enumerate(candidates):
        for place in sorted(places, reverse=True):
            at = bisect_left([tail[0] for tail in tails], place)
            before[place, part] = tails[at - 1] if at else None
            tails[at : at + 1] = [(place, part)]
    row: list[int | None] = [None] * len(candidates)
    step = tails[-1] if tails else None
    while step is not None:
        row[step[1]] = step[0]
        step = before[step]
    return row


def _reworded(
    parts: Sequence[PartEntry], exact: Sequence[int | None], anchors: Anchors, allowed: frozenset[int]
) -> list[int | None]:
    """``exact``, and for each gap the block between its neighbours that is most like the lost words."""
    starts = list(exact)
    for at, entry in enumerate(parts):
        if starts[at] is None:
            low = max((start for start in starts[:at] if start is not None), default=-1)
            high = min((start for start in starts[at:] if start is not None), default=len(anchors.blocks))
            between = [index for index in range(low + 1, high) if index in allowed]
            starts[at] = 0 if at == 0 else _most_alike(entry, between, anchors)
    return starts


def _most_alike(entry: PartEntry, between: Sequence[int], anchors: Anchors) -> int | None:
    wanted, line = normal(entry.starts_at), entry.line or 0
    near = sorted(between, key=lambda index: abs((anchors.blocks[index].line or 0) - line))[:_MOST_COMPARED]
    named_by = {index: after_pictures(anchors.blocks, index) for index in near}
    rated = [(_likeness(wanted, anchors.openings[named_by[index]][: len(wanted)]), -index) for index in near]
    best = max(rated, default=(0.0, 0))
    return -best[1] if best[0] >= _ALIKE else None


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


class _Places(NamedTuple):
    """Of one part: where its words stand, where words like them do, and where it begins and stops now."""

    exact: int | None
    found: int | None
    start: int | None
    stop: int


def _part_drift(entry: PartEntry, number: int, places: _Places, blocks: Sequence[Block]) -> PartDrift:
    changed = None
    if places.start is not None and entry.fingerprint is not None:
        changed = fingerprint(blocks[places.start : places.stop]) != entry.fingerprint
    cut = _cut(entry, places, blocks)
    return PartDrift(
        number=number,
        title=entry.title,
        cut=cut,
        start=places.start,
        text_changed=changed,
        note=_note(number, entry, cut, places, blocks)
        or (f"Part {number}: its text changed." if changed else ""),
    )


def _cut(entry: PartEntry, places: _Places, blocks: Sequence[Block]) -> Cut:
    if places.found is None:
        return Cut.LOST
    if places.found != places.start:
        return Cut.TORN
    if places.exact is None:
        return Cut.REWORDED
    lines = (blocks[places.found].line, blocks[after_pictures(blocks, places.found)].line)
    return Cut.FITS if entry.line in (None, *lines) else Cut.MOVED


def _note(number: int, entry: PartEntry, cut: Cut, places: _Places, blocks: Sequence[Block]) -> str:
    match cut:
        case Cut.REWORDED:
            return f"Part {number}: it now begins {_opening(places.start, blocks)}."
        case Cut.LOST:
            gone = f"Part {number}: nothing begins {shortened(entry.starts_at, 60)!r} any more"
        case Cut.TORN:
            why = why_held(blocks, places.found or 0)
            gone = f"Part {number}: it cannot begin {_opening(places.found, blocks)} any more, because {why}"
        case Cut.FITS | Cut.MOVED:
            return ""
    if places.start is None:
        return f"{gone}; there is no room for it between its neighbours."
    return f"{gone}; it now begins {_opening(places.start, blocks)}."


def _opening(start: int | None, blocks: Sequence[Block]) -> str:
    return repr(" ".join(blocks[after_pictures(blocks, start or 0)].text.split()[:8]))
