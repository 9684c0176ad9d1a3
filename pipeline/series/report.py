"""What ``pipeline split`` prints, as plain values ready for JSON.

In charge of: the shape of the report and the proof of coverage. Not in charge of: the proposal itself
(``drafting``) or printing it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pipeline.article.model import Article, Block, BlockKind
from pipeline.series.cuts import opening_block
from pipeline.series.drafting import Draft
from pipeline.series.model import Part, Series
from pipeline.series.readability import grades
from pipeline.series.split import Plan

__all__ = ["coverage", "explain_rows", "split_report"]

#: The report knows seven kinds; these two are shown as what they are to a reader of bare text.
_SHOWN_AS = MappingProxyType({BlockKind.QUOTE: BlockKind.PARAGRAPH, BlockKind.PICTURE: BlockKind.CAPTION})


def split_report(draft: Draft, *, explain: bool = False) -> dict[str, Any]:
    """The report of a draft.

    - ``article``, ``series``, ``title``, ``language``
    - ``requested``: parts asked for, or null; ``bears``: the most parts that the article has content for
    - ``blocks``: [{id, line, kind, level, text}]; ``dropped``: [{line, text, reason}]
    - ``parts``: [{number, title, subject, preheader, day, recap, teaser, first_block, last_block (ids),
      first_line, last_line, opens_with {kind, level, text}, words, minutes, grade}]; the grade is
      Flesch-Kincaid's, null where not measured
    - ``coverage``: {blocks, in_parts, left_out, ok}
    - ``plans``: [{cost, words, first_blocks}], best first; ``plan``: the one taken, counted from 1
    - ``notes``: sentences; ``source_notes``: [{code, message, line, excerpt}]
    - with ``explain`` also ``explain``: [{block, line, kind, level, confidence, reason, text}]
    """
    series, article = draft.series, draft.series.article
    report = {
        "article": article.name,
        "series": series.name,
        "title": series.title,
        "language": series.language,
        "requested": draft.requested,
        "bears": draft.bears,
        "blocks": [_block_row(block) for block in article.blocks],
        "dropped": [{"line": one.line, "text": one.text, "reason": one.reason} for one in article.left_out],
        "parts": _part_rows(draft),
        "coverage": coverage(series),
        "plans": [_plan_row(plan, article) for plan in draft.plans],
        "plan": draft.plan,
        "notes": list(draft.notes),
        "source_notes": [
            {"code": note.code, "message": note.message, "line": note.line, "excerpt": note.excerpt}
            for note in article.notes
        ],
    }
    return report | ({"explain": explain_rows(article)} if explain else {})


def coverage(series: Series) -> dict[str, int | bool]:
    """The proof that every block of the article is in exactly one part, in order, word for word.

    ``ok`` is true only if the parts' blocks, one after the other, are the article's blocks.
    """
    in_parts = tuple(block for part in series.parts for block in part.blocks)
    return {
        "blocks": len(series.article.blocks),
        "in_parts": len(in_parts),
        "left_out": len(series.article.left_out),
        "ok": in_parts == series.article.blocks,
    }


def explain_rows(article: Article) -> list[dict[str, Any]]:
    """For each block, what the reader took it for, how sure it is (0..1), and why."""
    return [
        {
            "block": block.id,
            "line": block.line,
            "kind": block.kind.value,
            "level": block.level,
            "confidence": round(block.confidence, 2),
            "reason": block.reason,
            "text": block.text,
        }
        for block in article.blocks
    ]


def _block_row(block: Block) -> dict[str, Any]:
    return {
        "id": block.id,
        "line": block.line,
        "kind": _SHOWN_AS.get(block.kind, block.kind).value,
        "level": block.level,
        "text": block.text,
    }


def _part_rows(draft: Draft) -> list[dict[str, Any]]:
    rows = zip(draft.series.parts, grades(draft.series), strict=True)
    return [_part_row(part, grade, draft.words_per_minute) for part, grade in rows]


def _part_row(part: Part, grade: float | None, words_per_minute: int) -> dict[str, Any]:
    first, last = part.blocks[0], part.blocks[-1]
    return {
        "number": part.number,
        "title": part.title,
        "subject": part.subject,
        "preheader": part.preheader,
        "day": part.day,
        "recap": part.recap,
        "teaser": part.teaser,
        "first_block": first.id,
        "last_block": last.id,
        "first_line": first.line,
        "last_line": last.line,
        "opens_with": _opening(part),
        "words": part.words,
        "minutes": round(part.minutes(words_per_minute), 1),
        "grade": None if grade is None else round(grade, 1),
    }


def _opening(part: Part) -> Mapping[str, Any]:
    block = opening_block(part.blocks)
    return {"kind": block.kind.value, "level": block.level, "text": block.text}


def _plan_row(plan: Plan, article: Article) -> dict[str, Any]:
    return {
        "cost": round(plan.cost, 3),
        "words": list(plan.words),
        "first_blocks": [article.blocks[start].id for start in plan.starts],
    }
