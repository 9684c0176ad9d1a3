"""Playing days in seconds: time jumps from one moment at which something happens to the next.

In charge of: the order of things, by one clock, one chance, and the very dispatcher that sends in earnest.
Not in charge of: what people do (``simulation_deeds``), how the mail API fails (``providers.simulated``), or
whether it went well (``simulation_checks``).
"""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from pipeline.actions.enrolling import Dating
from pipeline.delivery.breaker import Breaker
from pipeline.engine.dispatch import Dispatcher
from pipeline.engine.simulation_deeds import People
from pipeline.engine.simulation_record import Done, Record, Recorder
from pipeline.engine.simulation_script import Deed, Jump, Point, Restart, Script
from pipeline.providers.port import Provider
from pipeline.providers.simulated import Around, Failing, SimulatedApi, Trouble
from pipeline.rendering.model import Message
from pipeline.store.database import Store
from pipeline.store.moments import next_moment, something_waits

#: How long a request waits for an answer that never comes.
_TIMEOUT = timedelta(seconds=30)
#: What waits for a quota, or for a key that is still known, is looked at this often.
_LOOK_AGAIN = timedelta(minutes=15)


class Settable(Protocol):
    """A clock that stands still until it is set."""

    moment: datetime

    def __call__(self) -> datetime:
        """What it shows; aware, UTC."""


#: A new dispatcher with this name in the ledger, mailing through this provider; the last is called while it
#: composes, between claim and ``sending``.
OpenDispatcher = Callable[[str, Provider, Callable[[], None]], Dispatcher]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a simulation plays with: the copy of a clinic."""

    store: Store
    clock: Settable
    zone: ZoneInfo
    chance: random.Random
    dating: Callable[[str], Dating]
    housekeep: Callable[[], object]
    open_dispatcher: OpenDispatcher
    #: Hears of every message that reaches its patient, with enrollment and part.
    keep: Callable[[Message, int, int], None] = lambda _message, _enrollment, _part: None


_Event = TypeVar("_Event", Deed, Jump, Restart)


class ProcessKilled(BaseException):
    """The simulated process is gone at this very point, as by ``kill -9``: nothing may catch it."""


def jump_along(
    clock: Settable,
    *,
    until: datetime,
    act: Callable[[], object],
    following: Callable[[datetime], datetime | None],
) -> None:
    """Call ``act`` at every moment at which something happens, from the clock's time to ``until`` (aware).

    ``following`` gives the next such moment after a given one. ``act`` may move the clock, also back.
    """
    while True:
        looked_at = clock.moment
        act()
        looked_at = min(looked_at, clock.moment)
        moment = following(looked_at)
        if moment is None or moment > until:
            clock.moment = max(until, clock.moment)
            return
        clock.moment = max(moment, clock.moment)


def next_look(
    store: Store, *, after: datetime, breaker: Breaker, remembers: timedelta | None
) -> datetime | None:
    """The first moment after ``after`` (aware) at which a tick may find something to do.

    ``breaker`` is the dispatcher's; ``remembers`` is how long the mail API knows a key.
    """
    with store.read() as tx:
        found = [next_moment(tx, after=after)]
        if something_waits(tx, now=after, remembers=remembers):
            found.append(breaker.open_until if breaker.is_open(after) else after + _LOOK_AGAIN)
    return min((each for each in found if each is not None and each > after), default=None)


class Simulation:
    """One simulation, from its first moment to its last."""

    def __init__(self, stage: Stage, script: Script) -> None:
        self._stage = stage
        self._script = script
        self._clock = stage.clock
        self._recorder = Recorder(store=stage.store, parts=stage.dating("simulation").days.of)
        self._people = People(
            store=stage.store, dating=stage.dating, chance=stage.chance, recorder=self._recorder
        )
        self._api = SimulatedApi(
            clock=stage.clock,
            failing=self._failing,
            around=Around(before=self._before, after=self._after, arrived=self._arrived),
            chance=stage.chance,
            remembers=script.remembers,
        )
        self._moments = script.moments()
        self._deeds = [deed for deed in script.deeds if deed.amid is None]
        self._amid = [deed for deed in script.deeds if deed.amid is not None]
        self._jumps = list(script.jumps)
        self._restarts = list(script.restarts)
        #: The dispatchers at work, by whether they are the second one, and the one whose batch is in hand.
        self._at_work: dict[bool, Dispatcher] = {}
        self._ticking = False
        #: When a killed process is there again.
        self._down_until: datetime | None = None
        #: Something happens in the middle of a batch; what that sends has no middle of its own.
        self._inside = False
        #: Rows were claimed, and nobody has meddled with them yet.
        self._fresh = True

    def play(self, *, until: datetime, on_moment: Callable[[datetime], None] = lambda _now: None) -> Record:
        """Play up to ``until`` (aware); ``on_moment`` hears where the clock stands.

        Raises NotAllowedError for a script that names a patient or a series which is not there.
        """
        start = self._clock.moment
        self._recorder.begin()
        for outage in self._script.outages:
            self._note(outage.start, f"the mail service fails ({outage.failing.trouble.value})")
            self._note(outage.until, f"the mail service is back ({outage.failing.trouble.value})")
        for second in self._script.seconds:
            self._note(second.start, "a second scheduler works too")
            self._note(second.until, "the second scheduler is gone")

        def act() -> None:
            self._act()
            on_moment(self._clock.moment)

        jump_along(self._clock, until=until, act=act, following=self._following)
        left = [*self._deeds, *self._amid]
        return self._recorder.record(start=start, until=until, left=left)

    def _act(self) -> None:
        """Everything that happens at the moment the clock shows."""
        for jump in _taken(self._jumps, self._clock.moment, _any):
            self._jump(jump)
        for deed in _taken(self._deeds, self._clock.moment, _any):
            self._people.act(deed)
        for second in (False, True):
            if self._is_there(second=second):
                self._work(second=second)
            else:
                self._at_work.pop(second, None)

    def _is_there(self, *, second: bool) -> bool:
        now = self._clock.moment
        if second:
            return any(each.start <= now < each.until for each in self._script.seconds)
        return self._down_until is None or now >= self._down_until

    def _work(self, *, second: bool) -> None:
        """One tick as a process does it."""
        if second not in self._at_work:
            self._at_work[second] = self._open()
        self._stage.housekeep()
        self._fresh, self._ticking = True, second
        with suppress(ProcessKilled):
            self._at_work[second].tick(self._clock.moment)

    def _open(self) -> Dispatcher:
        owner = f"simulated-{len(self._recorder.owners) + 1}"
        self._recorder.owners.add(owner)
        return self._stage.open_dispatcher(owner, self._api, self._composing)

    def _following(self, after: datetime) -> datetime | None:
        found = [
            next_look(self._stage.store, after=after, breaker=each.breaker, remembers=self._script.remembers)
            for each in self._at_work.values()
        ]
        found += [self._down_until, *self._moments, self._midnight(after)]
        return min((each for each in found if each is not None and each > after), default=None)

    def _midnight(self, after: datetime) -> datetime:
        """The clinic's next day: what has to be looked at once a day is looked at then."""
        local = after.astimezone(self._stage.zone)
        day = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0) + timedelta(days=1)
        return day.astimezone(UTC)

    def _jump(self, jump: Jump) -> None:
        self._note(self._clock.moment, f"the clock is set by {jump.by // timedelta(minutes=1):+d} minutes")
        self._clock.moment += jump.by

    # In the middle of a batch

    def _composing(self) -> None:
        if self._fresh and not self._inside:
            self._fresh = False
            self._meddle(Point.CLAIMED)

    def _before(self, messages: Sequence[Message]) -> None:
        self._recorder.taken_in_hand(messages, self._clock.moment)
        self._fresh = True
        self._meddle(Point.BEFORE_SEND)

    def _after(self, messages: Sequence[Message]) -> None:
        self._meddle(Point.AFTER_SEND)

    def _arrived(self, messages: Sequence[Message]) -> None:
        self._recorder.arrived(messages)
        for message in messages:
            mail = self._recorder.of(message)
            self._stage.keep(message, mail.enrollment, mail.day.part)

    def _failing(self) -> Failing | None:
        now = self._clock.moment
        found = next((each.failing for each in self._script.outages if each.start <= now < each.until), None)
        if found is not None and found.trouble is Trouble.TIMEOUT:
            self._clock.moment += _TIMEOUT
        return found

    def _meddle(self, point: Point) -> None:
        """What happens at this point of a batch: others act, and the process may die."""
        if self._inside:
            return
        self._inside = True
        try:
            for deed in _taken(self._amid, self._clock.moment, lambda deed: deed.amid is point):
                self._people.act(deed)
            other = self._at_work.get(not self._ticking)
            if other is not None and self._is_there(second=not self._ticking):
                other.tick(self._clock.moment)
            for restart in _taken(self._restarts, self._clock.moment, lambda each: each.point is point):
                self._kill(restart)
        finally:
            self._inside = False

    def _kill(self, restart: Restart) -> None:
        """The process whose batch is in hand dies; another one, with another name, comes later."""
        now = self._clock.moment
        self._at_work.pop(self._ticking, None)
        if not self._ticking:
            self._down_until = now + restart.down
        self._note(now, f"the process was killed ({restart.point.value})")
        raise ProcessKilled

    def _note(self, at: datetime, what: str) -> None:
        self._recorder.done.append(Done(at=at, what=what, changed=0))


def _taken(waiting: list[_Event], now: datetime, fits: Callable[[_Event], bool]) -> Iterator[_Event]:
    """Those whose time has come and that fit, each taken out of ``waiting`` before it happens."""
    for each in sorted((each for each in waiting if each.at <= now and fits(each)), key=lambda one: one.at):
        waiting.remove(each)
        yield each


def _any(_event: object) -> bool:
    return True
