"""Editions as the dispatcher needs them: loaded once, checked, made ready to join.

In charge of: keeping the few editions that are being sent in memory. Not in charge of: storing or
approving them.
"""

from collections import OrderedDict
from typing import Final

from pipeline.rendering.compose import Composer
from pipeline.rendering.edition import from_bytes
from pipeline.rendering.model import Edition
from pipeline.store.database import Tx
from pipeline.store.editions import edition_bytes

#: Editions in use at once: one per series and language, and those that running enrollments finish on.
_KEPT: Final = 64


class EditionCache:
    """Editions by their hash. An edition never changes, so what is kept is never stale."""

    def __init__(self, *, trial: bool) -> None:
        """``trial`` puts the trial banner into every message."""
        self._trial = trial
        self._editions: OrderedDict[str, Edition] = OrderedDict()
        self._composers: dict[tuple[str, int], Composer] = {}

    def edition(self, tx: Tx, sha256: str) -> Edition:
        """The edition with this hash. Raises StoreError or TemplateError if it is not what was signed."""
        found = self._editions.get(sha256)
        if found is None:
            found = self._editions[sha256] = from_bytes(edition_bytes(tx, sha256))
            self._forget_oldest()
        self._editions.move_to_end(sha256)
        return found

    def composer(self, edition: Edition, part: int) -> Composer:
        """One part of an edition, ready to join. Raises LookupError for a part it does not have."""
        key = (edition.sha256, part)
        if key not in self._composers:
            self._composers[key] = Composer(edition, part, trial=self._trial)
        return self._composers[key]

    def _forget_oldest(self) -> None:
        while len(self._editions) > _KEPT:
            gone, _ = self._editions.popitem(last=False)
            self._composers = {key: kept for key, kept in self._composers.items() if key[0] != gone}
