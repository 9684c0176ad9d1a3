"""The first visit of the care a patient is in now."""

from datetime import date, timedelta

import pytest

from pipeline.patients.model import VisitStatus
from pipeline.patients.visits import NEW_EPISODE_AFTER, Visit, first_visit

DAY = timedelta(days=1)
START = date(2026, 12, 1)
BOOKED, ARRIVED = VisitStatus.BOOKED, VisitStatus.ARRIVED
CANCELED, NO_SHOW = VisitStatus.CANCELED, VisitStatus.NO_SHOW


def visit(days: int, status: VisitStatus = BOOKED, case: str | None = None) -> Visit:
    return Visit(START + days * DAY, status, case=case)


@pytest.mark.parametrize(
    ("visits", "days", "status"),
    [
        ([visit(0), visit(3)], 0, BOOKED),
        ([visit(3), visit(0)], 0, BOOKED),
        ([visit(0, CANCELED), visit(7)], 7, BOOKED),
        ([visit(0, NO_SHOW), visit(7, CANCELED), visit(9)], 9, BOOKED),
        ([visit(0, CANCELED)], 0, CANCELED),
        ([visit(0, NO_SHOW), visit(7, CANCELED)], 7, CANCELED),
        ([visit(0, ARRIVED), visit(7, CANCELED)], 0, ARRIVED),
        ([visit(-200, ARRIVED), visit(-193, ARRIVED), visit(0)], 0, BOOKED),
        ([visit(-200, ARRIVED), visit(0, CANCELED)], 0, CANCELED),
        ([visit(-80, ARRIVED), visit(0)], -80, ARRIVED),
        ([visit(-30, ARRIVED, "1"), visit(-20, ARRIVED, "1"), visit(0, case="2")], 0, BOOKED),
        ([visit(0, case="2"), visit(5, case="1"), visit(-9, ARRIVED, "1")], 0, BOOKED),
        ([visit(-200, ARRIVED, "1"), visit(0, case="1")], -200, ARRIVED),
    ],
    ids=[
        "the earliest", "in any order", "booked again", "booked again twice", "canceled", "the last failure",
        "a later cancellation changes nothing", "a new episode after a long pause", "a new episode canceled",
        "a holiday is no new episode", "a new case soon after the old", "an old case goes on beside the new",
        "a case with a long pause is one",
    ],
)  # fmt: skip
def test_the_first_visit_is(visits: list[Visit], days: int, status: VisitStatus) -> None:
    found = first_visit(visits)
    assert (found.start - START, found.status) == (days * DAY, status)


def test_the_pause_that_ends_an_episode_is_longer_than_its_limit() -> None:
    at_limit = [Visit(START - NEW_EPISODE_AFTER, ARRIVED), visit(0)]
    beyond = [Visit(START - NEW_EPISODE_AFTER - DAY, ARRIVED), visit(0)]
    assert (first_visit(at_limit).status, first_visit(beyond).status) == (ARRIVED, BOOKED)


def test_without_a_date_there_is_no_first_visit() -> None:
    assert first_visit([]) is None
    assert first_visit([Visit(None, BOOKED)]) is None
