"""When mail goes, and who gets which series: [schedule] and [[enrolling]].

In charge of: shape, defaults, meaning. Not in charge of: dates (``schedule``), choosing (``actions``).
"""

from datetime import date, time
from typing import Annotated, Literal

from pydantic import Field

from pipeline.sections.fields import Line, Section, Weekday


class Closing(Section):
    """Days on which the clinic is closed, both ends included."""

    first: date
    last: date
    why: str = ""


class Schedule(Section):
    """When mail may go, in each patient's own zone. Series and parts may override."""

    send_time: time = time(9, 0)
    window_open: time = time(9, 0)
    window_close: time = time(17, 0)
    weekdays: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    #: Leave out the country's public holidays.
    public_holidays: bool = True
    closings: tuple[Closing, ...] = ()
    #: Days around the first visit, for parts that name none of their own.
    days: tuple[int, ...] = (-2, 1, 4, 9, 16)
    min_gap_days: Annotated[int, Field(ge=0, le=60)] = 2
    expires_after_days: Annotated[int, Field(ge=0, le=365)] = 7
    late: Literal["skip", "catch_up"] = "catch_up"


class EnrollingRule(Section):
    """Which series a patient gets: the first rule that fits counts. An empty list fits everybody."""

    series: Line
    #: What the practice system calls the visit, compared casefolded.
    visit_types: tuple[str, ...] = ()
    #: The clinic's sites, compared casefolded.
    locations: tuple[str, ...] = ()
    #: BCP 47 tags; the first subtag counts. A patient without one speaks the clinic's language.
    languages: tuple[str, ...] = ()
