"""A line among its neighbours: what every rule of the recovery is shown.

In charge of: the neighbours and the habits of the whole article. Not in charge of: any rule.
"""

from dataclasses import dataclass
from itertools import pairwise

from pipeline.article.model import BlockKind
from pipeline.article.piece import NUMBERED
from pipeline.article.recovery_view import View
from pipeline.article.vocabulary import CALLS_TO_ACTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How this article as a whole writes its headings."""

    #: Lines that carry a number and are no list items.
    numbered: int
    #: Share of the likely headings that are set like a title.
    title_case: float
    #: How many likely headings that share was taken from.
    likely: int
    #: Questions that stand alone on a line.
    questions: int
    #: Share of the likely headings that end with a colon.
    colons: float
    #: Some headings are known from markup, so that a plain line needs more to be one.
    marked_up: bool
    #: Letter size of most words, where the source gives sizes.
    body_size: float | None
    #: Most words of the article are bold: bold says nothing then.
    mostly_bold: bool
    #: Styles or classes that only short lines are set in.
    heading_styles: frozenset[str]
    #: Short lines that bold, size or style sets apart.
    set_apart: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One line, the kept lines around it (nearest first), and the article's habits."""

    view: View
    before: tuple[View, ...]
    after: tuple[View, ...]
    habits: Habits

    @property
    def previous(self) -> View | None:
        return self.before[0] if self.before else None

    @property
    def next(self) -> View | None:
        return self.after[0] if self.after else None

    @property
    def own_number(self) -> bool:
        """The line carries a number of its own."""
        return NUMBERED.match(self.view.text) is not None

    @property
    def before_heading(self) -> bool:
        """The next line is a heading."""
        return self.next is not None and self.next.piece.kind is BlockKind.HEADING

    @property
    def before_list(self) -> bool:
        """The next line is a list item."""
        return self.next is not None and self.next.piece.kind is BlockKind.LIST_ITEM

    @property
    def calls(self) -> bool:
        """The line tells the reader to follow a link ("Find a pharmacy")."""
        return self.view.first in CALLS_TO_ACTION and not self.view.question


def habits_of(views: tuple[View, ...]) -> Habits:
    """Measure the whole article; only lines that are still open count as likely headings."""
    kept = [view for view in views if view.piece.left_out is None]
    likely = [
        view
        for view, following in pairwise(kept)
        if view.piece.open and 1 < view.count <= 12 and view.end not in ".,;" and following.count > 12
    ]
    styles = _heading_styles(kept)
    sizes = [(view.piece.size, view.count) for view in kept if view.piece.size is not None]
    words = sum(view.count for view in kept)
    return Habits(
        numbered=sum(NUMBERED.match(view.text) is not None for view in kept if _may_head(view)),
        title_case=_share([view.in_title_case or view.shouting for view in likely]),
        likely=len(likely),
        questions=sum(view.question and view.piece.open and view.count <= 26 for view in kept),
        colons=_share([view.end == ":" for view in likely]),
        marked_up=sum(view.piece.reason == "markup" for view in kept if view.piece.kind is BlockKind.HEADING)
        >= 2,
        body_size=_commonest(sizes),
        mostly_bold=sum(view.count for view in kept if view.piece.bold) > words * 0.5,
        heading_styles=styles,
        set_apart=sum(view.piece.bold or view.piece.style in styles for view in kept if _may_head(view)),
    )


def _may_head(view: View) -> bool:
    return view.count <= 20 and (view.piece.open or view.piece.kind is BlockKind.HEADING)


def _share(answers: list[bool]) -> float:
    return sum(answers) / len(answers) if answers else 0.0


def _heading_styles(kept: list[View]) -> frozenset[str]:
    """Site builders set headings in a class of their own: two lines or more, all short."""
    counts: dict[str, list[int]] = {}
    for view in kept:
        if view.piece.style:
            counts.setdefault(view.piece.style, []).append(view.count if view.piece.kind is None else 99)
    body = max(counts, key=lambda style: sum(counts[style]), default="")
    return frozenset(
        style
        for style, lines in counts.items()
        if style != body and len(lines) >= 2 and max(lines) <= 20 and sum(lines) <= 10 * len(lines)
    )


def _commonest(sizes: list[tuple[float, int]]) -> float | None:
    """The letter size that most words are set in."""
    totals: dict[float, int] = {}
    for size, count in sizes:
        totals[size] = totals.get(size, 0) + count
    return max(totals, key=lambda size: totals[size]) if totals else None
