"""What can be seen of a line without guessing: counts, case, end, neighbours.

In charge of: measures that the recovery passes share. Not in charge of: any decision.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from pipeline.article.model import BlockKind
from pipeline.article.piece import Piece
from pipeline.article.vocabulary import FUNCTION, SMALL_IN_TITLES

_WORD = re.compile(r"[^\W_]+(?:['’.\-][^\W_]+)*")
_SENTENCE_EDGE = re.compile(r"[.!?…][\"'”’)\]]*\s+(?=[\"'“‘(¿¡\[]*[A-ZÀ-Þ\d])")
#: Full stops that end no sentence.
_ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|etc|vs|Dr|Mr|Mrs|Ms|Prof|St|No|Fig|approx|Inc|Sr|Sra|Dra|p\.ej|a\.m|p\.m|U\.S|[A-Z])\.\s"
)
_OWN_NUMBER = re.compile(r"^\W*[\dA-Za-z]{1,3}[.)]\s+")
#: Letters; a longer line is no heading, whatever its case.
_SHORT = 200
_CLOSERS = "\"'”’)]» *_"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The measures of one piece."""

    piece: Piece
    text: str
    #: Lower-case words in order, apostrophes straight.
    words: tuple[str, ...]
    #: Stems of the words that carry meaning.
    content: frozenset[str]
    #: The last character that is not a quote or bracket.
    end: str
    sentences: int
    question: bool
    starts_small: bool
    #: Share of the words that carry meaning which begin with a capital.
    capitals: float
    shouting: bool

    @property
    def count(self) -> int:
        """Number of words."""
        return len(self.words)

    @property
    def first(self) -> str:
        """The first word, lower case, or ""."""
        return self.words[0] if self.words else ""

    @property
    def in_title_case(self) -> bool:
        """Set like a title: every word that may have a capital has one."""
        return self.count >= 2 and self.capitals >= 0.8


def look(piece: Piece) -> View:
    """Measure ``piece``."""
    text = piece.text.strip()
    words = tuple(_WORD.findall(text.replace("’", "'").casefold()))
    bare = text.rstrip(_CLOSERS)
    # Case tells something of short lines only, and looking at every letter takes its time.
    short = text if len(text) <= _SHORT else ""
    letters = [letter for letter in text[:_SHORT] if letter.isalpha()]
    return View(
        piece=piece,
        text=text,
        words=words,
        content=frozenset(stem(word) for word in set(words) - FUNCTION if len(word) > 1),
        end=bare[-1:],
        sentences=len(_SENTENCE_EDGE.findall(_ABBREVIATION.sub(" ", _OWN_NUMBER.sub("", text)))) + 1,
        question=bare.endswith("?"),
        starts_small=bool(letters) and letters[0].islower() and not text[:1].isdecimal(),
        capitals=_capitals(_WORD.findall(short)),
        shouting=bool(short) and len(letters) >= 4 and not any(letter.islower() for letter in letters),
    )


def seen_as(view: View, piece: Piece) -> View:
    """``view`` of a piece whose words stayed and whose kind was decided."""
    return replace(view, piece=piece)


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A word without its commonest endings: enough to see that two lines speak of one thing."""
    word = word.removesuffix("'s")
    for ending in ("ations", "ation", "ings", "ing", "ies", "ied", "ers", "er", "es", "ed", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Share of the words of ``one`` that ``other`` also has; 0 for an empty line."""
    return len(one & other) / len(one) if one else 0.0


def is_text(piece: Piece) -> bool:
    """Running text or a list, as opposed to a heading, caption or picture; undecided lines count as text."""
    return piece.open or piece.kind in {
        BlockKind.PARAGRAPH,
        BlockKind.LIST_ITEM,
        BlockKind.QUOTE,
        BlockKind.TABLE_ROW,
    }


def _capitals(typed: list[str]) -> float:
    """The first word proves nothing, for a sentence begins with a capital, too."""
    telling = [word for word in typed[1:] if word.casefold() not in SMALL_IN_TITLES and word[0].isalpha()]
    if not telling:
        return 0.0
    return sum(word[0].isupper() for word in telling) / len(telling)
