"""Word documents (.docx): styled ones, and those whose headings are only bold.

In charge of: opening the file within bounds, its language, foot- and endnotes, page headers and footers. Not
in charge of: the text itself (``docx_walk``) or guessing (``recovery``).
"""

import re
from collections import Counter

from lxml import etree

from pipeline.article.bounds import check_blocks, check_text
from pipeline.article.docx_inline import ParagraphReader, tabs_as_spaces
from pipeline.article.docx_package import Package, W
from pipeline.article.docx_styles import Styles, read_styles, value
from pipeline.article.docx_walk import DocxWalk, read_body
from pipeline.article.model import BlockKind, LeftOut, Note
from pipeline.article.piece import Piece, Source
from pipeline.errors import ArticleError, Place


def read_docx(data: bytes, *, name: str) -> Source:
    """A Word document.

    Raises ``ArticleError`` where the file is damaged, encrypted, or inflates beyond the bounds of
    ``docx_package``.
    """
    package = Package(data, name=name)
    path = package.main_part()
    document = package.xml(path)
    body = document.find(f"{W}body") if document is not None else None
    if body is None:
        raise package.broken("It has no text part.")
    check_blocks(sum(1 for _ in body.iter(f"{W}p")), name=name)
    check_text(sum(len(text.text or "") for text in body.iter(f"{W}t")), name=name)
    folder = path.rpartition("/")[0]
    styles = read_styles(package.xml(f"{folder}/styles.xml"), package.xml(f"{folder}/numbering.xml"))
    walk = DocxWalk(package=package, styles=styles)
    try:
        read_body(walk, body, path)
        _read_notes(walk, folder)
        _list_edges(walk, folder)
    except RecursionError as problem:
        raise ArticleError("The Word document is nested too deep.", where=Place(file=name)) from problem
    return _source(walk, document)


def _source(walk: DocxWalk, document: etree._Element | None) -> Source:
    if walk.dropped_links:
        message = (
            f"{len(walk.dropped_links)} links were taken away: only http, https, mailto, tel can be mailed."
        )
        walk.notes.append(
            Note(code="link_dropped", message=message, excerpt=", ".join(walk.dropped_links[:5])[:120])
        )
    return Source(
        pieces=tuple(walk.pieces),
        left_out=tuple(walk.left_out),
        notes=tuple(walk.notes),
        language=_language(walk.styles, document),
    )


def _language(styles: Styles, document: etree._Element | None) -> str | None:
    """The language most runs are proofed in, else the document's default."""
    marks = document.iter(f"{W}lang") if document is not None else ()
    named = Counter(str(mark.get(f"{W}val")) for mark in marks if mark.get(f"{W}val"))
    default = value(styles.defaults, "lang") if styles.defaults is not None else None
    tag = named.most_common(1)[0][0] if named else default
    return tag if tag and re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag) else None


def _read_notes(walk: DocxWalk, folder: str) -> None:
    """Footnotes and endnotes stand after the text, numbered as their marks in it."""
    for kind in ("footnote", "endnote"):
        path = f"{folder}/{kind}s.xml"
        tree = walk.package.xml(path)
        if tree is None:
            continue
        reader = ParagraphReader(walk.styles, walk.package.relations(path))
        walk.group += 1
        for note in tree.iter(f"{W}{kind}"):
            number = note.get(f"{W}id") or ""
            if not number.isdecimal() or note.get(f"{W}type") in {"separator", "continuationSeparator"}:
                continue
            for paragraph in note.iter(f"{W}p"):
                words = reader.read(paragraph, None)
                if words.runs:
                    item = Piece(
                        kind=BlockKind.LIST_ITEM,
                        runs=tabs_as_spaces(words.runs),
                        ordinal=int(number),
                        marker=f"{number}.",
                        group=walk.group,
                        place=f"{kind} {number}",
                    )
                    walk.pieces.append(item)


def _list_edges(walk: DocxWalk, folder: str) -> None:
    """Page headers and footers are furniture; they are listed once each."""
    seen: set[str] = set()
    for path in sorted(walk.package.sizes):
        if not re.fullmatch(rf"{re.escape(folder)}/(header|footer)\d*\.xml", path):
            continue
        tree = walk.package.xml(path)
        text = (
            " ".join("".join(part.text or "" for part in tree.iter(f"{W}t")).split())
            if tree is not None
            else ""
        )
        if text and text not in seen:
            seen.add(text)
            walk.left_out.append(LeftOut(text=text, reason="page header or footer"))
