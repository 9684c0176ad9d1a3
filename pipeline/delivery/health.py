"""Is something stuck, and what needs a person? The judgement behind ``pipeline status``.

In charge of: turning counts and signs of life into sentences, each with what to do. Not in charge of:
counting (``store.situation``), or showing (``cli``, ``web``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline.delivery.alarm import Complaints, Level
from pipeline.delivery.alarm import in_words as complaints_in_words
from pipeline.delivery.breaker import Breaker
from pipeline.delivery.pacing import Leave
from pipeline.delivery.states import Reason, State
from pipeline.delivery.words import MENDS, REASON_WORDS, STATE_WORDS

#: So many ticks may pass before somebody is told; and never less than the shortest patience.
_TICKS = 5
_SHORTEST_PATIENCE = timedelta(minutes=15)
#: What stands in the ledger for good, and is shown because somebody may want to call.
_LOOK_AT: dict[State, str] = {
    State.REFUSED: "correct the address or call the patient; the mail service will not take it",
    State.BOUNCED: "correct the address or call the patient",
    State.COMPLAINED: "ask the patient whether they still want these emails",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Deliveries that stand alike."""

    state: State
    reason: Reason | None
    count: int
    #: Since when the oldest of them stands so, or was due (aware).
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything the judgement rests on, read in one transaction."""

    now: datetime
    #: How often the scheduler is to tick.
    every: timedelta
    #: Held, unknown, refused, bounced, complained.
    groups: tuple[Group, ...]
    #: Planned, and due before now.
    overdue: tuple[Group, ...]
    #: On their way, and left by a dispatcher that died.
    abandoned: int
    last_tick: datetime | None
    #: What the newest tick failed with, and when.
    trouble: tuple[datetime, str] | None = None
    #: "everything", or the series that are stopped; None: nothing.
    halted: str | None = None
    #: The database is a restored backup, or this machine does not know it.
    restored: str | None = None
    provider: str = ""
    breaker: Breaker = field(default_factory=Breaker)
    #: What the rate and quota allow now; None: no limits are set.
    leave: Leave | None = None
    #: Series of which patients marked too much as spam, and how bad it is.
    complaints: tuple[tuple[Complaints, Level], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing a person should know."""

    #: A stable code: ``restored``, ``halted``, ``breaker``, ``quota``, ``silent``, ``failing``, ``stuck``,
    #: ``abandoned``, ``complaints``, or the state of deliveries that need somebody.
    code: str
    what: str
    mend: str
    count: int = 0
    since: datetime | None = None


def stops(situation: Situation) -> tuple[Notice, ...]:
    """Why nothing goes out at the moment, though it may be due; none: nothing stands in the way."""
    found = []
    if situation.restored:
        found.append(Notice(code="restored", what=situation.restored, mend="pipeline restored"))
    if situation.halted:
        found.append(
            Notice(
                code="halted",
                what=f"Sending is stopped for {situation.halted}.",
                mend="go on with: pipeline halt --resume (for one series: --series NAME --resume)",
            )
        )
    if situation.breaker.open_until is not None:
        found.append(_breaker(situation))
    if situation.leave is not None and situation.leave.quota_used and situation.leave.again_at:
        found.append(
            Notice(
                code="quota",
                what=f"The daily quota of {situation.provider} is used up; "
                f"it goes on at {situation.leave.again_at:%Y-%m-%d %H:%M} UTC.",
                mend="raise sending.per_day in config.toml if the account allows more",
            )
        )
    return tuple(found)


def stuck(situation: Situation) -> tuple[Notice, ...]:
    """What should have happened by itself, and did not."""
    patience = max(situation.every * _TICKS, _SHORTEST_PATIENCE)
    found = []
    if situation.trouble is not None:
        at, what = situation.trouble
        found.append(Notice(code="failing", what=f"Sending fails: {what}", mend="see the log", since=at))
    last = situation.last_tick
    silent = bool(situation.overdue) if last is None else situation.now - last > patience
    if silent:
        found.append(_silent(situation))
    late = [group for group in situation.overdue if group.oldest and situation.now - group.oldest > patience]
    if late and not silent and not stops(situation):
        found.append(
            Notice(
                code="stuck",
                what=f"{_many(late)} due, and nothing stands in the way.",
                mend="look at one of them with: pipeline status --delivery NUMBER",
                count=sum(group.count for group in late),
                since=min(group.oldest for group in late if group.oldest),
            )
        )
    if situation.abandoned:
        found.append(
            Notice(
                code="abandoned",
                what=f"{situation.abandoned} were left in the middle by a process that died.",
                mend="the next tick takes them back: start `pipeline run`",
                count=situation.abandoned,
            )
        )
    return tuple(found)


def needs(situation: Situation) -> tuple[Notice, ...]:
    """What waits for a person, the most first; before it series that are marked as spam too often."""
    bad = [_spam(each) for each, level in situation.complaints if level is not Level.FINE]
    return (*bad, *(_need(group) for group in situation.groups if _mend(group) is not None))


def passes_by_itself(situation: Situation) -> tuple[Group, ...]:
    """Held deliveries that wait for a day or the patient, not for staff."""
    return tuple(group for group in situation.groups if _mend(group) is None)


def _spam(found: Complaints) -> Notice:
    return Notice(
        code="complaints",
        what=f"Series {found.series}: {complaints_in_words(found)}.",
        mend="look at who gets it and how it is written: pipeline report; a halted series waits for you",
        since=found.newest,
    )


def _need(group: Group) -> Notice:
    return Notice(
        code=group.state.value if group.reason is None else f"{group.state}:{group.reason}",
        what=in_words(group),
        mend=_mend(group) or "",
        count=group.count,
        since=group.oldest,
    )


def in_words(group: Group) -> str:
    """ "Held for you: no consent is recorded"."""
    state = STATE_WORDS[group.state]
    return state if group.reason is None else f"{state}: {REASON_WORDS[group.reason]}"


def _mend(group: Group) -> str | None:
    if group.state is State.UNKNOWN:
        return "find out whether they went, and say so: pipeline unknowns"
    if group.state is State.HELD:
        return None if group.reason is None else MENDS.get(group.reason)
    return _LOOK_AT.get(group.state)


def _breaker(situation: Situation) -> Notice:
    breaker = situation.breaker
    assert breaker.open_until is not None, "only asked of an open one"
    waits = breaker.is_open(situation.now)
    then = f"the next try is at {breaker.open_until:%H:%M:%S} UTC" if waits else "the next batch is a try"
    return Notice(
        code="breaker",
        what=f"{situation.provider} has trouble: {breaker.reason}. Sending waits; {then}.",
        mend="it goes on by itself; if it stays, look at the mail service's status page and account",
        since=breaker.since,
    )


def _silent(situation: Situation) -> Notice:
    since = situation.last_tick
    words = f"since {since:%Y-%m-%d %H:%M} UTC" if since else "yet"
    return Notice(
        code="silent",
        what=f"The scheduler has not ticked {words}: nothing is sent.",
        mend="start `pipeline run`, or let a timer call `pipeline dispatch`",
        since=since,
    )


def _many(groups: Sequence[Group]) -> str:
    count = sum(group.count for group in groups)
    return f"{count} delivery is" if count == 1 else f"{count} deliveries are"
