"""Each thing that can befall a clinic: nothing twice, nothing lost, no more doubt than was in flight."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path

import pytest

from pipeline.delivery.states import FINAL, State
from tests.crash import disturbances
from tests.crash.conftest import ROOT
from tests.crash.disturbances import Disturbance
from tests.crash.ordered import Processes
from tests.crash.places import PostgresPlace, PostgresServer, SqlitePlace
from tests.crash.rounds import Round

PEOPLE = 30
#: A random time may hit a process that has nothing to do any more.
TRIES = 8
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


def new_database(server: PostgresServer) -> PostgresPlace:
    return PostgresPlace(server, f"round_{next(_NUMBERS)}")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, database_folder) -> Iterator[SqlitePlace | PostgresPlace]:
    if request.param == "sqlite":
        yield SqlitePlace(database_folder / "pipeline.db")
        return
    made = new_database(request.getfixturevalue("server"))
    yield made
    made.drop()


StartRound = Callable[..., AbstractContextManager[Round]]


@pytest.fixture
def start_round(keyring, processes, tmp_path: Path) -> StartRound:
    """A clinic of PEOPLE whose part 1 is due."""

    @contextmanager
    def start(place, *, api: str) -> Iterator[Round]:
        with Round(place, api=api, keyring=keyring, folder=tmp_path, processes=processes, seed=1) as running:
            running.enroll(PEOPLE)
            yield running

    return start


def until_it_happened(running: Round, disturb: Disturbance, sign: str) -> None:
    for _ in range(TRIES):
        disturb(running)
        if running.tally.counts[sign]:
            return
        running.enroll(PEOPLE)
    raise AssertionError(f"{disturb.__name__} never happened")


def ends_well(running: Round) -> bool:
    """Judged as it is, and again when everything in doubt is settled."""
    running.settle()
    assert running.judge().wrong == ()
    running.resolve()
    running.settle()
    left = running.judge()
    assert left.wrong == ()
    first = {row.state for row in running.clinic.rows()}
    return left.count(State.UNKNOWN) == 0 and first <= {state.value for state in FINAL}


KILLS = [disturbances.killed_at_any_time, disturbances.killed_at_a_request, disturbances.two_at_once]


@pytest.mark.parametrize("api", ["http", "postmark"])
@pytest.mark.parametrize("disturb", KILLS, ids=lambda each: each.__name__)
def test_kill_9(start_round, place, disturb, api) -> None:
    with start_round(place, api=api) as running:
        until_it_happened(running, disturb, "kills")
        assert ends_well(running)


@pytest.mark.parametrize("api", ["http", "resend", "postmark"])
def test_a_mail_api_that_fails_in_every_way(start_round, place, api) -> None:
    with start_round(place, api=api) as running:
        # Whether its kill meets the process alive depends on the machine: kills have tests of their own.
        until_it_happened(running, disturbances.faults, "faults")
        assert ends_well(running)


@pytest.mark.parametrize("api", ["http", "postmark"])
@pytest.mark.parametrize("disturb", [disturbances.locked, disturbances.full], ids=["locked", "full"])
def test_a_database_that_takes_nothing(start_round, place, disturb, api) -> None:
    with start_round(place, api=api) as running:
        until_it_happened(running, disturb, "gave up, saying why")
        assert ends_well(running)


def test_a_database_server_that_crashes_under_a_batch(start_round, server) -> None:
    place = new_database(server)
    with start_round(place, api="postmark") as running:
        until_it_happened(running, disturbances.restarted, "server crashes")
        assert running.tally.counts["gave up, saying why"] == 1
        assert ends_well(running)
    place.drop()


@pytest.mark.parametrize("api", ["resend", "postmark"])
def test_a_power_cut(start_round, place, api) -> None:
    with start_round(place, api=api) as running:
        until_it_happened(running, disturbances.power_cut, "power cuts")
        until_it_happened(running, disturbances.killed_at_a_request, "kills")
        assert ends_well(running)


@pytest.mark.parametrize("api", ["http", "postmark"])
def test_a_clock_that_is_set_back_an_hour(start_round, place, api) -> None:
    with start_round(place, api=api) as running:
        until_it_happened(running, disturbances.killed_at_a_request, "kills")
        disturbances.set_back(running)
        assert ends_well(running)


@pytest.mark.parametrize("api", ["http", "postmark"])
def test_a_backup_of_yesterday_goes_on_only_when_a_person_says_so(start_round, place, api) -> None:
    with start_round(place, api=api) as running:
        until_it_happened(running, disturbances.killed_at_a_request, "kills")
        disturbances.backed_up(running)
        disturbances.killed_at_any_time(running)
        running.settle()
        disturbances.restored(running)
        assert running.tally.counts["held until confirmed"] == 1
        assert ends_well(running)


def test_a_backup_brought_back_after_the_clock_was_set_back_sends_nothing_again(start_round, place) -> None:
    """What left before the clock went back is later than the last time that anybody counted."""
    with start_round(place, api="postmark") as running:
        running.moment -= 2 * disturbances.HOUR
        disturbances.backed_up(running)
        running.moment += 2 * disturbances.HOUR
        running.settle()
        running.moment -= 2 * disturbances.HOUR
        running.wait_for(running.start())
        disturbances.restored(running)
        running.moment += 2 * disturbances.HOUR
        assert ends_well(running)
