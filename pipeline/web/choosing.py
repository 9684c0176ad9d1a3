"""The buttons of the preferences page, and the action behind each.

In charge of: from a button's name and form to an action, and the words that answer it. Not in charge of: what
it changes (``actions``) or the page (``patient_preferences``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from pipeline.actions import preferences, stopping
from pipeline.actions.enrolling import Dating
from pipeline.store import enrollments
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment
from pipeline.store.overview import DeliveryRow
from pipeline.web import questions
from pipeline.web.questions import Choice, Question

_DAY = timedelta(days=1)
#: Half a year: a longer break is a stop, and every part would be too old after it.
LONGEST_BREAK = timedelta(days=182)
CHOICES: Mapping[str, Choice | Question] = MappingProxyType(
    {
        "next": questions.NEXT,
        "resume": questions.RESUME,
        "pause": questions.PAUSE,
        "slower": questions.SLOWER,
        "stop": questions.STOP_SERIES,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a button did."""

    #: False: it was so already, or cannot be.
    changed: bool
    #: The civil date, in the patient's zone, that the answer names.
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The first and the last day until which a patient may pause, civil dates in their zone."""

    first: date
    last: date

    @classmethod
    def around(cls, dating: Dating, zone: str) -> "Break":
        """What may be chosen now: from tomorrow to half a year."""
        today = dating.now.astimezone(ZoneInfo(zone)).date()
        return cls(first=today + _DAY, last=today + LONGEST_BREAK)

    def chosen(self, form: Mapping[str, str]) -> date | None:
        """The day that ``form`` asks for, by ``weeks`` or ``until`` (ISO 8601); None for any other."""
        weeks, until = form.get("weeks", ""), form.get("until", "")
        if weeks in map(str, questions.BREAKS):
            return self.first - _DAY + timedelta(weeks=int(weeks))
        try:
            day = date.fromisoformat(until)
        except ValueError:
            return None
        return day if self.first <= day <= self.last else None


def choose(tx: Tx, chosen: str, delivery: DeliveryRow, dating: Dating, *, until: date | None = None) -> Done:
    """Do what the button ``chosen`` (a key of CHOICES) says; ``pause`` needs its day ``until``."""
    enrollment = enrollments.load_enrollment(tx, delivery.enrollment_id)
    if enrollment is None:
        return Done(changed=False)
    match chosen:
        case "next":
            return _next(tx, enrollment, dating)
        case "pause" if until is not None:
            return _pause(tx, enrollment, dating, until)
        case "resume":
            return Done(changed=preferences.resume(tx, enrollment, dating))
        case "slower":
            return Done(changed=preferences.go_slower(tx, enrollment, dating))
        case "stop":
            return Done(changed=stopping.stop_series(tx, delivery, now=dating.now))
        case _:
            raise ValueError(f"no button is called {chosen!r}")


def _next(tx: Tx, enrollment: Enrollment, dating: Dating) -> Done:
    planned = preferences.ask_next(tx, enrollment, dating)
    if planned is None or planned.due is None:
        return Done(changed=False)
    return Done(changed=True, day=planned.due.astimezone(ZoneInfo(planned.zone)).date())


def _pause(tx: Tx, enrollment: Enrollment, dating: Dating, until: date) -> Done:
    """Asked twice for the same day, nothing is written the second time."""
    if enrollment.paused_until == until and enrollment.status is enrollments.EnrollmentStatus.PAUSED:
        return Done(changed=True, day=until)
    return Done(changed=preferences.pause(tx, enrollment, dating, until=until), day=until)
