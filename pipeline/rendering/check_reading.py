"""How easily a patient reads each part, as findings: grade, long sentences, abbreviations never explained.

In charge of: what of the measures is worth a person's look. Not in charge of: measuring
(``series.readability``, which names the formulas).
"""

from collections.abc import Iterator

from pipeline.rendering.model import Finding, Severity
from pipeline.series.model import Series
from pipeline.series.readability import Found, Readability, measure_series

#: US school grades. Patient texts aim at 6 and should not pass 8 (AHRQ, PEMAT; AMA, NIH).
_GRADE_AIM = 8.0
_SHOWN = 3
_EXCERPT = 60


def check_reading(series: Series) -> Iterator[Finding]:
    """Findings about the words of each part; none for a language whose measures we do not have."""
    for number, measured in enumerate(measure_series(series).parts, 1):
        yield from _grade(number, measured)
        yield from _long_sentences(number, measured.long_sentences)
        yield from _abbreviations(number, measured.unexplained or ())


def _grade(part: int, measured: Readability) -> Iterator[Finding]:
    grade = measured.flesch_kincaid
    if grade is not None and grade > _GRADE_AIM:
        yield Finding(
            code="grade",
            severity=Severity.WARNING,
            message=f"It takes US grade {grade:.1f} to read (Flesch-Kincaid); many patients read at 6 to 8.",
            mend="use shorter words and sentences",
            part=part,
        )


def _long_sentences(part: int, found: tuple[Found, ...]) -> Iterator[Finding]:
    if found:
        yield Finding(
            code="long-sentences",
            severity=Severity.ADVICE,
            message=f"Sentences of more than 20 words: {len(found)}. Hard to follow in pain or on a phone.",
            mend="cut them in two",
            part=part,
            place="; ".join(_where(each) for each in found[:_SHOWN]),
        )


def _abbreviations(part: int, found: tuple[Found, ...]) -> Iterator[Finding]:
    if found:
        yield Finding(
            code="abbreviations",
            severity=Severity.WARNING,
            message=f"Never explained: {', '.join(each.text for each in found)}. Patients may not know.",
            mend="write the words out at the first use, with the short form in brackets",
            part=part,
            place="; ".join(_where(each) for each in found[:_SHOWN]),
        )


def _where(found: Found) -> str:
    place = f"line {found.line}" if found.line is not None else (found.place or "")
    text = found.text if len(found.text) <= _EXCERPT else found.text[: _EXCERPT - 1] + "…"
    return f"{place}: {text}" if place else text
