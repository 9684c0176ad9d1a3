"""The circuit breaker: an outage makes few unknowns, and one bad message stops nobody."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from pipeline.delivery.breaker import LONGEST_PAUSE, Breaker
from pipeline.delivery.outcome import Accepted, Deferred, Outcome, Refused, Unknown

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
BATCH = 100

ACCEPTED = Accepted(provider_id="1")
BUSY = Deferred(reason="busy")
OUTAGE = Deferred(reason="no connection", everyone=True)
NO = Refused(reason="no such mailbox")
DOUBT = Unknown(reason="no answer in time")


def after(breaker: Breaker, *outcomes: Outcome, now: datetime = NOW, draw: float = 0.5) -> Breaker:
    return breaker.after(outcomes, now, batch=BATCH, draw=draw)


@pytest.mark.parametrize(
    "outcomes",
    [[DOUBT], [ACCEPTED, DOUBT, ACCEPTED], [ACCEPTED, OUTAGE], [BUSY, BUSY], [OUTAGE]],
    ids=[
        "unknown",
        "one unknown among good ones",
        "an outage in the middle",
        "all deferred",
        "no connection",
    ],
)
def test_nothing_more_leaves_after_a_bad_batch(outcomes: Sequence[Outcome]) -> None:
    breaker = after(Breaker(), *outcomes)

    assert breaker.allowance(NOW, BATCH) == 0
    assert breaker.reason


@pytest.mark.parametrize(
    "outcomes",
    [[ACCEPTED], [NO, NO], [ACCEPTED, BUSY], []],
    ids=["accepted", "all refused", "one busy mailbox", "nothing sent"],
)
def test_an_answer_about_single_recipients_stops_nobody(outcomes: Sequence[Outcome]) -> None:
    assert after(Breaker(), *outcomes) == Breaker()


def test_after_the_pause_one_message_probes() -> None:
    breaker = after(Breaker(), DOUBT)
    assert breaker.open_until is not None

    assert breaker.allowance(breaker.open_until - timedelta(seconds=1), BATCH) == 0
    assert breaker.allowance(breaker.open_until, BATCH) == 1


def test_a_clock_that_is_set_back_does_not_keep_it_open() -> None:
    breaker = after(Breaker(), DOUBT)

    assert breaker.allowance(NOW - timedelta(hours=1), BATCH) == 1


def test_it_knows_since_when_the_provider_has_trouble() -> None:
    first = after(Breaker(), DOUBT)
    second = after(first, DOUBT, now=NOW + timedelta(minutes=1))

    assert first.since == second.since == NOW


def test_each_failed_probe_doubles_the_pause_up_to_a_limit() -> None:
    breaker, now, pauses = Breaker(), NOW, []
    for _ in range(12):
        breaker = after(breaker, DOUBT, now=now, draw=0.0)
        assert breaker.open_until is not None
        pauses.append(breaker.open_until - now)
        now = breaker.open_until

    assert all(b == min(a * 2, LONGEST_PAUSE / 2) for a, b in pairwise(pauses))


def test_good_probes_open_the_way_step_by_step_until_whole_batches_leave_again() -> None:
    breaker = after(Breaker(), DOUBT)
    now = NOW + LONGEST_PAUSE
    sizes = []
    while breaker != Breaker():
        sizes.append(breaker.allowance(now, BATCH))
        breaker = after(breaker, *[ACCEPTED] * sizes[-1], now=now)

    assert sizes == [1, 2, 4, 8, 16, 32, 64]
    assert breaker.allowance(now, BATCH) == BATCH


def test_the_provider_says_how_long_to_stay_away() -> None:
    asked = timedelta(minutes=20)

    breaker = after(Breaker(), Deferred(reason="too many", retry_after=asked, everyone=True))

    assert breaker.allowance(NOW + asked - timedelta(seconds=1), BATCH) == 0


def test_a_message_on_which_the_api_stumbles_does_not_stop_the_others() -> None:
    """An API that answers 503 to every batch with message 0 in it gets all others within the hour."""
    due = dict.fromkeys(range(20), NOW)
    breaker, now = Breaker(), NOW
    while len(due) > 1 and now < NOW + timedelta(hours=1):
        ready = sorted((when, number) for number, when in due.items() if when <= now)
        batch = [number for _, number in ready[: breaker.allowance(now, BATCH)]]
        outcome = OUTAGE if 0 in batch else ACCEPTED
        breaker = after(breaker, *[outcome] * len(batch), now=now)
        for number in batch:
            if outcome is OUTAGE:
                due[number] = now + timedelta(seconds=15 + number * 7 % 16)
            else:
                del due[number]
        now += timedelta(seconds=1)

    assert list(due) == [0]
