"""Playing days in seconds: the demo's clock jumps from one due time to the next.

In charge of: moving a set clock and ticking the real dispatcher. Not in charge of: what is due or may go.
"""

from collections.abc import Callable
from datetime import datetime

from pipeline.app.clinic import Clinic
from pipeline.app.clock import SetClock
from pipeline.engine.report import TickReport
from pipeline.engine.simulation import jump_along, next_look


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

    def act() -> None:
        clinic.housekeep()
        on_report(dispatcher.tick(clock.moment))

    def following(after: datetime) -> datetime | None:
        return next_look(
            clinic.store,
            after=after,
            breaker=dispatcher.breaker,
            remembers=provider.capabilities.idempotency,
        )

    try:
        jump_along(clock, until=until, act=act, following=following)
    finally:
        provider.close()
