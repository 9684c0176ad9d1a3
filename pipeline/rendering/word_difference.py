"""Two texts compared word by word: what stayed, what was added, what was removed.

In charge of: plain text made of paragraphs. Not in charge of: where the texts come from
(``difference``), or showing the result (``cli``).

Line wrapping and underlines are how a text looks, not what it says: both are taken out before comparing.
The work is bounded: paragraphs are compared as wholes first, and words only inside a stretch of changed
paragraphs that is not longer than ``_MOST_WORDS``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import TypeAlias

#: Comparing words takes time in the square of their number: below this, a few milliseconds.
_MOST_WORDS = 1_500
#: A paragraph that kept less than this share of its words is another one, not a changed one.
_ALIKE = 0.3
_ITEM = re.compile(r"\s*(?:[-*>•]|\d+[.)]|\[\d+\])\s")
_RULE = re.compile(r"\s*[=\-_*]{3,}\s*")


class Kind(StrEnum):
    """What became of some words."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Span:
    """Words that share one fate, joined by single spaces."""

    kind: Kind
    text: str


#: One paragraph or list item: its spans in reading order, what was removed before what replaces it.
Line: TypeAlias = tuple[Span, ...]


def compare(before: str, after: str) -> tuple[Line, ...]:
    """``before`` and ``after`` paragraph by paragraph, and word by word where a paragraph changed.

    Spans that are not ADDED give the words of ``before``, spans that are not REMOVED those of ``after``.
    """
    return compare_lines(paragraphs(before), paragraphs(after))


def compare_lines(before: Sequence[str], after: Sequence[str]) -> tuple[Line, ...]:
    """``compare`` of texts that are cut into paragraphs already."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    lines: list[Line] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            lines += [(Span(Kind.SAME, text),) for text in before[i:j]]
        else:
            lines += _changed(before[i:j], after[k:m])
    return tuple(lines)


def compare_words(before: str, after: str) -> Line:
    """Two single lines, such as subjects, as one line; too long ones are replaced as wholes."""
    if _too_long([before]) or _too_long([after]):
        same = before.split() == after.split()
        return _whole(Kind.SAME, before) if same else _whole(Kind.REMOVED, before) + _whole(Kind.ADDED, after)
    return _words(before.split(), after.split())


def has_changes(lines: Sequence[Line]) -> bool:
    """Whether any word was added or removed."""
    return any(span.kind is not Kind.SAME for line in lines for span in line)


def paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs and list items of a plain text, each as one line with single spaces."""
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if not line.strip() or _RULE.fullmatch(line):
            found.append([])
            continue
        if _ITEM.match(line):
            found.append([])
        found[-1] += line.split()
    return tuple(" ".join(words) for words in found if words)


def _changed(before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    """Changed paragraphs, matched in order where as many stand on both sides, else by their words."""
    if not before or not after or _too_long(before) or _too_long(after):
        yield from (_whole(Kind.REMOVED, text) for text in before)
        yield from (_whole(Kind.ADDED, text) for text in after)
        return
    partners = _partners(before, after)
    done = 0
    for old, text in enumerate(before):
        new = partners.get(old)
        if new is None:
            yield _whole(Kind.REMOVED, text)
            continue
        yield from (_whole(Kind.ADDED, each) for each in after[done:new])
        yield _words(text.split(), after[new].split())
        done = new + 1
    yield from (_whole(Kind.ADDED, each) for each in after[done:])


def _partners(before: Sequence[str], after: Sequence[str]) -> dict[int, int]:
    """Which old paragraph became which new one: the first one alike, order kept."""
    partners: dict[int, int] = {}
    free = 0
    for old, text in enumerate(before):
        words = text.split()
        alike = (new for new in range(free, len(after)) if _is_alike(words, after[new].split()))
        new = next(alike, None)
        if new is not None:
            partners[old] = new
            free = new + 1
    return partners


def _is_alike(before: Sequence[str], after: Sequence[str]) -> bool:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    # The quick ratio is an upper bound and costs a hundredth.
    return matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE


def _words(before: Sequence[str], after: Sequence[str]) -> Line:
    spans: list[Span] = []
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            spans.append(Span(Kind.SAME, " ".join(before[i:j])))
            continue
        for kind, words in ((Kind.REMOVED, before[i:j]), (Kind.ADDED, after[k:m])):
            if words:
                spans.append(Span(kind, " ".join(words)))
    return tuple(spans)


def _whole(kind: Kind, text: str) -> Line:
    return (Span(kind, text),)


def _too_long(texts: Sequence[str]) -> bool:
    return sum(len(text.split()) for text in texts) > _MOST_WORDS
