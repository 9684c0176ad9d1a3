"""Which days are open, which minutes are in the window, and where the nearest open day is.

In charge of: reading ``Rules`` against a date or an instant. Not in charge of: what becomes of a part
(``plan``), or making rules (``rules``).
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.schedule.model import Rules
from pipeline.schedule.zones import instant

#: How far an open day is looked for before a person is asked (DESIGN 7.2).
SEARCH_DAYS = 30

_DAY = timedelta(days=1)


def is_open_day(day: date, rules: Rules) -> bool:
    """Whether mail may go on this civil date: an allowed weekday, no holiday, no closing."""
    return day.isoweekday() in rules.weekdays and day not in rules.closed


def in_window(moment: datetime, zone: ZoneInfo, rules: Rules) -> bool:
    """Whether the aware instant lies on an open day and between opening (in) and closing minute (out)."""
    local = moment.astimezone(zone)
    return in_hours(local, rules) and is_open_day(local.date(), rules)


def in_hours(local: datetime, rules: Rules) -> bool:
    """Whether a local time lies in the window's hours, whatever the day."""
    return rules.window_open <= local.time() < rules.window_close


def send_moment(day: date, zone: ZoneInfo, rules: Rules) -> datetime | None:
    """The UTC instant of the regular send time on ``day``.

    None where the clocks jump over it and the next minute they show is past the window or the day.
    """
    moment = instant(day, rules.send_time, zone)
    local = moment.astimezone(zone)
    return moment if local.date() == day and local.time() < rules.window_close else None


def opening_moment(day: date, zone: ZoneInfo, rules: Rules) -> datetime | None:
    """The UTC instant at which the window opens on ``day``; None as in ``send_moment``."""
    moment = instant(day, rules.window_open, zone)
    local = moment.astimezone(zone)
    return moment if local.date() == day and local.time() < rules.window_close else None


def next_send(day: date, zone: ZoneInfo, rules: Rules) -> tuple[date, datetime] | None:
    """The first open day on or after ``day`` with its send instant; None: none within 30 days."""
    return _search(day, _DAY, zone, rules)


def previous_send(day: date, zone: ZoneInfo, rules: Rules) -> tuple[date, datetime] | None:
    """The last open day on or before ``day`` with its send instant; None: none within 30 days."""
    return _search(day, -_DAY, zone, rules)


def _search(day: date, step: timedelta, zone: ZoneInfo, rules: Rules) -> tuple[date, datetime] | None:
    for _ in range(SEARCH_DAYS + 1):
        if is_open_day(day, rules):
            moment = send_moment(day, zone, rules)
            if moment is not None:
                return day, moment
        day += step
    return None


def next_opening(moment: datetime, zone: ZoneInfo, rules: Rules) -> datetime | None:
    """The first UTC instant from ``moment`` on at which the window is open; None: none within 30 days.

    For a dispatcher that found the window shut: ``moment`` itself where it is open.
    """
    if in_window(moment, zone, rules):
        return moment.astimezone(UTC)
    day = moment.astimezone(zone).date()
    for ahead in range(SEARCH_DAYS + 1):
        candidate = day + ahead * _DAY
        opening = opening_moment(candidate, zone, rules) if is_open_day(candidate, rules) else None
        if opening is not None and opening >= moment:
            return opening
    return None
