"""A compiled part as the checks see it: joined with sample values, parsed, its words and links.

In charge of: looking. Not in charge of: judging (``check_page``, ``check_contrast``, ``check_mail``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import lxml.html

from pipeline.rendering.compose import Composer, Recipient
from pipeline.rendering.model import CompiledPart, Edition, Slot

#: Sample addresses, one per slot: as long as real ones, told apart by their path.
SAMPLE_LINKS = {
    slot: f"https://links.clinic.example.org/{slot.value.removesuffix('_url')}/{'s' * 60}"
    for slot in Slot
    if slot.value.endswith("_url")
}
SAMPLE_RECIPIENT = Recipient(to="patient@example.org", given="Wilhelmina", links=SAMPLE_LINKS, key="sample")
_HIDDEN = re.compile(r"display\s*:\s*none")
#: Elements whose words nobody sees.
_UNSEEN = frozenset({"head", "style", "script", "title", "template"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One part, ready to be looked at."""

    part: CompiledPart
    #: With the trial banner and sample values.
    html: str
    text: str
    tree: Any

    def elements(self, *tags: str) -> Iterator[Any]:
        """Elements in order, all or those of ``tags``; comments are none."""
        for element in self.tree.iter(*tags) if tags else self.tree.iter():
            if isinstance(element.tag, str):
                yield element


def pages(edition: Edition) -> Iterator[Page]:
    """Every part of ``edition``."""
    for part in edition.parts:
        message = Composer(edition, part.number, trial=True).message(SAMPLE_RECIPIENT)
        yield Page(
            part=part,
            html=message.html,
            text=message.text,
            tree=lxml.html.document_fromstring(message.html),
        )


def preview_line(tree: Any) -> str:  # noqa: ANN401 - lxml is untyped
    """The words that an inbox shows beside the subject: hidden at the head of the body. "" without any."""
    hidden = next((each for each in tree.body if isinstance(each.tag, str) and is_hidden(each)), None)
    return "" if hidden is None else " ".join(hidden.text_content().split())


def seen_words(element: Any) -> str:  # noqa: ANN401 - lxml is untyped
    """The words a reader sees or hears in ``element``: texts and pictures' alt, in order."""
    pieces: list[str] = []
    _gather(element, pieces)
    return " ".join(" ".join(pieces).split())


def excerpt(element: Any, length: int = 80) -> str:  # noqa: ANN401 - lxml is untyped
    """Where to look: the element's tag and how its words begin."""
    words = seen_words(element)[:length]
    return f"<{element.tag}> {words}".strip()


def innermost(element: Any, words: str) -> Any:  # noqa: ANN401 - lxml is untyped
    """The smallest element within ``element`` that holds ``words``, spaces aside; None where none does."""
    if not squeezed(words) or squeezed(words) not in squeezed(seen_words(element)):
        return None
    for child in element:
        within = innermost(child, words) if isinstance(child.tag, str) else None
        if within is not None:
            return within
    return element


def squeezed(text: str) -> str:
    """``text`` without spaces: marks inside a sentence put spaces where the article has none."""
    return "".join(text.split())


def _gather(element: Any, pieces: list[str]) -> None:  # noqa: ANN401 - lxml is untyped
    if not isinstance(element.tag, str) or element.tag in _UNSEEN or is_hidden(element):
        return
    if element.tag == "img":
        pieces.append(element.get("alt") or "")
    pieces.append(element.text or "")
    for child in element:
        _gather(child, pieces)
        pieces.append(child.tail or "")


def is_hidden(element: Any) -> bool:  # noqa: ANN401 - lxml is untyped
    """Whether its own style takes the element off the page (the preheader)."""
    style = element.get("style") or ""
    # Few elements say anything of display; the plain look spares the others the pattern.
    return "display" in style and _HIDDEN.search(style) is not None
