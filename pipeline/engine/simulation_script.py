"""What happens in a simulation besides time passing: outages, restarts, and what people do.

In charge of: the vocabulary, as plain values. Not in charge of: reading it from a file (``simulation_file``),
or making it happen (``simulation``, ``simulation_deeds``).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from pipeline.providers.simulated import Failing


class Point(StrEnum):
    """A place inside a batch at which something may happen; the values are what a script writes."""

    #: Rows are claimed, nothing is committed as ``sending``.
    CLAIMED = "claimed"
    #: ``sending`` is committed, no byte has left.
    BEFORE_SEND = "before_send"
    #: The bytes have left, the outcome is not recorded.
    AFTER_SEND = "after_send"


class Do(StrEnum):
    """What a patient or the clinic's staff does."""

    UNSUBSCRIBE = "unsubscribe"
    STOP_SERIES = "stop_series"
    NOT_ME = "not_me"
    PAUSE = "pause"
    SLOWER = "slower"
    NEXT_NOW = "next_now"
    MOVE = "move"
    CANCEL_VISIT = "cancel_visit"
    NO_SHOW = "no_show"
    DISCHARGE = "discharge"
    HALT = "halt"
    GO_ON = "go_on"


#: These a patient does; all others are the clinic's.
PATIENTS = frozenset({Do.UNSUBSCRIBE, Do.STOP_SERIES, Do.NOT_ME, Do.PAUSE, Do.SLOWER, Do.NEXT_NOW})
#: These concern no single patient.
EVERYBODY = frozenset({Do.HALT, Do.GO_ON})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """From ``start`` up to ``until`` (aware, the latter out) every call fails like this."""

    start: datetime
    until: datetime
    failing: Failing


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """The process is killed at ``point`` of the first batch from ``at`` on, and a new one starts later."""

    at: datetime
    point: Point
    down: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """From ``start`` up to ``until`` another dispatcher works too, also amid the first's batches."""

    start: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """At ``at`` the machine's clock is set forward, or back."""

    at: datetime
    by: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Somebody does something at ``at`` (aware)."""

    at: datetime
    do: Do
    #: Record numbers of patients; none: as many as ``count``, by chance.
    who: tuple[str, ...] = ()
    count: int = 0
    #: How long a pause lasts, or by how many days a first visit moves.
    days: int | None = None
    #: Until when a pause lasts, or on which day the first visit now is: a civil date.
    on: date | None = None
    #: Which series a halt stops; None: all.
    series: str | None = None
    #: Not at once, but at this point of the first batch from ``at`` on.
    amid: Point | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Everything that is to happen. An empty one is a calm month."""

    outages: tuple[Outage, ...] = ()
    restarts: tuple[Restart, ...] = ()
    seconds: tuple[Second, ...] = ()
    jumps: tuple[Jump, ...] = ()
    deeds: tuple[Deed, ...] = ()
    #: Where given, chance follows this number instead of the command's.
    seed: int | None = None
    #: How long the simulated mail API remembers a delivery key; None: not at all.
    remembers: timedelta | None = None

    def moments(self) -> tuple[datetime, ...]:
        """Every moment at which something begins or ends, in order."""
        found = {each.at for each in self.restarts} | {each.at for each in self.jumps}
        found |= {each.at for each in self.deeds}
        found |= {moment for each in self.outages for moment in (each.start, each.until)}
        found |= {moment for each in self.seconds for moment in (each.start, each.until)}
        return tuple(sorted(found))
