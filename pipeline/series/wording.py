"""The words around a part: title, subject, preheader, recap and teaser.

In charge of: taking them from the article's own headings and from a few neutral phrases. Nothing is
generated. Not in charge of: judging them (``health_words``, and ``rendering.checks``).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from pipeline.article.model import Block, BlockKind
from pipeline.series.cuts import opening_block
from pipeline.series.model import Part

__all__ = [
    "PLACEHOLDERS",
    "PREHEADER_LIMIT",
    "SUBJECT_LIMIT",
    "TITLE_LIMIT",
    "as_title",
    "fill",
    "neutral_preheader",
    "neutral_subject",
    "part_titles",
    "shortened",
    "with_neighbours",
    "wrong_placeholders",
]

#: Characters that a subject, filled, must stay under: phones cut what is longer (facts, splitting 4).
SUBJECT_LIMIT = 50
#: Characters that most inboxes show of a preheader.
PREHEADER_LIMIT = 100
#: Characters beyond which a title no longer reads as one in an email's head, a recap or a teaser.
TITLE_LIMIT = 90
#: What a subject or a preheader may hold in braces.
PLACEHOLDERS = ("clinic", "number", "total")

_TITLE_WORDS = 8
#: A heading of more characters is no title any more; it stands in the body whole all the same.
_LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phrases:
    subject: str
    preheader: str
    #: Said of a part that goes on in the section of the part before.
    continued: str


_PHRASES = MappingProxyType(
    {
        "en": _Phrases(
            subject="Part {number} of {total} from {clinic}",
            preheader="A short read, whenever it suits you.",
            continued="continued",
        ),
        "es": _Phrases(
            subject="Parte {number} de {total} de {clinic}",
            preheader="Una lectura breve, para cuando le venga bien.",
            continued="continuación",
        ),
    }
)
#: For languages that nobody has written phrases for: figures and the clinic's name are in no language.
_WORDLESS = _Phrases(subject="{number}/{total} · {clinic}", preheader="{number}/{total}", continued="…")


def neutral_subject(language: str) -> str:
    """The default subject: where in the series, and from whom; not what about."""
    return _phrases(language).subject


def neutral_preheader(language: str) -> str:
    """The default preheader, which inboxes show beside the subject: as neutral as that."""
    return _phrases(language).preheader


def fill(text: str, *, clinic: str, number: int, total: int) -> str:
    """``text`` with its placeholders replaced; other braces stay as they are."""
    values = {"clinic": clinic, "number": str(number), "total": str(total)}
    return re.sub(r"\{(clinic|number|total)\}", lambda match: values[match.group(1)], text)


def wrong_placeholders(text: str) -> tuple[str, ...]:
    """Anything in braces that is no placeholder, and lone braces, as they stand in ``text``."""
    rest = re.sub(r"\{(clinic|number|total)\}", "", text)
    return tuple(re.findall(r"\{[^{}]*\}|[{}]", rest))


def part_titles(
    blocks: Sequence[Block], starts: Sequence[int], *, language: str, series_title: str
) -> tuple[str, ...]:
    """A title for each part that begins at the indexes ``starts`` of ``blocks``.

    The heading that the part opens with, without its number; the series' title for a first part that
    opens with the article's title or with no heading; else the heading of the section that goes on,
    marked as continued; else the part's own first words.
    """
    titles: list[str] = []
    for start in starts:
        title = _opening_title(blocks[start:], series_title if start == 0 else None)
        if title is None:
            title = _continued(_title_before(blocks, start), titles, language)
        titles.append(title or _first_words(blocks[start:]) or series_title)
    return tuple(titles)


def with_neighbours(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The same parts, each with the title before it as recap and the one after it as teaser."""
    titles = [None, *(part.title for part in parts), None]
    return tuple(replace(part, recap=titles[at], teaser=titles[at + 2]) for at, part in enumerate(parts))


def _phrases(language: str) -> _Phrases:
    return _PHRASES.get(language.partition("-")[0].lower(), _WORDLESS)


def _opening_title(blocks: Sequence[Block], series_title: str | None) -> str | None:
    opening = opening_block(blocks)
    if opening.kind is BlockKind.HEADING:
        return _bare(opening)
    return series_title


def _title_before(blocks: Sequence[Block], start: int) -> str | None:
    kinds = (BlockKind.HEADING, BlockKind.TITLE)
    before = (blocks[at] for at in range(start - 1, -1, -1))
    return next((_bare(block) for block in before if block.kind in kinds), None)


def _bare(heading: Block) -> str:
    """A heading's words without its number and the colon that leads into its text."""
    words = as_title(heading.text)
    return re.sub(r"^\(?\d{1,2}[.)]\s+(?=\S)", "", words).rstrip(": ") or words


def as_title(text: str) -> str:
    """``text`` on one line, without control characters, and no longer than a title may be."""
    printable = "".join(one if one.isprintable() else " " for one in text)
    return shortened(" ".join(printable.split()), _LONGEST_TITLE)


def shortened(text: str, limit: int) -> str:
    """``text``, cut at a word before ``limit`` characters where it is longer, with an ellipsis."""
    if len(text) <= limit:
        return text
    return (text[:limit].rpartition(" ")[0] or text[: limit - 1]).rstrip() + "…"


def _continued(heading: str | None, titles: Sequence[str], language: str) -> str | None:
    if heading is None:
        return None
    word = _phrases(language).continued
    before = sum(title.startswith(f"{heading} ({word}") for title in titles)
    return f"{heading} ({word})" if before == 0 else f"{heading} ({word} {before + 1})"


def _first_words(blocks: Sequence[Block]) -> str:
    words = next((block.text.split() for block in blocks if block.text.strip()), [])
    few = " ".join(words[:_TITLE_WORDS]) + ("…" if len(words) > _TITLE_WORDS else "")
    return shortened(few, TITLE_LIMIT)
