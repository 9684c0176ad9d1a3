"""Markdown: CommonMark with tables, footnotes and front matter.

In charge of: markdown-it's tokens becoming pieces with source lines, and what its plugins would drop
without a word. Not in charge of: blocks (``markdown_blocks``) and lines (``markdown_inline``).
"""

import re
from dataclasses import replace

from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from pipeline.article.bounds import check_text
from pipeline.article.encoding import decode
from pipeline.article.markdown_blocks import BlockWalk
from pipeline.article.model import BlockKind, LeftOut
from pipeline.article.pictures import PictureLoader
from pipeline.article.piece import Piece, Source
from pipeline.errors import ArticleError, Place

#: Letters, lines and cells, and depth of quotes and lists; 100,000 words stay far below.
_LONGEST, _MOST_LINES, _DEEPEST = 1_000_000, 40_000, 60
_MARK = re.compile(r"\[\^([^\]\s]+)\](?!:)")
_FOOTNOTE = re.compile(r"^ {0,3}\[\^([^\]\s]+)\]:[ \t]*(.*)$", re.MULTILINE)


class _Parser(MarkdownIt):
    """Keeps every link, for ``links.safe_link`` decides which may be mailed and notes the others."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        return bool(url)


def read_markdown(data: bytes, *, name: str, load_picture: PictureLoader | None) -> Source:
    """Markdown source.

    Raises ``ArticleError`` where ``data`` is no text, or beyond the bounds of this reader.
    """
    decoded = decode(data, name=name)
    _check(decoded.text, name)
    parser = (
        _Parser("commonmark", {"html": True, "maxNesting": _DEEPEST}).enable("table").enable("strikethrough")
    )
    parser.use(footnote_plugin).use(front_matter_plugin)
    walk = BlockWalk(load_picture=load_picture)
    for token in parser.parse(decoded.text):
        if token.level >= _DEEPEST - 1:
            raise _refused("is nested too deep", name)
        walk.take(token)
    source = walk.source(decoded.notes)
    return replace(
        source,
        pieces=_opened_without_headings(source.pieces),
        left_out=(*source.left_out, *_unused_footnotes(decoded.text)),
    )


def _check(text: str, name: str) -> None:
    """markdown-it makes some ten objects of each line and cell, and seconds of each million marks."""
    check_text(len(text), name=name)
    if len(text) > _LONGEST or text.count("\n") > _MOST_LINES or text.count("|") > _MOST_LINES:
        raise _refused("is too long", name)


def _refused(what: str, name: str) -> ArticleError:
    return ArticleError(f"The article {what}.", where=Place(file=name), mend="split it, or save it as .txt")


def _opened_without_headings(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """A file without one heading is bare text with a Markdown name: its paragraphs may be headings."""
    if any(piece.kind is BlockKind.HEADING for piece in pieces):
        return pieces
    return tuple(
        replace(piece, kind=None) if piece.kind is BlockKind.PARAGRAPH else piece for piece in pieces
    )


def _unused_footnotes(text: str) -> tuple[LeftOut, ...]:
    """Footnotes that no mark refers to, which the plugin drops."""
    used = set(_MARK.findall(text))
    return tuple(
        LeftOut(
            text=found.group(2).strip(),
            reason="a footnote that nothing refers to",
            line=text.count("\n", 0, found.start()) + 1,
        )
        for found in _FOOTNOTE.finditer(text)
        if found.group(2).strip() and found.group(1) not in used
    )
