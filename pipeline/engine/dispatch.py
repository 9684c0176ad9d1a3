"""The dispatcher: claim what is due, check again, compose, commit ``sending``, send, record (DESIGN 8).

In charge of: the order of these steps, signs of life, waiting where the rate asks for it, and when to stop.
Not in charge of: when a tick happens (``embedded``, ``distributed``), the steps themselves (``claiming``,
``sending``, ``resending``), what may leave (``throttle``), the rules (``delivery``).

Three transactions per batch. The first takes rows and settles what may not go. The second reads everything
again, keeps the batch and commits ``sending``: an unsubscribe that was committed before it wins. Only then
does the first byte leave. The third records what each message came to.
"""

import threading
from collections.abc import Sequence
from datetime import datetime

from pipeline.actions.generation import WORDS, Standing
from pipeline.delivery.breaker import Breaker
from pipeline.engine.claiming import Claim, Desk, Ready
from pipeline.engine.report import Tally, TickReport
from pipeline.engine.resending import Resender
from pipeline.engine.sending import Gateway, Going
from pipeline.engine.throttle import Throttle
from pipeline.engine.wiring import Settings, Wiring
from pipeline.store.steps import Mark
from pipeline.store.watch import note_tick, note_trouble


class Dispatcher:
    """Sends what is due. One thread at a time; any number of dispatchers on one database."""

    def __init__(self, wiring: Wiring, settings: Settings) -> None:
        self._with = wiring
        self._settings = settings
        self._throttle = Throttle(wiring, settings)
        self._desk = Desk(wiring, settings)
        self._gateway = Gateway(wiring, settings, self._desk, self._throttle)
        self._resender = Resender(wiring, settings, self._desk, self._throttle)
        self._stop = threading.Event()
        self._pulsed: datetime | None = None

    @property
    def breaker(self) -> Breaker:
        """As this dispatcher knows it; open after an outage."""
        return self._throttle.breaker

    def stop(self) -> None:
        """Finish the batch in hand and begin no other. May be called from any thread, and again."""
        self._stop.set()

    def tick(self, now: datetime) -> TickReport:
        """Send everything that is due at ``now`` (aware), batch by batch, until nothing is left.

        Ends early when asked to stop, when halted, when the breaker opens, or when the day's quota is used
        up. Raises StoreError when the database cannot be reached, KeyringError when not one address opens,
        EnvironmentRefusedError when the file of ``actions.generation`` cannot be written: no row is harmed,
        and the next tick or another dispatcher goes on.
        """
        tally = Tally(at=now)
        if self._stop.is_set() or not self._pulse(now, tally, anew=True):
            return tally.report()
        self._resend(now, tally)
        moment = now
        while not self._stop.is_set() and self._pulse(moment, tally) and self._one_batch(moment, tally):
            moment = self._moment(now)
        return tally.report()

    def trouble(self, what: str, now: datetime) -> None:
        """Let ``pipeline status`` show that a tick failed; ``what`` says nothing of a patient."""
        with self._with.store.begin() as tx:
            note_trouble(tx, what, now=now)

    def _pulse(self, now: datetime, tally: Tally, *, anew: bool = False) -> bool:
        """A sign of life, every so often; whether this database may be sent from."""
        if not anew and self._pulsed is not None and now < self._pulsed + self._settings.pulse:
            return True
        standing = self._count_up(now)
        self._pulsed = now
        if standing is not Standing.FINE:
            tally.stopped_by = WORDS[standing]
        return standing is Standing.FINE

    def _count_up(self, now: datetime) -> Standing:
        if self._with.generation is not None:
            return self._with.generation.count_up(self._with.store, now)
        with self._with.store.begin() as tx:
            note_tick(tx, now=now)
        return Standing.FINE

    def _resend(self, now: datetime, tally: Tally) -> None:
        """Settle what is unknown, where the provider knows the key."""
        for batch in self._resender.candidates(now):
            if self._stop.is_set():
                return
            going = self._resender.begin(batch, self._moment(now))
            if going is not None:
                self._hand_over(going, now, tally)

    def _one_batch(self, now: datetime, tally: Tally) -> bool:
        """One batch from claim to record; whether there may be more."""
        tally.begin_batch()
        claim = self._desk.claim(now, self._throttle, tally)
        ready, marks = self._desk.compose(claim.cleared)
        if ready or marks:
            self._send(claim, ready, marks, now, tally)
        if tally.rest_until is not None:
            return self._rest(tally.rest_until, now)
        return 0 < claim.allowed == claim.taken or tally.again

    def _send(
        self, claim: Claim, ready: Sequence[Ready], marks: Sequence[Mark], now: datetime, tally: Tally
    ) -> None:
        going = self._gateway.begin(claim, ready, marks, self._moment(now), tally)
        if going is not None:
            self._hand_over(going, now, tally)

    def _hand_over(self, going: Going, now: datetime, tally: Tally) -> None:
        outcomes = self._gateway.hand_over(going)
        self._gateway.record(going, outcomes, self._moment(now), tally)

    def _rest(self, until: datetime, now: datetime) -> bool:
        """Wait until the rate lets more leave; False where the clock stands still, as in a simulation."""
        self._with.rest(self._stop, until - now)
        return self._moment(now) > now

    def _moment(self, now: datetime) -> datetime:
        """The clock's time, never before ``now``: set back in the middle, it must not shorten a lease."""
        return max(now, self._with.clock())
