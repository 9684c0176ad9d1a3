"""One clinic, one database, one mail API, and processes that send until something befalls them.

In charge of: starting and ending those processes, letting things settle, judging, and settling what is in
doubt as a clinic does. Not in charge of: what befalls them (``disturbances``), or what must hold
(``invariants``).

Every process works at a moment of its own, six minutes after the one before it: longer than a lease, so that
what a dead one left behind is found by the next.
"""

import random
from collections import Counter
from contextlib import ExitStack
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
from pipeline.actions.resolving import Verdict, resolve
from pipeline.delivery.states import Reason, State
from pipeline.demo.faults import no_faults
from pipeline.demo.standin import Standin
from pipeline.keys import Keyring
from pipeline.store import ledger
from pipeline.store.database import Store
from pipeline.store.overview import next_due
from pipeline.store.steps import Mark
from pipeline.store.unknowns import unknowns
from tests.crash.invariants import Left, is_settled, look
from tests.crash.ordered import APIS, SAID_WHY, Order, Processes, was_killed
from tests.crash.places import Place
from tests.engine.sample import NOW, RULES, ZONE, Clinic, SetClock, person

BATCH = 5
STEP = timedelta(minutes=6)
_PATIENT = 20.0
#: Looks at whether everything is settled; the last of them are days apart.
_MOST_LOOKS = 60


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
    """A context manager. ``moment`` is what the clocks of its world show."""

    def __init__(
        self, place: Place, *, api: str, keyring: Keyring, folder: Path, processes: Processes, seed: int
    ) -> None:
        self.place = place
        self.api = api
        self.keyring = keyring
        self.processes = processes
        self.chance = random.Random(seed)
        self.moment = NOW
        self.tally = Tally()
        #: Messages that may be in doubt by now, at most.
        self.in_flight = 0
        #: Broken promises that were seen under way.
        self.wrong: list[str] = []
        self.backed_up = False
        self._folder = folder
        self._people = 0
        self._number = 0
        self._open = ExitStack()

    def __enter__(self) -> Self:
        clock = lambda: self.moment  # noqa: E731 - one clock, one line
        standin = Standin(self._folder / "standin", latency_seconds=0.005, keep_mail=False, clock=clock)
        self.standin = self._open.enter_context(standin)
        store = self._open.enter_context(Store.open(self.place.url, self.keyring))
        self.generation = Generation(self._folder / "generation")
        self.clinic = Clinic(
            store=store, keyring=self.keyring, generation=self.generation, clock=SetClock(self.moment)
        )
        self.clinic.prepare()
        return self

    def __exit__(self, *exception: object) -> None:
        self.processes.end()
        self._open.close()

    @property
    def store(self) -> Store:
        return self.clinic.store

    @property
    def keyed(self) -> bool:
        """Whether the mail API knows our keys, so that it can be asked again."""
        return APIS[self.api].keyed

    @property
    def work_left(self) -> bool:
        """Whether something is due, now or a little later."""
        return not is_settled(self.store, self.moment + STEP, doubt=True)

    def enroll(self, people: int) -> None:
        """So many more patients whose part 1 is due."""
        new = range(self._people, self._people + people)
        self._people += people
        self.clinic.enroll([person(number) for number in new])
        self.tally.counts["messages"] += people

    def next_number(self) -> int:
        """For a process: its name in the ledger, and its chance."""
        self._number += 1
        self.tally.counts["processes"] += 1
        return self._number

    def start(self, *, step: bool = True, **how: Any) -> BaseProcess:
        """One more process at this moment, which passes unless ``step`` is false; ``how``: see Order."""
        order = Order(
            url=self.place.url, keys=self.keyring.to_text(), api=self.api, standin=self.standin.url,
            generation=self.generation.path, number=self.next_number(), moment=self.moment, batch_size=BATCH,
            **how,
        )  # fmt: skip
        if step:
            self.moment += STEP
        return self.processes.start(order)

    def kill(self, process: BaseProcess) -> None:
        """kill -9, unless it has ended."""
        process.kill()
        self.wait_for(process)

    def wait_for(self, process: BaseProcess, *, batches: int = 1) -> None:
        """Until it has ended, and note how; ``batches``: how many it has under way at once."""
        process.join()
        if was_killed(process):
            self.tally.counts["kills"] += 1
        elif process.exitcode == SAID_WHY:
            self.tally.counts["gave up, saying why"] += 1
        elif process.exitcode:
            self.tally.bugs.append(f"a process ended with a traceback ({process.exitcode})")
        # What it had handed over and could not record.
        self.in_flight += batches * BATCH * bool(process.exitcode)

    def settle(self) -> None:
        """All goes well again until nothing is under way, nor in doubt where the API knows our keys."""
        self.standin.plan = no_faults
        for look_number in range(_MOST_LOOKS):
            self._tick()
            if is_settled(self.store, self.moment, doubt=not self.keyed or not self._in_doubt()):
                return
            self._pass_time(STEP * (1 + look_number // 4))

    def judge(self) -> Left:
        """How everything stands, and everything that is wrong."""
        left = look(self.store, self.standin.taken(), now=self.moment, in_flight=self.in_flight)
        wrong = [*self.wrong, *self.tally.bugs, *left.wrong]
        if self.keyed and (doubt := self._in_doubt()):
            wrong.append(f"{doubt} are unknown although the mail API knows their keys")
        return Left(keys=left.keys, taken=left.taken, wrong=tuple(wrong))

    def resolve(self) -> None:
        """Settle what is unknown as a clinic does: by the provider's events, and by its log."""
        arrived = {entry.key for entry in self.standin.taken()}
        with self.store.read() as tx:
            found = unknowns(tx)
        by_event = [each for each in found if each.key in arrived and self.chance.random() < 0.5]
        with self.store.begin() as tx:
            marks = [Mark(delivery=each.delivery, state=State.ACCEPTED) for each in by_event]
            ledger.resolve(tx, marks, actor=f"event:{self.api}", now=self.moment)
        left = [each for each in found if each not in by_event]
        went = [each.delivery for each in left if each.key in arrived]
        never = [each.delivery for each in left if each.key not in arrived]
        for ids, verdict in ((went, Verdict.ACCEPTED), (never, Verdict.NOT_SENT)):
            with self.store.begin() as tx:
                resolve(tx, ids, verdict, self._dating())
        self.in_flight = 0
        counts = self.tally.counts
        counts["settled by an event"] += len(by_event)
        counts["settled by staff: it went"] += len(went)
        counts["settled by staff: it did not, sent"] += len(never)

    def sent_again(self) -> int:
        """How many were unknown, and went once more under their key."""
        lives: dict[int, list[str]] = {}
        for step in self.clinic.history():
            lives.setdefault(step.delivery_id, []).append(step.state)
        return sum((State.UNKNOWN, State.SENDING) in pairwise(life) for life in lives.values())

    def _tick(self) -> None:
        provider = APIS[self.api].open(self.standin.url, _PATIENT)
        self.clinic.clock.moment = self.moment
        number = self.next_number()
        dispatcher = self.clinic.dispatcher(provider, seed=number, owner=f"process-{number}")
        dispatcher.tick(self.moment)
        provider.close()

    def _pass_time(self, span: timedelta) -> None:
        """Go on by ``span``, or over the night to what is due next."""
        with self.store.read() as tx:
            due = next_due(tx)
        self.moment += span
        if due is not None and timedelta() < due - self.moment < timedelta(days=1):
            self.moment = due

    def _in_doubt(self) -> int:
        """Unknown, but for what a restored backup does not know."""
        with self.store.read() as tx:
            return sum(each.reason is not Reason.RESTORED for each in unknowns(tx))

    def _dating(self) -> Dating:
        return Dating(
            rules=RULES, clinic_zone=ZoneInfo(ZONE.key), clinic_language="en", days=EditionDays(RULES),
            actor="staff:ana", now=self.moment, new_key=lambda: f"new-{next(self.clinic.numbers)}",
        )  # fmt: skip
