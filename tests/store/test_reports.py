"""What became of each part, counted; and what patients said of it."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from pipeline.delivery.states import Reason, State
from pipeline.store import schema
from pipeline.store.enrollments import EnrollmentStatus, set_status
from pipeline.store.reports import complaints, count_parts, keep_helpful
from tests.store.conftest import NOW, SERIES, planned


@pytest.fixture
def gone(clinic) -> list[int]:
    """Six patients with two parts each; all first parts have gone and came to different ends."""
    people = clinic.bring_in([clinic.person(number) for number in range(6)])
    ids = clinic.date(clinic.enroll(people), [planned(1), planned(2)])
    first = ids[::2]
    ends = ["delivered", "delivered", "bounced", "complained", "accepted", "refused"]
    with clinic.store.begin() as tx:
        for delivery, end in zip(first, ends, strict=True):
            become(tx, delivery, end)
    return first


def become(tx, delivery: int, state: str, at=NOW) -> None:
    values = {"state": state, "sending_at": at, "updated_at": at}
    tx.connection.execute(update(schema.deliveries).where(schema.deliveries.c.id == delivery).values(values))


def test_every_part_that_went_is_counted_by_its_end(clinic, gone):
    with clinic.store.read() as tx:
        (part,) = count_parts(tx)
        assert count_parts(tx, series="another") == ()
        assert count_parts(tx, series=SERIES) == (part,)

    assert (part.series, part.part) == (SERIES, 1)
    assert (part.sent, part.delivered, part.bounced, part.complained) == (5, 2, 1, 1)


def test_who_stopped_counts_for_the_last_part_that_had_gone(clinic, gone):
    rows = [clinic.row(each) for each in gone]
    with clinic.store.begin() as tx:
        become(tx, gone[1] + 1, State.DELIVERED)
        for row, reason in zip(rows, (Reason.UNSUBSCRIBED, Reason.STOPPED, Reason.DISCHARGED), strict=False):
            set_status(tx, [row.enrollment_id], EnrollmentStatus.ENDED, reason=reason, now=NOW)
    with clinic.store.read() as tx:
        assert {each.part: each.unsubscribed for each in count_parts(tx)} == {1: 1, 2: 1}


def test_the_last_answer_of_a_patient_counts(clinic, gone):
    with clinic.store.begin() as tx:
        for helpful in (True, True, False):
            keep_helpful(tx, gone[0], helpful=helpful, now=NOW)
        keep_helpful(tx, gone[1], helpful=True, now=NOW)
    with clinic.store.read() as tx:
        (part,) = count_parts(tx)
    assert (part.helpful, part.not_helpful) == (1, 1)


def test_complaints_are_counted_of_what_went_within_the_time(clinic, gone):
    later = NOW + timedelta(hours=1)
    with clinic.store.begin() as tx:
        become(tx, gone[0], State.DELIVERED, NOW - timedelta(days=40))
        tx.connection.execute(
            update(schema.deliveries).where(schema.deliveries.c.id == gone[3]).values(updated_at=later)
        )
    with clinic.store.read() as tx:
        (found,) = complaints(tx, since=NOW - timedelta(days=30))
        assert complaints(tx, since=NOW, series=[SERIES]) == (found,)
        assert complaints(tx, since=NOW, series=["another"]) == ()
    assert (found.series, found.sent, found.complained, found.newest) == (SERIES, 4, 1, later)
