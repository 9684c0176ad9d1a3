"""What a Word document's styles and numbering say of a paragraph.

In charge of: style names through their chain, outline levels, bold, letter size, lists and their numbers.
Not in charge of: the paragraphs' words. Source: ECMA-376 part 1, 17.7 (styles) and 17.9 (numbering).
"""

import re
from dataclasses import dataclass, field

from lxml import etree

from pipeline.article.docx_package import W

#: No real document derives styles deeper; the bound also ends a circle.
_LONGEST_CHAIN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPlace:
    """A paragraph's place in Word's numbering."""

    number_id: str
    depth: int


@dataclass(slots=True)
class Styles:
    """Styles by id, and numbering by list id."""

    styles: dict[str, etree._Element] = field(default_factory=dict)
    defaults: etree._Element | None = None
    default_paragraph: str = ""
    #: (list id, depth) → (format such as "bullet" or "decimal", first number).
    levels: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)

    def chain(self, style_id: str | None) -> list[etree._Element]:
        """The style and those it derives from, nearest first."""
        found: list[etree._Element] = []
        now = style_id or self.default_paragraph
        while now in self.styles and len(found) < _LONGEST_CHAIN:
            style = self.styles[now]
            found.append(style)
            now = value(style, "basedOn") or ""
        return found

    def names(self, style_id: str | None) -> list[str]:
        """Names of the style's chain, lower case; Word's own names are English in every language."""
        return [(value(style, "name") or "").casefold() for style in self.chain(style_id)]

    def outline(self, paragraph: etree._Element, style_id: str | None) -> int | None:
        """Heading level 1 to 9 from the outline or the style's name, None for running text."""
        for source in (paragraph, *self.chain(style_id)):
            typed = value(source, "pPr/outlineLvl")
            if typed is not None and typed.isdecimal():
                return int(typed) + 1 if int(typed) < 9 else None
        for name in self.names(style_id):
            found = re.fullmatch(r"heading ([1-9])", name)
            if found:
                return int(found.group(1))
        return None

    def place(self, paragraph: etree._Element, style_id: str | None) -> ListPlace | None:
        """Where the paragraph stands in a list, from its own or its style's numbering."""
        for source in (paragraph, *self.chain(style_id)):
            number_id = value(source, "pPr/numPr/numId")
            if number_id == "0":
                return None
            if number_id:
                typed = value(source, "pPr/numPr/ilvl") or "0"
                depth = int(typed) if typed.isdecimal() else 0
                return ListPlace(number_id=number_id, depth=min(8, max(depth, self._named_depth(style_id))))
        return None

    def _named_depth(self, style_id: str | None) -> int:
        """ "List Bullet 2" is nested, though its numbering says level 0."""
        found = next((re.search(r"^list .*(\d)$", name) for name in self.names(style_id)), None)
        return int(found.group(1)) - 1 if found else 0

    def is_bullet(self, place: ListPlace) -> bool:
        return self.levels.get((place.number_id, place.depth), ("bullet", 1))[0] in {"bullet", "none"}

    def start(self, place: ListPlace) -> int:
        return self.levels.get((place.number_id, place.depth), ("decimal", 1))[1]

    def bold(self, run: etree._Element, style_id: str | None) -> bool:
        """Bold by the run, its own style, or its paragraph's."""
        own = run.find(f"{W}rPr")
        character = value(run, "rPr/rStyle")
        for source in (own, *self._properties(character), *self._properties(style_id)):
            switch = source.find(f"{W}b") if source is not None else None
            if switch is not None:
                return is_on(switch)
        return False

    def size(self, run: etree._Element, style_id: str | None) -> float | None:
        """Letter size in points."""
        own = run.find(f"{W}rPr")
        character = value(run, "rPr/rStyle")
        sources = (own, *self._properties(character), *self._properties(style_id), self.defaults)
        for source in sources:
            typed = value(source, "sz") if source is not None else None
            if typed and re.fullmatch(r"\d{1,4}", typed):
                return int(typed) / 2
        return None

    def _properties(self, style_id: str | None) -> list[etree._Element | None]:
        return [style.find(f"{W}rPr") for style in self.chain(style_id)] if style_id else []


def value(element: etree._Element, path: str) -> str | None:
    """``w:val`` of the element at ``path`` (names without prefix)."""
    found = element.find("/".join(f"{W}{name}" for name in path.split("/")))
    return None if found is None else found.get(f"{W}val")


def is_on(switch: etree._Element) -> bool:
    """A switch such as ``w:b`` is on unless it says otherwise."""
    return (switch.get(f"{W}val") or "true").casefold() not in {"0", "false", "off", "none"}


def read_styles(styles: etree._Element | None, numbering: etree._Element | None) -> Styles:
    """Styles from ``word/styles.xml`` and ``word/numbering.xml``; either may be missing."""
    found = Styles()
    if styles is not None:
        found.defaults = styles.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr")
        for style in styles.iter(f"{W}style"):
            style_id = style.get(f"{W}styleId") or ""
            found.styles[style_id] = style
            if style.get(f"{W}type") == "paragraph" and style.get(f"{W}default") in {"1", "true"}:
                found.default_paragraph = style_id
    if numbering is not None:
        found.levels = _levels(numbering)
    return found


def _levels(numbering: etree._Element) -> dict[tuple[str, int], tuple[str, int]]:
    abstract = {one.get(f"{W}abstractNumId"): one for one in numbering.iter(f"{W}abstractNum")}
    levels: dict[tuple[str, int], tuple[str, int]] = {}
    for number in numbering.iter(f"{W}num"):
        pattern = abstract.get(value(number, "abstractNumId"))
        for level in pattern.iter(f"{W}lvl") if pattern is not None else ():
            depth, start = level.get(f"{W}ilvl") or "0", value(level, "start") or "1"
            if depth.isdecimal() and start.isdecimal():
                key = (number.get(f"{W}numId") or "", int(depth))
                levels[key] = (value(level, "numFmt") or "decimal", int(start[:6]))
    return levels
