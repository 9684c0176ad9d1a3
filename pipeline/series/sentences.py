"""Cuts a block's text into sentences.

In charge of: sentence borders. Not in charge of: measuring the sentences (``readability``).

pysbd knows abbreviations, initials and quotations, and takes a millisecond for each paragraph, far more for
a long one: too slow for a book. Most stops leave no doubt (a plain word before and a capital after, or a
small letter after), so that only short stretches with a doubtful stop are given to pysbd; in a long one a
shorter rule decides.
"""

import re
from functools import cache

import pysbd

__all__ = ["sentences"]

#: Short words that end with a stop within a sentence: a stop after one of them is doubtful.
_SHORTENED = (
    "approx|appt|assn|ave|blvd|corp|dept|dist|esp|est|etc|excl|ext|fig|figs|govt|hosp|incl|intl|max|min|misc|natl|"
    "nos|orig|prof|pron|refs|repr|resp|rev|sec|tel|univ|vols|vol|"
    "admón|aprox|avda|dra|dtor|edif|ejem|máx|mín|núm|págs|pág|prov|sra|srta|tfno|vda"
)
#: What stands before a stop that ends no sentence: initials, "e.g", titles.
_ABBREVIATED = re.compile(
    rf"\W*(?:\w|\w+(?:\.\w+)+|[DMS]rs?|Ms|St|Prof|Sra|Dra|Ud|Uds|vs|No|pp|{_SHORTENED})", re.IGNORECASE
)
#: Characters beyond which pysbd takes longer than its better borders are worth.
_LONGEST_CAREFUL = 400
#: A stop that could end a sentence: space and more text follow it.
_STOP = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s+\S)")
#: Before a stop: a plain word of small letters, or a closing bracket or quote after one.
_PLAIN_BEFORE = re.compile(rf"(?<![\w.&/@-])(?!(?:{_SHORTENED})[)\"”’»]*$)[^\W\d_A-Z]{{3,}}[)\"”’»]*$")
_CAPITAL_AFTER = re.compile(r"\s+[\"'“‘«¿¡(\[]*[^\W\d_]")
_SPACE = re.compile(r"\s+")


def sentences(text: str, language: str, *, careful: bool = True) -> tuple[str, ...]:
    """The sentences of ``text`` in order, spaces trimmed; together they hold all its words.

    ``language`` is a BCP 47 tag; one that pysbd has no rules for is cut by the English rules. Without
    ``careful`` pysbd is not asked at all: a book takes a tenth of the time, a few borders are wrong.
    """
    found: list[str] = []
    for doubtful, stretch in _stretches(text):
        if doubtful and careful and len(stretch) <= _LONGEST_CAREFUL:
            found += _segmenter(language.partition("-")[0]).segment(stretch)
        else:
            found += _plainly(stretch) if doubtful else [stretch]
    return tuple(piece.strip() for piece in found if piece.strip())


def _plainly(stretch: str) -> list[str]:
    """Cut at every stop before a capital, but for those of initials and abbreviations."""
    pieces, start = [], 0
    for stop in _STOP.finditer(stretch):
        before = stretch[max(start, stop.start() - 20) : stop.start()].rpartition(" ")[2]
        after = _CAPITAL_AFTER.match(stretch, stop.end())
        if after and not after.group()[-1].islower() and not _ABBREVIATED.fullmatch(before):
            pieces.append(stretch[start : stop.end()])
            start = stop.end()
    return [*pieces, stretch[start:]]


def _stretches(text: str) -> list[tuple[bool, str]]:
    """``text`` cut at the stops that leave no doubt; with each stretch, whether it holds a doubtful one."""
    stretches, start, doubtful = [], 0, False
    for stop in _STOP.finditer(text):
        ends = _ends_sentence(text, stop)
        if ends:
            stretches.append((doubtful, text[start : stop.end()]))
            start, doubtful = stop.end(), False
        doubtful = doubtful or ends is None
    stretches.append((doubtful, text[start:]))
    return stretches


def _ends_sentence(text: str, stop: re.Match[str]) -> bool | None:
    """Whether a sentence ends at ``stop``; None where only pysbd can tell."""
    after = _CAPITAL_AFTER.match(text, stop.end())
    if after is None:
        return None
    if after.group()[-1].islower():
        return False if stop.group() == "." else None
    plain = _PLAIN_BEFORE.search(text[max(0, stop.start() - 40) : stop.start()])
    return True if plain else None


@cache
def _segmenter(subtag: str) -> pysbd.Segmenter:
    known = subtag in pysbd.languages.LANGUAGE_CODES
    return pysbd.Segmenter(language=subtag if known else "en", clean=False)
