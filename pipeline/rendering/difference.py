"""What differs between two editions of a series, word by word: what a clinician reads before signing.

In charge of: which things of an edition are compared, and telling words from looks. Not in charge of: the
comparison of two texts (``word_difference``), or showing it (``cli``, ``web``).

What changes in every part in the same way (clinic, safety text, footer) is told once. Parts are matched
by their number, because that is how running enrollments match them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Final

from pipeline.rendering.edition_words import PartWords, frame_of
from pipeline.rendering.model import Attachment, CompiledPart, Edition
from pipeline.rendering.word_difference import (
    Kind,
    Line,
    Span,
    compare_lines,
    compare_words,
    has_changes,
)
from pipeline.series.model import Calendar

_EDITION_FIELDS: Final = (
    "title", "language", "purpose", "from_name", "from_address", "reply_to", "list_id",
)  # fmt: skip
_TEXT: Final = "text"
#: What changed in the plain text of every part in the same way: clinic, safety text, footer.
FRAME: Final = "frame"
_LETTERS = re.compile(r"\w+")


class Presence(StrEnum):
    """Whether a part is in both editions."""

    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """One text that differs."""

    #: ``subject``, ``preheader``, ``day``, ``text`` …: a field of the part or the edition.
    what: str
    #: The whole text, unchanged paragraphs included.
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureChange:
    """One picture that was added, removed or replaced, by its place among the part's pictures (from 1)."""

    place: int
    #: Replaced pictures have both.
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDifference:
    """One part number in both editions, or in one of them."""

    number: int
    title: str
    presence: Presence
    texts: tuple[TextChange, ...] = ()
    pictures: tuple[PictureChange, ...] = ()
    #: The HTML differs (layout, colours, markup), and no word and no picture does.
    looks_only: bool = False

    @property
    def changed(self) -> bool:
        """Whether anything at all differs."""
        return self.presence is not Presence.KEPT or bool(self.texts or self.pictures or self.looks_only)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Everything that differs between two editions."""

    #: SHA-256 (hex) of both.
    before: str
    after: str
    #: Sender, title and the like, and what changed in every part in the same way (``frame``).
    around: tuple[TextChange, ...]
    #: Every part number of either edition, in order.
    parts: tuple[PartDifference, ...]

    @property
    def changed(self) -> bool:
        """Whether anything at all differs."""
        return bool(self.around) or any(part.changed for part in self.parts)


def difference(before: Edition, after: Edition) -> Difference:
    """What ``after`` says and shows that ``before`` did not. Pure; the order of arguments is that of time."""
    old = {part.number: PartWords.of(part) for part in before.parts}
    new = {part.number: PartWords.of(part) for part in after.parts}
    frames = frame_of(list(old.values())), frame_of(list(new.values()))
    parts = [_part(old.get(number), new.get(number), frames) for number in sorted({*old, *new})]
    shared = _shared([part.texts for part in parts if part.presence is Presence.KEPT])
    named = (_change(name, str(getattr(before, name)), str(getattr(after, name))) for name in _EDITION_FIELDS)
    return Difference(
        before=before.sha256,
        after=after.sha256,
        around=(*_found(*named, _dates(before.calendar, after.calendar)), *shared),
        parts=tuple(replace(part, texts=_without(part.texts, shared)) for part in parts),
    )


def _part(
    old: PartWords | None, new: PartWords | None, frames: tuple[frozenset[str], frozenset[str]]
) -> PartDifference:
    if new is None:
        assert old is not None, "a number comes from one of the editions"
        return _alone(old, Presence.REMOVED, frames[0])
    if old is None:
        return _alone(new, Presence.ADDED, frames[1])
    texts = tuple(_found(*_fields(old.part, new.part), *_contents(old, new)))
    pictures = tuple(_pictures(old.part.pictures, new.part.pictures))
    return PartDifference(
        number=new.part.number,
        title=new.part.title,
        presence=Presence.KEPT,
        texts=texts,
        pictures=pictures,
        looks_only=not texts and not pictures and old.part != new.part,
    )


def _alone(words: PartWords, presence: Presence, frame: frozenset[str]) -> PartDifference:
    """A part of one edition only: its own words, all removed or all added."""
    kind = Kind.ADDED if presence is Presence.ADDED else Kind.REMOVED
    lines = tuple((Span(kind, text),) for text in words.own(frame))
    return PartDifference(
        number=words.part.number,
        title=words.part.title,
        presence=presence,
        texts=(TextChange(what="text", lines=lines),),
    )


def _shared(parts: Sequence[Sequence[TextChange]]) -> tuple[TextChange, ...]:
    """What changed in the same way in every part: whole texts, and the changed lines of ``text``."""
    if len(parts) < 2:
        return ()
    first, *others = parts
    shared = [each for each in first if each.what != _TEXT and all(each in other for other in others)]
    changed = [_changed_lines(texts) for texts in parts]
    lines = tuple(line for line in changed[0] if all(line in other for other in changed[1:]))
    frame = (TextChange(what=FRAME, lines=lines),) if lines else ()
    return (*shared, *frame)


def _changed_lines(texts: Sequence[TextChange]) -> tuple[Line, ...]:
    return tuple(line for each in texts if each.what == _TEXT for line in each.lines if has_changes((line,)))


def _without(texts: Sequence[TextChange], shared: Sequence[TextChange]) -> tuple[TextChange, ...]:
    """``texts`` without what is shown once for all parts."""
    frame = {line for each in shared if each.what == FRAME for line in each.lines}
    own = (
        replace(each, lines=tuple(line for line in each.lines if line not in frame))
        for each in texts
        if each not in shared
    )
    return tuple(each for each in own if has_changes(each.lines))


def _fields(old: CompiledPart, new: CompiledPart) -> Iterator[TextChange | None]:
    yield _change("title", old.title, new.title)
    yield _change("subject", old.subject, new.subject)
    yield _change("day", str(old.day), str(new.day))
    yield _dates(old.calendar, new.calendar)
    yield _change("greeting", old.greeting_named, new.greeting_named)
    yield _change("greeting without a name", old.greeting_plain, new.greeting_plain)
    yield _change("trial banner", old.trial_text, new.trial_text)


def _contents(old: PartWords, new: PartWords) -> Iterator[TextChange | None]:
    yield _change("preheader", old.preheader, new.preheader)
    text = compare_lines(old.text, new.text)
    if has_changes(text):
        yield TextChange(what=_TEXT, lines=text)
    html = _change("words of the HTML", old.html, new.html)
    # The HTML says what the text says; shown only where it says something else: alt texts, buttons.
    if html is not None and _turnover(html.lines) != _turnover(text):
        yield html


def _turnover(lines: Sequence[Line]) -> tuple[Counter[str], Counter[str]]:
    """The words removed and added, without case and punctuation, each less those that only moved."""
    removed, added = (
        Counter(
            word
            for line in lines
            for span in line
            if span.kind is kind
            for word in _LETTERS.findall(span.text.casefold())
        )
        for kind in (Kind.REMOVED, Kind.ADDED)
    )
    return removed - added, added - removed


def _pictures(old: Sequence[Attachment], new: Sequence[Attachment]) -> Iterator[PictureChange]:
    """Pictures in the order of the part; their Content-IDs come from their content."""
    lines = compare_lines([each.cid for each in old], [each.cid for each in new])
    removed = [_named(old, span.text) for line in lines for span in line if span.kind is Kind.REMOVED]
    added = [_named(new, span.text) for line in lines for span in line if span.kind is Kind.ADDED]
    for before, after in zip(removed, added, strict=False):
        yield PictureChange(place=after[0], before=before[1], after=after[1])
    for place, name in removed[len(added) :]:
        yield PictureChange(place=place, before=name, after=None)
    for place, name in added[len(removed) :]:
        yield PictureChange(place=place, before=None, after=name)


def _named(pictures: Sequence[Attachment], cid: str) -> tuple[int, str]:
    """Place (from 1) and what can be said of a picture without showing it."""
    place = next(at for at, each in enumerate(pictures, 1) if each.cid == cid)
    picture = pictures[place - 1]
    return place, f"{picture.filename}, {max(1, len(picture.data) // 1000)} KB"


def _change(what: str, old: str, new: str) -> TextChange | None:
    line = compare_words(old, new)
    return TextChange(what=what, lines=(line,)) if has_changes((line,)) else None


def _dates(old: Calendar, new: Calendar) -> TextChange | None:
    """When parts may go, where the series itself says so."""
    before, after = (
        ", ".join(
            f"{each.name}: {value}"
            for each in fields(calendar)
            if (value := getattr(calendar, each.name)) is not None
        )
        for calendar in (old, new)
    )
    return _change("calendar", before, after)


def _found(*changes: TextChange | None) -> Iterator[TextChange]:
    return (change for change in changes if change is not None)
