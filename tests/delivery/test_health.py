"""What status says: why nothing goes, what is stuck, what needs a person."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.delivery.breaker import Breaker
from pipeline.delivery.health import Group, Situation, in_words, needs, passes_by_itself, stops, stuck
from pipeline.delivery.pacing import Leave
from pipeline.delivery.states import Reason, State
from pipeline.delivery.words import MENDS, REASON_WORDS, STATE_WORDS, actor_in_words

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
WELL = Situation(
    now=NOW, every=timedelta(seconds=30), groups=(), overdue=(), abandoned=0, last_tick=NOW,
    provider="postmark",
)  # fmt: skip
HOUR = timedelta(hours=1)


def group(state: State, reason: Reason | None = None, *, age: timedelta = HOUR) -> Group:
    return Group(state=state, reason=reason, count=3, oldest=NOW - age)


def codes(notices) -> list[str]:
    return [each.code for each in notices]


def test_where_all_is_well_nothing_is_said() -> None:
    assert stops(WELL) == stuck(WELL) == needs(WELL) == ()


def test_a_scheduler_that_stopped_is_missed() -> None:
    found = stuck(replace(WELL, last_tick=NOW - HOUR))

    assert codes(found) == ["silent"]
    assert "14:00" in found[0].what


def test_a_clinic_that_never_sent_is_not_missed_until_something_is_due() -> None:
    assert stuck(replace(WELL, last_tick=None)) == ()
    waiting = replace(WELL, last_tick=None, overdue=(group(State.PLANNED),))
    assert codes(stuck(waiting)) == ["silent"]


def test_what_is_due_for_long_although_nothing_stands_in_the_way_is_stuck() -> None:
    late = replace(WELL, overdue=(group(State.PLANNED),))

    assert codes(stuck(late)) == ["stuck"]
    assert stuck(replace(late, overdue=(group(State.PLANNED, age=timedelta(minutes=1)),))) == ()
    assert stuck(replace(late, halted="everything")) == (), "a halt is said by itself"


def test_a_failing_tick_and_what_a_dead_process_left_are_said() -> None:
    found = stuck(replace(WELL, trouble=(NOW, "The disk is full."), abandoned=2))

    assert codes(found) == ["failing", "abandoned"]
    assert "The disk is full." in found[0].what


def test_every_reason_why_nothing_goes_is_said_with_what_to_do() -> None:
    broken = Breaker(failures=1, since=NOW - HOUR, open_until=NOW + HOUR, size=1, reason="no answer in time")
    tomorrow = datetime(2026, 3, 4, tzinfo=UTC)
    situation = replace(
        WELL, halted="first-weeks", restored="A restored backup.", breaker=broken,
        leave=Leave(count=0, again_at=tomorrow, quota_used=True),
    )  # fmt: skip

    found = stops(situation)

    assert codes(found) == ["restored", "halted", "breaker", "quota"]
    assert all(each.mend for each in found)
    assert "2026-03-04 00:00 UTC" in found[3].what
    assert "no answer in time" in found[2].what


def test_a_rate_that_only_asks_for_a_second_stops_nothing() -> None:
    assert stops(replace(WELL, leave=Leave(count=0, again_at=NOW + timedelta(seconds=1)))) == ()


@pytest.mark.parametrize("reason", Reason)
def test_what_is_held_needs_a_person_or_passes_by_itself(reason: Reason) -> None:
    situation = replace(WELL, groups=(group(State.HELD, reason),))

    assert len(needs(situation)) + len(passes_by_itself(situation)) == 1
    assert all(each.mend == MENDS[reason] for each in needs(situation))


@pytest.mark.parametrize("state", [State.UNKNOWN, State.REFUSED, State.BOUNCED, State.COMPLAINED])
def test_what_went_wrong_needs_a_person(state: State) -> None:
    (need,) = needs(replace(WELL, groups=(group(state),)))

    assert (need.code, need.count) == (state, 3)
    assert need.mend


def test_every_state_and_reason_has_words() -> None:
    for state in State:
        assert STATE_WORDS[state] in in_words(group(state))
    assert set(REASON_WORDS) == set(Reason)


@pytest.mark.parametrize(
    ("actor", "words"),
    [
        ("staff:ana", "ana (staff)"),
        ("patient:one_click", "the patient"),
        ("event:postmark", "postmark, which reported it"),
        ("watchdog", "the watchdog"),
        ("desk-1:4711:ab12cd", "the sender on desk-1"),
        ("somebody", "somebody"),
    ],
)
def test_whoever_did_it_is_named_in_words(actor: str, words: str) -> None:
    assert actor_in_words(actor) == words
