"""HTML pages: semantic ones, heaps of divs, and what site builders make.

In charge of: parsing, the page's language and title, assembling what the walk found. Not in charge of:
what is furniture (``html_furniture``) or the order of blocks (``html_walk``).
"""

import re
from dataclasses import replace

from lxml import etree, html

from pipeline.article.encoding import decode
from pipeline.article.html_furniture import Furniture
from pipeline.article.html_measure import measure
from pipeline.article.html_walk import HtmlWalk
from pipeline.article.model import BlockKind
from pipeline.article.pictures import PictureLoader
from pipeline.article.piece import Piece, Source
from pipeline.errors import ArticleError, Place

#: The longest real pages have 30,000.
_MOST_ELEMENTS = 60_000
_DECLARED = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{3,20})", re.IGNORECASE)


def read_html(data: bytes, *, name: str, load_picture: PictureLoader | None) -> Source:
    """A web page, as saved.

    Raises ``ArticleError`` where ``data`` is no text, or is nested deeper than any real page.
    """
    declared = _DECLARED.search(data[:4096])
    decoded = decode(data, name=name, declared=declared.group(1).decode("ascii") if declared else None)
    root = parse(decoded.text, name=name)
    body = root.find("body")
    start = root if body is None else body
    walk = HtmlWalk(furniture=Furniture(measure(start), start), load_picture=load_picture)
    walk.read(start)
    found = walk.source(notes=decoded.notes, language=_language(root))
    return replace(found, pieces=_with_page_title(found.pieces, _page_titles(root)))


def read_fragment(text: str, *, load_picture: PictureLoader | None) -> Source:
    """A piece of HTML inside another format; one that cannot be parsed holds no words."""
    if not re.search(r"[^\W_]", re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)):
        return Source(pieces=())
    try:
        root = parse(text, name="")
    except ArticleError:
        return Source(pieces=())
    walk = HtmlWalk(furniture=Furniture({}, root), load_picture=load_picture)
    walk.read(root)
    return walk.source(notes=(), language=None)


def parse(text: str, *, name: str) -> etree._Element:
    """The page's tree, without comments; any text parses, for browsers show any text."""
    # An XML declaration would make lxml refuse text that is already decoded.
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text[:400]) + text[400:]
    parser = html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True, no_network=True)
    try:
        root = html.document_fromstring(text, parser=parser)
    except etree.ParserError as problem:
        raise ArticleError("The page is empty.", where=Place(file=name)) from problem
    if sum(1 for _ in root.iter()) > _MOST_ELEMENTS:
        raise ArticleError(
            f"The page has more than {_MOST_ELEMENTS:,} elements.",
            where=Place(file=name),
            mend="save the article's text as .txt or .docx instead",
        )
    if any("depth" in entry.message.casefold() for entry in parser.error_log):
        raise ArticleError(
            "The page is nested too deep to be read in full.",
            where=Place(file=name),
            mend="save the article's text as .txt or .docx instead",
        )
    return root


def _language(root: etree._Element) -> str | None:
    tag = (root.get("lang") or root.get("xml:lang") or "").strip().replace("_", "-")
    return tag if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag) else None


def _page_titles(root: etree._Element) -> frozenset[str]:
    """What the window's title may mean: the whole, and its parts around a divider ("Sleep | The Clinic")."""
    whole = " ".join((root.findtext(".//title") or "").split())
    named = root.xpath("string(//meta[@property='og:title']/@content)")
    parts = [
        part for text in (whole, str(named)) for part in (text, *re.split(r"\s[|–—·•»:-]\s|\s?\|\s?", text))
    ]
    return frozenset(_plain(part) for part in parts if len(part.split()) >= 1)


def _with_page_title(pieces: tuple[Piece, ...], titles: frozenset[str]) -> tuple[Piece, ...]:
    """A page without an h1: the first line that the window's title repeats is the article's title."""
    if any(piece.kind is BlockKind.HEADING and piece.level == 1 for piece in pieces):
        return pieces
    at = next(
        (at for at, piece in enumerate(pieces[:40]) if _may_be_title(piece) and _plain(piece.text) in titles),
        None,
    )
    if at is None:
        return pieces
    title = replace(
        pieces[at], kind=BlockKind.TITLE, confidence=0.9, reason="the page's own title repeats it"
    )
    return (*pieces[:at], title, *pieces[at + 1 :])


def _may_be_title(piece: Piece) -> bool:
    return piece.kind in {None, BlockKind.HEADING} and bool(piece.text.strip())


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
