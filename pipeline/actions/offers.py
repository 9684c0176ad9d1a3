"""Which editions patients can be enrolled in, in which languages, and on which days their parts go.

In charge of: finding the approved editions of a series, and what is known of an edition. Not in charge of:
approving (``approving``), which series a patient gets (``choosing``), or dating parts (``schedule``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pipeline.rendering.calendars import part_days
from pipeline.rendering.edition import from_bytes
from pipeline.schedule.model import PartDay, Rules
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What enrolling needs to know of an edition."""

    #: BCP 47 tag the edition is written in.
    language: str
    purpose: Purpose
    #: Part numbers, their days around the visit, and their own rules where they have some.
    parts: tuple[PartDay, ...]


@dataclass(slots=True)
class EditionDays:
    """Editions, read once each; an edition never changes."""

    #: The clinic's, over which an edition lays its own calendar.
    rules: Rules
    _known: dict[str, Known] = field(default_factory=dict)

    def of(self, tx: Tx, sha256: str) -> tuple[PartDay, ...]:
        """The edition's parts as the calendar takes them."""
        return self.about(tx, sha256).parts

    def about(self, tx: Tx, sha256: str) -> Known:
        """What is known of the edition.

        Raises StoreError for one that is not there, CalendarRulesError where its own calendar and the
        clinic's rules could never send a part.
        """
        if sha256 not in self._known:
            edition = from_bytes(editions.edition_bytes(tx, sha256))
            self._known[sha256] = Known(
                language=edition.language,
                purpose=edition.purpose,
                parts=part_days(edition, self.rules),
            )
        return self._known[sha256]


def offers_by_series(tx: Tx, *, today: date, series: str | None = None) -> Mapping[str, tuple[Offer, ...]]:
    """The editions that are approved on ``today``, by series: the newest of each language, newest first."""
    known = editions.editions_of(tx, series)
    signed = editions.approvals_of(tx, [row.sha256 for row in known])
    found: dict[str, dict[str, Offer]] = {}
    for row in known:
        approval = signed.get(row.sha256)
        if approval is not None and approval.review_by >= today:
            offer = Offer(series=row.series, edition=row.sha256, language=row.language, purpose=row.purpose)
            found.setdefault(row.series, {}).setdefault(_primary(row.language), offer)
    return {name: tuple(each.values()) for name, each in found.items()}


def current_offer(tx: Tx, series: str, *, today: date) -> Offer | None:
    """The newest edition of ``series`` that is approved on ``today``; None where there is none."""
    return next(iter(offers_by_series(tx, today=today, series=series).get(series, ())), None)


def offer_in(offers: Sequence[Offer], language: str) -> Offer | None:
    """The offer that a patient with this language can read; None where there is none."""
    return next((offer for offer in offers if same_language(offer.language, language)), None)


def same_language(one: str, other: str) -> bool:
    """Whether two BCP 47 tags are one language to a reader: the first subtag counts."""
    return _primary(one) == _primary(other)


def in_languages(language: str, wanted: Iterable[str]) -> bool:
    """Whether a language is one of those ``wanted``."""
    return any(same_language(language, each) for each in wanted)


def _primary(language: str) -> str:
    return language.split("-", maxsplit=1)[0].casefold()
