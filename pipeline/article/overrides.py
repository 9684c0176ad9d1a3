"""A human's word on the structure of a line: it beats every guess and all markup.

In charge of: finding the piece an override means. Not in charge of: series.toml, where overrides stand.
"""

from collections.abc import Sequence
from dataclasses import replace

from pipeline.article.model import BlockKind, Note, Override
from pipeline.article.piece import Piece


def apply_overrides(
    pieces: tuple[Piece, ...], overrides: Sequence[Override]
) -> tuple[tuple[Piece, ...], tuple[Note, ...]]:
    """Pieces with each override's kind and level fixed, and a note for each that matches no piece."""
    changed, notes = list(pieces), []
    for override in overrides:
        at = _match(changed, override)
        if at is None:
            notes.append(_unmatched(override))
        else:
            changed[at] = _fixed(changed[at], override)
    return tuple(changed), tuple(notes)


def _match(pieces: list[Piece], override: Override) -> int | None:
    """The piece that begins with the override's words; of several, the nearest to its line."""
    wanted = _plain(override.text)
    if override.kind is BlockKind.PICTURE:
        return None  # words cannot be made a picture
    found = [at for at, piece in enumerate(pieces) if wanted and _begins(piece, wanted)]
    if override.line is None or not found:
        return found[0] if found else None
    line = override.line
    return min(found, key=lambda at: abs((pieces[at].line or 0) - line))


def _begins(piece: Piece, wanted: str) -> bool:
    text = _plain(piece.text)
    return text.startswith(wanted) or _plain(f"{piece.marker} {text}").startswith(wanted)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _fixed(piece: Piece, override: Override) -> Piece:
    heading = override.kind is BlockKind.HEADING
    return replace(
        piece,
        kind=override.kind,
        level=override.level if heading else None,
        cells=piece.cells or ((piece.runs,) if override.kind is BlockKind.TABLE_ROW else ()),
        left_out=None,
        fixed=True,
        confidence=1.0,
        reason="series.toml says so",
    )


def _unmatched(override: Override) -> Note:
    return Note(
        code="override_unmatched",
        message=f"series.toml names a line as {override.kind.value} that the article does not have.",
        line=override.line,
        excerpt=override.text[:120],
    )
