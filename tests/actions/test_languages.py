"""A missing language is held, never another language; and goes on once it is there."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.actions import resuming
from pipeline.actions.effects import Effect
from pipeline.actions.languages import release_waiting
from pipeline.delivery.states import Reason, State
from pipeline.errors import NotAllowedError
from pipeline.store.enrollments import EnrollmentStatus
from tests.actions.desk import VISIT, Desk, row
from tests.actions.dump import dump
from tests.engine.sample import DAYS, SERIES, edition

SPANISH = row(person={"language": "es-US"})


def effects(brought) -> list[tuple[Effect, str | None]]:
    return [(result.effect, result.reason) for result in brought.results]


@pytest.fixture
def waiting(desk: Desk) -> Desk:
    assert effects(desk.bring(SPANISH)) == [(Effect.HELD, Reason.NO_LANGUAGE)]
    return desk


def test_nothing_of_a_missing_language_can_go_and_the_calendar_says_why(waiting: Desk) -> None:
    assert waiting.enrollment().status is EnrollmentStatus.HELD
    assert waiting.states() == [(State.HELD, Reason.NO_LANGUAGE)] * len(DAYS)


def test_brought_again_nothing_changes(waiting: Desk) -> None:
    before = dump(waiting.store)
    assert effects(waiting.bring(SPANISH)) == [(Effect.UNCHANGED, None)]
    assert dump(waiting.store) == before


def by_approval(desk: Desk) -> None:
    with desk.store.begin() as tx:
        assert release_waiting(tx, SERIES, desk.dating()) == 1
        assert release_waiting(tx, SERIES, desk.dating()) == 0


def by_list(desk: Desk) -> None:
    assert effects(desk.bring(SPANISH)) == [(Effect.RELEASED, None)]


def by_staff(desk: Desk) -> None:
    with desk.store.begin() as tx:
        assert resuming.go_on(tx, desk.enrollment(), desk.dating())


@pytest.mark.parametrize("go_on", [by_approval, by_list, by_staff])
def test_an_approved_translation_lets_it_go_on_in_that_language(waiting: Desk, go_on) -> None:
    translated = waiting.prepare(language="es-MX")

    go_on(waiting)

    assert waiting.enrollment().edition == translated
    assert waiting.states() == [(State.PLANNED, None)] * len(DAYS)
    assert waiting.days() == [VISIT + timedelta(days=offset) for offset in DAYS]


@pytest.mark.parametrize("go_on", [by_approval, by_list, by_staff])
def test_what_is_too_late_by_then_follows_the_late_rule(waiting: Desk, go_on) -> None:
    waiting.now += timedelta(days=7 + DAYS[0] + 8)
    waiting.prepare(language="es-MX")

    go_on(waiting)

    assert waiting.states()[0] == (State.SKIPPED, Reason.EXPIRED)
    assert waiting.states()[-1][0] is State.PLANNED


def test_a_shorter_translation_leaves_out_what_it_does_not_have(waiting: Desk) -> None:
    whole = edition()
    waiting.prepare(language="es", parts=whole.parts[:2])

    by_approval(waiting)

    assert waiting.states() == [(State.PLANNED, None)] * 2 + [(State.SKIPPED, Reason.NOT_IN_EDITION)]


def test_an_approval_in_yet_another_language_releases_nobody(waiting: Desk) -> None:
    waiting.prepare(language="fr")
    with waiting.store.begin() as tx:
        assert release_waiting(tx, SERIES, waiting.dating()) == 0
        with pytest.raises(NotAllowedError, match="patient's language") as caught:
            resuming.go_on(tx, waiting.enrollment(), waiting.dating())
    assert caught.value.mend


def test_the_newest_edition_is_for_those_who_read_it_and_the_older_for_the_others(desk: Desk) -> None:
    english = desk.offer().edition
    desk.later(hours=1)
    spanish = desk.prepare(language="es-US")

    desk.bring(SPANISH, row(2), row(3, person={"language": "en-GB"}))

    assert [desk.enrollment(number).edition for number in (1, 2, 3)] == [spanish, english, english]


def test_a_corrected_language_goes_on_and_a_changed_one_waits(desk: Desk) -> None:
    desk.bring(row())
    assert effects(desk.bring(SPANISH)) == [(Effect.HELD, Reason.NO_LANGUAGE)]
    assert effects(desk.bring(row())) == [(Effect.RELEASED, None)]
    assert desk.states() == [(State.PLANNED, None)] * len(DAYS)


def test_a_changed_language_goes_on_in_it_where_the_series_has_it(desk: Desk) -> None:
    desk.bring(row())
    spanish = desk.prepare(language="es-US")

    desk.bring(SPANISH)

    assert desk.enrollment().edition == spanish
    before = dump(desk.store)
    assert effects(desk.bring(SPANISH)) == [(Effect.UNCHANGED, None)]
    assert dump(desk.store) == before


def test_who_may_not_be_mailed_is_not_even_put_in_the_queue(desk: Desk) -> None:
    bad = replace(SPANISH, consent=None)
    assert effects(desk.bring(bad)) == [(Effect.NOT_ENROLLED, Reason.NO_CONSENT)]


def test_a_canceled_visit_while_waiting_still_waits_for_the_language_after_it(waiting: Desk) -> None:
    from pipeline.patients.model import VisitStatus

    waiting.bring(replace(SPANISH, status=VisitStatus.CANCELED))
    assert effects(waiting.bring(replace(SPANISH, start=VISIT + timedelta(days=7)))) == [
        (Effect.HELD, Reason.NO_LANGUAGE)
    ]
    assert {state for state, _ in waiting.states()} == {State.HELD}
