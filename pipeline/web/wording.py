"""The language of a patient's page. A missing translation costs a word, never the page.

In charge of: choosing the catalog, and English where it has a gap: somebody wants to unsubscribe. Not in
charge of: the words themselves (``questions``, ``templates/pages``), or emails, where a gap stops the
compiler (``rendering.texts``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

from pipeline.errors import TemplateError
from pipeline.rendering.texts import Catalog, catalog_for, locale_of

_ENGLISH = Catalog(language="en", messages={})


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one language."""

    _catalog: Catalog

    @property
    def language(self) -> str:
        """BCP 47 tag of the page."""
        return self._catalog.language

    @property
    def direction(self) -> str:
        """``ltr`` or ``rtl``."""
        return "rtl" if self._catalog.right_to_left else "ltr"

    def __call__(self, text: str, **values: str) -> str:
        """``text`` in this language, in English where it is not translated; ``%(name)s`` are filled in.

        A translation that names a value wrongly gives way to the English text.
        """
        said = self._catalog.own(text) if text else ""
        if not values:
            return said
        try:
            return said % values
        except (KeyError, ValueError, TypeError):
            return text % values

    def day(self, moment: datetime, zone: str) -> str:
        """The day of an aware ``moment`` in ``zone``, as this language writes it."""
        return self.date(moment.astimezone(ZoneInfo(zone)).date())

    def date(self, day: date) -> str:
        """``day`` with its weekday, as this language writes it."""
        return str(format_date(day, format="full", locale=locale_of(self._catalog.language)))


def wording_in(language: str, catalogs: Mapping[str, Catalog]) -> Wording:
    """The words of ``language``; English where there is no catalog for it."""
    try:
        found = catalog_for(language, catalogs)
        locale_of(found.language)
    except TemplateError:
        return Wording(_ENGLISH)
    return Wording(found)
