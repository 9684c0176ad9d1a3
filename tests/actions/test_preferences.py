"""What a patient may change about an enrollment: never a burst, never a repeat, always written down."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from pipeline.actions import preferences
from pipeline.delivery.states import Reason, State
from pipeline.engine.housekeeping import end_pauses
from pipeline.store import audit, enrollments, overview
from pipeline.store.enrollments import Enrollment, EnrollmentStatus
from tests.actions.desk import VISIT, Desk, row


def enrolled(desk: Desk) -> Enrollment:
    """One patient, enrolled; read afresh."""
    desk.bring(row())
    return again(desk)


def again(desk: Desk) -> Enrollment:
    with desk.store.read() as tx:
        (found,) = enrollments.list_enrollments(tx)
    return found


def planned(desk: Desk) -> dict[int, datetime | None]:
    with desk.store.read() as tx:
        rows = overview.deliveries_of(tx, [again(desk).id])
    return {row.part: row.due_at for row in rows if row.state is State.PLANNED}


def local_days(desk: Desk) -> list[date]:
    zone = ZoneInfo(again(desk).zone)
    return [due.astimezone(zone).date() for due in planned(desk).values() if due]


def test_a_pause_holds_everything_and_a_resume_dates_it_again(desk: Desk) -> None:
    enrollment = enrolled(desk)
    before = planned(desk)
    with desk.store.begin() as tx:
        assert preferences.pause(tx, enrollment, desk.dating(), until=VISIT)
    assert planned(desk) == {}

    with desk.store.begin() as tx:
        assert preferences.resume(tx, again(desk), desk.dating())
    assert planned(desk) == before


def test_a_pause_ends_by_itself_on_its_day_and_not_before(desk: Desk) -> None:
    enrollment = enrolled(desk)
    until = VISIT + timedelta(days=6)
    with desk.store.begin() as tx:
        preferences.pause(tx, enrollment, desk.dating(), until=until)

    desk.now += timedelta(days=(until - desk.now.date()).days - 1)
    assert end_pauses(desk.store, desk.dating) == 0
    desk.now += timedelta(days=1)
    assert end_pauses(desk.store, desk.dating) == 1
    assert end_pauses(desk.store, desk.dating) == 0
    assert again(desk).status is EnrollmentStatus.ACTIVE
    assert all(due >= desk.now for due in planned(desk).values() if due)


def test_after_a_pause_nothing_comes_as_a_burst(desk: Desk) -> None:
    enrollment = enrolled(desk)
    with desk.store.begin() as tx:
        preferences.pause(tx, enrollment, desk.dating(), until=VISIT + timedelta(days=12))
    desk.now += timedelta(days=19)
    end_pauses(desk.store, desk.dating)
    days = local_days(desk)
    gap = desk.dating().rules.min_gap_days
    assert all(later - earlier >= timedelta(days=gap) for earlier, later in pairwise(days))


def test_slower_doubles_the_distances_once(desk: Desk) -> None:
    enrollment = enrolled(desk)
    before = local_days(desk)
    with desk.store.begin() as tx:
        assert preferences.go_slower(tx, enrollment, desk.dating())
        assert not preferences.go_slower(tx, enrollments.load_enrollment(tx, enrollment.id), desk.dating())
    after = local_days(desk)
    assert after[-1] - VISIT == 2 * (before[-1] - VISIT)


def test_the_next_part_asked_for_goes_first_and_only_one_a_day(desk: Desk) -> None:
    enrollment = enrolled(desk)
    first = min(planned(desk))
    with desk.store.begin() as tx:
        asked = preferences.ask_next(tx, enrollment, desk.dating())
    assert asked is not None
    assert asked.part == first
    assert planned(desk)[first] == asked.due
    assert asked.due.astimezone(ZoneInfo(enrollment.zone)).date() == desk.now.date()


def test_a_series_that_has_stopped_cannot_be_paused_slowed_or_hurried(desk: Desk) -> None:
    enrollment = enrolled(desk)
    with desk.store.begin() as tx:
        enrollments.set_status(
            tx, [enrollment.id], EnrollmentStatus.ENDED, reason=Reason.STOPPED, now=desk.now
        )
    ended = again(desk)
    with desk.store.begin() as tx:
        assert not preferences.pause(tx, ended, desk.dating(), until=VISIT)
        assert not preferences.resume(tx, ended, desk.dating())
        assert not preferences.go_slower(tx, ended, desk.dating())
        assert preferences.ask_next(tx, ended, desk.dating()) is None


def test_each_change_is_written_to_the_audit_trail(desk: Desk) -> None:
    enrollment = enrolled(desk)
    with desk.store.begin() as tx:
        preferences.go_slower(tx, enrollment, desk.dating())
        preferences.pause(tx, enrollment, desk.dating(), until=VISIT)
    with desk.store.begin() as tx:
        preferences.resume(tx, enrollments.load_enrollment(tx, enrollment.id), desk.dating())
    with desk.store.read() as tx:
        actions = [entry.action for entry in audit.entries(tx, limit=3)]
        assert audit.verify(tx) is None
    assert actions == ["resume", "pause", "slower"]
