"""Shared by the article tests: reading a string, labelled articles, pages and documents made of them."""

import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path

import docx
import pytest
from docx.shared import Pt

from pipeline.article.model import Article, BlockKind
from pipeline.article.reading import read_article

_KINDS = {
    "T": "title",
    "S": "subtitle",
    "P": "paragraph",
    "C": "caption",
    "X": "boilerplate",
    "R": "table_row",
}
#: Kinds that count as one, as an editor would: a title is a heading, a subtitle running text.
_SAME = {"title": "heading", "subtitle": "paragraph", "table_row": "paragraph"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One line of a labelled article: what it is, its words, its bullet or number, its nesting."""

    kind: str
    text: str
    level: int | None = None
    marker: str = ""
    depth: int = 0

    @property
    def as_text(self) -> str:
        """The line as it stands in a page saved as text."""
        if self.kind != "list_item":
            return self.text
        indent = "  " + "    " * self.depth
        return f"{indent}{self.marker} {self.text}" if self.marker else f"{indent}  {self.text}"


def read_labelled(path: Path) -> tuple[Labelled, ...]:
    """Lines of a ``.labelled`` file: a code ("2" heading, "-" item, "C" caption …), a space, the words."""
    return tuple(_labelled(*line.partition(" ")[::2]) for line in path.read_text().splitlines() if line)


def _labelled(code: str, text: str) -> Labelled:
    if code in _KINDS:
        return Labelled(kind=_KINDS[code], text=text)
    if code in {"2", "3", "4"}:
        return Labelled(kind="heading", text=text, level=int(code))
    depth = len(code) - len(code.lstrip(">"))
    marker = {"-": "•", "+": ""}.get(code.lstrip(">"), code.lstrip(">"))
    return Labelled(kind="list_item", text=text, marker=marker, depth=depth)


@pytest.fixture(scope="session")
def labelled() -> Callable[[Path], tuple[Labelled, ...]]:
    return read_labelled


@pytest.fixture(scope="session")
def read() -> Callable[..., Article]:
    """Read a string as an article; its format is plain text unless ``name`` says otherwise."""

    def reading(text: str, *, name: str = "article.txt", **options: object) -> Article:
        return read_article(text.encode(), name=name, **options)

    return reading


@pytest.fixture(scope="session")
def kinds() -> Callable[[Article], list[str]]:
    """What each block is, a heading with its level."""

    def told(article: Article) -> list[str]:
        return [f"heading{b.level}" if b.kind is BlockKind.HEADING else b.kind.value for b in article.blocks]

    return told


@pytest.fixture(scope="session")
def tally() -> Callable[..., Counter[str]]:
    """How an article compares with its labels: counts of right, missed and false ones by kind."""
    return compare


def compare(article: Article, lines: tuple[Labelled, ...]) -> Counter[str]:
    """Blocks are matched by their letters; a block of no labelled line counts as leaked."""
    blocks = {_letters(block.text): block for block in reversed(article.blocks)}
    wanted = {_letters(line.text): line for line in reversed(lines) if line.kind != "boilerplate"}
    counts: Counter[str] = Counter(lines=len(wanted), leaked=len(set(blocks) - set(wanted) - {""}))
    for letters, line in wanted.items():
        block = blocks.get(letters)
        want = _SAME.get(line.kind, line.kind)
        have = _SAME.get(block.kind.value, block.kind.value) if block else "lost"
        counts["kept"] += block is not None
        for kind in ("heading", "list_item", "caption"):
            counts[f"{kind} found"] += have == want == kind
            counts[f"{kind} false"] += have == kind != want
            counts[f"{kind} missed"] += want == kind != have
        if line.level is not None and block is not None and block.kind is BlockKind.HEADING:
            counts["levels"] += 1
            counts["levels right"] += block.level == line.level
    return counts


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", re.sub(r"^\s*([•*–-]|\d+[.)])\s+", "", text)).lower()


@pytest.fixture(scope="session")
def f1() -> Callable[[Counter[str], str], float]:
    """Harmonic mean of precision and recall for one kind."""

    def score(counts: Counter[str], kind: str) -> float:
        found = 2 * counts[f"{kind} found"]
        return found / (found + counts[f"{kind} false"] + counts[f"{kind} missed"])

    return score


@pytest.fixture(scope="session")
def make_page() -> Callable[..., bytes]:
    """A labelled article as a web page in one of several styles, with menus and footers around it."""

    def made(lines: tuple[Labelled, ...], style: str) -> bytes:
        kept = [line for line in lines if line.kind != "boilerplate"]
        body = "\n".join(_elements(kept, style))
        return _CHROME[style].format(title=escape(kept[0].text), body=body).encode()

    return made


def _elements(lines: list[Labelled], style: str) -> list[str]:
    elements, at = [], 0
    while at < len(lines):
        if lines[at].kind != "list_item":
            elements.append(_element(lines[at], style))
            at += 1
            continue
        end = next((i for i in range(at, len(lines)) if lines[i].kind != "list_item"), len(lines))
        elements.append(_list(lines[at:end]))
        at = end
    return elements


_BOLD = '<div><p class="font_{level}"><span style="font-weight:bold">{text}</span></p></div>'
_FIGURE = '<figure><img src="a.jpg" alt="{text}"><figcaption>{text}</figcaption></figure>'
#: How each style of page sets each kind of line; "" is every other kind.
_SET = {
    "semantic": {
        "title": "<h1>{text}</h1>",
        "heading": "<h{level}>{text}</h{level}>",
        "caption": _FIGURE,
        "": "<p>{text}</p>",
    },
    "divs": {
        "title": "<h1>{text}</h1>",
        "heading": "<div><h{level}>{text}</h{level}></div>",
        "caption": '<div class="pic"><img src="x.png" alt=""><div class="caption">{text}</div></div>',
        "": '<div class="txt">{text}</div>',
    },
    "builder": {
        "title": '<p class="font_2"><span style="font-size:40px">{text}</span></p>',
        "heading": _BOLD,
        "": '<div class="rich"><p class="font_8"><span class="color_1">{text}</span></p></div>',
    },
    "bold": {
        "title": "<h1>{text}</h1>",
        "heading": "<p><strong>{text}</strong></p>",
        "caption": _FIGURE,
        "": "<p>{text}</p>",
    },
    "sized": {
        "title": '<div><span style="font-size:32px">{text}</span></div>',
        "heading": '<div><span style="font-size:2{level}px">{text}</span></div>',
        "": '<div><span style="font-size:16px">{text}</span></div>',
    },
}


def _element(line: Labelled, style: str) -> str:
    templates = _SET[style]
    # Ranks count down in size: rank 2 is 26 px, rank 3 is 25 px.
    level = 8 - (line.level or 0) if style == "sized" else line.level
    return templates.get(line.kind, templates[""]).format(text=escape(line.text), level=level)


def _list(lines: list[Labelled]) -> str:
    html, depth = "", -1
    for line in lines:
        tag = "ol" if line.marker[:1].isdigit() else "ul"
        if not line.marker:
            html += f"<p>{escape(line.text)}</p>"
            continue
        html += f"<{tag}>" if line.depth > depth else "</li></ul>" * (depth - line.depth) + "</li>"
        html += f"<li>{escape(line.text)}"
        depth = line.depth
    tag = "ol" if lines[0].marker[:1].isdigit() else "ul"
    return html + "</li></ul>" * depth + f"</li></{tag}>"


_CHROME = {
    "semantic": (
        "<!doctype html><html lang='en'><head><title>{title} - Northside</title></head>"
        "<body><header><a href='/'>Northside</a><nav><ul><li><a href='/s'>Services</a></li>"
        "<li><a href='/b'>Book</a></li></ul></nav></header><main><article>{body}</article></main>"
        "<aside><h2>More to read</h2><ul><li><a href='/1'>Walk more</a></li>"
        "<li><a href='/2'>Our hours</a></li></ul></aside>"
        "<footer><p>© 2024 Northside. All rights reserved.</p></footer>"
        "<div id='cookie-banner'><p>We use cookies here.</p></div><script>var x = 'secret words';</script>"
        "</body></html>"
    ),
    "divs": (
        "<html><head><title>{title} | Blog</title></head><body><div class='top'>"
        "<span><a href='/a'>Start</a></span> <span><a href='/c'>Shop</a></span></div>"
        "<div class='crumbs'><a href='/'>Start</a> / <a href='/a'>Articles</a></div><div class='wrap'>{body}"
        "<div class='share-buttons'><a href='#'>Facebook</a> <a href='#'>Pinterest</a></div></div>"
        "<div class='related-posts'><h3>You might also like</h3><div><a href='/1'>Why we walk</a></div></div>"
        "<div id='comments'><h3>2 comments</h3><p>Ann says: what a helpful page this is.</p></div>"
        "<div class='foot'><a href='/i'>Imprint</a> <a href='/p'>Privacy</a></div></body></html>"
    ),
    "builder": (
        "<html><head><title>{title} | Clinic</title></head><body><div id='SITE'><div>top of page</div>"
        "<div class='h'><nav><ul><li><a href='/0'>Home</a></li><li><a href='/1'>About</a></li></ul></nav>"
        "</div><div class='p'>{body}</div><div class='f'><ul><li><a href='/f'>Cookies</a></li>"
        "<li><a href='/g'>Contact us</a></li></ul></div><div>bottom of page</div></div></body></html>"
    ),
    "bold": (
        "<html><head><title>{title}</title></head><body><div id='header'><a href='/'>Home</a> | "
        "<a href='/n'>News</a></div><div id='content'>{body}</div>"
        "<div id='footer'><p>Copyright 2023 Someone</p></div></body></html>"
    ),
    "sized": (
        "<html><head><title>{title}</title></head><body><table width='100%'><tr><td><a href='a'>Home</a><br>"
        "<a href='b'>About us</a></td><td>{body}</td></tr></table></body></html>"
    ),
}


@pytest.fixture(scope="session")
def make_document() -> Callable[..., bytes]:
    """A labelled article as a Word document: styled, with bold headings only, or mixed."""

    def made(lines: tuple[Labelled, ...], style: str) -> bytes:
        document = docx.Document()
        for line in lines:
            if line.kind != "boilerplate":
                _add_paragraph(document, line, style)
        stream = io.BytesIO()
        document.save(stream)
        return stream.getvalue()

    return made


def _add_paragraph(document: docx.document.Document, line: Labelled, style: str) -> None:
    plain = style == "bold" or (style == "mixed" and line.level == 3)
    if line.kind in {"title", "heading"} and plain:
        run = document.add_paragraph().add_run(line.text)
        run.bold = True
        run.font.size = Pt(20 - 2 * (line.level or 0)) if style == "bold" else None
    elif line.kind == "title":
        document.add_paragraph(line.text, style="Title")
    elif line.kind == "heading":
        document.add_paragraph(line.text, style=f"Heading {line.level}")
    elif line.kind == "caption":
        document.add_paragraph(line.text, style="Caption")
    elif line.kind == "list_item" and style == "styled":
        name = "List Continue" if not line.marker else "List Bullet" if line.marker == "•" else "List Number"
        document.add_paragraph(line.text, style=name if not line.depth else f"{name} {line.depth + 1}")
    elif line.kind == "list_item":
        paragraph = document.add_paragraph(f"{line.marker}\t{line.text}" if line.marker else line.text)
        paragraph.paragraph_format.left_indent = Pt(18 * (line.depth + 1) + (0 if line.marker else 9))
    else:
        document.add_paragraph(line.text)
