"""The level of every heading, 2 to 4: from markup, looks, numbers, and at last from words.

In charge of: which source of knowledge wins, and the title among first-rank headings. Not in charge of:
the rules of numbers (``level_numbers``) and words (``level_signs``).
"""

from dataclasses import replace

from pipeline.article.level_numbers import Level, levels_by_number
from pipeline.article.level_outline import Head, heads_of
from pipeline.article.level_signs import levels_by_signs
from pipeline.article.model import BlockKind
from pipeline.article.piece import Piece
from pipeline.article.recovery_view import View, seen_as


def settle_levels(views: tuple[View, ...]) -> tuple[View, ...]:
    """Every heading with a level of 2, 3 or 4; the first first-rank heading becomes the title."""
    settled = list(_with_title(views))
    heads = heads_of(tuple(settled))
    marked = _from_markup(heads)
    known = marked | (_below_markup(heads, marked) if marked else _from_looks(heads))
    numbered = {} if known else levels_by_number(heads)
    title = next((view.content for view in settled if view.piece.kind is BlockKind.TITLE), frozenset[str]())
    levels = levels_by_signs(heads, numbered | known | _fixed(heads), title)
    for place, head in enumerate(heads):
        settled[head.at] = seen_as(head.view, _with_level(head.view.piece, levels[place]))
    return tuple(settled)


def _with_level(piece: Piece, level: Level) -> Piece:
    if piece.fixed:
        return replace(piece, level=level.level)
    reason = "; ".join(part for part in (piece.reason, f"level {level.level}: {level.reason}") if part)
    return replace(
        piece, level=level.level, confidence=round(min(piece.confidence, level.confidence), 2), reason=reason
    )


def _with_title(views: tuple[View, ...]) -> tuple[View, ...]:
    """The first heading of rank 1 is the title, unless the article already has one."""
    if any(view.piece.kind is BlockKind.TITLE and view.piece.left_out is None for view in views):
        return views
    at = next((at for at, view in enumerate(views) if _first_rank(view.piece)), None)
    if at is None:
        return views
    title = seen_as(views[at], replace(views[at].piece, kind=BlockKind.TITLE, level=None))
    return (*views[:at], title, *views[at + 1 :])


def _first_rank(piece: Piece) -> bool:
    return piece.kind is BlockKind.HEADING and piece.level == 1 and piece.left_out is None and not piece.fixed


def _fixed(heads: tuple[Head, ...]) -> dict[int, Level]:
    """Levels a human wrote into series.toml."""
    return {
        place: Level(
            level=min(4, max(2, head.view.piece.level)), confidence=1.0, reason="series.toml says so"
        )
        for place, head in enumerate(heads)
        if head.view.piece.fixed and head.view.piece.level is not None
    }


def _from_markup(heads: tuple[Head, ...]) -> dict[int, Level]:
    """Marked-up ranks, closed up so that the highest in use is 2 and no rank is skipped."""
    marked = {
        place: head.view.piece.level
        for place, head in enumerate(heads)
        if head.view.piece.level is not None and not head.view.piece.fixed
    }
    ranks = {rank: min(4, 2 + order) for order, rank in enumerate(sorted(set(marked.values())))}
    return {
        place: Level(level=ranks[rank], confidence=1.0, reason="markup") for place, rank in marked.items()
    }


def _below_markup(heads: tuple[Head, ...], marked: dict[int, Level]) -> dict[int, Level]:
    """A heading that is only bold, among marked-up ones, lies under the one before it."""
    found: dict[int, Level] = {}
    above = 1
    for place in range(len(heads)):
        if place in marked:
            above = marked[place].level
        else:
            reason = "lies under the marked-up heading before it"
            found[place] = Level(level=min(4, above + 1), confidence=0.7, reason=reason)
    return found


def _from_looks(heads: tuple[Head, ...]) -> dict[int, Level]:
    """Larger letters stand above smaller ones; of two styles the first used stands above the other."""
    looks = {place: head.view.piece for place, head in enumerate(heads) if head.view.piece.reason != "markup"}
    sizes = sorted({piece.size for piece in looks.values() if piece.size is not None}, reverse=True)
    if len(sizes) >= 2:
        return {
            place: _by_look(sizes.index(piece.size), "by the size of its letters")
            for place, piece in looks.items()
            if piece.size is not None
        }
    styles = list(dict.fromkeys(piece.style for piece in looks.values() if piece.style))
    if len(styles) < 2:
        return {}
    return {
        place: _by_look(styles.index(piece.style), "by the style it is set in")
        for place, piece in looks.items()
        if piece.style
    }


def _by_look(rank: int, reason: str) -> Level:
    return Level(level=min(4, 2 + rank), confidence=0.85, reason=reason)
