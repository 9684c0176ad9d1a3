"""Structure for pieces that the source does not name: the passes, in their order.

In charge of: the order of the passes. Not in charge of: any rule (one module per question).
"""

from collections.abc import Callable

from pipeline.article.model import BlockKind
from pipeline.article.piece import Piece, decided
from pipeline.article.recovery_captions import mark_captions
from pipeline.article.recovery_furniture import mark_furniture
from pipeline.article.recovery_headings import mark_headings
from pipeline.article.recovery_levels import settle_levels
from pipeline.article.recovery_lists import mark_lists
from pipeline.article.recovery_tables import mark_tables
from pipeline.article.recovery_title import mark_subtitle, mark_title
from pipeline.article.recovery_view import View, look

#: Furniture first, so that a menu is no list; lists before headings, so that a lead-in is seen as one.
_ON_PIECES: tuple[Callable[[tuple[Piece, ...]], tuple[Piece, ...]], ...] = (
    mark_furniture,
    mark_tables,
    mark_lists,
    mark_title,
)
#: Captions after headings, for they stand above them; levels when all headings are known.
_ON_VIEWS: tuple[Callable[[tuple[View, ...]], tuple[View, ...]], ...] = (
    mark_headings,
    mark_captions,
    mark_subtitle,
    settle_levels,
)


def recover(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Every piece with a kind and, for headings, a level of 2 to 4; markup and human words stand."""
    for on_pieces in _ON_PIECES:
        pieces = on_pieces(pieces)
    views = tuple(look(piece) for piece in pieces)
    for on_views in _ON_VIEWS:
        views = on_views(views)
    return tuple(_paragraph_if_open(view.piece) for view in views)


def _paragraph_if_open(piece: Piece) -> Piece:
    if not piece.open:
        return piece
    return decided(piece, BlockKind.PARAGRAPH, confidence=0.9, reason="running text")
