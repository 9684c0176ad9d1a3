"""One line of a page: text with its marks, and how the whole line looks.

In charge of: white space, emphasis, links, letter size, line breaks. Not in charge of: blocks.
"""

import re
from dataclasses import dataclass, field, replace

from lxml import etree

from pipeline.article.links import safe_link
from pipeline.article.markers import number_of, split_marker
from pipeline.article.model import Run
from pipeline.article.piece import Piece
from pipeline.article.runs import merged

_SIZE = re.compile(r"font-size\s*:\s*([\d.]{1,8})\s*(px|pt|em|rem|%)", re.IGNORECASE)
_WEIGHT = re.compile(r"font-weight\s*:\s*(bold|bolder|[6-9]00)", re.IGNORECASE)
_ITALIC = re.compile(r"font-style\s*:\s*(italic|oblique)", re.IGNORECASE)
#: Points of one unit, taking the browser's usual 16 px as 12 pt.
_POINTS = {"px": 0.75, "pt": 1.0, "em": 12.0, "rem": 12.0, "%": 0.12}


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What is switched on for the next text."""

    run: Run = field(default_factory=lambda: Run(text=""))
    size: float | None = None
    #: Class of the innermost inline element: site builders set headings by class alone.
    style: str = ""
    #: The link element around the text, whether or not its address can be kept.
    anchor: etree._Element | None = None


def marks_of(element: etree._Element, tag: str, around: Marks, dropped: list[str]) -> Marks:
    """The marks inside ``element``; addresses that cannot be mailed are added to ``dropped``."""
    run, css = around.run, element.get("style") or ""
    if tag in {"strong", "b"} or _WEIGHT.search(css):
        run = replace(run, strong=True)
    if tag in {"em", "i", "cite", "dfn", "var"} or _ITALIC.search(css):
        run = replace(run, emphasis=True)
    if tag in {"code", "kbd", "samp", "tt", "pre"}:
        run = replace(run, code=True)
    if tag == "a" and element.get("href") is not None:
        run = replace(run, link=safe_link(element.get("href")))
        if run.link is None:
            dropped.append(str(element.get("href"))[:80])
    sized = _SIZE.search(css)
    size = _points(sized.group(1), sized.group(2)) if sized else around.size
    named = (element.get("class") or "").split()
    anchor = element if tag == "a" and element.get("href") is not None else around.anchor
    return Marks(run=run, size=size, style=named[0] if named else around.style, anchor=anchor)


def _points(number: str, unit: str) -> float | None:
    try:
        return round(float(number) * _POINTS[unit.casefold()], 1)
    except ValueError:
        return None


class Line:
    """Gathers the text of one block until it ends."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, Marks]] = []
        self.place: int | None = None

    def begin(self, element: etree._Element) -> None:
        """The next text stands in ``element``."""
        self.place = element.sourceline

    def add(self, text: str, marks: Marks, *, verbatim: bool = False) -> None:
        """White space collapses as a browser does it; a lone newline is a break the author set."""
        if text != "\n" and not verbatim:
            text = re.sub(r"[ \t\r\n\f]+", " ", text)
        self.parts.append((text, marks))

    def is_row_of_links(self) -> bool:
        """Two links or more, and no word outside them: an entry line of a menu."""
        spoken = [marks.anchor for text, marks in self.parts if any(letter.isalnum() for letter in text)]
        return len({id(anchor) for anchor in spoken}) >= 2 and None not in spoken

    def take(self) -> list[Piece]:
        """The blocks gathered: one, or more where breaks part them."""
        parts, self.parts = self.parts, []
        if not any(text.strip() for text, _ in parts):
            return []
        verbatim = any(marks.run.code and "\n" in text for text, marks in parts)
        groups = [parts] if verbatim else _parted(parts)
        return [self._piece(group) for group in groups if any(text.strip() for text, _ in group)]

    def _piece(self, parts: list[tuple[str, Marks]]) -> Piece:
        runs = merged(_spaced([replace(marks.run, text=text) for text, marks in parts]))
        spoken = [(text, marks) for text, marks in parts if text.strip()]
        letters = [(marks.size, len(text)) for text, marks in spoken]
        styles = {marks.style for _, marks in spoken}
        return _typed_bullet(
            Piece(
                runs=runs,
                place=f"line {self.place}" if self.place else None,
                bold=all(marks.run.strong for _, marks in spoken),
                size=max(letters, key=lambda one: one[1])[0] if letters else None,
                style=styles.pop() if len(styles) == 1 else "",
                reason="",
            )
        )


def _typed_bullet(piece: Piece) -> Piece:
    marker, rest = split_marker(piece.runs[0].text)
    if not marker or not rest:
        return piece
    return replace(piece, marker=marker, runs=(replace(piece.runs[0], text=rest), *piece.runs[1:]))


def _parted(parts: list[tuple[str, Marks]]) -> list[list[tuple[str, Marks]]]:
    """Two breaks in a row end a paragraph; so does each one where the lines are bullets."""
    lines: list[list[tuple[str, Marks]]] = [[]]
    for text, marks in parts:
        if text == "\n":
            lines.append([])
        else:
            lines[-1].append((text, marks))
    texts = ["".join(text for text, _ in line).strip() for line in lines]
    if sum(bool(split_marker(text)[0] or number_of(text)) for text in texts) >= 2:
        return lines
    groups: list[list[tuple[str, Marks]]] = [[]]
    for line, text in zip(lines, texts, strict=True):
        if not text:
            groups.append([])
            continue
        if groups[-1]:
            groups[-1].append(("\n", line[0][1]))
        groups[-1] += line
    return groups


def _spaced(runs: list[Run]) -> list[Run]:
    """No space after a space or a break, where one element ends and the next begins."""
    spaced: list[Run] = []
    for run in runs:
        after_space = not spaced or spaced[-1].text.endswith((" ", "\n"))
        text = run.text.lstrip(" ") if after_space and not run.code else run.text
        if text.startswith("\n") and spaced:
            spaced[-1] = replace(spaced[-1], text=spaced[-1].text.rstrip(" "))
        if text:
            spaced.append(replace(run, text=text))
    return spaced
