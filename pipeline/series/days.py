"""Days for the parts of a series: the kept ones stay, new ones find room between them.

In charge of: day numbers around the first visit. Not in charge of: dates (``pipeline.schedule``).
"""

from collections.abc import Sequence

__all__ = ["default_days", "fill_days"]

#: Days between parts where fewer than two default days say nothing about the pace.
_PACE = 4


def default_days(count: int, pattern: Sequence[int]) -> tuple[int, ...]:
    """The first ``count`` days of ``pattern``, which goes on with its last gap where it is too short."""
    days = sorted(set(pattern)) or [0]
    gap = days[-1] - days[-2] if len(days) > 1 else _PACE
    while len(days) < count:
        days.append(days[-1] + gap)
    return tuple(days[:count])


def fill_days(kept: Sequence[int | None], pattern: Sequence[int]) -> tuple[int, ...]:
    """A day for each part, rising: the ``kept`` ones as far as they rise, the others in between.

    A new part (None) takes its default day where that lies between its neighbours', else the middle between
    them. Where there is no room, later days give way, each by no more than it must.
    """
    days: list[int] = []
    for at, (day, default) in enumerate(zip(kept, default_days(len(kept), pattern), strict=True)):
        ahead = next((one for one in kept[at:] if one is not None), None)
        wanted = _new_day(days[-1] if days else None, ahead, default) if day is None else day
        days.append(max(wanted, days[-1] + 1) if days else wanted)
    return tuple(days)


def _new_day(before: int | None, ahead: int | None, default: int) -> int:
    if (before is None or default > before) and (ahead is None or default < ahead):
        return default
    if before is None:
        return (ahead or default) - 1
    return before + _PACE if ahead is None else (before + ahead) // 2
