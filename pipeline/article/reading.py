"""The one way in: bytes of an article in any supported format become an ``Article``.

In charge of: choosing the reader, bounds, and the order read → override → recover → number. Not in charge
of: any format or any rule.
"""

import hashlib
from collections.abc import Sequence
from pathlib import PurePosixPath

from pipeline.article.bounds import check_blocks, check_file, check_text
from pipeline.article.docx_reader import read_docx
from pipeline.article.html_reader import read_html
from pipeline.article.markdown_reader import read_markdown
from pipeline.article.model import Article, LeftOut, Override
from pipeline.article.overrides import apply_overrides
from pipeline.article.pictures import PictureLoader
from pipeline.article.piece import Piece, Source, to_block
from pipeline.article.proofreading import proofread
from pipeline.article.recovery import recover
from pipeline.article.text_reader import read_text
from pipeline.errors import ArticleError, Place


def read_article(
    data: bytes,
    *,
    name: str,
    overrides: Sequence[Override] = (),
    load_picture: PictureLoader | None = None,
) -> Article:
    """Read ``data``, whose format the ending of ``name`` tells (.txt .md .markdown .html .htm .docx).

    ``load_picture`` is asked for pictures by names relative to the article's folder only. Raises
    ``ArticleError`` where the file is empty, binary, of an unknown ending, or beyond ``bounds``.
    """
    check_file(data, name=name)
    source = _read(data, name, load_picture)
    check_text(sum(len(run.text) for piece in source.pieces for run in piece.runs), name=name)
    check_blocks(len(source.pieces), name=name)
    pieces, unmatched = apply_overrides(source.pieces, overrides)
    pieces = recover(pieces)
    blocks = tuple(to_block(piece, at) for at, piece in enumerate(filter(_stays, pieces), 1))
    if not blocks:
        raise ArticleError("The article holds no text for readers.", where=Place(file=name))
    return Article(
        name=PurePosixPath(name).name,
        digest=hashlib.sha256(data).hexdigest(),
        blocks=blocks,
        left_out=_left_out(source, pieces),
        notes=(*source.notes, *unmatched, *proofread(blocks)),
        language=source.language,
    )


def _read(data: bytes, name: str, load_picture: PictureLoader | None) -> Source:
    match PurePosixPath(name).suffix.lower():
        case ".txt":
            return read_text(data, name=name)
        case ".md" | ".markdown":
            return read_markdown(data, name=name, load_picture=load_picture)
        case ".html" | ".htm":
            return read_html(data, name=name, load_picture=load_picture)
        case ".docx":
            return read_docx(data, name=name)
        case suffix:
            raise ArticleError(
                f"Articles ending in {suffix!r} cannot be read.",
                where=Place(file=name),
                mend="use .txt, .md, .markdown, .html, .htm or .docx",
            )


def _stays(piece: Piece) -> bool:
    return piece.left_out is None


def _left_out(source: Source, pieces: tuple[Piece, ...]) -> tuple[LeftOut, ...]:
    marked = tuple(
        LeftOut(text=f"{piece.marker} {piece.text}".strip(), reason=piece.left_out, line=piece.line)
        for piece in pieces
        if piece.left_out is not None
    )
    return tuple(sorted((*source.left_out, *marked), key=lambda one: one.line or 0))
