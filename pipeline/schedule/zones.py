"""Civil date and wall time in a zone to the instant in UTC, and back.

In charge of: the two awkward hours of a clock change (DESIGN 7.1). Not in charge of: which days and hours
are allowed (``windows``). Offsets come from the tz database through ``zoneinfo`` (PEP 495 folds).
"""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The aware UTC instant at which clocks in ``zone`` first show ``wall`` on ``day``.

    A doubled wall time is its first occurrence. A wall time that the clocks jump over is the next minute
    that they do show, which may lie on a later date (where a whole day was skipped, or the jump crosses
    midnight): look at ``local_date`` of the result where that matters.
    """
    local = datetime.combine(day, wall, tzinfo=zone)
    moment = local.astimezone(UTC)
    # With one tzinfo on both sides the wall times are compared: they differ where the clocks skip this one.
    return moment if moment.astimezone(zone) == local else _after_jump(local, zone)


def _after_jump(local: datetime, zone: ZoneInfo) -> datetime:
    """The first whole minute that exists after ``local``, a wall time inside a jump of the clocks.

    PEP 495: inside a jump fold=0 reads the offset before it and fold=1 the one after, so the jump itself
    lies between the two instants that they give.
    """
    behind_it = local.replace(fold=1)
    before, behind = behind_it.astimezone(UTC), local.astimezone(UTC)

    def is_behind(seconds: int) -> bool:
        return (before + timedelta(seconds=seconds)).astimezone(zone).utcoffset() == behind_it.utcoffset()

    jump = bisect_left(range(int((behind - before).total_seconds()) + 1), True, key=is_behind)
    end = before + timedelta(seconds=jump)
    # Before 1972 the tz database has jumps at odd seconds.
    return end + timedelta(seconds=-end.astimezone(zone).second % 60)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """The civil date in ``zone`` at the aware instant ``moment``."""
    return moment.astimezone(zone).date()
