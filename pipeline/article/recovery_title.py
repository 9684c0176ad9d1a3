"""The title and the line under it.

In charge of: the first line as title, a second line as subtitle. Not in charge of: headings, whose signs
know what stands below a title.
"""

from dataclasses import replace
from itertools import pairwise

from pipeline.article.model import BlockKind
from pipeline.article.piece import Piece, decided, dropped
from pipeline.article.recovery_view import View, look, seen_as

#: Words; longer first lines are paragraphs.
_LONGEST_TITLE = 30
_LONGEST_SUBTITLE = 25


def mark_title(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """One title: what markup or a human calls so, else the first line if it reads like one."""
    return _guessed(_only_one(pieces))


def _only_one(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """A title said twice (front matter and heading) stands once; another title is a heading."""
    first = next((at for at, piece in enumerate(pieces) if piece.kind is BlockKind.TITLE), None)
    if first is None:
        return pieces
    human = next(
        (at for at, piece in enumerate(pieces) if piece.kind is BlockKind.TITLE and piece.fixed), first
    )
    return tuple(piece if at == human else _demoted(piece, pieces[human]) for at, piece in enumerate(pieces))


def _demoted(piece: Piece, title: Piece) -> Piece:
    same = " ".join(piece.text.split()).casefold() == " ".join(title.text.split()).casefold()
    if same and piece.kind in {BlockKind.TITLE, BlockKind.HEADING} and piece.level in {None, 1}:
        return dropped(piece, "the title, said twice")
    return replace(piece, kind=BlockKind.HEADING, level=1) if piece.kind is BlockKind.TITLE else piece


def _guessed(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """The first line as title where it is short and no full sentence, unless markup names another."""
    ranked = (
        piece.kind is BlockKind.TITLE or (piece.kind is BlockKind.HEADING and piece.level == 1)
        for piece in pieces
    )
    kept = [at for at, piece in enumerate(pieces) if piece.left_out is None]
    if any(ranked) or len(kept) < 2 or not pieces[kept[0]].open:
        return pieces
    view = look(pieces[kept[0]])
    if not 0 < view.count <= _LONGEST_TITLE or view.end in {".", ":", ";", ","} or view.starts_small:
        return pieces
    reason = "the first line, short, without a stop"
    title = decided(pieces[kept[0]], BlockKind.TITLE, confidence=0.9, reason=reason)
    return _with(pieces, kept[0], title)


def mark_subtitle(views: tuple[View, ...]) -> tuple[View, ...]:
    """A line without a stop between the title and the text, which is neither heading nor caption."""
    kept = [at for at, view in enumerate(views) if view.piece.left_out is None]
    at = next((two for one, two in pairwise(kept) if views[one].piece.kind is BlockKind.TITLE), None)
    if at is None or not views[at].piece.open or len(kept) < 3:
        return views
    view = views[at]
    if view.end in {".", ":", ";", ",", "?", "!"} or not 2 <= view.count <= _LONGEST_SUBTITLE:
        return views
    reason = "a line without a stop, between the title and the text"
    subtitle = seen_as(view, decided(view.piece, BlockKind.SUBTITLE, confidence=0.7, reason=reason))
    return (*views[:at], subtitle, *views[at + 1 :])


def _with(pieces: tuple[Piece, ...], at: int, piece: Piece) -> tuple[Piece, ...]:
    return (*pieces[:at], piece, *pieces[at + 1 :])
