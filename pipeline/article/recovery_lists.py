"""Typed lists: bullets and numbers that stand in the text instead of markup.

In charge of: which pieces are list items, their nesting and number, and which lists are one. Not in
charge of: numbered headings (``recovery_numbering`` tells them apart).
"""

from dataclasses import dataclass, field, replace

from pipeline.article.markers import Number, number_of, without_number
from pipeline.article.model import BlockKind
from pipeline.article.piece import Piece, decided
from pipeline.article.recovery_numbering import list_numbers
from pipeline.article.vocabulary import LEADS_ON

#: Lines of a list without bullets; a longer one is text.
_LONGEST_BARE_LIST = 60


@dataclass(slots=True)
class _Open:
    """The list that is open: its group, and the indents of its nesting, outermost first."""

    group: int
    indents: list[int] = field(default_factory=list)

    def depth(self, indent: int) -> int:
        """Nesting of an item at ``indent``; deeper lists are closed, a new one is opened."""
        while self.indents and self.indents[-1] > indent:
            self.indents.pop()
        if not self.indents or self.indents[-1] < indent:
            self.indents.append(indent)
        return len(self.indents) - 1


def mark_lists(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Pieces with kind, depth, ordinal and group set where they belong to a typed list."""
    numbers = list_numbers(pieces)
    bare = _items_without_markers(pieces)
    group = max((piece.group or 0 for piece in pieces), default=0)
    marked: list[Piece] = []
    now: _Open | None = None
    for at, piece in enumerate(pieces):
        item = _item(piece, numbers.get(at), bare=at in bare)
        if item is not None:
            if now is None:
                group += 1
                now = _Open(group)
            marked.append(replace(item, group=now.group, depth=now.depth(piece.indent)))
        elif now is not None and piece.open and piece.indent > now.indents[0]:
            marked.append(_continuation(piece, now))
        else:
            now = None if piece.left_out is None else now
            marked.append(piece)
    return tuple(marked)


def _item(piece: Piece, number: Number | None, *, bare: bool) -> Piece | None:
    if piece.fixed and piece.kind is BlockKind.LIST_ITEM and piece.group is None:
        typed = number_of(piece.text)
        return replace(_without_number(piece), marker=typed.typed, ordinal=typed.value) if typed else piece
    if not piece.open:
        return None
    if piece.marker:
        return decided(piece, BlockKind.LIST_ITEM, confidence=0.98, reason="begins with a typed bullet")
    if number:
        item = replace(_without_number(piece), marker=number.typed, ordinal=number.value)
        return decided(
            item, BlockKind.LIST_ITEM, confidence=0.9, reason="begins with a number that others count on from"
        )
    if bare:
        reason = "one of several like lines after a line that leads into a list"
        return decided(piece, BlockKind.LIST_ITEM, confidence=0.7, reason=reason)
    return None


def _continuation(piece: Piece, now: _Open) -> Piece:
    depth = max(at for at, indent in enumerate(now.indents) if indent < piece.indent)
    item = replace(piece, continues=True, group=now.group, depth=depth)
    return decided(item, BlockKind.LIST_ITEM, confidence=0.9, reason="indented under a list item")


def _without_number(piece: Piece) -> Piece:
    first, *rest = piece.runs
    runs = (replace(first, text=without_number(first.text)), *rest)
    return replace(piece, runs=tuple(run for run in runs if run.text))


def _items_without_markers(pieces: tuple[Piece, ...]) -> frozenset[int]:
    """Lines of a list whose bullets were lost on the way: alike, after a line that leads on."""
    found: set[int] = set()
    for at, piece in enumerate(pieces):
        if not piece.open or piece.marker or not _leads_on(piece.text):
            continue
        run = _like_lines(pieces, at + 1)
        if len(run) >= 2:
            found.update(run)
    return frozenset(found)


def _leads_on(text: str) -> bool:
    words = text.rstrip().rsplit(None, 1)
    return text.rstrip().endswith(":") or (len(words) == 2 and words[1].casefold() in LEADS_ON)


def _like_lines(pieces: tuple[Piece, ...], start: int) -> list[int]:
    """The lines from ``start`` on that begin with a small letter, or stand tight and short."""
    run: list[int] = []
    for at in range(start, min(len(pieces), start + _LONGEST_BARE_LIST)):
        piece = pieces[at]
        text = piece.text.strip()
        small = text[:1].islower() and len(text.split()) <= 40
        tight = not (piece.apart and run) and len(text.split()) <= 8 and text[-1:] not in ".:?!"
        if not piece.open or piece.marker or not (small or tight) or (run and not small and piece.apart):
            break
        run.append(at)
    if any(pieces[at].text.strip()[:1].islower() for at in run):
        return [at for at in run if pieces[at].text.strip()[:1].islower()]
    return run if len(run) >= 3 and not pieces[run[1]].apart else []
