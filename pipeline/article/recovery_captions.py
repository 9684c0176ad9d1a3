"""Which open lines are captions or alt texts that lost their picture.

In charge of: the article's habit, weighing the signs of ``caption_signs``, and likeness among captions.
Not in charge of: leaving anything out; a caption stays in the article.
"""

from collections import Counter
from dataclasses import replace

from pipeline.article.caption_signs import SIGNS, Captioned
from pipeline.article.evidence import Verdict, sign, weigh
from pipeline.article.model import BlockKind
from pipeline.article.piece import decided
from pipeline.article.recovery_scene import Habits, Scene, habits_of
from pipeline.article.recovery_view import View, overlap, seen_as
from pipeline.article.vocabulary import ADDRESSING, CALLS_TO_ACTION, POINTING

_DOUBT = 3.2
#: Lines that each line is compared with: a bound on the time, far above what an article has.
_COMPARED = 60
_FEWEST_WORDS, _MOST_WORDS = 3, 40


def mark_captions(views: tuple[View, ...]) -> tuple[View, ...]:
    """Captions marked, with confidence and reason; lists that a caption parted are one again."""
    kept = [at for at, view in enumerate(views) if view.piece.left_out is None]
    seen = tuple(views[at] for at in kept)
    article, habits = _captioned(seen), habits_of(views)
    verdicts = {
        place: caption_verdict(_scene(seen, place, habits), article)
        for place, view in enumerate(seen)
        if _possible(view)
    }
    marked = list(views)
    for place, verdict in _with_likeness(seen, verdicts).items():
        if verdict.holds:
            view = seen[place]
            caption = decided(
                view.piece, BlockKind.CAPTION, confidence=verdict.confidence, reason=verdict.reason
            )
            marked[kept[place]] = seen_as(view, caption)
    return _lists_rejoined(marked)


def caption_verdict(scene: Scene, article: Captioned) -> Verdict:
    """Whether the line of ``scene`` is a caption."""
    return weigh([one(scene, article) for one in SIGNS], doubt=_DOUBT)


def _possible(view: View) -> bool:
    one_sentence = view.sentences == 1 or (view.sentences == 2 and view.count <= _MOST_WORDS)
    fits = _FEWEST_WORDS <= view.count <= _MOST_WORDS
    return (
        view.piece.open
        and one_sentence
        and fits
        and not view.piece.indent
        and view.end not in {":", ";", ","}
    )


def _scene(views: tuple[View, ...], place: int, habits: Habits) -> Scene:
    return Scene(
        view=views[place],
        before=tuple(reversed(views[max(0, place - 2) : place])),
        after=views[place + 1 : place + 4],
        habits=habits,
    )


def _captioned(views: tuple[View, ...]) -> Captioned:
    heads = {BlockKind.HEADING, BlockKind.TITLE}
    above = [
        two
        for one, two, three in zip(views, views[1:], views[2:], strict=False)
        if three.piece.kind is BlockKind.HEADING
        and two.piece.kind not in heads
        and one.piece.kind not in heads
    ]
    count = sum(_describes(view) for view in above)
    title = next((view.content for view in views if view.piece.kind is BlockKind.TITLE), frozenset())
    return Captioned(
        share=count / len(above) if above else 0.0,
        count=count,
        title=title,
        lines_with=Counter(word for view in views for word in view.content),
    )


def _describes(view: View) -> bool:
    """A full sentence alone that stands by itself: it neither talks to the reader nor points back."""
    alone = view.piece.open and view.sentences == 1 and view.end == "." and 4 <= view.count <= 30
    pointing = {"this", "these", "those", "it", "they", *POINTING}
    spoken = any(word in ADDRESSING for word in view.words)
    return alone and not spoken and view.first not in pointing and view.first not in CALLS_TO_ACTION


def _with_likeness(views: tuple[View, ...], verdicts: dict[int, Verdict]) -> dict[int, Verdict]:
    """A line that shares most of its words with captions, or with other lone lines, is one of a series."""
    sure = [views[place].content for place, verdict in verdicts.items() if verdict.holds][:_COMPARED]
    lone = [place for place, verdict in verdicts.items() if -4.0 < verdict.points <= 0]
    unstopped = [views[place].content for place in lone if views[place].end not in {".", "?", "!"}]
    unstopped = unstopped[:_COMPARED]
    changed = dict(verdicts)
    for place in lone:
        content = views[place].content
        if len(content) < 3:
            continue
        # Each line is like itself, so that a series of lone lines shows from the second on.
        lone_alike = (
            sum(overlap(content, other) >= 0.5 for other in unstopped) - 1 if content in unstopped else 0
        )
        alike = max(lone_alike, sum(overlap(content, other) >= 0.6 for other in sure))
        if alike > 0:
            series = sign(1.0 + min(alike, 3), "one of several lines alike that stand alone")
            changed[place] = weigh((*verdicts[place].evidence, series), doubt=_DOUBT)
    return changed


def _lists_rejoined(views: list[View]) -> tuple[View, ...]:
    """The items after a caption inside a list belong to the list before it."""
    renamed: dict[int, int] = {}
    for before, caption, after in zip(views, views[1:], views[2:], strict=False):
        one, two = before.piece, after.piece
        items = one.kind is two.kind is BlockKind.LIST_ITEM
        if not items or caption.piece.kind is not BlockKind.CAPTION or one.group is None or two.group is None:
            continue
        if one.group != two.group:
            renamed[two.group] = renamed.get(one.group, one.group)
    return tuple(_regrouped(view, renamed) for view in views) if renamed else tuple(views)


def _regrouped(view: View, renamed: dict[int, int]) -> View:
    group = view.piece.group
    if group is None or group not in renamed:
        return view
    return seen_as(view, replace(view.piece, group=renamed[group]))
