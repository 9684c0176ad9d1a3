"""When complaints are told, and when they stop a series: around the thresholds, with small numbers."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.delivery.alarm import AlarmRules, Complaints, Level, level, must_stop

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
RULES = AlarmRules()


def found(complained: int, sent: int) -> Complaints:
    return Complaints(series="s", sent=sent, complained=complained, newest=NOW if complained else None)


@pytest.mark.parametrize(
    ("complained", "sent", "expected"),
    [
        (0, 10_000, Level.FINE),
        (1, RULES.least - 1, Level.FINE),
        (1, RULES.least, Level.STOP),
        (1, 1_001, Level.FINE),
        (1, 1_000, Level.WATCH),
        (2, 1_000, Level.WATCH),
        (3, 1_000, Level.STOP),
        (3, 1_001, Level.WATCH),
        (1, 333, Level.STOP),
        (1, 334, Level.WATCH),
        (29, 10_000, Level.WATCH),
        (30, 10_000, Level.STOP),
    ],
)
def test_each_threshold_belongs_to_what_it_starts(complained: int, sent: int, expected: Level) -> None:
    assert level(found(complained, sent), RULES) is expected


def test_a_threshold_of_ones_own_counts() -> None:
    strict = AlarmRules(least=10, watch_percent=5, stop_percent=20)
    assert level(found(1, 20), strict) is Level.WATCH
    assert level(found(2, 10), strict) is Level.STOP
    assert level(found(2, 9), strict) is Level.FINE


def test_who_went_on_is_stopped_again_only_by_a_complaint_that_came_after() -> None:
    bad = found(5, 1_000)
    assert must_stop(bad, RULES, known=None)
    assert not must_stop(bad, RULES, known=NOW)
    assert must_stop(bad, RULES, known=NOW - timedelta(seconds=1))
    assert not must_stop(found(2, 1_000), RULES, known=None)
