"""Which undecided lines are headings.

In charge of: weighing the signs of ``heading_signs`` from the last line to the first, so that each line
knows what follows it. Not in charge of: the title, levels, or captions.
"""

from pipeline.article.evidence import Verdict, weigh
from pipeline.article.heading_signs import SIGNS
from pipeline.article.model import BlockKind
from pipeline.article.piece import decided
from pipeline.article.recovery_scene import Habits, Scene, habits_of
from pipeline.article.recovery_view import View, seen_as

#: Log odds that the signs must outweigh: most lines are no headings.
_DOUBT = 1.5
#: No heading has more words; the bound keeps long paragraphs from being weighed at all.
_MOST_WORDS = 32


def mark_headings(views: tuple[View, ...]) -> tuple[View, ...]:
    """Headings marked, with confidence and reason; the rest is left open."""
    habits = habits_of(views)
    marked = list(views)
    kept = [at for at, view in enumerate(views) if view.piece.left_out is None]
    for place in range(len(kept) - 1, -1, -1):
        view = marked[kept[place]]
        if not view.piece.open or not 0 < view.count <= _MOST_WORDS:
            continue
        verdict = heading_verdict(_scene(marked, kept, place, habits))
        if verdict.holds:
            heading = decided(
                view.piece, BlockKind.HEADING, confidence=verdict.confidence, reason=verdict.reason
            )
            marked[kept[place]] = seen_as(view, heading)
    return tuple(marked)


def heading_verdict(scene: Scene) -> Verdict:
    """Whether the line of ``scene`` is a heading."""
    return weigh([one(scene) for one in SIGNS], doubt=_DOUBT)


def _scene(views: list[View], kept: list[int], place: int, habits: Habits) -> Scene:
    return Scene(
        view=views[kept[place]],
        before=tuple(views[at] for at in reversed(kept[max(0, place - 2) : place])),
        after=tuple(views[at] for at in kept[place + 1 : place + 4]),
        habits=habits,
    )
