"""What a patient may change about an enrollment: never a burst, never a repeat, always written down."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from pipeline.actions import enrolling, preferences, resuming
from pipeline.delivery.states import Reason, State
from pipeline.engine.housekeeping import end_pauses
from pipeline.errors import NotAllowedError
from pipeline.store import audit, enrollments, overview
from pipeline.store.enrollments import Enrollment, EnrollmentStatus
from pipeline.store.steps import Mark, mark
from tests.actions.desk import VISIT, Desk, row
from tests.engine.sample import RULES


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


def test_after_the_next_part_on_request_the_others_wait_for_the_gap_and_the_calendar_says_so(
    desk: Desk,
) -> None:
    enrollment = enrolled(desk)
    _first, second, third = local_days(desk)
    desk.later(days=(second - desk.now.date()).days - 1)

    with desk.store.begin() as tx:
        asked = preferences.ask_next(tx, enrollment, desk.dating())

    assert asked is not None
    today = desk.now.date()
    days = local_days(desk)
    assert days[0] == today
    assert days[1] >= today + timedelta(days=RULES.min_gap_days) > second, "it was due tomorrow"
    assert days[2] == third, "far enough away already"


def test_a_part_that_was_left_out_does_not_keep_the_next_one_from_being_asked_for(desk: Desk) -> None:
    enrollment = enrolled(desk)
    first, *_ = sorted(planned(desk))
    with desk.store.begin() as tx:
        row = next(each for each in desk.deliveries() if each.part == first)
        marks = [Mark(delivery=row.id, state=State.SKIPPED, reason=Reason.NOT_ON_TRIAL_LIST)]
        mark(tx, marks, before=State.PLANNED, owner=None, actor="test", now=desk.now)
        asked = preferences.ask_next(tx, enrollment, desk.dating())
    assert asked is not None
    assert asked.part == first + 1


def test_resume_lets_go_what_was_held_one_by_one_and_nothing_else(desk: Desk) -> None:
    enrollment = enrolled(desk)
    before = planned(desk)
    with desk.store.begin() as tx:
        assert not resuming.go_on(tx, enrollment, desk.dating())
        marks = [Mark(delivery=desk.deliveries()[0].id, state=State.HELD, reason=Reason.DEFERRED)]
        mark(tx, marks, before=State.PLANNED, owner=None, actor="test", now=desk.now)
    with desk.store.begin() as tx:
        assert resuming.go_on(tx, enrollment, desk.dating())
    assert planned(desk) == before


def test_resume_says_what_else_is_needed_where_a_word_is_not_enough(desk: Desk) -> None:
    enrollment = enrolled(desk)
    for reason in (Reason.CANCELED_VISIT, Reason.NO_CONSENT, Reason.PHONE_INSTEAD, Reason.WRONG_PERSON):
        with desk.store.begin() as tx:
            enrollments.set_status(tx, [enrollment.id], EnrollmentStatus.HELD, reason=reason, now=desk.now)
        with desk.store.begin() as tx, pytest.raises(NotAllowedError) as caught:
            resuming.go_on(tx, again(desk), desk.dating())
        assert caught.value.mend


def test_treatment_on_hold_may_be_let_go_by_staff(desk: Desk) -> None:
    enrollment = enrolled(desk)
    before = planned(desk)
    with desk.store.begin() as tx:
        enrolling.hold(tx, enrollment, desk.dating(), reason=Reason.PAUSED)
    with desk.store.begin() as tx:
        assert resuming.go_on(tx, again(desk), desk.dating())
    assert planned(desk) == before
