"""How much text and how many links each element of a page holds.

In charge of: one pass over the tree that every furniture rule reads from. Not in charge of: the rules
(``html_furniture``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from pipeline.article.vocabulary import words_of

_WORD = re.compile(r"\w+")
#: Elements whose text no reader of the page sees.
UNSEEN = words_of(
    """
    script style template noscript head title meta link svg math iframe object embed canvas audio video
    map input select option button textarea datalist progress meter
    """
)
#: Elements that begin a new block of text.
BLOCKS = words_of(
    """
    address article aside blockquote body caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p
    pre search section summary table tbody td tfoot th thead tr ul
    """
)


@dataclass(slots=True)
class Measure:
    """What one element holds, its children included."""

    words: int = 0
    linked: int = 0
    #: Words of its longest run of text outside links: a paragraph has many, a menu few.
    longest: int = 0
    #: Block elements and headings below it.
    blocks: int = 0
    headings: int = 0
    titles: int = 0
    items: int = 0

    @property
    def density(self) -> float:
        """Share of the words that stand in links."""
        return self.linked / self.words if self.words else 0.0


def measure(root: etree._Element) -> dict[etree._Element, Measure]:
    """Measures of every element under ``root``, ``root`` included; unseen text does not count."""
    measures: dict[etree._Element, Measure] = {}
    links = 0
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            if tag in UNSEEN or not tag:
                walker.skip_subtree()
                continue
            links += tag == "a"
            measures[element] = _own(element, tag, linked=links > 0)
        elif element in measures:
            links -= tag == "a"
            _add_to_parent(measures, element, tag, linked=links > 0)
        elif element.tail and element.getparent() in measures:
            _count(measures[element.getparent()], element.tail, linked=links > 0)
    return measures


def _own(element: etree._Element, tag: str, *, linked: bool) -> Measure:
    one = Measure(
        blocks=tag in BLOCKS,
        headings=tag in {"h1", "h2", "h3", "h4", "h5", "h6"},
        titles=tag == "h1",
        items=tag == "li",
    )
    _count(one, element.text, linked=linked)
    return one


def _count(one: Measure, text: str | None, *, linked: bool) -> None:
    words = len(_WORD.findall(text or ""))
    one.words += words
    one.linked += words if linked else 0
    one.longest = max(one.longest, 0 if linked else words)


def _add_to_parent(
    measures: dict[etree._Element, Measure], element: etree._Element, tag: str, *, linked: bool
) -> None:
    parent = element.getparent()
    if parent is None or parent not in measures:
        return
    above, below = measures[parent], measures[element]
    above.words += below.words
    above.linked += below.linked
    above.longest = max(above.longest, below.longest)
    above.blocks += below.blocks
    above.headings += below.headings
    above.titles += below.titles
    above.items += below.items
    _count(above, element.tail, linked=linked)


def ancestors(element: etree._Element) -> Iterator[etree._Element]:
    """The elements around ``element``, nearest first."""
    parent = element.getparent()
    while parent is not None:
        yield parent
        parent = parent.getparent()
