"""Lines of a saved page that are no part of its article: page marks, menus, dates, separators.

In charge of: leaving such lines out, with the reason. Not in charge of: the words they are known by
(``furniture_words``) or HTML's own furniture (``html_furniture``).
"""

import re
from dataclasses import replace

from pipeline.article.furniture_words import furniture_reason, is_menu_entry
from pipeline.article.model import BlockKind
from pipeline.article.piece import Piece, decided, dropped

#: So many lines from either end count as the article's edge.
_EDGE = 6
_META = re.compile(r"([a-z][a-z_-]{2,20}):\s*[\"']?(.*?)[\"']?")
_VALUE = re.compile(r"[\d\s:.TZ+/-]+|true|false|null|\[.*\]|", re.IGNORECASE)


def mark_furniture(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Pieces that are furniture, marked as left out."""
    menus = _menus(pieces)
    last = len(pieces) - 1
    marked = [
        _marked(piece, in_menu=at in menus, at_the_edge=at < _EDGE or at > last - _EDGE)
        for at, piece in enumerate(pieces)
    ]
    return _meta_lines(marked)


def _marked(piece: Piece, *, in_menu: bool, at_the_edge: bool) -> Piece:
    text = piece.text.strip()
    if piece.kind is not None or piece.left_out is not None:
        return piece
    if not any(letter.isalnum() for letter in text):
        return dropped(piece, "a separator line, no words")
    if in_menu:
        return dropped(piece, "page furniture: an entry of a menu or footer")
    # "Print the page." in a list is a thing to do; the page's own link is no item and no sentence.
    reason = None if piece.marker else furniture_reason(text, at_the_edge=at_the_edge)
    return dropped(piece, f"page furniture: {reason}") if reason else piece


def _menus(pieces: tuple[Piece, ...]) -> frozenset[int]:
    """Runs of short lines at either end, most of them entries that every menu has."""
    found: set[int] = set()
    for order in (range(len(pieces)), range(len(pieces) - 1, -1, -1)):
        run = _short_run(pieces, order)
        entries = [at for at in run if is_menu_entry(pieces[at].text)]
        if len(entries) >= 3 and len(entries) * 2 > len(run):
            # What stands inside the run but beyond its last known entry may be the title.
            edge = entries[-1]
            found.update(at for at in run if (at <= edge if order[0] == 0 else at >= edge))
    return frozenset(found)


def _short_run(pieces: tuple[Piece, ...], order: range) -> list[int]:
    run: list[int] = []
    for at in order:
        piece = pieces[at]
        reason = furniture_reason(piece.text, at_the_edge=True)
        if (
            piece.kind is not None
            or (len(piece.text.split()) > 5 and not reason)
            or piece.text.rstrip().endswith(".")
        ):
            break
        run.append(at)
    return run


def _meta_lines(pieces: list[Piece]) -> tuple[Piece, ...]:
    """``key: value`` lines of a publishing program right under the title."""
    kept = [at for at, piece in enumerate(pieces) if piece.left_out is None][1:4]
    for at in kept:
        found = _META.fullmatch(pieces[at].text.strip()) if pieces[at].open else None
        if found is None:
            break
        if _VALUE.fullmatch(found.group(2)):
            pieces[at] = dropped(pieces[at], "a value of the publishing program")
        elif found.group(1) in {"summary", "description", "subtitle", "deck", "excerpt"}:
            reason = "the publishing program's summary"
            pieces[at] = decided(replace(pieces[at]), BlockKind.SUBTITLE, confidence=0.7, reason=reason)
    return tuple(pieces)
