"""Which edition a patient is enrolled in, and on which days its parts go.

In charge of: finding the approved edition of a series, and an edition's days. Not in charge of: approving
(``approving``), or dating parts (``schedule``).
"""

from dataclasses import dataclass, field
from datetime import date

from pipeline.rendering.edition import from_bytes
from pipeline.rendering.model import Edition
from pipeline.schedule.model import PartDay
from pipeline.series.model import Purpose
from pipeline.store import editions
from pipeline.store.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a patient can be enrolled in today."""

    series: str
    #: SHA-256 (hex) of the approved edition.
    edition: str
    #: BCP 47 tag the edition is written in.
    language: str
    purpose: Purpose
    parts: tuple[PartDay, ...]

    def speaks(self, language: str | None) -> bool:
        """Whether a patient with this language (None: the clinic's) can read it: the first subtag counts."""
        return language is None or _primary(language) == _primary(self.language)


@dataclass(slots=True)
class EditionDays:
    """The days of editions, read once each; an edition never changes."""

    _known: dict[str, tuple[PartDay, ...]] = field(default_factory=dict)

    def of(self, tx: Tx, sha256: str) -> tuple[PartDay, ...]:
        """Part numbers and their days around the visit."""
        if sha256 not in self._known:
            self._known[sha256] = days_of(from_bytes(editions.edition_bytes(tx, sha256)))
        return self._known[sha256]


def days_of(edition: Edition) -> tuple[PartDay, ...]:
    """Part numbers and their days around the visit."""
    return tuple(PartDay(part=part.number, offset=part.day) for part in edition.parts)


def current_offer(tx: Tx, series: str, *, today: date) -> Offer | None:
    """The newest edition of ``series`` that is approved on ``today``; None where there is none."""
    known = editions.editions_of(tx, series)
    signed = editions.approvals_of(tx, [row.sha256 for row in known])
    for row in known:
        approval = signed.get(row.sha256)
        if approval is not None and approval.review_by >= today:
            return Offer(
                series=series,
                edition=row.sha256,
                language=row.language,
                purpose=row.purpose,
                parts=EditionDays().of(tx, row.sha256),
            )
    return None


def _primary(language: str) -> str:
    return language.split("-", maxsplit=1)[0].casefold()
