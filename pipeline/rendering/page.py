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
SAMPLE_NAME = "Wilhelmina"
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
    recipient = Recipient(to="patient@example.org", given=SAMPLE_NAME, links=SAMPLE_LINKS, key="sample")
    for part in edition.parts:
        message = Composer(edition, part.number, trial=True).message(recipient)
        yield Page(
            part=part,
            html=message.html,
            text=message.text,
            tree=lxml.html.document_fromstring(message.html),
        )


def seen_words(element: Any) -> str:  # noqa: ANN401 - lxml is untyped
    """The words a reader sees or hears in ``element``: texts and pictures' alt, in order."""
    pieces: list[str] = []
    _gather(element, pieces)
    return " ".join(" ".join(pieces).split())


def excerpt(element: Any, length: int = 80) -> str:  # noqa: ANN401 - lxml is untyped
    """Where to look: the element's tag and how its words begin."""
    words = seen_words(element)[:length]
    return f"<{element.tag}> {words}".strip()


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
    return re.search(r"display\s*:\s*none", element.get("style") or "") is not None
