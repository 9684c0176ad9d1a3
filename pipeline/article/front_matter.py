"""The ``key: value`` lines that publishing programs write above an article.

In charge of: its title, subtitle and language, and listing the rest as left out. Not in charge of: YAML as a
whole; nested values are listed line by line.
"""

import re
from dataclasses import dataclass

from pipeline.article.model import BlockKind, LeftOut, Run
from pipeline.article.piece import Piece

_ENTRY = re.compile(r"([A-Za-z][\w-]*)\s*[:=]\s*(.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """What front matter says of the article."""

    pieces: tuple[Piece, ...]
    left_out: tuple[LeftOut, ...]
    language: str | None


def read_front_matter(content: str) -> FrontMatter:
    """``content`` is the text between the two fence lines; its first line is line 2 of the file."""
    pieces: list[Piece] = []
    left_out: list[LeftOut] = []
    language = None
    for line, raw in enumerate(content.split("\n"), 2):
        found = _ENTRY.match(raw)
        key, value = (found.group(1).lower(), _unquoted(found.group(2))) if found else ("", "")
        if key in {"title", "subtitle"} and value:
            kind = BlockKind.TITLE if key == "title" else BlockKind.SUBTITLE
            pieces.append(Piece(kind=kind, runs=(Run(text=value),), line=line, reason="front matter"))
            continue
        if key in {"lang", "language", "locale"} and re.fullmatch(r"[A-Za-z]{2,3}([-_]\w{2,8})*", value):
            language = value.replace("_", "-")
        if raw.strip():
            left_out.append(LeftOut(text=raw.strip(), reason="front matter", line=line))
    return FrontMatter(pieces=tuple(pieces), left_out=tuple(left_out), language=language)


def _unquoted(value: str) -> str:
    value = value.strip()
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value
