"""How fast and how much: a provider's rate and daily quota, for all processes together.

In charge of: how many messages may leave now, and when the next ones may. Not in charge of: keeping the
count (``store.pacing``), waiting (``engine.dispatch``), or what a provider says when it is too much
(``retry``, ``breaker``).

A second's worth of messages leaves at once and takes its time: 14 messages at a rate of 14 a second, and the
next ones a second later. So no second ever has twice the rate, and no process needs to know of the others.
The quota counts days in UTC; where a provider counts the last 24 hours, it defers what is too much.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
#: No batch is larger.
_MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the configuration allows; None is no limit."""

    per_second: float | None = None
    per_day: int | None = None

    @property
    def any(self) -> bool:
        """Whether there is anything to keep to."""
        return self.per_second is not None or self.per_day is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What left so far."""

    #: The newest day (UTC) on which anything left.
    day: date
    #: Messages that left on it.
    used: int
    #: Aware; no message may leave before.
    free_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """How many messages may leave now."""

    count: int
    #: Where ``count`` is 0: when to ask again (aware, UTC).
    again_at: datetime | None = None
    #: The day's quota is used up, not only this second's rate.
    quota_used: bool = False


def leave(pace: Pace, limits: Limits, now: datetime, wanted: int) -> Leave:
    """How many of ``wanted`` messages may leave at ``now`` (aware)."""
    pace = _today(pace, now)
    if limits.per_day is not None and pace.used >= limits.per_day:
        tomorrow = datetime.combine(pace.day + _DAY, time(), tzinfo=UTC)
        return Leave(count=0, again_at=tomorrow, quota_used=True)
    until = _free_at(pace, limits, now)
    if until > now:
        return Leave(count=0, again_at=until)
    most = wanted
    if limits.per_day is not None:
        most = min(most, limits.per_day - pace.used)
    if limits.per_second is not None:
        most = min(most, max(int(limits.per_second), 1))
    return Leave(count=most)


def taking_turn(pace: Pace, limits: Limits, now: datetime, count: int) -> Pace:
    """``pace`` once somebody is about to send ``count`` messages at ``now``: nobody else may in that time."""
    pace = _today(pace, now)
    if limits.per_second is None or not count:
        return pace
    begun = max(_free_at(pace, limits, now), now)
    return replace(pace, free_at=begun + _SECOND * count / limits.per_second)


def left_of_quota(pace: Pace, limits: Limits, now: datetime, count: int) -> int:
    """How many of ``count`` messages the day's quota still has room for."""
    used = _today(pace, now).used
    return count if limits.per_day is None else max(min(limits.per_day - used, count), 0)


def counting(pace: Pace, now: datetime, count: int) -> Pace:
    """``pace`` with ``count`` messages more."""
    pace = _today(pace, now)
    return replace(pace, used=pace.used + count)


def fresh(now: datetime, used: int = 0) -> Pace:
    """Nothing has left yet on the day of ``now``, but ``used`` messages."""
    return Pace(day=now.astimezone(UTC).date(), used=used, free_at=now)


def _today(pace: Pace, now: datetime) -> Pace:
    """``pace`` on a new day; a clock that was set back past midnight gives no quota anew."""
    day = now.astimezone(UTC).date()
    return replace(pace, day=day, used=0) if day > pace.day else pace


def _free_at(pace: Pace, limits: Limits, now: datetime) -> datetime:
    """When the next message may leave. A time further away than the largest batch takes comes from a clock
    that was set back.
    """
    if limits.per_second is None:
        return now
    return min(pace.free_at, now + _SECOND * _MOST_AT_ONCE / limits.per_second)
