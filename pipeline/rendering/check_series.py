"""What a series asks for that its emails cannot show: calendars of its own, a language without word lists.

In charge of: these findings. Not in charge of: the calendar (``schedule``) or the lists (``series``).
"""

from collections.abc import Iterator

from pipeline.rendering.model import Finding, Severity
from pipeline.series.health_words import knows_health_words
from pipeline.series.model import NO_CALENDAR, Series


def check_series(series: Series) -> Iterator[Finding]:
    """Findings about the series as a whole."""
    own = [part.number for part in series.parts if part.calendar != NO_CALENDAR]
    if series.calendar != NO_CALENDAR or own:
        yield Finding(
            code="calendar-own",
            severity=Severity.ERROR,
            message="The series has a calendar of its own, which this version would not follow.",
            mend="take [calendar] and calendar out of series.toml; [schedule] in config.toml counts for all",
            part=own[0] if own else None,
            place="series.toml",
        )
    if not knows_health_words(series.language):
        yield Finding(
            code="reveals-unchecked",
            severity=Severity.WARNING,
            message=f"No list of words that reveal health is there for {series.language!r}.",
            mend="let a native speaker read every subject and preheader for words about health",
        )
