"""When too many patients mark a series as spam: first somebody is told, then it stops by itself.

In charge of: the two thresholds. Not in charge of: counting (``store.reports``), stopping
(``actions.alarming``), or telling (``delivery.health``).

Gmail asks bulk senders to stay below 0.1 % and never to reach 0.3 %
(https://support.google.com/mail/answer/81126, read 2026-11).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    FINE = "fine"
    #: A person should look.
    WATCH = "watch"
    #: The series stops until a person goes on.
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRules:
    """When to tell, and when to stop."""

    #: How far back messages count.
    span: timedelta = timedelta(days=30)
    #: Below so many messages one click would be an alarm: then nothing is said.
    least: int = 100
    watch_percent: float = 0.1
    stop_percent: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    """What patients marked as spam of one series' messages that went within the span."""

    series: str
    #: Messages that the mail service took.
    sent: int
    complained: int
    #: When the newest complaint came in (aware); None: there is none.
    newest: datetime | None

    @property
    def percent(self) -> float:
        """Complaints per hundred messages."""
        return 100 * self.complained / self.sent if self.sent else 0.0


def level(found: Complaints, rules: AlarmRules) -> Level:
    """How bad ``found`` is. Each threshold belongs to what it starts."""
    if found.sent < rules.least or not found.complained:
        return Level.FINE
    # In whole messages: 3 of 1,000 must be 0.3 %, whatever binary fractions make of it.
    if _reaches(found, rules.stop_percent):
        return Level.STOP
    return Level.WATCH if _reaches(found, rules.watch_percent) else Level.FINE


def must_stop(found: Complaints, rules: AlarmRules, *, known: datetime | None) -> bool:
    """Whether the series has to stop now.

    ``known`` is the newest complaint for which it stopped before, and a person went on: it stops again only
    for one that came after.
    """
    if level(found, rules) is not Level.STOP or found.newest is None:
        return False
    return known is None or found.newest > known


def in_words(found: Complaints) -> str:
    """ "3 of 1000 emails were marked as spam (0.3 %)"."""
    return f"{found.complained} of {found.sent} emails were marked as spam ({found.percent:.2g} %)"


def _reaches(found: Complaints, percent: float) -> bool:
    return round(found.complained * 100_000_000) >= round(found.sent * percent * 1_000_000)
