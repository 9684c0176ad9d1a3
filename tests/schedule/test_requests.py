"""Slower, the next part now, and the difference that a change makes."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.schedule.model import PartDay, Planned, Sent, Verdict
from pipeline.schedule.plan import plan
from pipeline.schedule.requests import difference, next_now, slower
from pipeline.schedule.rules import rules_from
from pipeline.sections.calendar import Schedule

DAY = timedelta(days=1)
CHICAGO = ZoneInfo("America/Chicago")
RULES = rules_from(Schedule(public_holidays=False), country="US", subdivision=None, years=())
PARTS = tuple(PartDay(part=number, offset=offset) for number, offset in enumerate((-2, 1, 4, 9, 16), 1))
START = date(2026, 12, 1)
ENROLLED = datetime(2026, 11, 20, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHICAGO)


def planned(parts: tuple[PartDay, ...] = PARTS, *, start: date = START, **sent: date) -> tuple[Planned, ...]:
    went = [Sent(part=int(name[-1]), on=on) for name, on in sent.items()]
    now = max((datetime.combine(on, time(20), tzinfo=UTC) for on in sent.values()), default=ENROLLED)
    return plan(start=start, zone=CHICAGO, parts=parts, rules=RULES, now=now, enrolled_at=ENROLLED, sent=went)


def asked(clock: str, *, sent: tuple[Sent, ...] = (), start: date = START) -> Planned | None:
    return next_now(start=start, zone=CHICAGO, parts=PARTS, rules=RULES, now=at(clock), sent=sent)


def days(found: tuple[Planned, ...]) -> list[date | None]:
    return [each.due.astimezone(CHICAGO).date() if each.due else None for each in found]


ONE_AND_TWO = (Sent(part=1, on=date(2026, 11, 27)), Sent(part=2, on=date(2026, 12, 2)))


@pytest.mark.parametrize(
    ("clock", "wanted"),
    [
        ("2026-12-03T11:20:30", "2026-12-03T11:20"),
        ("2026-12-03T07:00", "2026-12-03T09:00"),
        ("2026-12-03T17:00", "2026-12-04T09:00"),
        ("2026-12-04T20:00", "2026-12-05T09:00"),
        ("2026-12-02T16:00", "2026-12-03T09:00"),
        ("2026-12-02T07:00", "2026-12-03T09:00"),
    ],
    ids=["in the window", "before it", "after it", "a Saturday", "one was sent today", "and before it opens"],
)
def test_the_next_part_goes_at_the_first_minute_in_the_window_one_a_day(clock: str, wanted: str) -> None:
    found = asked(clock, sent=ONE_AND_TWO)
    assert (found.part, found.verdict, found.due) == (3, Verdict.PLANNED, at(wanted))


def test_asking_for_the_next_part_skips_those_that_may_not_go_any_more() -> None:
    assert asked("2026-12-01T10:00").part == 2, "part 1 was for before the visit"
    assert asked("2026-12-12T10:00").part == 3, "part 2 has expired"
    assert asked("2026-11-20T10:00").part == 1


def test_after_the_last_part_and_after_every_expiry_there_is_nothing_to_ask_for() -> None:
    everything = tuple(Sent(part=part.part, on=date(2026, 12, 2)) for part in PARTS)
    assert asked("2026-12-03T10:00", sent=everything) is None
    assert asked("2027-02-01T10:00") is None


def test_a_part_on_request_pushes_its_followers_by_the_gap() -> None:
    # Part 3 is asked for on Wednesday the 9th; part 4, due on Thursday the 10th, then waits until Friday.
    sent = tuple(replace(each, on=each.on - DAY) for each in ONE_AND_TWO)
    found = asked("2026-12-09T10:00", sent=sent)
    rest = planned(sent1=sent[0].on, sent2=sent[1].on, sent3=found.due.astimezone(CHICAGO).date())
    assert days(planned())[3:] == [date(2026, 12, 10), date(2026, 12, 17)]
    assert days(rest) == [date(2026, 12, 11), date(2026, 12, 17)]


def test_slower_doubles_the_days_and_with_them_the_expiry() -> None:
    before, after = planned(), planned(slower(PARTS))
    assert [part.offset for part in slower(PARTS)] == [-4, 2, 8, 18, 32]
    assert after[4].expires_on - before[4].expires_on == 16 * DAY
    assert days(after)[1:] == [START + offset * DAY for offset in (2, 8, 20, 34)], "moved off two Saturdays"


def test_moving_the_start_shows_each_unsent_part_before_and_after_and_nothing_else() -> None:
    before = planned(sent1=date(2026, 11, 27))
    after = planned(start=START + 7 * DAY, sent1=date(2026, 11, 27))
    changes = difference(before, after)
    assert [change.part for change in changes] == [2, 3, 4, 5]
    assert all(change.after.due - change.before.due == 7 * DAY for change in changes)


def test_no_change_is_an_empty_difference_and_a_lost_part_is_a_change() -> None:
    whole = planned()
    assert difference(whole, planned()) == ()
    (lost,) = difference(whole, whole[:-1])
    assert (lost.part, lost.before, lost.after) == (5, whole[-1], None)
