"""The plain-text twin of a part's body: the same words and the same links, for every reader.

In charge of: laid-out blocks as lines of text. Not in charge of: what stands around the body
(``templates/email/part.txt``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from pipeline.rendering.layout import Figure, Heading, Inline, ListNode, Node, Paragraph, Quote, Table
from pipeline.rendering.wrapping import WIDTH, bulleted, columns, underlined, wrapped


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainBody:
    """A body in plain text; ``links`` are numbered from 1 as the text refers to them."""

    text: str
    links: tuple[str, ...]


class _Links:
    """Numbers addresses in the order in which they come; the same address keeps its number."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def mark(self, content: Inline) -> str:
        """The words of ``content``, each link followed by its number, a spelled-out address by nothing."""
        pieces = []
        for span in content:
            words = "".join(run.text for run in span.runs)
            pieces.append(words)
            if span.link and words.strip() != span.link and f"mailto:{words.strip()}" != span.link:
                pieces.append(f" [{self.numbers.setdefault(span.link, len(self.numbers) + 1)}]")
        return "".join(pieces)


def plain_body(nodes: Sequence[Node], *, picture_word: str) -> PlainBody:
    """``nodes`` as text wrapped at 72; ``picture_word`` ("Picture") opens a picture's description."""
    links = _Links()
    blocks = [_block(node, links, picture_word) for node in nodes]
    return PlainBody(text="\n\n".join(block for block in blocks if block), links=tuple(links.numbers))


def _block(node: Node, links: _Links, picture_word: str) -> str:
    match node:
        case Heading():
            return _heading(links.mark(node.content), node.level)
        case Paragraph():
            return wrapped(links.mark(node.content))
        case ListNode():
            return "\n".join(_list(node, links, 0))
        case Quote():
            return "\n>\n".join(wrapped(links.mark(paragraph), "> ") for paragraph in node.paragraphs)
        case Table():
            return "\n".join(_table(node, links))
        case Figure():
            return "\n".join(_figure(node, links, picture_word))
        case _:
            assert_never(node)


def _heading(words: str, level: int) -> str:
    return underlined(words, "-") if level == 2 else wrapped(words, "#" * (level - 1) + " ")


def _list(node: ListNode, links: _Links, indent: int) -> Iterator[str]:
    width = len(f"{node.start + len(node.items) - 1}. ")
    for number, item in enumerate(node.items, node.start):
        bullet = f"{number}. ".rjust(width) if node.ordered else "- "
        yield bulleted(links.mark(item.content), bullet, indent)
        for paragraph in item.more:
            yield bulleted(links.mark(paragraph), " " * len(bullet), indent)
        for below in item.lists:
            yield from _list(below, links, indent + len(bullet))


def _figure(node: Figure, links: _Links, picture_word: str) -> Iterator[str]:
    if node.alt:
        yield wrapped(f"[{picture_word}: {node.alt}]")
    if node.caption is not None:
        yield wrapped(links.mark(node.caption))


def _table(node: Table, links: _Links) -> Iterator[str]:
    """Columns side by side where they fit a line; else each row as "header: cell" lines."""
    header = [_one_line(links.mark(cell)) for cell in node.header] if node.header else None
    rows = [[_one_line(links.mark(cell)) for cell in row] for row in node.rows]
    every = [header, *rows] if header else rows
    count = max(len(row) for row in every)
    widths = [max(columns(row[at]) if at < len(row) else 0 for row in every) for at in range(count)]
    if sum(widths) + 3 * (count - 1) > WIDTH:
        yield from _tall_table(header, rows)
        return
    for row in every:
        cells = (_padded(row[at] if at < len(row) else "", widths[at]) for at in range(count))
        yield " | ".join(cells).rstrip()
        if row is header:
            yield "-+-".join("-" * width for width in widths)


def _one_line(cell: str) -> str:
    """A line break inside a cell would tear the row apart."""
    return " ".join(cell.split())


def _padded(text: str, width: int) -> str:
    return text + " " * (width - columns(text))


def _tall_table(header: list[str] | None, rows: list[list[str]]) -> Iterator[str]:
    for number, row in enumerate(rows):
        if number:
            yield ""
        for at, cell in enumerate(row):
            label = f"{header[at]}: " if header and at < len(header) and header[at] else ""
            yield bulleted(label + cell)
