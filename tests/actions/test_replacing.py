"""Replacing unsent parts: who moves, who stays, and that no part ever goes twice."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.actions import enrolling, preferences
from pipeline.actions.replacing import Replacement, Stays, replace_unsent
from pipeline.delivery.states import Reason, State
from pipeline.rendering.edition import sealed, to_bytes
from pipeline.rendering.model import Edition
from pipeline.store import batches, editions, ledger, overview
from pipeline.store.enrollments import Enrollment, EnrollmentStatus, list_enrollments
from pipeline.store.overview import DeliveryRow
from pipeline.store.planning import GONE
from pipeline.store.steps import Mark
from tests.actions.desk import Desk, row
from tests.actions.dump import dump
from tests.engine.sample import DAYS, SERIES, edition

LEASE = timedelta(minutes=5)


def newer(*days: int, series: str = SERIES, **fields: object) -> Edition:
    """Another edition, a part on each of these days."""
    model = edition(series=series).parts[0]
    parts = tuple(
        replace(model, number=number, day=day, title=f"New part {number}")
        for number, day in enumerate(days, 1)
    )
    return sealed(replace(edition(series=series), parts=parts, **fields))


def keep(desk: Desk, made: Edition) -> Edition:
    with desk.store.begin() as tx:
        editions.save_edition(tx, made, to_bytes(made), now=desk.now)
    return made


def replacing(desk: Desk, made: Edition, *, apply: bool = True, **options: object) -> Replacement:
    return replace_unsent(
        desk.store, keep(desk, made) if apply else made, desk.dating(), apply=apply, **options
    )


def send(desk: Desk, *, outcome: State | None = State.ACCEPTED, limit: int = 100) -> None:
    """What a dispatcher does with everything that is due; without an outcome it is asked at this moment."""
    owner = f"dispatcher-{next(desk.numbers)}"
    with desk.store.begin() as tx:
        due = ledger.claim_due(tx, now=desk.now, owner=owner, lease_until=desk.now + LEASE, limit=limit)
        begun = batches.begin_sending(
            tx, [batches.Member(delivery=each, payload_hash=b"") for each in due], provider="outbox",
            idempotency_key=owner, owner=owner, lease_until=desk.now + LEASE, now=desk.now,
        )  # fmt: skip
        if begun is not None and outcome is not None:
            marks = [Mark(delivery=each, state=outcome, reason=None) for each in begun.deliveries]
            ledger.record(tx, marks, owner=owner, now=desk.now)


def to_the_day_of(desk: Desk, part: int) -> None:
    """An hour after the first patient's part is due."""
    desk.now = next(each.due_at for each in desk.deliveries() if each.part == part) + timedelta(hours=1)


def test_unsent_parts_come_from_the_new_edition_on_its_days(desk: Desk) -> None:
    desk.bring(row(1))
    to_the_day_of(desk, 1)
    send(desk)
    before = desk.deliveries()

    done = replacing(desk, newer(1, 5, 11))

    assert desk.enrollment().edition == done.edition
    sent, *unsent = desk.deliveries()
    assert sent == replace(before[0], edition=done.edition), "what went is as it was"
    visit = desk.enrollment().start
    assert [(day - visit).days for day in desk.days()[1:]] == [7, 11], "the fifth day is a Saturday"
    assert [each.key for each in unsent] == [each.key for each in before[1:]]
    assert (done.total, len(done.patients), done.moved) == (1, 1, {edition().sha256: 1})
    assert (done.unsent, done.redated) == ({2: 1, 3: 1}, {2: 1, 3: 1})
    assert [(each.part, each.before, each.after) for each in done.examples] == [
        (old.part, old.due_at, new.due_at) for old, new in zip(before[1:], unsent, strict=True)
    ]


def test_a_part_that_is_new_is_planned_and_one_that_is_gone_is_left_out(desk: Desk) -> None:
    desk.bring(row(1))

    longer = replacing(desk, newer(*DAYS, 16, 23))
    assert longer.added == {4: 1, 5: 1}
    assert desk.states() == [(State.PLANNED, None)] * 5

    shorter = replacing(desk, newer(*DAYS[:2]))
    assert shorter.left_out == {3: 1, 4: 1, 5: 1}
    assert desk.states()[2:] == [(State.SKIPPED, Reason.NOT_IN_EDITION)] * 3

    replacing(desk, newer(*DAYS, 17))
    assert desk.states()[:4] == [(State.PLANNED, None)] * 4, "an edition that has the part again plans it"
    assert desk.states()[4] == (State.SKIPPED, Reason.NOT_IN_EDITION)


def test_a_pause_goes_on_and_ends_with_the_new_edition(desk: Desk) -> None:
    desk.bring(row(1))
    until = desk.enrollment().start + timedelta(days=2)
    with desk.store.begin() as tx:
        preferences.pause(tx, desk.enrollment(), desk.dating(), until=until)

    done = replacing(desk, newer(1, 4, 10, 16))

    assert done.statuses == {EnrollmentStatus.PAUSED: 1}
    assert (desk.enrollment().status, desk.enrollment().paused_until) == (EnrollmentStatus.PAUSED, until)
    assert desk.states() == [(State.HELD, Reason.PAUSED)] * 3
    with desk.store.begin() as tx:
        preferences.resume(tx, desk.enrollment(), desk.dating())
    assert desk.states() == [(State.PLANNED, None)] * 4
    assert [(day - desk.enrollment().start).days for day in desk.days()] == [1, 4, 10, 16]


def test_who_waits_for_a_new_visit_waits_on(desk: Desk) -> None:
    desk.bring(row(1))
    with desk.store.begin() as tx:
        enrolling.hold(tx, desk.enrollment(), desk.dating(), reason=Reason.NO_SHOW)

    replacing(desk, newer(1, 5))

    assert (desk.enrollment().status, desk.enrollment().reason) == (EnrollmentStatus.HELD, Reason.NO_SHOW)
    assert desk.states()[:2] == [(State.HELD, Reason.NO_SHOW)] * 2


def test_who_has_ended_finished_or_reads_another_language_stays(desk: Desk) -> None:
    desk.bring(row(1), row(2), row(3))
    with desk.store.begin() as tx:
        enrolling.end(tx, desk.enrollment(1), desk.dating(), reason=Reason.DISCHARGED)
    for part in range(1, len(DAYS) + 1):
        desk.now = desk.deliveries(2)[part - 1].due_at
        send(desk)
    before = dump(desk.store)

    spanish = replacing(desk, newer(1, language="es-US"), apply=False)
    same = replacing(desk, newer(1, 2, 3, 4))

    assert spanish.stays == {Stays.FINISHED: 2}
    assert same.stays == {Stays.FINISHED: 2}
    assert same.total == 0
    assert dump(desk.store)["deliveries"] == before["deliveries"]

    desk.bring(row(4, start=desk.now.date() + timedelta(days=7)), offer=desk.offer())
    assert replacing(desk, newer(1, language="es-US"), apply=False).stays[Stays.LANGUAGE] == 1


def test_an_enrollment_whose_part_is_on_its_way_stays_until_the_next_run(desk: Desk) -> None:
    desk.bring(row(1), row(2))
    to_the_day_of(desk, 1)
    send(desk, outcome=None, limit=1)

    done = replacing(desk, newer(1, 5, 11))

    assert done.stays[Stays.IN_FLIGHT] == 1
    assert [desk.enrollment(each).edition == done.edition for each in (1, 2)] == [False, True]
    with desk.store.begin() as tx:
        ledger.expire_leases(tx, now=desk.now + LEASE)
    assert replacing(desk, newer(1, 5, 11)).total == 1
    assert desk.states(1)[0] == (State.UNKNOWN, Reason.LEASE_EXPIRED), "in doubt is never planned again"


def test_words_that_move_into_a_part_that_went_or_out_of_it_are_told(desk: Desk) -> None:
    """The second part becomes the first: who got the first would read part 2 again, and part 1 never."""
    desk.bring(row(1), row(2))
    words = ["Walk a little every hour of the day, and rest after it.",
             "Sore muscles mean that you did something new, and no more than that."]  # fmt: skip

    def with_words(first: str, second: str) -> Edition:
        made = newer(1, 4)
        parts = tuple(
            replace(part, text=replace(part.text, literals=("", "", f"\n\n{text}\n\n", "\n", "\n")))
            for part, text in zip(made.parts, (first, second), strict=True)
        )
        return sealed(replace(made, parts=parts))

    replacing(desk, with_words(*words))
    to_the_day_of(desk, 1)
    send(desk)

    (readers,) = replacing(desk, with_words(words[1], words[0]), apply=False).readers
    assert (readers.enrollments, readers.gone) == (2, (1,))
    assert (readers.overlap.twice, readers.overlap.missed) == ({2: 1}, {1: 1})
    assert replacing(desk, with_words(words[0], words[1] + " Rest well."), apply=False).readers == []


def test_a_trial_tells_what_would_happen_and_keeps_nothing(desk: Desk) -> None:
    desk.bring(*map(row, range(1, 6)))
    before = dump(desk.store)

    trial = replacing(desk, newer(1, 5, 11, 16), apply=False)

    assert dump(desk.store) == before
    assert replace(replacing(desk, newer(1, 5, 11, 16)), applied=False) == trial


def test_an_interrupted_run_is_finished_by_the_next_one(desk: Desk) -> None:
    desk.bring(*map(row, range(1, 8)))
    made = newer(1, 5, 11)

    def break_off(_seen: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replacing(desk, made, chunk=3, progress=break_off)
    rest = replacing(desk, made, chunk=3)

    assert rest.total == 7 - 3
    assert {desk.enrollment(each).edition for each in range(1, 8)} == {made.sha256}
    assert desk.deeds().count("replace_unsent") == 7, "each enrollment once"
    deed = next(entry for entry in desk.trail() if entry.action == "replace_unsent")
    assert deed.detail == {"from": edition().sha256, "to": made.sha256}
    after = dump(desk.store)
    assert replacing(desk, made).total == 0
    assert dump(desk.store) == after


@dataclass
class World:
    """One series of its own in a database that all examples share."""

    desk: Desk
    series: str
    people: Sequence[int]

    def enrollments(self) -> dict[int, Enrollment]:
        with self.desk.store.read() as tx:
            return {each.id: each for each in list_enrollments(tx, series=self.series, limit=100)}

    def rows(self) -> dict[tuple[int, int], DeliveryRow]:
        with self.desk.store.read() as tx:
            found = overview.deliveries_of(tx, self.enrollments())
        assert len({(each.enrollment_id, each.part) for each in found}) == len(found)
        return {(each.enrollment_id, each.part): each for each in found}


days = st.lists(st.integers(-4, 30), min_size=1, max_size=5, unique=True).map(sorted)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.sampled_from([State.ACCEPTED, State.UNKNOWN, State.PLANNED, None])),
        st.tuples(st.just("wait"), st.integers(1, 9)),
        st.tuples(st.just("pause"), st.integers(0, 2)),
        st.tuples(st.just("resume"), st.integers(0, 2)),
        st.tuples(st.just("hold"), st.integers(0, 2)),
        st.tuples(st.just("end"), st.integers(0, 2)),
        st.tuples(st.just("replace"), days),
    ),
    min_size=2,
    max_size=9,
)
_examples = itertools.count(1)


def _one(world: World, which: int, act: Callable[..., object], **options: object) -> None:
    with world.desk.store.begin() as tx:
        act(tx, list(world.enrollments().values())[which], world.desk.dating(), **options)


def _step(world: World, what: str, how) -> None:
    match what:
        case "send":
            send(world.desk, outcome=how)
        case "wait":
            world.desk.later(days=how)
        case "pause":
            _one(world, how, preferences.pause, until=world.desk.now.date() + timedelta(days=5))
        case "resume":
            _one(world, how, preferences.resume)
        case "hold":
            _one(world, how, enrolling.hold, reason=Reason.NO_SHOW)
        case "end":
            _one(world, how, enrolling.end, reason=Reason.DISCHARGED)
        case "replace":
            _replace_and_check(world, newer(*how, series=world.series))


def _replace_and_check(world: World, made: Edition) -> None:
    people, rows = world.enrollments(), world.rows()
    trial = replacing(world.desk, made, apply=False, chunk=2)
    assert (world.enrollments(), world.rows()) == (people, rows), "a trial keeps nothing"

    done = replacing(world.desk, made, chunk=2)

    assert replace(done, applied=False) == trial, "a trial tells what happens"
    after, then = world.rows(), world.enrollments()
    moved = {each for each in people if then[each] != people[each]}
    assert len(moved) == done.total
    for (enrollment, part), old in rows.items():
        new = after[enrollment, part]
        if old.state in GONE or enrollment not in moved:
            same = replace(new, edition=old.edition)
            assert same == old, "what went, and whoever stays, is left alone"
        assert new.key == old.key
    for each in moved:
        _check_moved(
            people[each],
            then[each],
            made,
            {part: new for (whose, part), new in after.items() if whose == each},
        )
    assert replacing(world.desk, made, chunk=2).total == 0
    assert world.rows() == after, "a second run changes nothing"


def _check_moved(old: Enrollment, new: Enrollment, made: Edition, rows: dict[int, DeliveryRow]) -> None:
    numbers = {part.number for part in made.parts}
    assert (new.edition, new.status, new.reason) == (made.sha256, old.status, old.reason)
    assert {part for part, row in rows.items() if row.state is State.PLANNED} <= numbers
    if new.status is EnrollmentStatus.ACTIVE:
        assert numbers <= set(rows), "every part of the new edition has its row"
    else:
        assert State.PLANNED not in {row.state for row in rows.values()}
    waiting = {part for part, row in rows.items() if row.state in {State.PLANNED, State.CLAIMED, State.HELD}}
    assert waiting <= numbers, "what the new edition does not have waits for nothing"


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=days, then=steps)
def test_whatever_happened_before_nothing_goes_twice_and_the_sum_is_right(store, first, then) -> None:
    number = next(_examples)
    desk = Desk(store, numbers=itertools.count(number * 100_000))
    series = f"series-{number}"
    made = newer(*first, series=series)
    desk.prepare(made=made)
    people = [number * 10 + each for each in range(3)]
    desk.bring(*map(row, people), series=series)
    world = World(desk, series, people)

    for what, how in [*then, ("replace", [1, 4, 9])]:
        _step(world, what, how)
        _nothing_twice(world)


def _nothing_twice(world: World) -> None:
    """In no life of a delivery does anything follow an outcome that says it went, or may have gone."""
    final = {State.ACCEPTED, State.DELIVERED}
    with world.desk.store.read() as tx:
        for each in world.rows().values():
            states = [moment.state for moment in overview.history(tx, each.id)]
            assert not final & set(states[:-1]), states
            assert State.UNKNOWN not in states[:-1], states
