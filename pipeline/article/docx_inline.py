"""One Word paragraph becomes runs and pictures.

In charge of: text, breaks, emphasis, links (both kinds), pictures, footnote marks, hidden and deleted text.
Not in charge of: what the paragraph is (``docx_reader``). Source: ECMA-376 part 1, 17.3 and 17.16.
"""

import re
from dataclasses import dataclass, field, replace

from lxml import etree

from pipeline.article.docx_package import R, Relation, W
from pipeline.article.docx_styles import Styles, is_on
from pipeline.article.links import safe_link
from pipeline.article.model import Run
from pipeline.article.runs import merged

_BLIP = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
_DESCRIBED = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_IMAGE = "{urn:schemas-microsoft-com:vml}imagedata"
#: Inside a paragraph, but not its text: deleted words, field codes, properties, boxes of their own.
_SKIPPED = {f"{W}{name}" for name in ("del", "moveFrom", "instrText", "pPr", "rPr", "txbxContent", "delText")}


@dataclass(slots=True)
class Words:
    """What a paragraph holds."""

    runs: list[Run] = field(default_factory=list)
    #: Relation id and alt text of each picture.
    pictures: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[etree._Element] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    dropped_links: list[str] = field(default_factory=list)
    #: Bold and size of each stretch, with its length.
    looks: list[tuple[bool, float | None, int]] = field(default_factory=list)


class ParagraphReader:
    """Reads paragraphs of one part; fields may span several runs, but not paragraphs."""

    def __init__(self, styles: Styles, relations: dict[str, Relation]) -> None:
        self.styles = styles
        self.relations = relations

    def read(self, paragraph: etree._Element, style_id: str | None) -> Words:
        """The paragraph's words; ``style_id`` is its style, for bold and size."""
        words = Words()
        field_link: list[str | None] = []
        code = ""
        for run, link in _runs(paragraph, self.relations):
            mark = run.find(f"{W}fldChar")
            kind = mark.get(f"{W}fldCharType") if mark is not None else None
            code = (
                ""
                if kind == "begin"
                else code + "".join(part.text or "" for part in run.iter(f"{W}instrText"))
            )
            if kind == "separate":
                field_link.append(_field_address(code))
            elif kind == "end" and field_link:
                field_link.pop()
            self._take(words, run, link or next((one for one in reversed(field_link) if one), None), style_id)
        words.runs = list(merged(words.runs))
        return words

    def _take(self, words: Words, run: etree._Element, link: str | None, style_id: str | None) -> None:
        text = "".join(_texts(run))
        if text and _is_hidden(run):
            words.hidden.append(text)
            text = ""
        if text:
            address = safe_link(link)
            if link and address is None:
                words.dropped_links.append(link[:80])
            # A style's own bold is how its paragraphs look, not a word the author stresses.
            stressed = self.styles.bold(run, None)
            words.runs.append(Run(text=text, strong=stressed, emphasis=_is_set(run, "i"), link=address))
            if text.strip():
                look = self.styles.bold(run, style_id), self.styles.size(run, style_id), len(text)
                words.looks.append(look)
        words.pictures += _pictures(run)
        words.boxes += [box for box in run.iter(f"{W}txbxContent") if not _within(box, _FALLBACK, run)]


def _runs(
    paragraph: etree._Element, relations: dict[str, Relation]
) -> list[tuple[etree._Element, str | None]]:
    """The paragraph's own runs in order, each with the link it stands in."""
    found: list[tuple[etree._Element, str | None]] = []
    walker = etree.iterwalk(paragraph, events=("start",))
    for _, element in walker:
        if element.tag in _SKIPPED:
            walker.skip_subtree()
        elif element.tag == f"{W}r":
            found.append((element, _link_around(element, paragraph, relations)))
            walker.skip_subtree()
    return found


def _link_around(
    run: etree._Element, paragraph: etree._Element, relations: dict[str, Relation]
) -> str | None:
    around = run.getparent()
    while around is not None and around is not paragraph:
        if around.tag == f"{W}hyperlink":
            relation = relations.get(around.get(f"{R}id") or "")
            return relation.target if relation is not None and relation.external else None
        if around.tag == f"{W}fldSimple":
            return _field_address(around.get(f"{W}instr") or "")
        around = around.getparent()
    return None


def _field_address(code: str) -> str | None:
    found = re.match(r"\s*HYPERLINK\s+\"([^\"]+)\"", code)
    return found.group(1) if found else None


def _texts(run: etree._Element) -> list[str]:
    """Text, tabs and breaks of a run; a box inside it is a text of its own."""
    texts: list[str] = []
    walker = etree.iterwalk(run, events=("start",))
    for _, element in walker:
        if element.tag in _SKIPPED:
            walker.skip_subtree()
            continue
        match element.tag.removeprefix(W) if isinstance(element.tag, str) else "":
            case "t":
                texts.append(element.text or "")
            case "tab" | "ptab":
                texts.append("\t")
            case "br" | "cr":
                texts.append("\n" if element.get(f"{W}type") in {None, "textWrapping"} else "")
            case "noBreakHyphen":
                texts.append("\u2011")
            case "footnoteReference" | "endnoteReference":
                texts.append(f"[{element.get(f'{W}id') or ''}]")
            case _:
                pass
    return texts


def _is_hidden(run: etree._Element) -> bool:
    return _is_set(run, "vanish")


def _is_set(run: etree._Element, name: str) -> bool:
    switch = run.find(f"{W}rPr/{W}{name}")
    return switch is not None and is_on(switch)


def _pictures(run: etree._Element) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    described = next(run.iter(_DESCRIBED), None)
    alt = (described.get("descr") or described.get("title") or "") if described is not None else ""
    found += [(blip.get(f"{R}embed") or blip.get(f"{R}link") or "", alt) for blip in run.iter(_BLIP)]
    if not found:
        found += [(image.get(f"{R}id") or "", image.get("title") or "") for image in run.iter(_IMAGE)]
    return [(relation, text.strip()) for relation, text in found if relation]


def _within(element: etree._Element, tag: str, stop: etree._Element) -> bool:
    around = element.getparent()
    while around is not None and around is not stop:
        if around.tag == tag:
            return True
        around = around.getparent()
    return False


def tabs_as_spaces(runs: list[Run]) -> tuple[Run, ...]:
    """Tabs inside a line of text are only white space; cells and bullets have been split by then."""
    return tuple(replace(run, text=re.sub(r"\t+", " ", run.text)) for run in runs)
