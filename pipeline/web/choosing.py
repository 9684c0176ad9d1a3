"""The buttons of the preferences page, and the action behind each.

In charge of: from a button's name to an action. Not in charge of: what it changes (``actions``) or the
page (``patient``).
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from pipeline.actions import preferences, stopping
from pipeline.actions.enrolling import Dating
from pipeline.store import enrollments
from pipeline.store.database import Tx
from pipeline.store.overview import DeliveryRow
from pipeline.web import questions
from pipeline.web.questions import Choice

_PAUSE = timedelta(weeks=2)
CHOICES: Mapping[str, Choice] = MappingProxyType(
    {
        "next": questions.NEXT,
        "pause": questions.PAUSE,
        "slower": questions.SLOWER,
        "stop": questions.STOP_SERIES,
    }
)


def choose(tx: Tx, chosen: str, delivery: DeliveryRow, dating: Dating) -> bool:
    """Do what the button ``chosen`` (a key of CHOICES) says; False where nothing had to be changed."""
    enrollment = enrollments.load_enrollment(tx, delivery.enrollment_id)
    if enrollment is None:
        return False
    match chosen:
        case "next":
            return preferences.ask_next(tx, enrollment, dating) is not None
        case "pause":
            today = dating.now.astimezone(ZoneInfo(enrollment.zone)).date()
            return preferences.pause(tx, enrollment, dating, until=today + _PAUSE)
        case "slower":
            return preferences.go_slower(tx, enrollment, dating)
        case "stop":
            return stopping.stop_series(tx, delivery, now=dating.now)
        case _:
            raise ValueError(f"no button is called {chosen!r}")
