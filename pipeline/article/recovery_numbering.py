"""Runs of typed numbers (1. 2. 3.): a list, or numbered headings?

In charge of: finding the runs and telling the two apart. Not in charge of: marking the pieces
(``recovery_lists``, ``recovery_headings``) or levels.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from pipeline.article.markers import Number, number_of, without_number
from pipeline.article.piece import Piece

#: A numbered heading is rarely longer; in words, the number not counted.
_LONGEST_HEADING = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """One line with a typed number, in a run of at least one."""

    at: int
    number: Number


def list_numbers(pieces: tuple[Piece, ...]) -> dict[int, Number]:
    """The numbers of those numbered lines that are list items, by index into ``pieces``."""
    # In a text that also has lines at the margin, an indent before a number is that of a list.
    indents = any(not piece.indent and not piece.marker for piece in pieces)
    return {
        one.at: one.number for run in _runs(pieces) if _is_list(pieces, run, indents=indents) for one in run
    }


def _runs(pieces: tuple[Piece, ...]) -> list[list[Numbered]]:
    """Lines that count on from each other in one style; a list inside a numbered section is its own run."""
    runs: list[list[Numbered]] = []
    for at, piece in enumerate(pieces):
        number = number_of(piece.text) if piece.open and not piece.marker else None
        if number is None:
            continue
        one = Numbered(at=at, number=number)
        run = _run_before(pieces, runs, one)
        if run is None:
            runs.append([one])
        else:
            run.append(one)
    return runs


def _run_before(
    pieces: tuple[Piece, ...], runs: list[list[Numbered]], one: Numbered
) -> list[Numbered] | None:
    # Only the youngest runs can go on: without the bound, a file of numbers would take quadratic time.
    for run in reversed(runs[-8:]):
        last = run[-1]
        same_place = pieces[last.at].indent == pieces[one.at].indent
        if same_place and last.number.style == one.number.style and last.number.value + 1 == one.number.value:
            return run
    return None


def _is_list(pieces: tuple[Piece, ...], run: list[Numbered], *, indents: bool) -> bool:
    words = [without_number(pieces[one.at].text) for one in run]
    if run[0].number.style.count("#") == 0 and (len(run) < 2 or run[0].number.value != 1):
        return False  # "J. Smith" and "I. Introduction" are no items
    if indents and pieces[run[0].at].indent:
        return True
    if any(_too_long_for_heading(text) for text in words):
        return True
    return len(run) > 1 and _mostly(_follows_on(pieces, one, two) for one, two in pairwise(run))


def _too_long_for_heading(text: str) -> bool:
    return len(text.split()) > _LONGEST_HEADING or text.rstrip("\"'”’)")[-1:] in {".", ";", ","}


def _follows_on(pieces: tuple[Piece, ...], one: Numbered, two: Numbered) -> bool:
    """Nothing but deeper or bulleted lines stands between two numbers."""
    indent = pieces[one.at].indent
    between = pieces[one.at + 1 : two.at]
    if two.number.value == 2 and _section_like(between):
        return False
    return all(piece.left_out or piece.marker or piece.indent > indent for piece in between)


def _section_like(between: tuple[Piece, ...]) -> bool:
    """Bullets that are not indented under the number make a section of it, not a nested list."""
    return bool(between) and not any(piece.indent for piece in between) and any(p.marker for p in between)


def _mostly(answers: Iterable[bool]) -> bool:
    found = list(answers)
    return sum(found) * 2 > len(found)
