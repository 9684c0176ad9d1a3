"""Playing days in seconds: the demo's clock jumps from one due time to the next.

In charge of: moving a set clock and ticking the real dispatcher. Not in charge of: what is due or may go.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from pipeline.app.clinic import Clinic
from pipeline.app.clock import SetClock
from pipeline.engine.report import TickReport
from pipeline.store import overview

_STEP = timedelta(minutes=1)


def play(
    clinic: Clinic,
    clock: SetClock,
    *,
    until: datetime,
    on_report: Callable[[TickReport], None] = lambda _report: None,
) -> None:
    """Tick at every moment at which something is due, from the clock's time to ``until`` (aware)."""
    provider = clinic.provider()
    dispatcher = clinic.dispatcher(provider)
    try:
        while True:
            clinic.housekeep()
            on_report(dispatcher.tick(clock.moment))
            with clinic.store.read() as tx:
                due = overview.next_due(tx)
            # What stays due although the tick looked at it waits for the clock to move on.
            moment = max(due, clock.moment + _STEP) if due else until + _STEP
            if moment > until:
                clock.moment = until
                return
            clock.moment = moment
    finally:
        provider.close()
