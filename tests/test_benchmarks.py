"""The benchmarks run, and their candidates say the same; how fast they are is for people to read."""

import json
from dataclasses import replace

import pytest

from benchmarks import __main__ as bench
from benchmarks import personalising
from benchmarks.material import Material, materials
from benchmarks.timing import Case, Table, measure


@pytest.fixture(scope="module")
def small() -> Material:
    return next(materials(recipients=8))


def test_every_candidate_says_the_same_and_can_be_measured(small: Material) -> None:
    for table in personalising.tables(small):
        measured = measure(table, rounds=1, seconds=0)

        assert set(measured.per_second) == {case.name for case in table.cases}
        assert measured.ratio(table.base, table.base) == 1
        assert all(measured.ratio(budget.case, budget.against) > 0 for budget in table.budgets)


def test_a_candidate_that_says_something_else_is_not_timed(small: Material) -> None:
    other = replace(small, page=small.page.replace("</h1>", " indeed</h1>"))

    with pytest.raises(personalising.DifferentError, match="does not say"):
        personalising.tables(other)


def test_the_command_prints_the_groups_that_were_asked_for(monkeypatch, capsys) -> None:
    cases = tuple(Case(name=str(size), run=sum, items=[range(size)]) for size in (10, 10_000))
    table = Table(title="Sums", unit="sums", cases=cases, base="10")
    monkeypatch.setitem(bench.GROUPS, "sums", lambda: iter([table]))

    bench.main(["sums", "--rounds", "1", "--seconds", "0.001", "--json"])
    (told,) = json.loads(capsys.readouterr().out)
    assert told["ratios"]["10000"] < 1 == told["ratios"]["10"]

    bench.main(["sums", "--rounds", "1", "--seconds", "0.001"])
    assert "Sums" in capsys.readouterr().out


def test_an_unknown_group_is_refused_with_the_known_ones_at_hand(capsys) -> None:
    with pytest.raises(SystemExit):
        bench.main(["sending"])
    assert "no such group: sending" in capsys.readouterr().err
