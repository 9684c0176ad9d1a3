"""What one tick did, in numbers.

In charge of: counting. Not in charge of: showing it (``cli``, ``web``).
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.delivery.states import State


@dataclass(frozen=True, slots=True, kw_only=True)
class TickReport:
    """One tick. Counts are deliveries, by the state they came to."""

    at: datetime
    #: Deliveries taken from the ledger.
    claimed: int = 0
    #: Handed to the provider.
    sent: int = 0
    accepted: int = 0
    #: Back to ``planned``: deferred by the provider, or not allowed to go yet.
    deferred: int = 0
    waiting: int = 0
    refused: int = 0
    unknown: int = 0
    held: int = 0
    skipped: int = 0
    canceled: int = 0
    #: Left behind by a dispatcher that died: free again, and unknown.
    freed: int = 0
    lost: int = 0
    #: Unknown before, and handed over once more with the same key.
    resent: int = 0
    #: Why nothing (more) was sent although something may be due: halted, an open breaker, the quota used up.
    stopped_by: str = ""

    @property
    def idle(self) -> bool:
        """Nothing was there to do."""
        return not (self.claimed or self.freed or self.lost or self.resent)


@dataclass(slots=True)
class Tally:
    """A report in the making."""

    at: datetime
    counts: Counter[str] = field(default_factory=Counter)
    stopped_by: str = ""
    #: Rows were given back because they changed between claim and send: another claim reads them anew.
    again: bool = False
    #: More is due, and the provider's rate lets it leave from this moment on (aware).
    rest_until: datetime | None = None

    def begin_batch(self) -> None:
        """Forget what only concerned the batch before."""
        self.again, self.rest_until = False, None

    def settled(self, state: State) -> None:
        """One claimed delivery did not go."""
        self.counts["waiting" if state is State.PLANNED else state.value] += 1

    def recorded(self, state: State) -> None:
        """One send attempt came to ``state``."""
        self.counts["deferred" if state is State.PLANNED else state.value] += 1

    def report(self) -> TickReport:
        """The numbers so far."""
        return TickReport(at=self.at, stopped_by=self.stopped_by, **self.counts)
