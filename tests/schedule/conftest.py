"""Every clock change of every zone of the tz database from 2020 to 2040, found once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest

FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
# Nobody changes clocks twice within five days; a bisection then finds the second.
STEP = timedelta(days=5)


@dataclass(frozen=True)
class ClockChange:
    """The first instant with the new offset."""

    zone: ZoneInfo
    at: datetime
    before: timedelta
    after: timedelta

    @property
    def jumped(self) -> bool:
        return self.after > self.before

    @property
    def old_wall(self) -> datetime:
        """What the clocks would have shown at that instant; naive."""
        return (self.at + self.before).replace(tzinfo=None)

    @property
    def new_wall(self) -> datetime:
        """What they show instead; naive."""
        return (self.at + self.after).replace(tzinfo=None)


def offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def changes_of(zone: ZoneInfo) -> list[ClockChange]:
    found, moment, known = [], FIRST, offset(zone, FIRST)
    while moment < LAST:
        later = moment + STEP
        if (new := offset(zone, later)) != known:
            found.append(ClockChange(zone, first_with(zone, new, moment, later), known, new))
        moment, known = later, new
    return found


def first_with(zone: ZoneInfo, new: timedelta, before: datetime, after: datetime) -> datetime:
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        before, after = (before, middle) if offset(zone, middle) == new else (middle, after)
    return after.replace(microsecond=0)


@cache
def all_changes() -> tuple[ClockChange, ...]:
    return tuple(change for name in sorted(available_timezones()) for change in changes_of(ZoneInfo(name)))


@pytest.fixture(scope="session")
def clock_changes() -> tuple[ClockChange, ...]:
    """In the order of zone names, and of time within a zone."""
    return all_changes()
