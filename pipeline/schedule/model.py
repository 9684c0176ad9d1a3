"""The words of the calendar: rules, days, and what the plan says of each part.

In charge of: types only. Not in charge of: computing (``plan``) or the ledger (``delivery``).
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from pipeline.errors import PipelineError


class CalendarRulesError(PipelineError):
    """The rules can never send anything: no allowed day, or a send time outside the window."""

    exit_code = 2


class Late(StrEnum):
    """What becomes of a part whose day has passed (DESIGN 7.5)."""

    SKIP = "skip"
    CATCH_UP = "catch_up"


class Verdict(StrEnum):
    """What the plan says of one part."""

    PLANNED = "planned"
    SKIPPED = "skipped"
    HELD = "held"


class PlanReason(StrEnum):
    """Why a part is not simply planned on its own day; one documented list with ``delivery.Reason``."""

    CLOSED = "closed"
    NO_OPEN_DAY = "no_open_day"
    VISIT_PASSED = "visit_passed"
    EXPIRED = "expired"
    LATE = "late"
    GAP = "gap"
    CLOCK_GAP = "clock_gap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When mail may go out. All wall-clock values are in the patient's zone."""

    send_time: time
    #: The opening minute is in, the closing minute is out.
    window_open: time
    window_close: time
    #: ISO weekdays (Monday is 1) on which mail may go.
    weekdays: frozenset[int]
    #: Public holidays and the clinic's own closings.
    closed: frozenset[date]
    min_gap_days: int
    expires_after_days: int
    late: Late


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDay:
    """A part and its day relative to the PT start date."""

    part: int
    offset: int
    #: This part's own rules, where the series gives it some; None: the rules of the plan.
    rules: Rules | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A part that already went, and its date in the patient's zone: it is never planned again."""

    part: int
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What the plan says of one part: a due time, or why there is none."""

    part: int
    verdict: Verdict
    #: Aware, in UTC; None unless planned.
    due: datetime | None
    #: IANA name of the zone the civil time was resolved in.
    zone: str
    #: Last local date on which the part may still go.
    expires_on: date
    #: Why it moved (closed, late, gap), or why it is skipped or held.
    reason: PlanReason | None = None


class OfPart(Protocol):
    """Anything that is said of one part: a plan, a row of the ledger."""

    @property
    def part(self) -> int:
        """The part's number."""


SaidT = TypeVar("SaidT", bound=OfPart)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Generic[SaidT]):
    """What was said of one part and what will be, for showing before it is done; None: nothing at all."""

    part: int
    before: SaidT | None
    after: SaidT | None
