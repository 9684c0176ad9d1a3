"""Where "now" comes from: the system's clock, or a demo's and a simulation's own.

In charge of: handing an aware UTC time to whoever asks. Everything below ``app`` takes time as an
argument and never asks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

#: Returns the present moment, aware, in UTC.
Clock: TypeAlias = Callable[[], datetime]


def system_clock() -> datetime:
    """The machine's own time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftedClock:
    """Runs at the system's pace, but started at another moment."""

    offset: timedelta

    @classmethod
    def starting_at(cls, moment: datetime) -> "ShiftedClock":
        """A clock that shows ``moment`` (aware) now and goes on from there."""
        return cls(offset=moment - system_clock())

    def __call__(self) -> datetime:
        return system_clock() + self.offset


@dataclass(slots=True)
class SetClock:
    """Stands still until it is set: a simulation's clock."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment
