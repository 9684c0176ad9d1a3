"""Levels of headings that neither markup nor a number gives: is a heading part of the one before?

In charge of: the signs for "one rank deeper", and the order they are asked in. Not in charge of: markup,
looks and numbers (``recovery_levels``). From bare words a level is a guess; its confidence says so.
"""

from collections import Counter
from dataclasses import dataclass

from pipeline.article.evidence import Evidence, Verdict, sign, weigh
from pipeline.article.level_numbers import Level
from pipeline.article.level_outline import Head, promise_of
from pipeline.article.recovery_view import View, overlap
from pipeline.article.vocabulary import ASKING, CLOSING

_DOUBT = 1.5
#: Headings that one is compared with; an article has fewer, and a heap of lines must not take hours.
_COMPARED = 15
#: Words.
_SHORT_SECTION = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What all headings together say."""

    title: frozenset[str]
    #: How often each heading's words occur as a heading.
    repeats: Counter[str]
    #: Words of so many headings that they are the article's subject.
    common: frozenset[str]
    #: Class by which this article tells its ranks apart, and whether a heading is of the upper one.
    upper: dict[int, bool]
    #: Headings in a row of questions between two that are none.
    questions: frozenset[int]
    median_words: int
    #: Position of the last heading.
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A heading and what was decided before it."""

    #: Position in the sequence of headings.
    at: int
    head: Head
    #: The open section's heading, the headings under it so far, and the latest first-rank headings.
    parent: Head
    siblings: tuple[Head, ...]
    tops: tuple[Head, ...]
    outline: Outline


def levels_by_signs(
    heads: tuple[Head, ...], known: dict[int, Level], title: frozenset[str]
) -> dict[int, Level]:
    """``known`` with a level for every other heading, too; keys are positions in ``heads``."""
    levels = dict(known)
    outline = _outline(heads, known, title)
    tops: list[Head] = []
    siblings: list[Head] = []
    for at, head in enumerate(heads):
        if at not in levels:
            levels[at] = _level(outline, head, at, tops, siblings) if tops else _first()
        if levels[at].level == 2:
            tops.append(head)
            siblings = []
        else:
            siblings.append(head)
    return levels


def _outline(heads: tuple[Head, ...], known: dict[int, Level], title: frozenset[str]) -> Outline:
    lengths = sorted(head.view.count for head in heads)
    spread = Counter(word for head in heads for word in head.view.content)
    return Outline(
        title=title,
        repeats=Counter(head.view.text.casefold() for head in heads),
        common=frozenset(word for word, count in spread.items() if count >= 3),
        upper=_ranks_by_class(heads, known, title),
        questions=_question_rows(heads),
        median_words=lengths[len(lengths) // 2] if lengths else 0,
        last=len(heads) - 1,
    )


def _first() -> Level:
    return Level(level=2, confidence=0.95, reason="the first heading")


def _level(outline: Outline, head: Head, at: int, tops: list[Head], siblings: list[Head]) -> Level:
    standing = Standing(
        at=at,
        head=head,
        parent=tops[-1],
        siblings=tuple(siblings[-_COMPARED:]),
        tops=tuple(tops[-_COMPARED:]),
        outline=outline,
    )
    verdict = deeper(standing)
    if verdict.holds:
        return Level(level=3, confidence=verdict.confidence, reason=verdict.reason)
    return Level(
        level=2, confidence=verdict.confidence, reason=verdict.reason or "nothing puts it under another"
    )


def deeper(standing: Standing) -> Verdict:
    """Whether a heading lies one rank under the open section."""
    return weigh([one(standing) for one in _SIGNS], doubt=_DOUBT)


def _by_adjacency(one: Standing) -> Evidence | None:
    if one.head.adjacent and not one.siblings:
        return sign(4.0, "stands right below a heading")
    return None


def _by_announcement(one: Standing) -> Evidence | None:
    return sign(3.0, "the text above announces it with a colon") if one.head.announced else None


def _by_promise(one: Standing) -> Evidence | None:
    """ "Three questions to ask" is followed by three headings of its own."""
    # A section with much text of its own has kept its promise in that text.
    spoken = promise_of(one.parent.view) if one.parent.words <= _SHORT_SECTION else 0
    promised = spoken or (one.siblings[0] if one.siblings else one.head).promised
    return sign(2.5, "one of as many as the section promises") if len(one.siblings) < promised else None


def _by_repetition(one: Standing) -> Evidence | None:
    again = one.outline.repeats[one.head.view.text.casefold()] > 1
    return sign(2.0, "the same heading stands in other sections, too") if again else None


def _by_brevity(one: Standing) -> Evidence | None:
    count, usual = one.head.view.count, one.outline.median_words
    if count == 1 and usual >= 4:
        return sign(2.5, "one word, where headings are longer")
    return sign(1.0, "much shorter than other headings") if count <= 2 and usual >= 5 else None


def _by_parent_words(one: Standing) -> Evidence | None:
    """It takes up what its section is about, beyond the article's own subject."""
    known = one.outline.title | one.outline.common
    mine, theirs = one.head.view.content - known, one.parent.view.content - known
    if theirs and one.parent.view.content < one.head.view.content:
        return sign(2.8, "says the section's heading again, and more")
    shared = overlap(mine, theirs) if theirs else 0.0
    return sign(1.2, "takes up the words of the section's heading") if shared >= 0.3 else None


def _by_subject(one: Standing) -> Evidence | None:
    """Headings that name the article's subject are rarely parts of another section."""
    named = bool(one.outline.title) and overlap(one.outline.title, one.head.view.content) >= 0.6
    return sign(-1.2, "names the article's subject") if named else None


def _by_end(one: Standing) -> Evidence | None:
    """The last heading ("Get help") mostly closes the whole article."""
    return sign(-0.4, "the last heading") if one.at == one.outline.last and not one.head.adjacent else None


def _by_closing(one: Standing) -> Evidence | None:
    closes = one.head.view.first in CLOSING and not one.head.adjacent
    return sign(-3.0, "closes the article") if closes else None


def _by_likeness(one: Standing) -> Evidence | None:
    """Built like the headings of the open section, or like those of the first rank?"""
    if not one.siblings:
        return None
    to_siblings = max(likeness(one.head.view, other.view) for other in one.siblings)
    nearest = sorted((likeness(one.head.view, other.view) for other in one.tops), reverse=True)[:3]
    to_tops = sum(nearest) / len(nearest)
    difference = to_siblings - to_tops
    # A section with one heading under it is rare: where there is a first, a second is likely.
    base = 2.0 if len(one.siblings) == 1 else 0.8
    if abs(difference) < 0.1:
        return sign(base, "headings of one rank come in rows")
    words = (
        "built like the headings of this section" if difference > 0 else "built like the sections' headings"
    )
    return sign(base + 4.0 * difference, words)


def likeness(one: View, other: View) -> float:
    """How alike two headings are built, 0 to 1: length, case, question, opening."""
    length = 1 - min(abs(one.count - other.count), 6) / 6
    same = [
        one.question == other.question,
        one.shouting == other.shouting,
        one.in_title_case == other.in_title_case,
        (one.end == ":") == (other.end == ":"),
        _opening(one) == _opening(other),
        one.first == other.first,
    ]
    return 0.4 * length + 0.1 * sum(same)


def _opening(view: View) -> str:
    if view.first in ASKING:
        return "asking"
    return "ing" if view.first.endswith("ing") else "other"


def _by_class(one: Standing) -> Evidence | None:
    if one.at in one.outline.questions:
        return sign(1.7, "one of a row of questions between headings that are none")
    if one.at not in one.outline.upper:
        return None
    if one.outline.upper[one.at]:
        return sign(-2.5, "of the kind that opens this article's sections")
    return sign(3.0, "of the other kind than the headings that open sections")


_SIGNS = (
    _by_adjacency,
    _by_announcement,
    _by_promise,
    _by_repetition,
    _by_brevity,
    _by_parent_words,
    _by_subject,
    _by_closing,
    _by_end,
    _by_likeness,
    _by_class,
)


def _ranks_by_class(
    heads: tuple[Head, ...], known: dict[int, Level], title: frozenset[str]
) -> dict[int, bool]:
    """Two kinds of headings (capitals and small, questions and phrases) that alternate are two ranks."""
    free = [at for at in range(len(heads)) if at not in known]
    for kind, fewest in ((_shouts, 2), (_asks, 3), (_titled, 2)):
        classes = {at: kind(heads[at].view) for at in free}
        telling = [at for at in free if heads[at].view.count > 1]
        ones, others = [at for at in telling if classes[at]], [at for at in telling if not classes[at]]
        if len(ones) < fewest or len(others) < fewest:
            continue
        if kind is not _asks:
            return classes if classes[free[0]] else {}
        first, second = _naming(heads, ones, title), _naming(heads, others, title)
        if max(first, second) >= 0.6 and abs(first - second) >= 0.3:
            return {at: classes[at] == (first > second) for at in free}
    return {}


def _question_rows(heads: tuple[Head, ...]) -> frozenset[int]:
    """Four questions or more between two other headings are a list of questions under the first."""
    found: set[int] = set()
    row: list[int] = []
    for at, head in enumerate(heads):
        if head.view.question:
            row.append(at)
            continue
        if len(row) >= 4 and row[0] > 0:
            found.update(row)
        row = []
    return frozenset(found)


def _shouts(view: View) -> bool:
    return view.shouting


def _asks(view: View) -> bool:
    return view.question


def _titled(view: View) -> bool:
    """One word alone is set like a title and like a sentence at once; it follows its neighbours."""
    return view.in_title_case or view.count == 1


def _naming(heads: tuple[Head, ...], places: list[int], title: frozenset[str]) -> float:
    """Share of these headings that name the whole subject."""
    return sum(overlap(title, heads[at].view.content) >= 0.6 for at in places) / len(places)
