"""The headings of an article as a sequence, with what stands between them.

In charge of: what the level rules may look at. Not in charge of: any level.
"""

import re
from dataclasses import dataclass

from pipeline.article.model import BlockKind
from pipeline.article.piece import NUMBERED
from pipeline.article.recovery_view import View, is_text
from pipeline.article.vocabulary import COUNTS, words_of

#: "Twice in three weeks" counts time, not what follows.
_TIMES = words_of("hours minutes days weeks months years times horas minutos días semanas meses años veces")
_PLURAL = re.compile(r"^[^\W\d_]{3,}s$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One heading in the sequence."""

    #: Index into the article's views.
    at: int
    view: View
    #: No text stands between the heading before and this one.
    adjacent: bool
    #: The last text before it ends with a colon, and so announces it.
    announced: bool
    #: Headings that the text right above promises ("in three ways"), 0 for none.
    promised: int
    #: Words between this heading and the next.
    words: int


def heads_of(views: tuple[View, ...]) -> tuple[Head, ...]:
    """All headings in order."""
    kept = [(at, view) for at, view in enumerate(views) if view.piece.left_out is None]
    places = [place for place, (_, view) in enumerate(kept) if view.piece.kind is BlockKind.HEADING]
    heads = []
    for order, place in enumerate(places):
        above = places[order - 1] if order else -1
        below = places[order + 1] if order + 1 < len(places) else len(kept)
        between = [view for _, view in kept[above + 1 : place] if is_text(view.piece)]
        heads.append(
            Head(
                at=kept[place][0],
                view=kept[place][1],
                adjacent=order > 0 and not between,
                announced=bool(between) and between[-1].end == ":",
                promised=promise_of(between[0]) if order and len(between) == 1 else 0,
                words=sum(view.count for _, view in kept[place + 1 : below]),
            )
        )
    return tuple(heads)


def promise_of(view: View) -> int:
    """How many things a short line promises ("Three questions to ask", "in 5 ways"), 0 for none."""
    if view.count > 14 or view.sentences > 1:
        return 0
    words = view.words[1:] if NUMBERED.match(view.text) else view.words
    for at, word in enumerate(words):
        named = [following for following in words[at + 1 : at + 3] if _PLURAL.match(following)]
        if _count(word) and named and not any(following in _TIMES for following in named):
            return _count(word)
    return 0


def _count(word: str) -> int:
    if word in COUNTS:
        return COUNTS[word]
    return int(word) if word.isdecimal() and len(word) <= 2 and 2 <= int(word) <= 12 else 0
