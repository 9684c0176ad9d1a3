"""Where a finding stands, both ways: an element's line in the article, and an article line's element.

In charge of: matching elements of a page with blocks of the article by their words. Not in charge of:
finding (``checks``) or showing (``web.preview``, ``cli``).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pipeline.article.model import Block, BlockKind
from pipeline.rendering.model import Finding
from pipeline.rendering.page import Page, innermost, seen_words, squeezed

#: Words from which a stretch of text says which block it is from; a shorter one must be the whole block.
_TELLING_WORDS = 4


def placed(found: Finding, page: Page, blocks: Sequence[Block]) -> Finding:
    """``found`` with the line of the article it is about, or the path of its element, where one is missing.

    ``page`` and ``blocks`` are the finding's own part. Words around the article have no line.
    """
    if found.path and found.line is None:
        elements = page.tree.xpath(found.path)
        block = _block_of(elements[0], blocks) if elements else None
        return replace(found, line=block.line) if block is not None else found
    if found.line is not None and not found.path:
        block = next((each for each in blocks if each.line == found.line), None)
        element = None if block is None else innermost(page.tree.body, _words_of(block))
        return found if element is None else replace(found, path=element.getroottree().getpath(element))
    return found


def _block_of(element: Any, blocks: Sequence[Block]) -> Block | None:  # noqa: ANN401 - lxml is untyped
    words, address = seen_words(element), element.get("href")
    for block in blocks:
        if block.kind is BlockKind.PICTURE and element.tag == "img":
            same = squeezed(_words_of(block)) == squeezed(words)
        elif address is not None:
            same = any(run.link == address for run in block.runs)
        else:
            same = _is_within(words, _words_of(block))
        if same:
            return block
    return None


def _is_within(words: str, text: str) -> bool:
    within, whole = squeezed(words), squeezed(text)
    return bool(within) and (within == whole or (within in whole and len(words.split()) >= _TELLING_WORDS))


def _words_of(block: Block) -> str:
    """The block's words as a page shows them."""
    if block.kind is BlockKind.PICTURE and block.picture is not None:
        return block.picture.alt
    return " ".join(run.text for cell in block.cells for run in cell) if block.cells else block.text
