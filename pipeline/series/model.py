"""A series: an article cut into dated, titled parts.

In charge of: what a series is. Not in charge of: cutting (``split``), wording (``wording``), or the
file a human edits (``series_file``).
"""

from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Literal

from pipeline.article.model import Article, Block


class Purpose(StrEnum):
    """Why the clinic writes: decides which ground (consent) a patient must have given.

    Source: 45 CFR 164.501 (treatment communications are not marketing unless paid for).
    """

    TREATMENT = "treatment"
    MARKETING = "marketing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """What a series or a part says of the calendar itself; None leaves it to config.toml's [schedule]."""

    #: Wall-clock time in the patient's zone.
    send_time: time | None = None
    #: Some of "mon" to "sun".
    weekdays: tuple[str, ...] | None = None
    min_gap_days: int | None = None
    expires_after_days: int | None = None
    late: Literal["skip", "catch_up"] | None = None


#: Everything as config.toml says.
NO_CALENDAR = Calendar()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One email of a series, before rendering."""

    #: Counts from 1.
    number: int
    title: str
    #: May hold ``{clinic}``, ``{number}`` and ``{total}``; nothing else.
    subject: str
    preheader: str
    #: Days from the PT start date; negative is before the visit.
    day: int
    #: The previous part's title, and the next part's, for "last time" and "next time".
    recap: str | None
    teaser: str | None
    blocks: tuple[Block, ...]
    #: Why a word in the subject or preheader that reveals health may stand there; a person wrote it.
    reveals_ok: str | None = None
    calendar: Calendar = NO_CALENDAR

    @property
    def words(self) -> int:
        """Words of everything a patient reads in the body (captions included)."""
        return sum(block.words for block in self.blocks)

    def minutes(self, words_per_minute: int) -> float:
        """Reading time in minutes, unrounded."""
        return self.words / words_per_minute


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """An article cut into parts; ``name`` is its folder's name and its stable id."""

    name: str
    title: str
    #: BCP 47 tag, for example ``en-US``.
    language: str
    purpose: Purpose
    article: Article
    parts: tuple[Part, ...]
    #: The last person who changed the series, who may not approve it (DESIGN 9.3).
    author: str | None = None
    calendar: Calendar = NO_CALENDAR
