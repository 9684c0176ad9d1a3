"""How easily a patient reads each part, as findings: grade, long sentences, abbreviations never explained.

In charge of: what of the measures is worth a person's look. Not in charge of: measuring
(``series.readability``, which names the formulas).
"""

from collections.abc import Iterator

from pipeline.rendering.findings import finding
from pipeline.rendering.model import Finding
from pipeline.series.model import Series
from pipeline.series.readability import LONG_SENTENCE, Found, Readability, measure_series

#: US school grades. Patient texts aim at 6 and should not pass 8 (AHRQ, PEMAT; AMA, NIH).
_GRADE_AIM = 8.0
#: INFLESZ, Spanish: 55 to 65 is "normal", below it is "somewhat difficult" (Barrio-Cantalejo, 2008).
_EASE_AIM = 55.0
_EXCERPT = 60


def check_reading(series: Series) -> Iterator[Finding]:
    """Findings about the words of each part; none for a language whose measures we do not have."""
    for number, measured in enumerate(measure_series(series).parts, 1):
        yield from _grade(number, measured)
        for sentence in measured.long_sentences:
            yield finding(
                "long-sentences",
                f"A sentence has more than {LONG_SENTENCE} words.",
                "cut it in two",
                part=number,
                place=_where(sentence, f"{sentence.words} words"),
                line=sentence.line,
            )
        for abbreviation in measured.unexplained or ():
            yield finding(
                "abbreviations",
                f"{abbreviation.text} is never explained.",
                "write the words out at the first use, with the short form in brackets",
                part=number,
                place=_where(abbreviation),
                line=abbreviation.line,
            )


def _grade(part: int, measured: Readability) -> Iterator[Finding]:
    grade, ease = measured.flesch_kincaid, measured.inflesz
    if grade is not None and grade > _GRADE_AIM:
        yield finding(
            "grade",
            f"It is hard to read: the aim is US grade {_GRADE_AIM:g} at most (Flesch-Kincaid).",
            "use shorter words and sentences",
            part=part,
            place=f"grade {grade:.1f}, the whole part",
        )
    if ease is not None and ease < _EASE_AIM:
        yield finding(
            "grade",
            f"It is hard to read: the aim is {_EASE_AIM:g} of 100 at least (INFLESZ).",
            "use shorter words and sentences",
            part=part,
            place=f"{ease:.0f} of 100, the whole part",
        )


def _where(found: Found, *more: str) -> str:
    place = f"line {found.line}" if found.line is not None else (found.place or "")
    named = ", ".join(each for each in (place, *more) if each)
    text = found.text if len(found.text) <= _EXCERPT else found.text[: _EXCERPT - 1] + "…"
    return f"{named}: {text}" if named else text
