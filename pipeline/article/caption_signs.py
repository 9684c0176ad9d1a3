"""The signs by which a lone sentence is the caption or alt text of a picture that the text has lost.

In charge of: one small function for each sign and its weight. Not in charge of: adding them up
(``recovery_captions``).
"""

import re
from dataclasses import dataclass

from pipeline.article.evidence import Evidence, sign
from pipeline.article.model import BlockKind
from pipeline.article.recovery_scene import Scene
from pipeline.article.recovery_view import is_text, overlap
from pipeline.article.vocabulary import ADDRESSING, LEANING, PICTURES

CAPTION_LABEL = re.compile(
    r"(?:fig(?:ure|\.)?|figura|table|tabla|chart|photo|image|picture|foto|imagen|illustration)s?"
    r"\s*\d*\s*[:.–—-]"
    r"|(?:photo|picture|image|illustration|foto|imagen|caption|pie de foto|source|fuente|credit|quelle)s?\s*"
    r"(?:by|credit|courtesy|:|©)"
    r"|(?:fig(?:ure|\.)?|figura|table|tabla|abbildung)\s*\d+\b",
    re.IGNORECASE,
)
CAPTION_CREDIT = re.compile(
    r"[(\[.]\s*(?:photo|picture|image|illustration|foto|imagen)s?\s*(?:by|credit|courtesy|:|©)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“”«»]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Captioned:
    """What the whole article says about captions."""

    #: Share of the headings right above which a describing sentence stands alone.
    share: float
    #: How many headings that are.
    count: int
    #: Words of the title.
    title: frozenset[str]
    #: How often each word stem occurs in the article, in how many lines.
    lines_with: dict[str, int]


def _by_label(scene: Scene, _: Captioned) -> Evidence | None:
    if CAPTION_LABEL.match(scene.view.text) and scene.view.count <= 40:
        return sign(6.0, "begins like a figure, a credit or a source")
    return sign(5.0, "ends with a credit") if CAPTION_CREDIT.search(scene.view.text) else None


def _by_picture_word(scene: Scene, _: Captioned) -> Evidence | None:
    telling = scene.view.words[:3] if scene.view.end == "." else (*scene.view.words[:3], scene.view.words[-1])
    named = any(word in PICTURES for word in telling)
    return sign(3.0, "names a picture") if named and scene.view.end != ":" else None


def _by_habit(scene: Scene, article: Captioned) -> Evidence | None:
    """In an article whose headings mostly have a lone sentence above them, those sentences are captions."""
    if article.count < 3 or article.share < 0.5:
        return None
    above = scene.before_heading and scene.view.end not in {"", ":"}
    strong = 3.0 if article.share >= 0.75 else 2.2
    return sign(strong if above else 0.8, "most headings of this article have a lone sentence above them")


def _by_place(scene: Scene, _: Captioned) -> Evidence | None:
    return sign(0.8, "stands right above a heading") if scene.before_heading else None


def _between_items(scene: Scene, _: Captioned) -> Evidence | None:
    """A sentence of its own that parts two items of one list."""
    sides = [view.piece for view in (scene.previous, scene.next) if view is not None]
    parted = len(sides) == 2 and all(piece.kind is BlockKind.LIST_ITEM and piece.marker for piece in sides)
    full = scene.previous is not None and scene.previous.end != ":"
    counting = parted and sides[1].ordinal in {None, (sides[0].ordinal or 0) + 1}
    if not (parted and counting and full and sides[0].marker[-1:] == sides[1].marker[-1:]):
        return None
    return sign(2.0, "parts two items of a list")


def _by_repeating(scene: Scene, _: Captioned) -> Evidence | None:
    """Alt texts are written from the section's opening words."""
    if len(scene.view.content) < 3:
        return None
    below = [view for view in scene.after if is_text(view.piece) or view.piece.kind is BlockKind.HEADING]
    if scene.view.end != ".":
        return None  # a heading, too, uses the words of the text below it
    best = max((overlap(scene.view.content, view.content) for view in below), default=0.0)
    if best >= 0.75:
        return sign(2.5, "says again what the text below it says")
    return sign(1.2, "uses the words of the text below it") if best >= 0.5 else None


def _by_old_words(scene: Scene, article: Captioned) -> Evidence | None:
    """Nearly every word of it stands elsewhere in the article: it tells nothing new."""
    content = scene.view.content
    if len(content) < 3:
        return None
    known = sum(article.lines_with.get(word, 0) > 1 for word in content) / len(content)
    about = overlap(content, article.title) >= 0.4
    if known >= 0.85:
        return sign(1.3 if about else 0.8, "says nothing that the text does not say")
    return sign(0.5, "is about the article's title") if about else None


def _by_length(scene: Scene, _: Captioned) -> Evidence | None:
    count = scene.view.count
    if count <= 14:
        return sign(0.5, "one short sentence")
    return sign(-0.8, "long for a caption") if count > 25 else None


def _by_address(scene: Scene, _: Captioned) -> Evidence | None:
    """Captions describe; they do not talk to the reader."""
    spoken = sum(word in ADDRESSING for word in scene.view.words)
    return sign(-1.5 if spoken == 1 else -2.5, "talks to the reader") if spoken else None


def _by_leaning(scene: Scene, _: Captioned) -> Evidence | None:
    view = scene.view
    points = any(word in {"this", "these", "those", "estos", "estas", "esta", "este"} for word in view.words)
    if view.first in LEANING:
        return sign(-2.0 if points else -0.8, "goes on from the sentence before it")
    return sign(-1.5, "points back at the text before it") if points else None


def _by_colon_above(scene: Scene, _: Captioned) -> Evidence | None:
    announced = scene.previous is not None and scene.previous.end == ":"
    return sign(-1.5, "the line before announces it") if announced else None


def _by_tone(scene: Scene, _: Captioned) -> Evidence | None:
    view = scene.view
    if view.end in {"?", "!"}:
        return sign(-1.5, "asks or calls out")
    if _QUOTED.search(view.text):
        return sign(-2.0, "quotes someone")
    orders = scene.calls or view.first in {
        "do",
        "don't",
        "never",
        "always",
        "avoid",
        "please",
        "no",
        "nunca",
        "evite",
    }
    return sign(-2.0, "tells the reader what to do") if orders else None


def _by_other_label(scene: Scene, _: Captioned) -> Evidence | None:
    """ "Parent topic: travel rules" is a label of the page, not of a picture."""
    labelled = re.match(r"[^\W\d_][^.:]{0,25}:\s", scene.view.text) is not None
    return (
        sign(-2.0, "a label and its value") if labelled and not CAPTION_LABEL.match(scene.view.text) else None
    )


def _only_text(scene: Scene, _: Captioned) -> Evidence | None:
    """A sentence that is all a heading or title has below it is that section's text."""
    above, below = scene.previous, scene.next
    heads = {BlockKind.HEADING, BlockKind.TITLE}
    under_heading = above is not None and above.piece.kind in heads
    # A line without a stop under the title is a subtitle: the text begins after it.
    if above is not None and len(scene.before) > 1 and above.end.isalnum() and above.count <= 25:
        under_heading = under_heading or scene.before[1].piece.kind is BlockKind.TITLE
    ends = below is None or below.piece.kind is BlockKind.HEADING
    return sign(-6.0, "is the only text under its heading") if under_heading and ends else None


def _below_title(scene: Scene, _: Captioned) -> Evidence | None:
    under_title = scene.previous is not None and scene.previous.piece.kind is BlockKind.TITLE
    return sign(-1.0, "stands right below the title, like a subtitle") if under_title else None


def _by_missing_stop(scene: Scene, _: Captioned) -> Evidence | None:
    """No heading, no sentence: a line without a stop that describes is an alt text."""
    view = scene.view
    if view.end in {".", "!", "?", ":", ";", ","} or view.count < 4:
        return None
    if view.first in {"a", "an", "un", "una"} and not view.in_title_case:
        return sign(3.5 if view.count >= 9 else 2.5, "describes, without a stop")
    bare = not scene.calls and not any(letter.isdecimal() for letter in view.text)
    if not (scene.before_heading and bare):
        return None
    return sign(2.2 if view.count >= 6 else 1.5, "stands alone above a heading, without a stop")


SIGNS = (
    _by_label,
    _by_picture_word,
    _by_habit,
    _by_place,
    _between_items,
    _by_repeating,
    _by_old_words,
    _by_length,
    _by_address,
    _by_leaning,
    _by_colon_above,
    _by_tone,
    _by_other_label,
    _only_text,
    _below_title,
    _by_missing_stop,
)
