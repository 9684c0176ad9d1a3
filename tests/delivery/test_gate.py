"""May this delivery go now? One test per reason, and the properties that hold for all of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.delivery.gate import LOOK_AGAIN, Cancel, Decision, Facts, Go, Hold, Skip, Wait, may_go
from pipeline.delivery.states import Reason
from pipeline.schedule.model import Late, PartDay, Rules
from pipeline.schedule.windows import in_window

CHICAGO = ZoneInfo("America/Chicago")
RULES = Rules(
    send_time=time(9, 0),
    window_open=time(9, 0),
    window_close=time(17, 0),
    weekdays=frozenset(range(1, 6)),
    closed=frozenset(),
    min_gap_days=2,
    expires_after_days=7,
    late=Late.CATCH_UP,
)
#: A Tuesday, the day after the first visit.
TODAY = date(2026, 3, 3)
VISIT = date(2026, 3, 2)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=CHICAGO).astimezone(UTC)


NOW = at(TODAY, 10)
GOOD = Facts(
    due_at=at(TODAY, 9),
    expires_on=TODAY + timedelta(days=7),
    part=PartDay(part=2, offset=1),
    start=VISIT,
    zone=CHICAGO,
    rules=RULES,
    approved_until=date(2027, 1, 1),
)


def decide(now: datetime = NOW, **changes: Any) -> Decision:
    return may_go(replace(GOOD, **changes), now)


def test_a_due_delivery_with_everything_in_order_goes() -> None:
    assert decide() == Go()


@pytest.mark.parametrize(
    ("changes", "decision"),
    [
        ({"ended": Reason.DISCHARGED}, Cancel(Reason.DISCHARGED)),
        ({"ended": Reason.STOPPED}, Cancel(Reason.STOPPED)),
        ({"suppressed": True}, Skip(Reason.SUPPRESSED)),
        ({"ineligible": Reason.NO_CONSENT}, Skip(Reason.NO_CONSENT)),
        ({"ineligible": Reason.NO_ADDRESS}, Hold(Reason.NO_ADDRESS)),
        ({"ineligible": Reason.PHONE_INSTEAD}, Skip(Reason.PHONE_INSTEAD)),
        ({"ineligible": Reason.MINOR}, Skip(Reason.MINOR)),
        ({"ineligible": Reason.DECEASED}, Cancel(Reason.DECEASED)),
        ({"held": Reason.PAUSED}, Hold(Reason.PAUSED)),
        ({"held": Reason.NO_SHOW}, Hold(Reason.NO_SHOW)),
        ({"halted": True}, Wait(NOW + LOOK_AGAIN, Reason.HALTED)),
        ({"trial_leaves_machine": True}, Skip(Reason.NOT_ON_TRIAL_LIST)),
        ({"trial_leaves_machine": True, "on_trial_list": True}, Go()),
        ({"approved_until": None}, Hold(Reason.NOT_APPROVED)),
        ({"approved_until": TODAY - timedelta(days=1)}, Hold(Reason.NOT_APPROVED)),
        ({"approved_until": TODAY}, Go()),
        ({"expires_on": TODAY}, Go()),
        ({"expires_on": TODAY - timedelta(days=1)}, Skip(Reason.EXPIRED)),
        ({"due_at": NOW + timedelta(hours=1)}, Wait(NOW + timedelta(hours=1), None)),
    ],
    ids=str,
)
def test_each_reason_has_its_decision(changes: dict[str, Any], decision: Decision) -> None:
    assert decide(**changes) == decision


def test_what_ends_the_mail_counts_more_than_what_delays_it() -> None:
    assert decide(ended=Reason.STOPPED, suppressed=True, held=Reason.PAUSED, halted=True) == Cancel(
        Reason.STOPPED
    )
    assert decide(suppressed=True, held=Reason.PAUSED, approved_until=None) == Skip(Reason.SUPPRESSED)


def test_a_part_before_the_visit_never_goes_on_the_day_of_the_visit() -> None:
    part = PartDay(part=1, offset=-2)

    assert decide(part=part, start=TODAY) == Skip(Reason.VISIT_PASSED)
    assert decide(part=part, start=TODAY + timedelta(days=1)) == Go()


def test_the_opening_minute_is_in_and_the_closing_minute_is_out() -> None:
    assert decide(now=at(TODAY, 9)) == Go()
    assert decide(now=at(TODAY, 16, 59)) == Go()
    assert isinstance(decide(now=at(TODAY, 17)), Wait)


def test_before_the_window_it_waits_for_the_opening() -> None:
    assert decide(now=at(TODAY, 7), due_at=at(TODAY, 6)) == Wait(at(TODAY, 9), Reason.OUTSIDE_WINDOW)


def test_a_day_that_was_closed_after_the_plan_was_made_moves_the_part_to_the_next_open_day() -> None:
    rules = replace(RULES, closed=frozenset({TODAY}))

    decision = decide(rules=rules)

    assert decision == Wait(at(TODAY + timedelta(days=1), 9), Reason.CLOSED)


def test_a_part_whose_day_has_passed_is_caught_up_at_the_next_regular_send_time() -> None:
    tomorrow = TODAY + timedelta(days=1)

    assert decide(now=at(tomorrow, 11)) == Wait(at(tomorrow + timedelta(days=1), 9), Reason.LATE)


def test_a_part_whose_day_has_passed_is_skipped_where_the_rule_says_so() -> None:
    rules = replace(RULES, late=Late.SKIP)

    assert decide(now=at(TODAY + timedelta(days=1), 11), rules=rules) == Skip(Reason.LATE)


def test_a_late_part_that_was_given_a_new_day_goes_on_that_day() -> None:
    waited = decide(now=at(TODAY + timedelta(days=1), 11))
    assert isinstance(waited, Wait)

    assert decide(now=waited.until, due_at=waited.until) == Go()


def test_a_part_waits_until_the_gap_to_the_last_one_is_kept() -> None:
    decision = decide(last_sent_on=TODAY - timedelta(days=1))

    assert decision == Wait(at(TODAY + timedelta(days=1), 9), Reason.GAP)


def test_a_part_waits_for_an_earlier_part_that_has_not_gone() -> None:
    decision = decide(earlier_due=NOW - timedelta(hours=1))

    assert isinstance(decision, Wait)
    assert decision.until > NOW


def test_a_part_that_the_patient_asked_for_ignores_gap_and_closed_days() -> None:
    closed = replace(RULES, closed=frozenset({TODAY}))

    assert decide(asked=True, rules=closed, last_sent_on=TODAY - timedelta(days=1)) == Go()


def test_a_patient_who_asks_gets_one_part_a_day_and_only_in_the_window() -> None:
    tomorrow = at(TODAY + timedelta(days=1), 9)

    assert decide(asked=True, last_sent_on=TODAY) == Wait(tomorrow, Reason.OUTSIDE_WINDOW)
    assert decide(asked=True, now=at(TODAY, 18)) == Wait(tomorrow, Reason.OUTSIDE_WINDOW)


def test_the_rules_of_a_part_win_over_those_of_the_series() -> None:
    evening = replace(RULES, send_time=time(18, 0), window_open=time(18, 0), window_close=time(20, 0))
    part = PartDay(part=2, offset=1, rules=evening)

    assert decide(part=part, due_at=at(TODAY, 18), now=at(TODAY, 18, 30)) == Go()


def test_a_late_part_waits_for_the_earlier_one_also_at_the_minute_of_its_new_date() -> None:
    late = TODAY - timedelta(days=3)

    decided = decide(due_at=at(late, 9), now=at(TODAY, 9), earlier_due=at(late, 9))

    assert isinstance(decided, Wait)
    assert decided.reason is Reason.GAP


minutes = st.integers(min_value=0, max_value=20 * 24 * 60)
moments = minutes.map(lambda minute: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=minute))
facts = st.builds(
    Facts,
    due_at=moments,
    expires_on=st.dates(date(2026, 3, 1), date(2026, 3, 25)),
    part=st.builds(PartDay, part=st.just(2), offset=st.integers(min_value=-5, max_value=10)),
    start=st.dates(date(2026, 3, 1), date(2026, 3, 20)),
    zone=st.sampled_from([CHICAGO, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")]),
    rules=st.builds(
        lambda closed, late: replace(RULES, closed=closed, late=late),
        st.frozensets(st.dates(date(2026, 3, 1), date(2026, 3, 20)), max_size=5),
        st.sampled_from(Late),
    ),
    suppressed=st.booleans(),
    held=st.sampled_from([None, Reason.PAUSED]),
    halted=st.booleans(),
    approved_until=st.none() | st.dates(date(2026, 3, 1), date(2026, 4, 1)),
    last_sent_on=st.none() | st.dates(date(2026, 2, 20), date(2026, 3, 20)),
    earlier_due=st.none() | moments,
    asked=st.booleans(),
)


@given(facts=facts, now=moments)
@settings(deadline=None, max_examples=400)
def test_only_what_keeps_every_promise_goes(facts: Facts, now: datetime) -> None:
    if may_go(facts, now) != Go():
        return
    local = now.astimezone(facts.zone)
    assert not any((facts.suppressed, facts.held, facts.halted))
    assert facts.approved_until is not None
    assert facts.approved_until >= local.date()
    assert facts.due_at <= now
    assert local.date() <= facts.expires_on
    assert facts.part.offset >= 0 or local.date() < facts.start
    assert facts.last_sent_on is None or facts.last_sent_on != local.date()
    assert facts.earlier_due is None
    assert RULES.window_open <= local.time() < RULES.window_close
    assert facts.asked or in_window(now, facts.zone, facts.rules)


@given(facts=facts, now=moments)
@settings(deadline=None, max_examples=400)
def test_what_waits_comes_back_later_and_in_the_end_goes_or_ends(facts: Facts, now: datetime) -> None:
    """No delivery is asked about for ever: with nothing else changing, waiting leads somewhere."""
    facts = replace(facts, halted=False, earlier_due=None)
    for _ in range(40):
        decision = may_go(facts, now)
        if not isinstance(decision, Wait):
            return
        assert decision.until > now
        now = decision.until
        facts = replace(facts, due_at=decision.until)
    pytest.fail("still waiting after 40 looks")
