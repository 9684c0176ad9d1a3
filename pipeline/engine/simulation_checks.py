"""Expectations of a simulation: each looks at what happened and names what breaks it.

In charge of: judging plain facts by the promises (DESIGN 7 to 9), from scratch: nothing here asks the code
that took the decisions. Not in charge of: collecting the facts (``simulation_record``).
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import TypeAlias
from zoneinfo import ZoneInfo

from pipeline.delivery.states import Reason, State
from pipeline.engine.simulation_record import Mailed, Record
from pipeline.errors import NotAllowedError
from pipeline.schedule.model import Rules
from pipeline.store.ledger import WATCHDOG

RulesOn: TypeAlias = Callable[[date], Rules]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One delivery that breaks an expectation; ids only."""

    delivery: int
    enrollment: int
    patient: int
    part: int
    #: In words, without a name.
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A name for the command line, what it means, and its check."""

    name: str
    meaning: str
    check: Callable[[Record, RulesOn], Iterator[Breach]]


#: For these reasons a delivery does not go for the patient's sake: nothing was missed.
_THEIRS = frozenset(
    {Reason.UNSUBSCRIBED, Reason.SUPPRESSED, Reason.NO_CONSENT, Reason.NO_ADDRESS, Reason.PHONE_INSTEAD,
     Reason.MINOR, Reason.DECEASED, Reason.PAUSED, Reason.NO_LANGUAGE, Reason.CANCELED_VISIT, Reason.NO_SHOW,
     Reason.DISCHARGED, Reason.STOPPED, Reason.WRONG_PERSON},
)  # fmt: skip


def _no_duplicates(record: Record, _rules: RulesOn) -> Iterator[Breach]:
    seen: dict[tuple[int, int], Mailed] = {}
    for mail in record.mailed:
        first = seen.setdefault((mail.enrollment, mail.day.part), mail)
        if first is not mail and not mail.earlier:
            yield _breach(mail, f"went at {_shown(first.at, mail)} and again at {_shown(mail.at, mail)}")


def _no_late(record: Record, rules: RulesOn) -> Iterator[Breach]:
    for mail in _new(record):
        on = _local(mail.at, mail).date()
        own = mail.start + timedelta(days=mail.day.offset)
        last = own + timedelta(days=_rules_of(mail, rules).expires_after_days)
        if mail.day.offset < 0 and on >= mail.start:
            yield _breach(mail, f"was for before the first visit on {mail.start}, and went on {on}")
        elif on > last:
            yield _breach(mail, f"was useful until {last}, and went on {on}")


def _no_early(record: Record, _rules: RulesOn) -> Iterator[Breach]:
    for mail in _new(record):
        own = mail.start + timedelta(days=mail.day.offset)
        if mail.sending_at < mail.due_at:
            yield _breach(mail, f"was due at {_shown(mail.due_at, mail)}, and went earlier")
        elif mail.day.offset >= 0 and not mail.asked and _local(mail.at, mail).date() < own:
            yield _breach(mail, f"has its day on {own}, and went on {_local(mail.at, mail).date()}")


def _in_window(record: Record, rules: RulesOn) -> Iterator[Breach]:
    for mail in _new(record):
        local, its = _local(mail.at, mail), _rules_of(mail, rules)
        if not its.window_open <= local.time() < its.window_close:
            yield _breach(mail, f"went at {local:%H:%M} in the patient's time, outside the window")
        elif not mail.asked and (local.isoweekday() not in its.weekdays or local.date() in its.closed):
            yield _breach(mail, f"went on {local:%A} {local.date()}, a closed day")


def _gap_kept(record: Record, rules: RulesOn) -> Iterator[Breach]:
    for before, mail in _pairs(record):
        days = (_local(mail.at, mail).date() - _local(before.at, mail).date()).days
        wanted = 1 if mail.asked else max(_rules_of(mail, rules).min_gap_days, 1)
        if days < wanted:
            yield _breach(mail, f"came {days} days after part {before.day.part}; at least {wanted} were due")


def _order_kept(record: Record, _rules: RulesOn) -> Iterator[Breach]:
    for before, mail in _pairs(record):
        # A new start date may bring back an earlier part that was left out for the old one (DESIGN 7.6).
        if mail.day.part < before.day.part and mail.start == before.start:
            yield _breach(mail, f"came after part {before.day.part}")


def _nothing_after_unsubscribe(record: Record, _rules: RulesOn) -> Iterator[Breach]:
    ended: dict[int, int] = {}
    for stop in record.stops:
        for enrollment in stop.enrollments:
            ended[enrollment] = min(ended.get(enrollment, stop.after), stop.after)
    for mail in _new(record):
        if mail.began > ended.get(mail.enrollment, mail.began):
            yield _breach(mail, f"went at {_shown(mail.at, mail)}, after the patient had stopped it")


def _no_unknown(record: Record, _rules: RulesOn) -> Iterator[Breach]:
    for end in record.endings:
        if end.state in {State.UNKNOWN, State.SENDING}:
            yield Breach(
                delivery=end.delivery, enrollment=end.enrollment, patient=end.patient, part=end.part,
                why="nobody knows whether it went",
            )  # fmt: skip


def _all_sent(record: Record, _rules: RulesOn) -> Iterator[Breach]:
    by_itself = {*record.owners, WATCHDOG}
    for end in record.endings:
        due = end.due_at is not None and end.due_at <= record.until
        waiting = end.state in {State.PLANNED, State.CLAIMED, State.SENDING} and due
        missed = end.state in {State.HELD, State.SKIPPED} and end.reason not in _THEIRS
        failed = end.state in {State.UNKNOWN, State.REFUSED, State.BOUNCED}
        if waiting or ((missed or failed) and end.actor in by_itself):
            reason = f" ({end.reason.value})" if end.reason else ""
            yield Breach(
                delivery=end.delivery, enrollment=end.enrollment, patient=end.patient, part=end.part,
                why=f"was due, and is {end.state.value}{reason}",
            )  # fmt: skip


_Check: TypeAlias = Callable[[Record, RulesOn], Iterator[Breach]]
_ALL: tuple[tuple[str, _Check, str], ...] = (
    ("no-duplicates", _no_duplicates, "no part reaches a patient twice"),
    ("no-late", _no_late, "nothing goes after its last useful day, or after the visit it is for"),
    ("no-unknown", _no_unknown, "of every email it is known whether it went"),
    ("all-sent", _all_sent, "everything due went, but for what patients or staff stopped"),
    ("in-window", _in_window, "open days and hours only, on each patient's own clocks"),
    ("no-early", _no_early, "nothing goes before its time"),
    ("gap-kept", _gap_kept, "days between two parts, unless the patient asked for the next"),
    ("nothing-after-unsubscribe", _nothing_after_unsubscribe, "a patient's own stop holds at once"),
    (
        "order-kept",
        _order_kept,
        "parts come in the order of their numbers, unless a new start date brings one back",
    ),
)
EXPECTATIONS: Mapping[str, Expectation] = MappingProxyType(
    {name: Expectation(name=name, meaning=meaning, check=check) for name, check, meaning in _ALL}
)


def named(names: str) -> tuple[Expectation, ...]:
    """The expectations in a list with commas, each once. Raises NotAllowedError for one that nobody knows."""
    wanted = dict.fromkeys(name.strip().casefold() for name in names.split(",") if name.strip())
    for name in wanted:
        if name not in EXPECTATIONS:
            near = difflib.get_close_matches(name, EXPECTATIONS, n=1, cutoff=0.5)
            raise NotAllowedError(
                f"There is no expectation {name!r}.",
                mend=f"did you mean {near[0]!r}?" if near else f"known: {', '.join(EXPECTATIONS)}",
            )
    return tuple(EXPECTATIONS[name] for name in wanted)


def breaches(record: Record, wanted: Iterable[Expectation], rules: RulesOn) -> dict[str, tuple[Breach, ...]]:
    """What breaks each of these expectations, by name; ``rules`` gives the clinic's rules on a date."""
    return {each.name: tuple(each.check(record, rules)) for each in wanted}


def _new(record: Record) -> Iterator[Mailed]:
    return (mail for mail in record.mailed if not mail.earlier)


def _pairs(record: Record) -> Iterator[tuple[Mailed, Mailed]]:
    """Each two emails of one enrollment that came one after the other, the later one new; a part that came
    twice is another check's.
    """
    of: dict[int, dict[int, Mailed]] = {}
    for mail in record.mailed:
        of.setdefault(mail.enrollment, {}).setdefault(mail.day.part, mail)
    for parts in of.values():
        came = sorted(parts.values(), key=lambda mail: (not mail.earlier, mail.began))
        yield from ((before, mail) for before, mail in pairwise(came) if not mail.earlier)


def _rules_of(mail: Mailed, rules: RulesOn) -> Rules:
    return mail.day.rules or rules(mail.at.date())


def _local(moment: datetime, mail: Mailed) -> datetime:
    return moment.astimezone(ZoneInfo(mail.zone))


def _shown(moment: datetime, mail: Mailed) -> str:
    return f"{_local(moment, mail):%Y-%m-%d %H:%M}"


def _breach(mail: Mailed, why: str) -> Breach:
    return Breach(
        delivery=mail.delivery, enrollment=mail.enrollment, patient=mail.patient, part=mail.day.part, why=why
    )
