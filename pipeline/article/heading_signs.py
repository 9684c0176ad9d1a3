"""The signs by which a reader takes a bare line for a heading, or not.

In charge of: one small function for each sign and its weight. Not in charge of: adding them up
(``recovery_headings``). Weights are log odds, set on articles of several kinds and checked on others.
"""

import re

from pipeline.article.caption_signs import CAPTION_CREDIT, CAPTION_LABEL
from pipeline.article.evidence import Evidence, sign
from pipeline.article.model import BlockKind
from pipeline.article.recovery_scene import Scene
from pipeline.article.recovery_view import View, is_text
from pipeline.article.vocabulary import (
    ADDRESSING,
    ASKING,
    AUXILIARY,
    CALLS_TO_ACTION,
    COUNTS,
    FUNCTION,
    LEADS_ON,
    PICTURES,
    POINTING,
)

_DATA = re.compile(r"https?://|www\.|\S@\S|\d{3}[-.\s]\d{3,4}\b|[$€£]\s?\d|\d\s?[ap]\.?m\b|\d:\d\d")
_LABELLED = re.compile(r"[^\W\d_][^:]{0,30}:\s.*\d")


def _by_length(scene: Scene) -> Evidence | None:
    count = scene.view.count
    if count <= 3:
        return sign(1.2, "very short")
    if count <= 8:
        return sign(1.5, "short")
    if count <= 12:
        return sign(0.7, "rather short")
    if count <= 16:
        return sign(-0.2, "rather long for a heading")
    if scene.view.question and count <= 26:
        return sign(-0.4, "long, as questions are")
    return sign(-1.0 if count <= 20 else -4.0, "long for a heading")


def _by_end(scene: Scene) -> Evidence | None:
    view = scene.view
    if view.question:
        usual = scene.habits.questions >= 3
        return sign(2.4 if usual else 1.4, "a question standing alone")
    if view.end in {".", ";", ",", "…"}:
        return sign(-6.0, "ends like a sentence")
    if view.end == "!":
        return sign(-0.6, "ends with an exclamation mark")
    return None if view.end == ":" else sign(1.0, "no stop at its end")


def _by_colon(scene: Scene) -> Evidence | None:
    """A heading may end with a colon; so does what leads into a list or an example."""
    view = scene.view
    if view.end != ":" or _warns(scene):
        return None
    if any(word in FUNCTION or word in LEADS_ON for word in (view.first, view.words[-1])):
        return sign(-3.0, "leads on to what follows")
    if any(word in AUXILIARY or word in ADDRESSING for word in view.words):
        return sign(-3.0, "a sentence that leads on to what follows")
    if view.count <= 4 and scene.habits.colons >= 0.5:
        return sign(0.8, "headings of this article end with a colon")
    return sign(-0.5 if view.count <= 3 else -1.5, "ends with a colon")


def _by_warning(scene: Scene) -> Evidence | None:
    """ "See a doctor if:" above a list opens a box of its own."""
    return sign(2.0, "says when to act, above a list") if _warns(scene) else None


def _warns(scene: Scene) -> bool:
    """Ends with a colon above a list, orders, on a condition or after a stray link, not under a heading."""
    above = scene.previous
    after_link = above is not None and _stray_link(above)
    item = above is not None and above.piece.kind is BlockKind.LIST_ITEM
    headed = above is not None and above.count <= 10 and above.end not in {".", ":", "!"} and not after_link
    orders = scene.calls or _calls_after_label(scene.view)
    if not (scene.view.end == ":" and orders and scene.before_list) or (headed and not item):
        return False
    return after_link or any(word in {"if", "when", "si", "cuando"} for word in scene.view.words)


def _calls_after_label(view: View) -> bool:
    """ "Urgent advice: Call us now if:" """
    label, colon, rest = view.text.partition(": ")
    return bool(colon) and len(label.split()) <= 4 and rest.split(" ", 1)[0].casefold() in CALLS_TO_ACTION


def _stray_link(view: View) -> bool:
    return view.first in CALLS_TO_ACTION and view.count <= 7 and view.end not in {".", ":", "?", "!"}


def _by_lead_in(scene: Scene) -> Evidence | None:
    """The opening of a list, without a colon: "More severe illness can cause"."""
    if not scene.before_list or scene.next is None or scene.view.count < 3 or _warns(scene):
        return None
    last = scene.view.words[-1]
    spoken = any(word in AUXILIARY for word in scene.view.words) and scene.view.first not in ASKING
    if last in LEADS_ON and scene.view.end not in {"?", ":"}:
        return sign(-4.0, "leads into the list below it")
    small = scene.next.starts_small
    return sign(-3.0, "begins the sentence that the list goes on with") if spoken and small else None


def _by_number(scene: Scene) -> Evidence | None:
    return sign(2.5, "carries a number of its own") if scene.own_number else None


def _by_case(scene: Scene) -> Evidence | None:
    view = scene.view
    if view.starts_small:
        return sign(-3.0, "begins with a small letter")
    if view.shouting and view.count >= 2:
        return sign(1.5, "set in capitals")
    if view.in_title_case:
        return sign(1.0, "set like a title")
    off_style = scene.habits.title_case >= 0.7 and scene.habits.likely >= 3 and view.count >= 4
    return sign(-1.0, "not set like this article's headings") if off_style and not view.question else None


def _by_asking(scene: Scene) -> Evidence | None:
    asks = scene.view.first in ASKING and not scene.view.question
    return sign(0.6, "begins like a question") if asks else None


def _by_what_follows(scene: Scene) -> Evidence | None:
    following = scene.next
    if following is None:
        return sign(-6.0, "nothing follows it")
    if is_text(following.piece):
        full = following.count >= 12 or following.end in {".", "?", "!", ":"} or scene.before_list
        return sign(1.0, "text follows it") if full else sign(-0.3, "only a short line follows it")
    return None


def _before_a_heading(scene: Scene) -> Evidence | None:
    """A line right above a heading is either its parent, or a stray line at the section's end."""
    if not scene.before_heading or scene.next is None:
        return None
    if scene.calls and scene.view.end != ":":
        return sign(-4.0, "tells the reader to follow a link, and a heading follows")
    if scene.own_number or _promises_count(scene):
        return None
    if scene.habits.numbered >= 3 and scene.next.piece.text[:1].isdecimal() and scene.view.count > 4:
        return sign(-3.0, "stands alone above a numbered heading")
    long = scene.view.count > 6 and scene.view.first not in ASKING
    return sign(-1.2 if long else -0.3, "a heading follows at once")


def _promises_count(scene: Scene) -> bool:
    return any(word in COUNTS or word.isdecimal() for word in scene.view.words)


def _by_sentence(scene: Scene) -> Evidence | None:
    view = scene.view
    if view.sentences > 1:
        return sign(-0.5 if view.question else -3.0, "more than one sentence")
    spoken = any(word in AUXILIARY for word in view.words[1:]) and view.first not in ASKING
    return sign(-0.7, "reads as a sentence") if spoken and view.count >= 6 and not view.question else None


def _by_picture_words(scene: Scene) -> Evidence | None:
    if CAPTION_LABEL.match(scene.view.text) or CAPTION_CREDIT.search(scene.view.text):
        return sign(-6.0, "begins or ends like a caption")
    if any(word in PICTURES for word in scene.view.words[:3]) and scene.view.count >= 3:
        return sign(-2.5, "names a picture")
    return None


def _below_title(scene: Scene) -> Evidence | None:
    """The line under the title is a subtitle or alt text as often as the first heading."""
    under_title = scene.previous is not None and scene.previous.piece.kind is BlockKind.TITLE
    if not under_title or scene.own_number or scene.view.question or not _is_followed_by_text(scene):
        return None
    if scene.habits.numbered >= 3:
        return sign(-3.5, "stands below the title, while the headings are numbered")
    if scene.view.count <= 2 or scene.view.first in ASKING:
        return None
    return sign(-2.5 if scene.view.count >= 5 else -1.5, "stands below the title, like a subtitle")


def _is_followed_by_text(scene: Scene) -> bool:
    """The next line is running text or a list."""
    return scene.next is not None and is_text(scene.next.piece)


def _by_description(scene: Scene) -> Evidence | None:
    """ "A bowl of soup on a wooden table" describes a picture; a heading rarely begins so."""
    describes = scene.view.first in {"a", "an", "un", "una"} and scene.view.count >= 5
    plain = not scene.view.in_title_case and not scene.view.question and not scene.own_number
    return sign(-2.0, "describes, like the words under a picture") if describes and plain else None


def _by_data(scene: Scene) -> Evidence | None:
    if _DATA.search(scene.view.text):
        return sign(-3.0, "holds an address, a telephone number, a price or a time of day")
    if _LABELLED.match(scene.view.text) and not (scene.own_number or scene.view.question or _warns(scene)):
        return sign(-3.0, "a label and its value")
    commas = scene.view.text.count(",")
    digits = any(letter.isdecimal() for letter in scene.view.text)
    return sign(-1.5, "listed details") if commas >= 2 and digits and not scene.own_number else None


def _by_pointing(scene: Scene) -> Evidence | None:
    leans = scene.view.first in POINTING and scene.view.count >= 4
    usual = scene.view.question and scene.habits.questions >= 3
    if not leans or scene.view.in_title_case or scene.own_number or usual:
        return None
    return sign(-0.8 if scene.view.question else -1.5, "points back at the line before it")


def _after_a_colon(scene: Scene) -> Evidence | None:
    """What a colon announces is a value or a list, unless it has text of its own below it."""
    announced = scene.previous is not None and scene.previous.end == ":"
    follows = scene.next is not None and is_text(scene.next.piece) and scene.next.count >= 12
    return sign(-1.5, "the line before announces it") if announced and not follows else None


def _by_look(scene: Scene) -> Evidence | None:
    """Bold or larger letters, where the source still knows them."""
    piece, body = scene.view.piece, scene.habits.body_size
    if piece.size is not None and body is not None and piece.size > body * 1.1:
        return sign(3.5, "set in larger letters")
    if piece.bold and not scene.habits.mostly_bold:
        return sign(3.0, "set in bold throughout")
    if piece.style in scene.habits.heading_styles and not scene.habits.marked_up:
        return sign(2.5, "set in a style that only short lines have")
    if scene.habits.marked_up:
        return sign(-3.5, "other headings are marked up, this line is not")
    apart = scene.habits.set_apart >= 2 and not scene.habits.mostly_bold
    return sign(-1.5, "other headings are set apart, this line is not") if apart else None


def _inside_a_list(scene: Scene) -> Evidence | None:
    items = [view.piece for view in (scene.previous, scene.next) if view is not None]
    between = len(items) == 2 and all(piece.kind is BlockKind.LIST_ITEM for piece in items)
    nested = between and items[1].depth > 0
    return sign(-3.0, "stands inside a list") if nested else None


SIGNS = (
    _by_length,
    _by_end,
    _by_colon,
    _by_warning,
    _by_lead_in,
    _by_number,
    _by_case,
    _by_asking,
    _by_what_follows,
    _before_a_heading,
    _by_sentence,
    _by_picture_words,
    _below_title,
    _by_description,
    _by_data,
    _by_pointing,
    _after_a_colon,
    _by_look,
    _inside_a_list,
)
