"""What has to happen by itself before mail goes out: pauses that are over end.

In charge of: finding them, one transaction each. Not in charge of: what ending a pause changes
(``actions.preferences``).
"""

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from pipeline.actions.enrolling import Dating
from pipeline.actions.preferences import resume
from pipeline.store import enrollments
from pipeline.store.database import Store

#: No zone is further ahead of UTC: on this UTC date some patient's pause may be over.
_FARTHEST_AHEAD = timedelta(hours=14)


def end_pauses(store: Store, dating: Callable[[], Dating]) -> int:
    """Resume every enrollment whose pause is over on its patient's own clocks; how many."""
    around = dating()
    with store.read() as tx:
        latest = (around.now + _FARTHEST_AHEAD).date()
        waiting = enrollments.pauses_over(tx, on_or_before=latest)
    over = [
        each.id
        for each in waiting
        if each.paused_until is not None
        and each.paused_until <= around.now.astimezone(ZoneInfo(each.zone)).date()
    ]
    return sum(_resume(store, enrollment_id, around) for enrollment_id in over)


def _resume(store: Store, enrollment_id: int, dating: Dating) -> bool:
    """Read again inside the writing transaction: another process may have been quicker."""
    with store.begin() as tx:
        enrollment = enrollments.load_enrollment(tx, enrollment_id)
        return enrollment is not None and resume(tx, enrollment, dating)
