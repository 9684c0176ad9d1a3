"""Each expectation finds the fault it is named after, and finds nothing in a history without fault."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.delivery.states import Reason, State
from pipeline.engine.simulation_checks import EXPECTATIONS, breaches, named
from pipeline.engine.simulation_record import Mailed, Record, Stop
from pipeline.errors import NotAllowedError
from pipeline.schedule.model import PartDay
from pipeline.store.ledger import WATCHDOG
from pipeline.store.simulation import Ending
from tests.engine.sample import RULES, TODAY, VISIT, ZONE

LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
DAYS = {1: 1, 2: 4, 3: 9}


def nine(day: date, zone: ZoneInfo = ZONE) -> datetime:
    return datetime.combine(day, time(9), zone).astimezone(UTC)


def mailed(part: int, at: datetime | None = None, **other: object) -> Mailed:
    """One part as it should go: on its day, at nine."""
    due = nine(VISIT + timedelta(days=DAYS[part]))
    mail = Mailed(
        delivery=part, enrollment=1, patient=1, day=PartDay(part=part, offset=DAYS[part]), start=VISIT,
        zone=ZONE.key, due_at=due, expires_on=VISIT + timedelta(days=DAYS[part] + RULES.expires_after_days),
        asked=False, sending_at=at or due, at=at or due, began=part * 10,
    )  # fmt: skip
    return replace(mail, **other)


def ending(state: State, *, reason: Reason | None = None, actor: str = "simulated-1", due: int = 0) -> Ending:
    return Ending(
        delivery=9, enrollment=1, patient=1, part=3, state=state, reason=reason, actor=actor,
        due_at=nine(TODAY + timedelta(days=due)),
    )  # fmt: skip


def record(*mails: Mailed, stops: tuple[Stop, ...] = (), endings: tuple[Ending, ...] = ()) -> Record:
    start = nine(VISIT)
    return Record(
        start=start, until=start + timedelta(days=30), mailed=mails, stops=stops, endings=endings, turns=(),
        done=(), owners=frozenset({"simulated-1"}),
    )  # fmt: skip


def broken(history: Record) -> set[str]:
    found = breaches(history, EXPECTATIONS.values(), lambda _day: RULES)
    return {name for name, each in found.items() if each}


GOOD = (mailed(1), mailed(2), mailed(3))
SATURDAY = VISIT + timedelta(days=12)
TOO_LATE = VISIT + timedelta(days=DAYS[3] + RULES.expires_after_days + 1)
ON_THE_WAY = Stop(enrollments=frozenset({1}), after=30)


def test_a_history_without_fault_breaks_nothing() -> None:
    assert broken(record(*GOOD)) == set()
    assert broken(record(*GOOD, stops=(ON_THE_WAY,))) == set(), "part 3 was on its way when they stopped"


FAULTS = {
    "a part arrives twice": ({"no-duplicates"}, record(*GOOD, mailed(3, began=31))),
    "a part that went before comes again": (
        {"no-duplicates"},
        record(mailed(1, earlier=True), mailed(1, delivery=1, began=99)),
    ),
    "a part goes after its last useful day": ({"no-late"}, record(mailed(3, nine(TOO_LATE)))),
    "a part for before the visit goes on its day": (
        {"no-late"},
        record(mailed(1, nine(VISIT), day=PartDay(part=1, offset=-2), due_at=nine(VISIT))),
    ),
    "a part goes before the ledger's time": (
        {"no-early"},
        record(mailed(1, due_at=nine(TODAY) + timedelta(minutes=1))),
    ),
    "a part goes before its day": (
        {"no-early"},
        record(mailed(2, nine(VISIT + timedelta(days=3)), due_at=nine(VISIT))),
    ),
    "a part goes at the closing minute": (
        {"in-window"},
        record(mailed(1, nine(TODAY) + timedelta(hours=8))),
    ),
    "a part goes on a Saturday": ({"in-window"}, record(mailed(3, nine(SATURDAY)))),
    "two parts come within the gap": (
        {"gap-kept"},
        record(mailed(1, nine(VISIT + timedelta(days=3))), mailed(2)),
    ),
    "a part comes the day after one that went before the simulation": (
        {"gap-kept"},
        record(mailed(1, nine(VISIT + timedelta(days=3)), earlier=True), mailed(2)),
    ),
    "a part comes before the one ahead of it": (
        {"order-kept"},
        record(
            mailed(2, nine(VISIT + timedelta(days=4)), began=1), mailed(1, nine(VISIT + timedelta(days=7)))
        ),
    ),
    "a part begins to go after the stop": (
        {"nothing-after-unsubscribe"},
        record(*GOOD, stops=(Stop(enrollments=frozenset({1}), after=29),)),
    ),
    "nobody knows whether a part went": (
        {"no-unknown", "all-sent"},
        record(*GOOD, endings=(ending(State.UNKNOWN, actor=WATCHDOG),)),
    ),
    "a due part still waits": ({"all-sent"}, record(endings=(ending(State.PLANNED, actor="import"),))),
    "the provider refused a part": (
        {"all-sent"},
        record(endings=(ending(State.REFUSED, reason=Reason.PROVIDER_REFUSED),)),
    ),
    "an outage made a part too late": (
        {"all-sent"},
        record(endings=(ending(State.SKIPPED, reason=Reason.EXPIRED),)),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_breaks_its_expectation_and_no_other(fault: str) -> None:
    wanted, history = FAULTS[fault]
    assert broken(history) == wanted


def test_every_expectation_is_broken_by_some_fault() -> None:
    assert {name for wanted, _ in FAULTS.values() for name in wanted} == set(EXPECTATIONS)


INNOCENT = {
    "the patient paused": ending(State.HELD, reason=Reason.PAUSED, actor="patient:page"),
    "the patient unsubscribed": ending(State.CANCELED, reason=Reason.UNSUBSCRIBED, actor="patient:one_click"),
    "the address is on the list": ending(State.SKIPPED, reason=Reason.SUPPRESSED),
    "it is due after the last day": ending(State.PLANNED, due=40),
    "it was too late before the simulation": ending(State.SKIPPED, reason=Reason.EXPIRED, actor="import"),
}


@pytest.mark.parametrize("why", INNOCENT)
def test_what_people_stopped_is_not_missed(why: str) -> None:
    assert broken(record(endings=(INNOCENT[why],))) == set()


def test_what_the_patient_asked_for_ignores_gap_and_closed_days_but_neither_hours_nor_the_day() -> None:
    asked = mailed(2, nine(SATURDAY - timedelta(days=7)), asked=True, due_at=nine(VISIT), delivery=2)
    friday = mailed(1, nine(SATURDAY - timedelta(days=8)))
    assert broken(record(friday, asked)) == set()
    assert broken(record(friday, replace(asked, at=friday.at + timedelta(hours=1)))) == {"gap-kept"}
    assert broken(record(friday, replace(asked, at=asked.at - timedelta(hours=1)))) == {"in-window"}


@pytest.mark.parametrize(
    ("zone", "around"),
    [("America/Chicago", date(2026, 3, 8)), ("America/Chicago", date(2026, 11, 1)),
     ("Australia/Lord_Howe", date(2026, 4, 5)), ("Australia/Lord_Howe", date(2026, 10, 4))],
)  # fmt: skip
def test_days_and_hours_are_the_patients_own_across_a_clock_change(zone: str, around: date) -> None:
    clocks = ZoneInfo(zone)
    friday, monday = around - timedelta(days=2), around + timedelta(days=1)
    start = friday - timedelta(days=DAYS[1])
    before = mailed(1, nine(friday, clocks), start=start, zone=zone, due_at=nine(friday, clocks))
    due = nine(monday, clocks)
    after = mailed(2, due, start=start, zone=zone, due_at=due)

    assert (after.at - before.at) != timedelta(days=3), "the clocks changed between them"
    assert broken(record(before, after)) == set()
    early = due - timedelta(minutes=30)
    assert "in-window" in broken(record(before, replace(after, at=early, sending_at=early)))


def test_a_new_start_date_may_bring_back_an_earlier_part() -> None:
    later, earlier = mailed(2, began=1), mailed(1, nine(VISIT + timedelta(days=7)))
    assert broken(record(later, earlier)) == {"order-kept"}
    assert broken(record(replace(later, start=VISIT - timedelta(days=3)), earlier)) == set()


def test_a_name_that_nobody_knows_names_its_neighbour() -> None:
    with pytest.raises(NotAllowedError) as refused:
        named("no-duplicates,no-lates")
    assert refused.value.mend == "did you mean 'no-late'?"


def test_names_are_taken_once_with_any_spaces_and_case() -> None:
    assert [each.name for each in named(" No-Late, no-late ,gap-kept,")] == ["no-late", "gap-kept"]
