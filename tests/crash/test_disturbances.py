"""Each thing that can go wrong, once: nothing twice, nothing lost, and no more doubt than was in flight."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from pipeline.delivery.states import State
from tests.crash.conftest import ROOT
from tests.crash.disturbances import Round
from tests.crash.invariants import WENT
from tests.crash.ordered import APIS, Processes
from tests.crash.places import PostgresPlace, PostgresServer, SqlitePlace

PEOPLE = 30
_NUMBERS = count()


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    with pytest.MonkeyPatch.context() as patch, Processes() as running:
        patch.syspath_prepend(str(ROOT))
        yield running


@pytest.fixture(scope="module")
def server(postgres) -> Iterator[PostgresServer]:
    """One that may crash; where PostgreSQL is not to be had, ``postgres`` says so."""
    with PostgresServer() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, database_folder) -> Iterator[SqlitePlace | PostgresPlace]:
    if request.param == "sqlite":
        yield SqlitePlace(database_folder / "pipeline.db")
        return
    made = PostgresPlace(request.getfixturevalue("server"), f"round_{next(_NUMBERS)}")
    yield made
    made.drop()


StartRound = Callable[[str], object]


@pytest.fixture
def start_round(place, keyring, processes, tmp_path: Path) -> StartRound:
    @contextmanager
    def start(api: str, *, seed: int = 1) -> Iterator[Round]:
        with Round(
            place, api=api, keyring=keyring, folder=tmp_path, processes=processes, seed=seed
        ) as running:
            running.enroll(PEOPLE)
            yield running

    return start


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    "what",
    [
        Round.killed_at_any_time, Round.killed_at_a_request, Round.faults, Round.two_at_once, Round.locked,
        Round.full, Round.set_back, Round.power_cut,
    ],
    ids=lambda what: what.__name__,
)  # fmt: skip
def test_it(start_round, what, api) -> None:
    with start_round(api) as running:
        what(running)
        what(running)
        running.settle()

        assert running.judge().wrong == ()
        running.resolve()
        running.settle()
        left = running.judge()
    assert left.wrong == ()
    assert left.count(State.UNKNOWN) == 0
    print(running.tally)
