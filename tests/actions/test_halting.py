"""Halt and go on: every deed is written down, and a slip of the pen is no halt."""

import pytest

from pipeline.actions.halting import go_on, halt
from pipeline.errors import NotAllowedError
from pipeline.store.marks import halted
from tests.actions.desk import Desk
from tests.actions.dump import dump
from tests.engine.sample import SERIES


def stopped(desk: Desk):
    with desk.store.read() as tx:
        return halted(tx)


@pytest.mark.parametrize("series", [None, SERIES])
def test_halt_stops_and_go_on_lifts_and_both_stand_in_the_trail(desk: Desk, series: str | None) -> None:
    with desk.store.begin() as tx:
        halt(tx, series, actor="staff:ana", now=desk.now)
    assert stopped(desk).stops(SERIES)
    assert stopped(desk).stops("home-exercises") is (series is None)

    with desk.store.begin() as tx:
        assert go_on(tx, series, actor="staff:ben", now=desk.now)
    assert not stopped(desk).stops(SERIES)

    subject = f"series:{series or 'everything'}"
    assert [(entry.actor, entry.action, entry.subject) for entry in desk.trail()] == [
        ("staff:ana", "halt", subject), ("staff:ben", "go_on", subject),
    ]  # fmt: skip


def test_going_on_where_nothing_was_halted_changes_nothing(desk: Desk) -> None:
    before = dump(desk.store)

    with desk.store.begin() as tx:
        assert not go_on(tx, None, actor="staff:ana", now=desk.now)

    assert dump(desk.store) == before


def test_halting_one_series_does_not_lift_the_halt_of_everything(desk: Desk) -> None:
    with desk.store.begin() as tx:
        halt(tx, None, actor="staff:ana", now=desk.now)
        halt(tx, SERIES, actor="staff:ana", now=desk.now)
        go_on(tx, SERIES, actor="staff:ana", now=desk.now)

    assert stopped(desk).everything


def test_a_series_that_nobody_knows_is_refused_and_not_said_to_be_stopped(desk: Desk) -> None:
    with desk.store.begin() as tx, pytest.raises(NotAllowedError, match=SERIES):
        halt(tx, "frist-weeks", actor="staff:ana", now=desk.now)

    assert not stopped(desk).series
