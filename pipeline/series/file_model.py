"""What series.toml says, as values: not yet joined with its article.

In charge of: types. Not in charge of: reading and writing the file (``series_file``), or whether the cuts
fit the article (``loading``, ``drift``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.article.model import Override
from pipeline.series.file_lines import KeyPath
from pipeline.series.model import NO_CALENDAR, Calendar, Purpose

__all__ = ["FORMAT", "PartEntry", "SeriesFile"]

#: The version of the file's keys.
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PartEntry:
    """One [[part]]: where it begins, and the words a person may change."""

    title: str
    #: The words its first block starts with; they may run on into the next blocks to be unique.
    starts_at: str
    #: Where those words stood when the file was written; decides where they stand more than once.
    line: int | None = None
    subject: str
    preheader: str
    day: int
    reveals_ok: str | None = None
    #: Short hash of the part's text when the file was written: tells which parts an edit touched.
    fingerprint: str | None = None
    calendar: Calendar = NO_CALENDAR
    #: Which [[part]] of the file this was read from, counted from 0: its comments go with it.
    origin: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFile:
    """The whole file."""

    #: File name of the article, beside the series file.
    article: str
    #: SHA-256 (hex) of the article that the cuts were made for.
    article_sha256: str
    title: str
    language: str
    purpose: Purpose
    author: str | None = None
    structure: tuple[Override, ...] = ()
    calendar: Calendar = NO_CALENDAR
    parts: tuple[PartEntry, ...]
    #: Where the file stands, for messages.
    name: str = field(default="series.toml", compare=False)
    #: Line of each key as it was read, for messages.
    lines: Mapping[KeyPath, int] = field(default_factory=dict, compare=False, repr=False)
