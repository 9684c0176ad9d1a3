"""The dispatcher: claim what is due, check again, compose, commit ``sending``, send, record (DESIGN 8).

In charge of: the order of these steps, the circuit breaker, and when to stop. Not in charge of: when a
tick happens (``embedded``), the steps themselves (``claiming``, ``sending``), the rules (``delivery``).

Three transactions per batch. The first takes rows and settles what may not go. The second reads everything
again, keeps the batch and commits ``sending``: an unsubscribe that was committed before it wins. Only then
does the first byte leave. The third records what each message came to.
"""

import threading
from collections.abc import Sequence
from datetime import datetime

from pipeline.delivery.breaker import Breaker
from pipeline.engine.claiming import Claim, Desk, Ready
from pipeline.engine.report import Tally, TickReport
from pipeline.engine.sending import Gateway
from pipeline.engine.wiring import Settings, Wiring
from pipeline.store.steps import Mark


class Dispatcher:
    """Sends what is due. One thread at a time; any number of dispatchers on one database."""

    def __init__(self, wiring: Wiring, settings: Settings) -> None:
        self._with = wiring
        self._batch = min(settings.batch_size, wiring.most)
        self._desk = Desk(wiring, settings)
        self._gateway = Gateway(wiring, settings, self._desk)
        self._stop = threading.Event()
        #: Open after an outage; the status page shows its reason.
        self.breaker = Breaker()

    def stop(self) -> None:
        """Finish the batch in hand and begin no other. May be called from any thread."""
        self._stop.set()

    def tick(self, now: datetime) -> TickReport:
        """Send everything that is due at ``now`` (aware), batch by batch, until nothing is left.

        Ends early when asked to stop, when halted, or when the breaker opens. Raises StoreError when the
        database cannot be reached, KeyringError when not one address opens: no row is harmed, and the next
        tick or another dispatcher goes on.
        """
        tally = Tally(at=now)
        moment = now
        while not self._stop.is_set() and self._one_batch(moment, tally):
            moment = self._moment(now)
        return tally.report()

    def _one_batch(self, now: datetime, tally: Tally) -> bool:
        """One batch from claim to record; whether there may be more."""
        allowance = self.breaker.allowance(now, self._batch)
        if not allowance:
            tally.stopped_by = self.breaker.reason
        tally.again = False
        claim = self._desk.claim(now, allowance, tally)
        ready, marks = self._desk.compose(claim.cleared)
        if ready or marks:
            self._send(claim, ready, marks, now, tally)
        return 0 < allowance == claim.taken or tally.again

    def _send(
        self, claim: Claim, ready: Sequence[Ready], marks: Sequence[Mark], now: datetime, tally: Tally
    ) -> None:
        going = self._gateway.begin(claim, ready, marks, self._moment(now), tally)
        if going is None:
            return
        outcomes = self._gateway.hand_over(going)
        after = self._moment(now)
        self.breaker = self.breaker.after(outcomes, after, batch=self._batch, draw=self._with.draw())
        self._gateway.record(going, outcomes, after, tally)

    def _moment(self, now: datetime) -> datetime:
        """The clock's time, never before ``now``: set back in the middle, it must not shorten a lease."""
        return max(now, self._with.clock())
