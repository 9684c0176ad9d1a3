"""A simulation in numbers: day by day, in all, and what a person should look at first.

In charge of: counting. Not in charge of: printing (``cli``), or whether a promise was kept
(``simulation_checks``).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from pipeline.delivery.states import Reason, State
from pipeline.engine.simulation_record import Record

#: A state and its reason: what a delivery came to.
Came = tuple[State, Reason | None]

#: The worst first: in this order a person looks at them.
WORST = (State.UNKNOWN, State.REFUSED, State.HELD, State.PLANNED, State.SKIPPED, State.CANCELED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day on the clinic's clocks. A delivery that is deferred and held twice counts twice."""

    on: date
    came: Mapping[Came, int]

    def count(self, state: State) -> int:
        """How often a delivery came to ``state``."""
        return sum(number for (each, _), number in self.came.items() if each is state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A whole simulation."""

    #: Days on which something happened.
    days: tuple[Day, ...]
    #: Emails that reached an inbox.
    arrived: int
    #: How deliveries stand in the end, but for those that went; due later is left out.
    standing: Mapping[Came, int]
    #: Of the unknown ones: how many did in truth reach the patient.
    unknown_arrived: int


def summarize(record: Record, zone: ZoneInfo) -> Summary:
    """The numbers of ``record``, days by the clocks of ``zone``."""
    days: dict[date, Counter[Came]] = {}
    for turn in record.turns:
        on = turn.at.astimezone(zone).date()
        days.setdefault(on, Counter())[turn.state, turn.reason] += turn.count
    new = [mail for mail in record.mailed if not mail.earlier]
    reached = {mail.delivery for mail in new}
    unknown = {end.delivery for end in record.endings if end.state is State.UNKNOWN}
    overdue = [
        end
        for end in record.endings
        if end.state is not State.PLANNED or (end.due_at is not None and end.due_at <= record.until)
    ]
    return Summary(
        days=tuple(Day(on=on, came=came) for on, came in sorted(days.items())),
        arrived=len(new),
        standing=Counter((end.state, end.reason) for end in overdue),
        unknown_arrived=len(unknown & reached),
    )
