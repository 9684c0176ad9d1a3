"""What comes back, and what follows from it: [feedback].

In charge of: shape, defaults, meaning. Not in charge of: the rules themselves (``delivery``).
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from pipeline.sections.fields import Section


class Feedback(Section):
    """How bounces and complaints count."""

    #: So many emails in a row that came back for the time being, and the address is not mailed any more.
    soft_bounce_limit: Annotated[int, Field(ge=1, le=100)] = 5
    #: How far back the alarm of complaints looks.
    alarm_days: Annotated[int, Field(ge=1, le=365)] = 30
    #: The alarm is silent for a series with fewer emails in that time.
    alarm_least: Annotated[int, Field(ge=1)] = 100
    #: Complaints per hundred emails at which staff are told.
    watch_percent: Annotated[float, Field(gt=0, le=100)] = 0.1
    #: Complaints per hundred emails at which the series stops by itself.
    stop_percent: Annotated[float, Field(gt=0, le=100)] = 0.3
    #: What a mail service reported, as it came, is kept for so long.
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 30

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.watch_percent > self.stop_percent:
            raise ValueError("watch_percent must not be above stop_percent: staff are told first")
        return self
