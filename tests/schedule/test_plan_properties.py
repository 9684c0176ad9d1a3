"""What holds for every plan, whatever the zone, the rules, the start and the moment of planning."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from pipeline.delivery.gate import Facts, Go, may_go
from pipeline.schedule.model import Late, Planned, PlanReason, Rules, Sent, Verdict
from pipeline.schedule.requests import next_now, slower
from pipeline.schedule.windows import is_open_day
from tests.schedule.cases import DAY, Case, bounded, cases


def going(case: Case) -> list[Planned]:
    return [each for each in case.plan() if each.verdict is Verdict.PLANNED]


@bounded
@given(cases())
def test_every_due_minute_is_in_the_window_of_an_open_day_that_has_not_passed(case: Case) -> None:
    for each in going(case):
        wall = case.wall(each)
        assert case.rules.window_open <= wall.time() < case.rules.window_close
        assert is_open_day(wall.date(), case.rules)
        assert case.today <= wall.date() <= each.expires_on


@bounded
@given(cases())
def test_no_two_parts_stand_closer_than_the_gap_and_their_order_is_kept(case: Case) -> None:
    days = [case.on(each) for each in going(case)]
    days[:0] = [max(each.on for each in case.sent)] if case.sent else []
    gap = max(case.rules.min_gap_days, 1) * DAY
    assert all(later - earlier >= gap for earlier, later in pairwise(days))


@bounded
@given(cases())
def test_every_unsent_part_has_one_verdict_with_a_reason_where_it_does_not_go(case: Case) -> None:
    found = case.plan()
    gone = {each.part for each in case.sent}
    assert [each.part for each in found] == [part.part for part in case.parts if part.part not in gone]
    for each in found:
        assert (each.due is not None) == (each.verdict is Verdict.PLANNED)
        assert each.reason is not None or each.verdict is Verdict.PLANNED
        assert (each.verdict is Verdict.HELD) == (each.reason is PlanReason.NO_OPEN_DAY)


@bounded
@given(cases())
def test_a_part_before_the_visit_never_goes_on_the_visit_day_or_after_it(case: Case) -> None:
    before = {part.part for part in case.parts if part.offset < 0}
    assert all(case.on(each) < case.start for each in going(case) if each.part in before)


@bounded
@given(cases(), st.randoms(use_true_random=False))
def test_the_same_input_gives_the_same_plan_in_whatever_order_the_parts_stand(case: Case, random) -> None:
    shuffled = list(case.parts)
    random.shuffle(shuffled)
    assert case.plan() == case.plan() == replace(case, parts=tuple(shuffled)).plan()


@bounded
@given(cases())
def test_the_wall_clock_shows_the_send_time_unless_the_clocks_or_the_enrollment_forbid(case: Case) -> None:
    enrolled = case.enrolled_at.astimezone(UTC).replace(second=0, microsecond=0)
    for each in going(case):
        at_send_time = case.wall(each).time() == case.rules.send_time
        assert at_send_time or each.due == enrolled or each.reason is not None


@bounded
@given(cases())
def test_nothing_late_is_sent_under_the_rule_skip(case: Case) -> None:
    skipping = replace(case, rules=replace(case.rules, late=Late.SKIP))
    assert [each for each in going(skipping) if each.reason is PlanReason.LATE] == []


def nearest_open(day: date, step: int, rules: Rules) -> date | None:
    """The oracle: walk day by day."""
    return next((day + n * step * DAY for n in range(31) if is_open_day(day + n * step * DAY, rules)), None)


@bounded
@given(cases())
def test_planned_in_good_time_a_part_takes_the_nearest_open_day_on_its_side_without_moving_others(
    case: Case,
) -> None:
    early = datetime.combine(case.start - 60 * DAY, time(0), tzinfo=UTC)
    for part in case.parts:
        alone = replace(case, parts=(part,), now=early, enrolled_at=early, sent=(), zone=ZoneInfo("UTC"))
        (found,) = alone.plan()
        own = case.start + part.offset * DAY
        wanted = nearest_open(own, -1 if part.offset < 0 else 1, case.rules)
        if found.verdict is Verdict.PLANNED:
            assert alone.on(found) == wanted
            assert (found.reason is None) == (wanted == own)
        elif found.reason is PlanReason.NO_OPEN_DAY:
            assert wanted is None
        else:
            assert found.reason is PlanReason.EXPIRED
            assert wanted > own + case.rules.expires_after_days * DAY


@bounded
@given(cases())
def test_planning_again_before_the_next_part_is_due_changes_nothing(case: Case) -> None:
    first = case.plan()
    planned = [each for each in first if each.due is not None]
    if not planned or any(each.verdict is Verdict.HELD for each in first):
        return
    again = replace(case, now=max(case.now, planned[0].due)).plan()
    assert [(each.part, each.due) for each in again if each.due] == [
        (each.part, each.due) for each in planned
    ]


@bounded
@given(cases())
def test_sent_one_by_one_the_plan_is_what_was_shown_at_first(case: Case) -> None:
    first = case.plan()
    if any(each.verdict is Verdict.HELD for each in first):
        return
    left = case
    for each in [each for each in first if each.due is not None]:
        left = replace(left, now=max(left.now, each.due))
        assert next(now for now in left.plan() if now.due is not None).due == each.due
        left = replace(left, sent=(*left.sent, Sent(part=each.part, on=case.on(each))))
    assert [each for each in left.plan() if each.due is not None] == []


@bounded
@given(cases())
def test_slower_doubles_every_distance_from_the_visit_and_never_brings_a_part_forward_after_it(
    case: Case,
) -> None:
    doubled = slower(case.parts)
    assert [(part.part, part.offset) for part in doubled] == [
        (part.part, part.offset + part.offset) for part in case.parts
    ]


@bounded
@given(cases())
def test_the_next_part_on_request_is_the_first_that_may_go_one_a_day_in_the_window(case: Case) -> None:
    arguments = {"start": case.start, "zone": case.zone, "rules": case.rules, "now": case.now}
    found = next_now(parts=case.parts, sent=case.sent, **arguments)
    unsent = [part for part in case.parts if part.part not in {each.part for each in case.sent}]
    if found is None:
        last = max((each.on for each in case.sent), default=case.today)
        assert all(
            (part.offset < 0 and case.start <= max(case.today, last) + DAY)
            or case.start + (part.offset + case.rules.expires_after_days) * DAY <= max(case.today, last) + DAY
            for part in unsent
        )
        return
    wall = case.wall(found)
    assert found.due >= case.now.replace(second=0, microsecond=0)
    assert case.rules.window_open <= wall.time() < case.rules.window_close
    assert wall.date() not in {each.on for each in case.sent}
    assert wall.date() <= found.expires_on
    earlier = [part for part in unsent if part.part < found.part]
    assert all(
        (part.offset < 0 and wall.date() >= case.start)
        or wall.date() > case.start + (part.offset + case.rules.expires_after_days) * DAY
        for part in earlier
    )


@bounded
@given(cases(mixed=True))
def test_with_rules_of_its_own_each_part_keeps_its_own_window_days_gap_and_expiry(case: Case) -> None:
    last = max((each.on for each in case.sent), default=None)
    for each in going(case):
        rules, wall = case.rules_of(each), case.wall(each)
        assert rules.window_open <= wall.time() < rules.window_close
        assert is_open_day(wall.date(), rules)
        assert wall.date() <= each.expires_on
        assert each.reason is not PlanReason.LATE or rules.late is Late.CATCH_UP
        if last is not None:
            assert wall.date() >= last + max(rules.min_gap_days, 1) * DAY
        last = wall.date()


@bounded
@given(cases(mixed=True), st.integers(-60, 60))
def test_a_move_to_any_day_never_repeats_and_keeps_gap_and_order(case: Case, by: int) -> None:
    first = case.plan()
    moved = replace(case, start=case.start + by * DAY)
    gone = {each.part for each in case.sent}
    assert {each.part for each in moved.plan()} == {each.part for each in first}
    assert not gone & {each.part for each in moved.plan()}
    days = [(each.part, case.on(each)) for each in going(moved)]
    assert days == sorted(days, key=lambda each: each[1])
    back = replace(moved, start=case.start)
    assert back.plan() == first, "moved there and back, nothing has changed"


@bounded
@given(cases(mixed=True))
def test_the_dispatcher_lets_every_part_go_at_the_minute_that_the_plan_gave_it(case: Case) -> None:
    """Sent one by one as planned: what the calendar shows is what the gate lets through."""
    last = max((each.on for each in case.sent), default=None)
    parts = {part.part: part for part in case.parts}
    for each in going(case):
        moment = max(each.due, case.now)
        facts = Facts(
            due_at=each.due, expires_on=each.expires_on, part=parts[each.part], start=case.start,
            zone=case.zone, rules=case.rules, approved_until=date.max, last_sent_on=last,
        )  # fmt: skip
        assert may_go(facts, moment) == Go()
        last = moment.astimezone(case.zone).date()
