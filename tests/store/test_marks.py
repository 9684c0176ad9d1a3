from pipeline.store import marks
from pipeline.store.marks import Halted


def test_a_mark_is_set_changed_and_cleared(clinic):
    with clinic.store.begin() as tx:
        assert marks.get_mark(tx, "colour") is None
        marks.set_mark(tx, "colour", "green", now=clinic.now)
        marks.set_mark(tx, "colour", "blue", now=clinic.now)
        assert marks.get_mark(tx, "colour") == "blue"
        assert marks.clear_mark(tx, "colour")
        assert not marks.clear_mark(tx, "colour")


def test_a_halt_stops_everything_or_one_series_until_it_is_lifted(clinic):
    with clinic.store.begin() as tx:
        assert marks.halted(tx) == Halted(everything=False, series=frozenset())
        marks.halt(tx, "first-weeks", now=clinic.now)
        assert marks.halted(tx).stops("first-weeks")
        assert not marks.halted(tx).stops("first")
        marks.halt(tx, None, now=clinic.now)
        assert marks.halted(tx) == Halted(everything=True, series=frozenset({"first-weeks"}))
        assert marks.halted(tx).stops("other")
        assert marks.lift_halt(tx, None)
        assert not marks.lift_halt(tx, None)
        assert marks.lift_halt(tx, "first-weeks")
        assert marks.halted(tx) == Halted(everything=False, series=frozenset())


def test_a_series_may_have_any_name(clinic):
    names = frozenset({"", "halted", "a:b", "50%_off", "Schmerz verstehen"})
    with clinic.store.begin() as tx:
        marks.set_mark(tx, "halting", "1", now=clinic.now)
        for name in names:
            marks.halt(tx, name, now=clinic.now)
        assert marks.halted(tx) == Halted(everything=False, series=names)


def test_the_generation_counts_up_and_comes_back_smaller_with_an_older_copy(clinic):
    with clinic.store.begin() as tx:
        assert marks.generation(tx) == 0
        assert [marks.next_generation(tx, now=clinic.now) for _ in range(3)] == [1, 2, 3]
        assert marks.generation(tx) == 3
