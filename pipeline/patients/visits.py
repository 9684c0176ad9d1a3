"""Which of a patient's appointments is the first visit of the care they are in now.

In charge of: choosing one visit among several. Not in charge of: reading them (``rows``, ``fhir``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from pipeline.patients.dates import civil_date
from pipeline.patients.model import VisitStatus

#: Without an id of the case, so long without any appointment means that a new episode of care began.
NEW_EPISODE_AFTER = timedelta(days=90)

_LIVE = frozenset({VisitStatus.BOOKED, VisitStatus.ARRIVED, VisitStatus.ON_HOLD})


@dataclass(frozen=True, slots=True)
class Visit:
    """One appointment: where it stands, and in what state."""

    #: The civil date, in the patient's zone where that is known, else the clinic's.
    start: date | None
    status: VisitStatus
    kind: str | None = field(default=None, repr=False)
    location: str | None = field(default=None, repr=False)
    #: The practice system's id of the episode of care.
    case: str | None = field(default=None, repr=False)
    #: The aware moment, where the file has one; its date depends on the zone.
    moment: datetime | None = None

    def in_zone(self, zone: ZoneInfo) -> "Visit":
        """The same visit with its date in ``zone``."""
        return replace(self, start=civil_date(self.moment, zone)) if self.moment else self


def first_visit(visits: Sequence[Visit]) -> Visit | None:
    """The visit that the calendar counts from; None where none has a date.

    Of the newest episode (by case, else by a pause of more than 90 days) the earliest visit that takes
    place. Where all were canceled or missed, the last of them: its state is the reason to wait. A visit
    that was canceled and booked again is therefore booked.
    """
    dated = sorted((visit for visit in visits if visit.start), key=_start)
    if not dated:
        return None
    episode = _newest_episode(dated)
    return next((visit for visit in episode if visit.status in _LIVE), episode[-1])


def _start(visit: Visit) -> date:
    return visit.start or date.min


def _newest_episode(dated: Sequence[Visit]) -> Sequence[Visit]:
    """The visits, in order of time, that belong to the care the patient is in now."""
    if all(visit.case for visit in dated):
        begins = {visit.case: visit.start for visit in reversed(dated)}
        newest = max(begins, key=lambda case: begins[case] or date.min)
        return [visit for visit in dated if visit.case == newest]
    first = 0
    for index, (earlier, later) in enumerate(pairwise(dated), 1):
        if _start(later) - _start(earlier) > NEW_EPISODE_AFTER:
            first = index
    return dated[first:]
