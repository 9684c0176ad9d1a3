"""An article's flat blocks as the tree that a page needs: lists in lists, tables, figures.

In charge of: structure, shared by HTML and plain text so that both say the same. Not in charge of:
how anything looks (``templates/email/blocks.html``, ``plaintext``).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar, TypeAlias

from pipeline.article.model import Block, BlockKind, Picture, Run
from pipeline.rendering.cleaning import body_text

#: Schemes a patient may be sent to; anything else in an article stays plain words.
_LINK = re.compile(r"(?:https?://[^\s\"'<>]+|mailto:[^\s\"'<>]+|tel:[+0-9().\-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Runs that share one link, or none."""

    link: str | None
    runs: tuple[Run, ...]


Inline: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """``level`` is 2 and more: the part's title is the one h1. No level is ever jumped over."""

    kind: ClassVar[str] = "heading"
    level: int
    content: Inline


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """``role`` is "" or "lead" (title or subtitle of the article) or "caption"."""

    kind: ClassVar[str] = "paragraph"
    content: Inline
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One list item with its further paragraphs and the lists below it."""

    content: Inline
    more: tuple[Inline, ...] = ()
    lists: tuple["ListNode", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNode:
    """A list; ``start`` is its first number where it is ordered."""

    kind: ClassVar[str] = "list"
    ordered: bool
    start: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A quotation of one or more paragraphs."""

    kind: ClassVar[str] = "quote"
    paragraphs: tuple[Inline, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of data; ``header`` is None where the article marks none."""

    kind: ClassVar[str] = "table"
    header: tuple[Inline, ...] | None
    rows: tuple[tuple[Inline, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture ready to show: ``width`` and ``height`` in CSS pixels."""

    source: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture with its caption. ``shown`` is None where only the picture's words are known."""

    kind: ClassVar[str] = "figure"
    alt: str
    shown: Shown | None
    caption: Inline | None


Node: TypeAlias = Heading | Paragraph | ListNode | Quote | Table | Figure


def laid_out(
    blocks: Sequence[Block], *, title: str, show: Callable[[Picture], Shown | None]
) -> tuple[Node, ...]:
    """``blocks`` as a tree, in order, word for word.

    A first heading that says the same as ``title`` is the h1 already and does not come twice. ``show``
    turns a picture into what the page can show, or None.
    """
    rest = _without_title(blocks, title)
    levels = _heading_levels(rest)
    nodes: list[Node] = []
    for (kind, _), run in groupby(rest, key=_belonging):
        nodes.extend(_nodes(kind, list(run), levels, show))
    return tuple(_with_captions(nodes))


def spans(runs: Sequence[Run]) -> Inline:
    """Runs gathered by link, cleaned; a link that is not http(s), mailto or tel becomes plain words."""
    clean = [
        Run(
            text=body_text(run.text),
            strong=run.strong,
            emphasis=run.emphasis,
            code=run.code,
            link=run.link if run.link and _LINK.fullmatch(run.link) else None,
        )
        for run in runs
    ]
    return tuple(
        Span(link=link, runs=tuple(group)) for link, group in groupby(clean, key=lambda run: run.link)
    )


def plain(content: Inline) -> str:
    """The words of ``content``."""
    return "".join(run.text for span in content for run in span.runs)


def _without_title(blocks: Sequence[Block], title: str) -> list[Block]:
    """``blocks`` without the heading that is the title; only pictures and captions may stand before it."""
    for at, block in enumerate(blocks):
        if _is_title(block, title):
            return [*blocks[:at], *_without_title(blocks[at + 1 :], title)]
        if block.kind not in (BlockKind.PICTURE, BlockKind.CAPTION):
            break
    return list(blocks)


def _is_title(block: Block, title: str) -> bool:
    if block.kind not in (BlockKind.TITLE, BlockKind.HEADING):
        return False
    return _comparable(block.text) == _comparable(title)


def _comparable(text: str) -> str:
    """Without case, numbering and marks: "1. Muscle activation" says "Muscle Activation"."""
    unnumbered = re.sub(r"^\s*(?:\d+|[ivx]+)[.):]\s+", "", text.casefold())
    return " ".join(re.findall(r"\w+", unnumbered))


def _heading_levels(blocks: Sequence[Block]) -> Mapping[int, int]:
    """Block id to rendered level: relative depth counts, so that a part may start on an h3 of the article."""
    open_levels: list[int] = []
    rendered: dict[int, int] = {}
    for block in blocks:
        if block.kind is BlockKind.HEADING:
            level = block.level or 2
            while open_levels and open_levels[-1] >= level:
                open_levels.pop()
            open_levels.append(level)
            rendered[block.id] = min(len(open_levels) + 1, 6)
    return rendered


def _belonging(block: Block) -> tuple[BlockKind, int]:
    """Neighbours with the same key are one node; only lists, quotes and tables have members."""
    if block.kind in (BlockKind.LIST_ITEM, BlockKind.QUOTE, BlockKind.TABLE_ROW):
        return block.kind, -1 if block.group is None else block.group
    return block.kind, -1 - block.id


def _nodes(
    kind: BlockKind, blocks: list[Block], levels: Mapping[int, int], show: Callable[[Picture], Shown | None]
) -> Iterator[Node]:
    match kind:
        case BlockKind.LIST_ITEM:
            yield from _lists(blocks)
        case BlockKind.QUOTE:
            yield Quote(paragraphs=tuple(spans(block.runs) for block in blocks))
        case BlockKind.TABLE_ROW:
            yield _table(blocks)
        case BlockKind.HEADING:
            yield from (Heading(level=levels[block.id], content=spans(block.runs)) for block in blocks)
        case BlockKind.PICTURE:
            yield from (_figure(block, show) for block in blocks)
        case BlockKind.TITLE | BlockKind.SUBTITLE:
            yield from (Paragraph(content=spans(block.runs), role="lead") for block in blocks)
        case BlockKind.CAPTION:
            yield from (Paragraph(content=spans(block.runs), role="caption") for block in blocks)
        case BlockKind.PARAGRAPH:
            yield from (Paragraph(content=spans(block.runs)) for block in blocks)


def _lists(blocks: Sequence[Block]) -> Iterator[ListNode]:
    """Items at the outermost depth, each with the deeper ones below it; a change of kind parts lists."""
    outermost = min(block.depth for block in blocks)
    heads: list[list[Block]] = []
    for block in blocks:
        if heads and (block.depth > outermost or block.continues):
            heads[-1].append(block)
        else:
            heads.append([block])
    for ordered, members in groupby(heads, key=lambda item: item[0].ordinal is not None):
        together = list(members)
        items = tuple(_item(item, outermost) for item in together)
        yield ListNode(ordered=ordered, start=together[0][0].ordinal or 1, items=items)


def _item(blocks: Sequence[Block], depth: int) -> Item:
    """One item from its first block, the paragraphs that continue it, and everything deeper."""
    head, rest = blocks[0], blocks[1:]
    below = [block for block in rest if block.depth > depth]
    more = tuple(spans(block.runs) for block in rest if block.depth == depth)
    return Item(content=spans(head.runs), more=more, lists=tuple(_lists(below)) if below else ())


def _table(blocks: Sequence[Block]) -> Table:
    def row(block: Block) -> tuple[Inline, ...]:
        return tuple(spans(cell) for cell in block.cells) or (spans(block.runs),)

    has_header = blocks[0].header
    return Table(
        header=row(blocks[0]) if has_header else None,
        rows=tuple(row(block) for block in blocks[1 if has_header else 0 :]),
    )


def _figure(block: Block, show: Callable[[Picture], Shown | None]) -> Figure:
    picture = block.picture
    words = spans(block.runs) if block.text.strip() else None
    if picture is None:
        return Figure(alt=block.text, shown=None, caption=None)
    alt = " ".join(body_text(picture.alt).split())
    same = words is not None and _comparable(plain(words)) == _comparable(alt)
    return Figure(alt=alt, shown=show(picture), caption=None if same else words)


def _with_captions(nodes: Sequence[Node]) -> Iterator[Node]:
    """A caption right after a picture without one belongs to it."""
    waiting: Figure | None = None
    for node in nodes:
        if waiting is not None:
            if isinstance(node, Paragraph) and node.role == "caption" and waiting.caption is None:
                yield Figure(alt=waiting.alt, shown=waiting.shown, caption=node.content)
                waiting = None
                continue
            yield waiting
            waiting = None
        if isinstance(node, Figure):
            waiting = node
        else:
            yield node
    if waiting is not None:
        yield waiting
