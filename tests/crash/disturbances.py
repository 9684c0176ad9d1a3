"""A clinic whose mail goes out while everything goes wrong: kills, faults, locks, full disks, wrong clocks,
power cuts, restored backups.

In charge of: one clinic on one database with one mail API, and each thing that can befall it. Not in charge
of: how many of them, in which order (``chaos`` and the tests), or what must hold afterwards (``invariants``).

Every process works at a moment of its own, six minutes after the one before it: longer than a lease, so that
what a dead one left behind is found by the next.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from pipeline.actions.enrolling import Dating
from pipeline.actions.generation import Generation
from pipeline.actions.offers import EditionDays
from pipeline.actions.resolving import Verdict, resolve, resolve_by_event
from pipeline.delivery.states import Reason, State
from pipeline.demo.faults import NOT_TAKEN, Call, Fault, no_faults
from pipeline.demo.standin import Standin
from pipeline.keys import Keyring
from pipeline.store.database import Store
from pipeline.store.overview import next_due
from pipeline.store.unknowns import unknowns
from tests.crash.invariants import Left, is_settled, look, stands_still
from tests.crash.ordered import APIS, SAID_WHY, Order, Processes, was_killed
from tests.crash.places import Place
from tests.engine.sample import NOW, RULES, ZONE, Clinic, SetClock, person

BATCH = 5
STEP = timedelta(minutes=6)
HOUR = timedelta(hours=1)
#: These leave doubt; of the others every message has a proper answer.
DOUBTFUL = frozenset(Fault) - NOT_TAKEN - {Fault.NONE, Fault.FAILED_ITEMS} | {
    Fault.CUT_BEFORE, Fault.ERROR_BEFORE,
}  # fmt: skip
#: SLOW takes as long as anybody waits for an answer.
QUICK = tuple(fault for fault in Fault if fault not in {Fault.NONE, Fault.SLOW})
_PATIENT = 20.0


@dataclass(slots=True)
class Tally:
    """What happened, in numbers."""

    counts: Counter[str] = field(default_factory=Counter)
    #: Where a process fell over with an error that has no words.
    bugs: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.counts.update(other.counts)
        self.bugs += other.bugs


class Round:
    """One clinic; a context manager. ``moment`` is what the clocks of its world show."""

    def __init__(
        self, place: Place, *, api: str, keyring: Keyring, folder: Path, processes: Processes, seed: int
    ) -> None:
        self.place = place
        self.api = api
        self.chance = random.Random(seed)
        self.moment = NOW
        self.tally = Tally()
        #: Messages that may be in doubt by now, at most.
        self.in_flight = 0
        self._keyring = keyring
        self._processes = processes
        self._folder = folder
        self._people = 0
        self._number = 0
        self._backed_up = False
        self._wrong: list[str] = []
        self._open = ExitStack()

    def __enter__(self) -> Self:
        clock = lambda: self.moment  # noqa: E731 - one clock, one line
        standin = Standin(self._folder / "standin", latency_seconds=0.005, keep_mail=False, clock=clock)
        self.standin = self._open.enter_context(standin)
        self.clinic = self._open_clinic()
        self.clinic.prepare()
        return self

    def __exit__(self, *exception: object) -> None:
        self._processes.end()
        self.clinic.store.close()
        self._open.close()

    def enroll(self, people: int) -> None:
        """So many more patients whose part 1 is due."""
        new = range(self._people, self._people + people)
        self._people += people
        self.clinic.enroll([person(number) for number in new])
        self.tally.counts["messages"] += people

    @property
    def work_left(self) -> bool:
        """Whether something is due, also a little later."""
        return not is_settled(self.clinic.store, self.moment + STEP, doubt=True)

    # What can happen.

    def killed_at_any_time(self) -> None:
        """kill -9 after a random time"""
        process = self._start()
        process.join(self.chance.uniform(0, 0.12))
        self._kill(process)

    def killed_at_a_request(self) -> None:
        """kill -9 while a request is with the mail API, which takes it or does not"""
        with self._at_a_request() as (wait_for, victims):

            def kill() -> Fault:
                victims[0].kill()
                return self.chance.choice([Fault.NONE, Fault.CUT_BEFORE])

            wait_for(kill)
            victims.append(self._start())
            self._kill(victims[0], wait=True)

    def faults(self, *kinds: Fault) -> None:
        """the mail API fails at random, in every way it can; in the middle of it a kill -9"""
        chosen = kinds or QUICK

        def plan(call: Call) -> Fault:
            fault = self.chance.choice(chosen) if self.chance.random() < 0.5 else Fault.NONE
            self.tally.counts["faults"] += fault is not Fault.NONE
            self.in_flight += len(call.keys) * (fault in DOUBTFUL)
            return fault

        self.standin.plan = plan
        process = self._start()
        if self.chance.random() < 0.5:
            process.join(self.chance.uniform(0.05, 0.3))
            self._kill(process)
        self._await(process)

    def two_at_once(self) -> None:
        """two processes on one database, one of them killed -9"""
        with self._at_a_request() as (wait_for, victims):

            def kill() -> Fault:
                victims[0].kill()
                return self.chance.choice([Fault.NONE, Fault.CUT_BEFORE])

            wait_for(kill)
            victims += [self._start(step=False), self._start()]
            for process in victims:
                self._kill(process, wait=True)

    def locked(self) -> None:
        """the database locked by another process for longer than anybody waits"""
        self._while_in_flight(self.place.lock)

    def full(self) -> None:
        """the disk full in the middle of a batch"""
        if self.place.has_server:
            self._while_in_flight(self.place.fill)
        else:
            self._await(self._start(pages=(self.place.pages() or 0) + self.chance.randint(0, 2)))

    def restarted(self) -> None:
        """the database server crashing under a batch, and starting again"""
        self._while_in_flight(self._crash)

    def set_back(self) -> None:
        """the clock set back an hour in the middle, and set right later"""
        self._await(self._start(back=HOUR, back_after=self.chance.randint(1, 8), step=False))
        true, self.moment = self.moment, self.moment - HOUR
        self._await(self._start())
        self.moment = true + STEP

    def power_cut(self) -> None:
        """the power failing: what the disk holds at that moment is all that is left"""
        process = self._start()
        process.join(self.chance.uniform(0, 0.1))
        if process.exitcode is None and process.pid is not None:
            self.clinic.store.close()
            up_again = self.place.cut_power(process.pid)
            self._kill(process)
            up_again()
            self.tally.counts["power cuts"] += 1
        self._kill(process)

    def backed_up(self) -> None:
        """a copy of the database"""
        self.clinic.store.close()
        self.place.back_up()
        self._backed_up = True
        self.tally.counts["backups"] += 1

    def restored(self) -> None:
        """an old copy brought back: nothing goes until a person has confirmed it, and then nothing twice"""
        if not self._backed_up:
            return
        self.clinic.store.close()
        self.place.restore()
        self._backed_up = False
        self.tally.counts["restored"] += 1
        wrong = stands_still(self.clinic.store, lambda: self._await(self._start()), self.standin.taken)
        self.tally.counts["restored and held"] += not wrong
        self._wrong += wrong
        self._confirm()

    # What follows.

    def settle(self) -> None:
        """All goes well again until nothing is under way, nor in doubt where the API knows our keys."""
        self.standin.plan = no_faults
        for attempt in range(60):
            self._tick()
            calm = is_settled(self.clinic.store, self.moment, doubt=not self._keyed or not self._in_doubt())
            if calm:
                return
            self._pass_time(STEP * (1 + attempt // 4))

    def judge(self) -> Left:
        """How everything stands, and everything that is wrong."""
        left = look(self.clinic.store, self.standin.taken(), now=self.moment, in_flight=self.in_flight)
        wrong = [*self._wrong, *self.tally.bugs, *left.wrong]
        if self._keyed and (doubt := self._in_doubt()):
            wrong.append(f"{doubt} are unknown although the mail API knows their keys")
        return Left(keys=left.keys, taken=left.taken, wrong=tuple(wrong))

    def resolve(self) -> None:
        """Settle what is unknown as a clinic does: by the provider's events, and by its log."""
        arrived = {entry.key for entry in self.standin.taken()}
        with self.clinic.store.read() as tx:
            found = unknowns(tx)
        by_event = [each for each in found if each.key in arrived and self.chance.random() < 0.5]
        with self.clinic.store.begin() as tx:
            for each in by_event:
                resolve_by_event(tx, each.key, State.ACCEPTED, source=self.api, now=self.moment)
        left = [each for each in found if each not in by_event]
        went = [each.delivery for each in left if each.key in arrived]
        never = [each.delivery for each in left if each.key not in arrived]
        for ids, verdict in ((went, Verdict.ACCEPTED), (never, Verdict.NOT_SENT)):
            with self.clinic.store.begin() as tx:
                resolve(tx, ids, verdict, self._dating())
        self.in_flight = 0
        counts = self.tally.counts
        counts["resolved by event"] += len(by_event)
        counts["resolved by staff: it went"] += len(went)
        counts["resolved by staff: sent again"] += len(never)

    def sent_again(self) -> int:
        """How many were unknown, and went once more under their key until there was an answer."""
        lives: dict[int, list[str]] = {}
        for step in self.clinic.history():
            lives.setdefault(step.delivery_id, []).append(step.state)
        pair = (State.UNKNOWN, State.SENDING)
        return sum(pair in pairwise(life) for life in lives.values())

    # How it is done.

    @property
    def _keyed(self) -> bool:
        return self.api != "postmark"

    def _open_clinic(self) -> Clinic:
        store = Store.open(self.place.url, self._keyring)
        generation = Generation(self._folder / "generation")
        return Clinic(store=store, keyring=self._keyring, generation=generation, clock=SetClock(self.moment))

    def _start(self, *, step: bool = True, **how: Any) -> BaseProcess:
        """One more process, at the next moment."""
        self._number += 1
        self.tally.counts["processes"] += 1
        order = Order(
            url=self.place.url, keys=self._keyring.to_text(), api=self.api, standin=self.standin.url,
            generation=self._folder / "generation", number=self._number, moment=self.moment, batch_size=BATCH,
            **how,
        )  # fmt: skip
        if step:
            self.moment += STEP
        return self._processes.start(order)

    def _kill(self, process: BaseProcess, *, wait: bool = False) -> None:
        """kill -9, unless it has ended; with ``wait`` somebody else does it, or nobody."""
        if not wait:
            process.kill()
        self._await(process)

    def _await(self, process: BaseProcess) -> None:
        process.join()
        if getattr(process, "counted", False):
            return
        process.counted = True  # type: ignore[attr-defined]  # each counts once, whoever asks first
        if was_killed(process):
            self.tally.counts["kills"] += 1
        elif process.exitcode == SAID_WHY:
            self.tally.counts["gave up with a reason"] += 1
        elif process.exitcode:
            self.tally.bugs.append(f"a process ended with a traceback ({process.exitcode})")
        # What it had handed over and not recorded; a process has one batch under way.
        self.in_flight += BATCH * bool(process.exitcode)

    @contextmanager
    def _at_a_request(self) -> Iterator[tuple[Callable[[Callable[[], Fault]], None], list[BaseProcess]]]:
        """Something happens once at one of the next requests, as soon as there is a victim."""
        victims: list[BaseProcess] = []
        calls_left = self.chance.randint(1, 6)

        def wait_for(act: Callable[[], Fault]) -> None:
            def plan(_call: Call) -> Fault:
                nonlocal calls_left
                calls_left -= bool(victims)
                return act() if victims and calls_left == 0 else Fault.NONE

            self.standin.plan = plan

        try:
            yield wait_for, victims
        finally:
            self.standin.plan = no_faults

    def _while_in_flight(self, trouble: Callable[[], Any]) -> None:
        """Trouble begins while a request is with the mail API, and ends with the process."""
        with ExitStack() as over, self._at_a_request() as (wait_for, victims):

            def begin() -> Fault:
                over.enter_context(trouble())
                return Fault.NONE

            wait_for(begin)
            victims.append(self._start(patience=timedelta(seconds=0.2)))
            self._await(victims[0])

    @contextmanager
    def _crash(self) -> Iterator[None]:
        self.clinic.store.close()
        self.place.cut_power(0)
        self.tally.counts["server restarts"] += 1
        yield

    def _confirm(self) -> None:
        generation = self.clinic.generation
        if generation is None:
            return
        lost = generation.confirm(
            self.clinic.store, actor="staff:ana", provider=self.api, leave_open=True, now=self.moment
        )
        self.in_flight += len(lost.deliveries)

    def _tick(self) -> None:
        provider = APIS[self.api](self.standin.url, _PATIENT)
        self.clinic.clock.moment = self.moment
        self._number += 1
        dispatcher = self.clinic.dispatcher(
            provider, seed=self._number, owner=f"process-{self._number}", batch_size=100
        )
        dispatcher.tick(self.moment)
        provider.close()

    def _pass_time(self, span: timedelta) -> None:
        """To the next thing that is due, where that is later than ``span``."""
        with self.clinic.store.read() as tx:
            due = next_due(tx)
        self.moment += span
        if due is not None and due > self.moment and due - self.moment < timedelta(days=1):
            self.moment = due

    def _in_doubt(self) -> int:
        """Unknown, but for what a restored backup does not know."""
        with self.clinic.store.read() as tx:
            return sum(each.reason is not Reason.RESTORED for each in unknowns(tx))

    def _dating(self) -> Dating:
        return Dating(
            rules=RULES, clinic_zone=ZoneInfo(ZONE.key), clinic_language="en", days=EditionDays(RULES),
            actor="staff:ana", now=self.moment, new_key=lambda: f"new-{next(self.clinic.numbers)}",
        )  # fmt: skip
