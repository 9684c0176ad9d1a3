"""How hard the text is to read: grades, long sentences, passive voice, unexplained abbreviations.

In charge of: counting, and the formulas. Not in charge of: whether a result is good enough
(``rendering.checks``).

Formulas, W words, S sentences, Y syllables, L letters and figures:

- Flesch-Kincaid grade (English): 0.39 W/S + 11.8 Y/W - 15.59.
  Kincaid, Fishburne, Rogers, Chissom, Research Branch Report 8-75, Naval Air Station Memphis, 1975.
- Coleman-Liau index (English, needs no syllables): 5.88 L/W - 29.6 S/W - 15.8.
  Coleman, Liau, "A computer readability formula designed for machine scoring", J. Appl. Psychol. 60 (1975).
- Fernández-Huerta (Spanish, 0 to 100, higher is easier): 206.84 - 60 Y/W - 1.02 W/S.
  Fernández Huerta, "Medidas sencillas de lecturabilidad", Consigna 214 (1959), sentence term as corrected
  by Law, "Error in the Fernandez Huerta readability formula" (2011).
- Szigriszt-Pazos on the INFLESZ scale (Spanish, higher is easier, from 55 "normal"):
  206.835 - 62.3 Y/W - W/S. Barrio-Cantalejo and others, An. Sist. Sanit. Navar. 31 (2008).

Running text counts: paragraphs, list items, quotes and captions. Titles, headings and tables do not; they
are no sentences. Under ``LEAST_WORDS`` words no formula says anything, so there is no grade.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.article.model import Block, BlockKind
from pipeline.series.model import Series
from pipeline.series.prose_signs import abbreviations, explained, is_passive
from pipeline.series.sentences import sentences
from pipeline.series.syllables import SYLLABLE_RULES

__all__ = [
    "LEAST_WORDS",
    "LONG_SENTENCE",
    "Found",
    "Readability",
    "SeriesReadability",
    "grades",
    "measure",
    "measure_series",
]

#: Words of running text below which a grade is chance.
LEAST_WORDS = 100
#: Words beyond which a sentence is long.
LONG_SENTENCE = 20
#: Words up to which every doubtful end of a sentence is looked into; a book is measured more quickly.
_CAREFUL_WORDS = 50_000

_RUNNING = frozenset({BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.QUOTE, BlockKind.CAPTION})
_WORD = re.compile(r"[^\W_]+(?:[’'.&-][^\W_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something to look at: the words, and where they stand in the source."""

    text: str
    #: Words of a sentence; 1 for an abbreviation.
    words: int
    #: Line of the block in a text source, or its place in words; either may be missing.
    line: int | None
    place: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readability:
    """What was measured; None means not measured: another language, or too little text."""

    #: Of running text.
    words: int
    sentences: int
    #: English school grades.
    flesch_kincaid: float | None
    coleman_liau: float | None
    #: Spanish ease, higher is easier.
    fernandez_huerta: float | None
    inflesz: float | None
    long_sentences: tuple[Found, ...]
    passive: tuple[Found, ...] | None
    #: Abbreviations at their first use that are explained neither here nor before.
    unexplained: tuple[Found, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesReadability:
    """The whole series and each of its parts, in order."""

    overall: Readability
    parts: tuple[Readability, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    """Of one block; of a block that is no running text, nothing."""

    block: Block
    #: Each sentence with its words.
    found: Sequence[tuple[str, Sequence[str]]] = ()
    words: int = 0
    sentences: int = 0
    syllables: int = 0
    letters: int = 0


def measure(blocks: Sequence[Block], language: str) -> Readability:
    """Measure blocks that are read in one go; ``language`` is a BCP 47 tag."""
    counts = _counted([blocks], language)[0]
    return _combine(counts, language, _unexplained([blocks], language)[0])


def measure_series(series: Series) -> SeriesReadability:
    """Measure every part, and all of them; a part may lean on what earlier parts explained."""
    counts = _counted([part.blocks for part in series.parts], series.language)
    unexplained = _unexplained([part.blocks for part in series.parts], series.language)
    everything = [block for part in series.parts for block in part.blocks]
    overall = _unexplained([everything], series.language)[0]
    return SeriesReadability(
        overall=_combine([one for part in counts for one in part], series.language, overall),
        parts=tuple(
            _combine(part, series.language, found) for part, found in zip(counts, unexplained, strict=True)
        ),
    )


def grades(series: Series) -> tuple[float | None, ...]:
    """The Flesch-Kincaid grade of each part alone: all that a list of parts shows, and quicker."""
    counts = _counted([part.blocks for part in series.parts], series.language)
    return tuple(_formulas(part, series.language)["flesch_kincaid"] for part in counts)


def _counted(parts: Sequence[Sequence[Block]], language: str) -> list[list[_Counts]]:
    careful = sum(block.words for blocks in parts for block in blocks) <= _CAREFUL_WORDS
    return [[_count(block, language, careful=careful) for block in blocks] for blocks in parts]


def _count(block: Block, language: str, *, careful: bool) -> _Counts:
    if block.kind not in _RUNNING:
        return _Counts(block=block)
    cut = sentences(block.text, language, careful=careful)
    found = [(sentence, _words(sentence)) for sentence in cut]
    words = [word for _, words in found for word in words]
    return _Counts(
        block=block,
        found=found,
        words=len(words),
        sentences=sum(bool(words) for _, words in found),
        syllables=_syllables(words, language),
        letters=sum(map(str.isalnum, "".join(words))),
    )


def _words(sentence: str) -> list[str]:
    plain = (token for token in sentence.split() if not _is_address(token))
    return _WORD.findall(" ".join(plain))


def _is_address(token: str) -> bool:
    return "@" in token or "://" in token or token.lower().startswith("www.")


def _syllables(words: Sequence[str], language: str) -> int:
    rule = SYLLABLE_RULES.get(_subtag(language))
    return sum(rule(piece) for word in words for piece in word.split("-")) if rule else 0


def _formulas(counts: Sequence[_Counts], language: str) -> dict[str, float | None]:
    """The four formulas of the module's docstring; None where one does not apply."""
    words, sentence_count = sum(one.words for one in counts), sum(one.sentences for one in counts)
    syllables, letters = sum(one.syllables for one in counts), sum(one.letters for one in counts)
    english, spanish = (_subtag(language) == tag and words >= LEAST_WORDS for tag in ("en", "es"))
    per_sentence, per_word = words / max(1, sentence_count), syllables / max(1, words)
    liau = 5.88 * letters / max(1, words) - 29.6 * sentence_count / max(1, words) - 15.8
    return {
        "flesch_kincaid": 0.39 * per_sentence + 11.8 * per_word - 15.59 if english else None,
        "coleman_liau": liau if english else None,
        "fernandez_huerta": 206.84 - 60 * per_word - 1.02 * per_sentence if spanish else None,
        "inflesz": 206.835 - 62.3 * per_word - per_sentence if spanish else None,
    }


def _combine(counts: Sequence[_Counts], language: str, unexplained: tuple[Found, ...] | None) -> Readability:
    every = [(text, words, one.block) for one in counts for text, words in one.found]
    passive = [one for one in every if is_passive(one[0])] if _subtag(language) == "en" else None
    return Readability(
        words=sum(one.words for one in counts),
        sentences=sum(one.sentences for one in counts),
        **_formulas(counts, language),
        long_sentences=tuple(_found(*one) for one in every if len(one[1]) > LONG_SENTENCE),
        passive=None if passive is None else tuple(_found(*one) for one in passive),
        unexplained=unexplained,
    )


def _found(text: str, words: Sequence[str], block: Block) -> Found:
    return Found(text=text, words=len(words), line=block.line, place=block.place)


def _unexplained(parts: Sequence[Sequence[Block]], language: str) -> list[tuple[Found, ...] | None]:
    """For each part, the abbreviations that neither it nor an earlier part explains."""
    if _subtag(language) != "en":
        return [None] * len(parts)
    known = frozenset(_shouted(parts))
    result: list[tuple[Found, ...] | None] = []
    for blocks in parts:
        used = {short: block for block in reversed(blocks) for short in abbreviations(block.text)}
        known |= frozenset(short for block in blocks for short in explained(block.text, used.keys() - known))
        first = sorted(used.items(), key=lambda item: item[1].id)
        result.append(tuple(_found(short, (short,), block) for short, block in first if short not in known))
    return result


def _shouted(parts: Sequence[Sequence[Block]]) -> set[str]:
    """Words in capitals that also stand in small letters: "REALLY" is stress, not an abbreviation."""
    texts = [block.text for blocks in parts for block in blocks]
    small = {word.lower() for text in texts for word in re.findall(r"\b[A-Z]?[a-z]{1,6}\b", text)}
    return {short for text in texts for short in abbreviations(text) if short.lower() in small}


def _subtag(language: str) -> str:
    return language.partition("-")[0].lower()
