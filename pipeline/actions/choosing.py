"""Which series a patient of a file gets: the one that the import names, or the first rule that fits.

In charge of: that choice. Not in charge of: whether the patient may be enrolled (``admission``), or doing it
(``enrolling``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.actions.offers import Offer, in_languages, offer_in, offers_by_series
from pipeline.patients.model import RosterRow
from pipeline.sections.calendar import EnrollingRule
from pipeline.store.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosing:
    """How an import finds the series of each row, and the editions that are approved today."""

    #: The series that the import names, for everybody; None: by the rules.
    series: str | None
    #: [[enrolling]] of config.toml; the first that fits counts. Without any, and without a series, patients
    #: are brought in and nobody is enrolled.
    rules: tuple[EnrollingRule, ...]
    offers: Mapping[str, tuple[Offer, ...]]

    @property
    def enrolls(self) -> bool:
        """Whether this import enrolls anybody."""
        return self.series is not None or bool(self.rules)

    @property
    def by_rules(self) -> bool:
        """Whether each row's series comes from the rules."""
        return self.series is None and bool(self.rules)

    def series_of(self, row: RosterRow, language: str) -> str | None:
        """The row's series; None where no rule fits. ``language`` is the patient's, else the clinic's."""
        if self.series is not None:
            return self.series
        return next((rule.series for rule in self.rules if fits(rule, row, language)), None)

    def offers_of(self, series: str) -> tuple[Offer, ...]:
        """The approved editions of ``series``, newest first."""
        return self.offers.get(series, ())

    def offer_of(self, series: str, language: str) -> Offer | None:
        """The approved edition of ``series`` that a patient with this language can read."""
        return offer_in(self.offers_of(series), language)


def choosing(tx: Tx, *, series: str | None, rules: Sequence[EnrollingRule], today: date) -> Choosing:
    """The choice for an import that names ``series`` (None: none), with what is approved on ``today``."""
    return Choosing(series=series, rules=tuple(rules), offers=offers_by_series(tx, today=today))


def fits(rule: EnrollingRule, row: RosterRow, language: str) -> bool:
    """Whether the rule is for this row: each list that is not empty has to hold the row's own."""
    return (
        _among(row.visit_type, rule.visit_types)
        and _among(row.location, rule.locations)
        and (not rule.languages or in_languages(language, rule.languages))
    )


def _among(word: str | None, wanted: Sequence[str]) -> bool:
    """Compared casefolded, with spaces collapsed: practice systems are not strict about either."""
    return not wanted or (word is not None and _plain(word) in {_plain(each) for each in wanted})


def _plain(word: str) -> str:
    return " ".join(word.split()).casefold()
