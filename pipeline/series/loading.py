"""Joins a series.toml with its article: ``SeriesFile`` and ``Article`` become a ``Series``.

In charge of: finding where each part begins, and refusing cuts that do not fit, in words. Not in charge of:
what the file says by itself (``series_file``), or mending it after the article changed (``drift``).
"""

import difflib
from collections.abc import Sequence
from itertools import pairwise

from pipeline.article.model import Article, Block
from pipeline.errors import Place, SeriesError
from pipeline.series.anchors import Anchors, normal
from pipeline.series.atoms import glue, why_held
from pipeline.series.file_lines import place_of
from pipeline.series.file_model import PartEntry, SeriesFile
from pipeline.series.model import Part, Series
from pipeline.series.wording import shortened, with_neighbours

__all__ = ["assemble", "load_series"]


def load_series(file: SeriesFile, article: Article, *, name: str) -> Series:
    """The series that ``file`` makes of ``article``; ``name`` is the series' folder.

    Read the article with ``file.structure`` as overrides. Raises SeriesError with file, line and key where
    starts_at names no block or several, where parts are out of order, where the first part leaves words
    out before it, or where a part would tear a heading, list or lead-in from what belongs to it.
    """
    anchors = Anchors(article.blocks)
    starts = [_start(file, at, anchors) for at in range(len(file.parts))]
    _check_order(file, starts, article.blocks)
    atoms = frozenset(atom.first for atom in glue(article.blocks))
    for at, start in enumerate(starts):
        if start not in atoms:
            raise _torn(file, at, start, atoms, anchors)
    return assemble(file, article, starts, name=name)


def assemble(file: SeriesFile, article: Article, starts: Sequence[int], *, name: str) -> Series:
    """The series whose parts begin at the indexes ``starts`` of the article's blocks."""
    stops = [*starts[1:], len(article.blocks)]
    parts = [
        _part(number, entry, article.blocks[start:stop])
        for number, (entry, start, stop) in enumerate(zip(file.parts, starts, stops, strict=True), 1)
    ]
    return Series(
        name=name,
        title=file.title,
        language=file.language,
        purpose=file.purpose,
        article=article,
        parts=with_neighbours(parts),
        author=file.author,
        calendar=file.calendar,
    )


def _part(number: int, entry: PartEntry, blocks: tuple[Block, ...]) -> Part:
    return Part(
        number=number,
        title=entry.title,
        subject=entry.subject,
        preheader=entry.preheader,
        day=entry.day,
        recap=None,
        teaser=None,
        blocks=blocks,
        reveals_ok=entry.reveals_ok,
        calendar=entry.calendar,
    )


def _start(file: SeriesFile, at: int, anchors: Anchors) -> int:
    entry = file.parts[at]
    places = anchors.find(entry.starts_at, entry.line)
    if len(places) == 1:
        return places[0]
    shown = shortened(entry.starts_at, 60)
    if not places:
        raise SeriesError(
            f"Nothing in the article starts with {shown!r}.",
            where=_place(file, at, "starts_at"),
            mend=_nearest(entry, anchors),
        )
    lines = [anchors.blocks[place].line for place in places]
    listed = ", ".join(str(line) for line in lines if line is not None) or f"{len(places)} places"
    raise SeriesError(
        f"{shown!r} stands more than once: {listed}.",
        where=_place(file, at, "starts_at"),
        mend="write more of its words" + (f", or line = {lines[0]}" if lines[0] is not None else ""),
    )


def _nearest(entry: PartEntry, anchors: Anchors) -> str:
    wanted = normal(entry.starts_at)
    openings = [opening[: len(wanted)] for opening in anchors.openings]
    near = difflib.get_close_matches(wanted, openings, n=1, cutoff=0.6)
    if not near:
        return "copy the first words of a heading or paragraph; `pipeline split` shows what drifted"
    index = openings.index(near[0])
    return f"did you mean {anchors.wording(index)!r}{_at_line(anchors.blocks[index])}?"


def _check_order(file: SeriesFile, starts: Sequence[int], blocks: Sequence[Block]) -> None:
    if starts[0] != 0:
        first = Anchors(blocks).wording(0)
        raise SeriesError(
            f"Part 1 begins{_at_line(blocks[starts[0]])}: what stands before it would be lost.",
            where=_place(file, 0, "starts_at"),
            mend=f"write starts_at = {first!r}, or mark the lines before it in the article",
        )
    for at, (before, start) in enumerate(pairwise(starts), 1):
        if start <= before:
            raise SeriesError(
                f"Part {at + 1} begins{_at_line(blocks[start])}, not after part {at}.",
                where=_place(file, at, "starts_at"),
                mend="put the parts in the order of the article, each with a beginning of its own",
            )


def _torn(file: SeriesFile, at: int, start: int, atoms: frozenset[int], anchors: Anchors) -> SeriesError:
    near = max(index for index in atoms if index < start)
    later = min((index for index in atoms if index > start), default=None)
    offers = [anchors.wording(index) for index in (near, later) if index]
    return SeriesError(
        f"Part {at + 1} cannot begin here, because {why_held(anchors.blocks, start)}.",
        where=_place(file, at, "starts_at"),
        mend="begin it at " + " or at ".join(repr(shortened(offer, 60)) for offer in offers)
        if offers
        else "join it with the part before",
    )


def _at_line(block: Block) -> str:
    where = f"line {block.line}" if block.line is not None else block.place
    return f" at {where}" if where else ""


def _place(file: SeriesFile, at: int, key: str) -> Place:
    origin = file.parts[at].origin
    return place_of(("part", at if origin is None else origin, key), file.lines, file.name)
