"""The difference between two editions, for people at a terminal and for programs.

In charge of: colours, marks that are readable without colours, and JSON. Not in charge of: comparing
(``rendering.difference``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, assert_never

from rich.text import Text

from pipeline.rendering.difference import Difference, PartDifference, PictureChange, Presence, TextChange
from pipeline.rendering.word_difference import Kind, Line, Span, has_changes

_STYLES = {Kind.SAME: "", Kind.REMOVED: "red strike", Kind.ADDED: "green"}
_MARKS = {Kind.SAME: "{}", Kind.REMOVED: "[-{}-]", Kind.ADDED: "{{+{}+}}"}
#: Unchanged words are shown around a change, not a whole paragraph of them.
_AROUND = 12
_WHAT = {
    "frame": "in every part",
    "from_name": "sender's name",
    "from_address": "sender's address",
    "reply_to": "replies go to",
    "list_id": "list identifier",
}


def difference_lines(found: Difference) -> Iterator[Text]:
    """What changed, line by line: [-removed-] {+added+}, coloured where the terminal has colours."""
    if not found.changed:
        yield Text("  Nothing: these are the very same words, pictures and looks.")
    for change in found.around:
        yield from _text(change)
    same = [part.number for part in found.parts if not part.changed]
    for part in found.parts:
        if part.changed:
            yield from _part(part)
    if same and found.changed:
        numbers = ", ".join(map(str, same))
        yield Text(f"  Part {numbers}: unchanged" if len(same) == 1 else f"  Parts {numbers}: unchanged")


def difference_json(found: Difference) -> dict[str, Any]:
    """The same for programs: every span with its kind, unchanged ones too."""
    return {"changed": found.changed, **asdict(found)}


def _part(part: PartDifference) -> Iterator[Text]:
    yield Text(f"  Part {part.number}: {part.title}{_note(part)}", style="bold")
    for picture in part.pictures:
        yield _picture(picture)
    for change in part.texts:
        yield from _text(change)


def _note(part: PartDifference) -> str:
    match part.presence:
        case Presence.ADDED:
            return " (new part)"
        case Presence.REMOVED:
            return " (removed part)"
        case Presence.KEPT:
            return " (looks only: no word and no picture changed)" if part.looks_only else ""
        case _:
            assert_never(part.presence)


def _picture(change: PictureChange) -> Text:
    line = Text(f"    picture {change.place}: ")
    spans = [(Kind.REMOVED, change.before), (Kind.ADDED, change.after)]
    return _marked(line, [Span(kind, name) for kind, name in spans if name is not None])


def _text(change: TextChange) -> Iterator[Text]:
    what = _WHAT.get(change.what, change.what)
    if len(change.lines) == 1:
        yield _marked(Text(f"    {what}: "), change.lines[0])
        return
    yield Text(f"    {what}:")
    for line in change.lines:
        if has_changes((line,)):
            yield _marked(Text("      "), line)


def _marked(start: Text, line: Line | Sequence[Span]) -> Text:
    pieces = [
        Text(_MARKS[span.kind].format(_shortened(span, at, len(line))), style=_STYLES[span.kind])
        for at, span in enumerate(line)
    ]
    return start + Text(" ").join(pieces)


def _shortened(span: Span, at: int, count: int) -> str:
    """Unchanged words far from any change as an ellipsis; what was added or removed always whole."""
    words = span.text.split()
    if span.kind is not Kind.SAME or len(words) <= 2 * _AROUND:
        return span.text
    begin = [] if at == 0 else words[:_AROUND]
    end = [] if at == count - 1 else words[-_AROUND:]
    return " ".join([*begin, "…", *end])
