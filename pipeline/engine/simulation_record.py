"""What happened in a simulation, as plain facts that somebody else judges.

In charge of: the vocabulary, and collecting facts while it plays. Not in charge of: the judgement
(``simulation_checks``) or counting (``simulation_summary``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from pipeline.engine.simulation_script import Deed
from pipeline.rendering.model import Message
from pipeline.schedule.model import PartDay
from pipeline.schedule.requests import slower
from pipeline.store import simulation
from pipeline.store.database import Store, Tx
from pipeline.store.simulation import Ending, Fact, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailed:
    """One email that reached its patient's inbox."""

    delivery: int
    enrollment: int
    patient: int
    #: The part and its day around the visit; "slower" is applied.
    day: PartDay
    #: The first visit as it stood then, a civil date in ``zone``.
    start: date
    zone: str
    #: When the ledger said that it was due, and the last local date for it.
    due_at: datetime
    expires_on: date
    asked: bool
    #: When ``sending`` was committed, and when it arrived; aware.
    sending_at: datetime
    at: datetime
    #: Number of the history's row that says ``sending``.
    began: int
    #: It went before the simulation began: only what comes after is judged by it.
    earlier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """From here on these enrollments must get nothing more."""

    enrollments: frozenset[int]
    #: Number of the newest row of the history when it was committed.
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Something of the script, and what came of it."""

    at: datetime
    #: In words.
    what: str
    #: How many enrollments it changed.
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A whole simulation."""

    start: datetime
    until: datetime
    mailed: tuple[Mailed, ...]
    stops: tuple[Stop, ...]
    endings: tuple[Ending, ...]
    turns: tuple[Turn, ...]
    done: tuple[Done, ...]
    #: What the script has and the days never came to.
    left: tuple[Deed, ...] = ()
    #: Names of the dispatchers, as the ledger has them.
    owners: frozenset[str] = frozenset()


@dataclass(slots=True)
class Recorder:
    """Collects facts. What is in a call is read before anything else can happen to it."""

    store: Store
    #: The parts of the edition with this hash, as the calendar takes them.
    parts: Callable[[Tx, str], Sequence[PartDay]]
    mailed: list[Mailed] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    owners: set[str] = field(default_factory=set)
    _first: int = 0
    _days: dict[str, dict[int, PartDay]] = field(default_factory=dict)
    _in_hand: dict[str, Mailed] = field(default_factory=dict)

    def begin(self) -> None:
        """Note what went before, and who must not be mailed."""
        with self.store.read() as tx:
            self._first = simulation.history_head(tx)
            self.mailed = [
                replace(self._mailed(tx, fact, fact.sending_at), earlier=True)
                for fact in simulation.gone_already(tx)
            ]
            self.stops = [Stop(enrollments=simulation.suppressed_enrollments(tx), after=self._first)]

    def taken_in_hand(self, messages: Sequence[Message], now: datetime) -> None:
        """These are about to leave: how do they stand in the ledger?"""
        with self.store.read() as tx:
            facts = simulation.facts_of(tx, [message.key for message in messages])
            for key, fact in facts.items():
                mail, first = self._mailed(tx, fact, now), self._in_hand.get(key)
                if fact.again and first is not None:
                    # Sent again because nobody knows of the first attempt, it goes by the dates of that one.
                    mail = replace(first, at=now, sending_at=mail.sending_at, began=mail.began)
                self._in_hand[key] = mail

    def arrived(self, messages: Sequence[Message]) -> None:
        """These reached their patients."""
        self.mailed += [self._in_hand[message.key] for message in messages]

    def of(self, message: Message) -> Mailed:
        """What is known of a message that is in hand."""
        return self._in_hand[message.key]

    def stopped(self, tx: Tx, enrollments: frozenset[int]) -> None:
        """Call it in the transaction of the stop, after it."""
        self.stops.append(Stop(enrollments=enrollments, after=simulation.history_head(tx)))

    def record(self, *, start: datetime, until: datetime, left: Sequence[Deed] = ()) -> Record:
        """Everything, at the end."""
        with self.store.read() as tx:
            return Record(
                start=start,
                until=until,
                mailed=tuple(self.mailed),
                stops=tuple(self.stops),
                endings=simulation.endings(tx),
                turns=simulation.turns(tx, after=self._first),
                done=tuple(
                    sorted((each for each in self.done if each.at <= until), key=lambda each: each.at)
                ),
                left=tuple(left),
                owners=frozenset(self.owners),
            )

    def _mailed(self, tx: Tx, fact: Fact, at: datetime) -> Mailed:
        if fact.edition not in self._days:
            self._days[fact.edition] = {each.part: each for each in self.parts(tx, fact.edition)}
        # A shorter edition may have replaced the one that had this part.
        day = self._days[fact.edition].get(fact.part, PartDay(part=fact.part, offset=0))
        return Mailed(
            delivery=fact.delivery,
            enrollment=fact.enrollment,
            patient=fact.patient,
            day=slower([day])[0] if fact.slower else day,
            start=fact.start,
            zone=fact.zone,
            due_at=fact.due_at,
            expires_on=fact.expires_on,
            asked=fact.asked,
            sending_at=fact.sending_at,
            at=at,
            began=fact.began,
        )
