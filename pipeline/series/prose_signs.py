"""Signs of hard prose that a pattern can see: passive voice, and abbreviations that nobody explained.

In charge of: finding them in English. Not in charge of: grades and counts (``readability``).

Both are heuristics: they point a person to a place, they judge nothing.
"""

import re
from collections.abc import Iterable
from functools import cache

__all__ = ["abbreviations", "explained", "is_passive"]

_BE = r"(?:am|is|are|was|were|be|been|being|isn[’']t|aren[’']t|wasn[’']t|weren[’']t|gets?|got|getting)"
_BETWEEN = r"(?:(?:not|never|always|often|also|still|just|only|usually|then|now|being|[a-z]+ly)\s+){0,3}"
#: Participles that do not end in -ed.
_IRREGULAR = (
    "begun|bent|bitten|blown|born|bound|bought|broken|brought|built|caught|chosen|cut|done|drawn|driven|eaten|"
    "felt|forbidden|forgotten|fought|found|given|grown|heard|held|hidden|hit|hurt|kept|known|laid|led|left|lent|"
    "lost|made|meant|met|paid|put|read|rewritten|ridden|said|seen|sent|set|shaken|shown|shut|spent|split|spoken|"
    "spread|stolen|struck|sung|swollen|swept|taken|taught|thought|thrown|told|torn|understood|undertaken|woken|"
    "won|worn|wound|written"
)
#: Words in -ed that describe a state more often than a deed, and some that are no participles at all.
_STATES = (
    "advanced|ashamed|bed|bored|complicated|concerned|confused|determined|disappointed|embarrassed|excited|"
    "experienced|exhausted|frightened|hundred|interested|limited|married|need|pleased|prepared|red|relaxed|"
    "relieved|retired|scared|shed|shocked|speed|supposed|surprised|tired|unrelated|used|worried"
)
_PASSIVE = re.compile(
    rf"\b{_BE}\s+{_BETWEEN}(?!(?:{_STATES})\b)(?:[a-z]{{2,}}ed|{_IRREGULAR})\b(?!-)", re.IGNORECASE
)
#: Two to six capitals, perhaps with figures or "&", standing alone; "1-877-4AID-VET" does not.
_ABBREVIATION = re.compile(r"(?<![\w&./@-])([A-Z][A-Z0-9]*(?:&[A-Z])?[A-Z0-9]|[A-Z]&[A-Z])s?(?![\w&/@]|-\w)")
#: Understood by everyone who reads the language.
_EVERYDAY = frozenset(
    "AD AM BC CD DVD EU FAQ ID IQ IT NB NO OK PC PDF PIN PM PO QR SMS SOS TV UK UN US USA USB VIP WC".split()  # noqa: SIM905
)
#: Characters in which a long form must stand beside its abbreviation.
_LONG_FORM = 80
_ROMAN = re.compile(r"[IVX]+")


def is_passive(sentence: str) -> bool:
    """Whether the sentence holds a form of "be" or "get" with a participle: "is treated", "was not seen"."""
    return _PASSIVE.search(sentence) is not None


def abbreviations(text: str) -> tuple[str, ...]:
    """The abbreviations of ``text`` in order, each once, without plural s; none where all of it shouts."""
    found = tuple(dict.fromkeys(filter(_needs_words, _ABBREVIATION.findall(text))))
    letters = [character for character in text if found and character.isalpha()]
    shouts = sum(map(str.isupper, letters)) > len(letters) * 0.6
    return () if shouts else found


def explained(text: str, candidates: Iterable[str]) -> frozenset[str]:
    """Those of ``candidates`` that ``text`` explains: "long form (LF)", "LF (long form)", "LF stands for"."""
    return frozenset(one for one in candidates if one in text and _explains(text, one))


def _needs_words(abbreviation: str) -> bool:
    return (
        len(abbreviation) <= 6
        and abbreviation not in _EVERYDAY
        and _ROMAN.fullmatch(abbreviation) is None
        and sum(character.isalpha() for character in abbreviation) >= 2
    )


def _explains(text: str, short: str) -> bool:
    said, in_brackets, beside = _explaining(short)
    if said.search(text):
        return True
    before = (
        text[max(0, found.start() - _LONG_FORM) : found.start()] for found in in_brackets.finditer(text)
    )
    after = (found.group(1) for found in beside.finditer(text))
    return any(_spells(words, short) for words in (*before, *after))


@cache
def _explaining(short: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Patterns of "LF stands for …", of "(LF)" after a long form, and of "LF (long form)"."""
    name = re.escape(short)
    return (
        re.compile(rf"\b{name}s?,?\s+(?:stands for|means|is short for|is also called|\(?short for)\b"),
        re.compile(rf"\((?:[^()]{{0,40}}\W)?{name}s?\b"),
        re.compile(rf"\b{name}s?\s*(?:\(|[–—-]\s|,\s+or\s+)([^().]{{5,{_LONG_FORM}}})"),
    )


def _spells(words: str, short: str) -> bool:
    """Whether the letters of ``short`` stand in order in ``words``, the first one at a word's start."""
    letters = [character for character in short.lower() if character.isalnum()]
    for start in re.finditer(rf"\b{re.escape(letters[0])}", words.lower()):
        rest = iter(words.lower()[start.start() :])
        if all(letter in rest for letter in letters):
            return True
    return False
