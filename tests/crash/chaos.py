"""``make chaos``: hundreds of kills and faults on both databases, each round judged, all of it summed up.

In charge of: how much of what, a progress bar, the summary for people and as JSON, and the exit code. Not in
charge of: what can happen (``disturbances``) or what must hold (``invariants``).
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from pipeline.delivery.states import State
from pipeline.demo.accepted import taken_twice
from pipeline.keys import Keyring
from tests.crash import disturbances
from tests.crash.disturbances import Disturbance
from tests.crash.invariants import WENT
from tests.crash.ordered import APIS, Processes
from tests.crash.places import Place, PostgresPlace, PostgresServer, SqlitePlace
from tests.crash.rounds import Round, Tally

#: Patients of one round. A killed process has sent some twenty messages before.
PEOPLE = 200
#: Disturbances of one round, unless there is nothing left to send.
MOST = 40

#: What happens how often, out of all; the docstring's first line is its name.
DEEDS: tuple[tuple[Disturbance, int], ...] = (
    (disturbances.killed_at_any_time, 8),
    (disturbances.killed_at_a_request, 8),
    (disturbances.faults, 4),
    (disturbances.two_at_once, 3),
    (disturbances.power_cut, 3),
    (disturbances.locked, 2),
    (disturbances.full, 2),
    (disturbances.set_back, 2),
    (disturbances.backed_up, 2),
    (disturbances.restored, 2),
)


@dataclass(slots=True)
class Outcome:
    """Everything that was learnt about one kind of database, or about all."""

    tally: Tally = field(default_factory=Tally)
    wrong: list[str] = field(default_factory=list)

    def learn(self, running: Round, name: str) -> None:
        """Settle, judge, resolve what is in doubt, judge again."""
        running.settle()
        first = running.judge()
        counts = running.tally.counts
        counts["unknown"] += first.count(State.UNKNOWN)
        counts["most that can have been in flight"] += running.in_flight
        running.resolve()
        running.settle()
        last = running.judge()
        log = running.standin.taken()
        counts["unknown on the way, sent again under its key"] += running.sent_again()
        counts["accepted"] += sum(last.count(state) for state in WENT)
        counts["refused"] += last.count(State.REFUSED)
        counts["still unknown"] += last.count(State.UNKNOWN)
        counts["duplicates"] += len(taken_twice(log))
        counts["lost"] += len(last.taken - frozenset().union(*(last.keys.get(state, ()) for state in WENT)))
        counts["runs"] += 1
        self.tally.add(running.tally)
        self.wrong += [f"{name}: {each}" for each in dict.fromkeys((*first.wrong, *last.wrong))]

    def add(self, other: "Outcome") -> None:
        self.tally.add(other.tally)
        self.wrong += other.wrong


class Campaign:
    """All rounds on both kinds of database."""

    def __init__(self, *, seed: int, folder: Path, tick: Callable[[str, int], None]) -> None:
        self._chance = random.Random(seed)
        self._folder = folder
        self._tick = tick
        self._keyring = Keyring.generate()
        self._numbers = 0

    def rounds(
        self, kind: str, kills: int, *, processes: Processes, server: PostgresServer | None
    ) -> Outcome:
        """Round after round, on one kind of database, until so many processes were killed."""
        outcome = Outcome()
        while outcome.tally.counts["kills"] < kills:
            api = list(APIS)[self._numbers % len(APIS)]
            with self._round(server, api, processes) as running:
                running.enroll(PEOPLE)
                self._disturb(running, kills - outcome.tally.counts["kills"], kind)
                outcome.learn(running, f"{kind}, {api}")
        return outcome

    def crews(self, kills: int, *, processes: Processes, server: PostgresServer) -> Outcome:
        """Four workers of the distributed engine, two of them killed, again and again."""
        outcome = Outcome()
        with self._round(server, "postmark", processes) as running:
            while (before := running.tally.counts["kills"]) < kills:
                disturbances.crew_killed(running)
                self._tick("postgresql", running.tally.counts["kills"] - before)
            outcome.learn(running, "postgresql, workers")
        return outcome

    def _disturb(self, running: Round, kills: int, kind: str) -> None:
        deeds = [*DEEDS, (disturbances.restarted, 2)] if running.place.has_server else list(DEEDS)
        names, weights = zip(*deeds, strict=True)
        counts = running.tally.counts
        for _ in range(MOST):
            if counts["kills"] >= kills or not running.work_left:
                return
            before = counts["kills"]
            (deed,) = self._chance.choices(names, weights)
            deed(running)
            counts[f"deed: {(deed.__doc__ or '').strip()}"] += 1
            self._tick(kind, counts["kills"] - before)

    @contextmanager
    def _round(self, server: PostgresServer | None, api: str, processes: Processes) -> Iterator[Round]:
        self._numbers += 1
        folder = self._folder / str(self._numbers)
        folder.mkdir()
        place: Place = SqlitePlace(folder / "clinic.db")
        with ExitStack() as over:
            if server is not None:
                place = PostgresPlace(server, f"round_{self._numbers}")
                over.callback(place.drop)
            seed = self._chance.randrange(10**9)
            with Round(
                place, api=api, keyring=self._keyring, folder=folder, processes=processes, seed=seed
            ) as running:
                yield running


def campaign(
    seed: int, *, sqlite: int, postgresql: int, tick: Callable[[str, int], None]
) -> dict[str, Outcome]:
    """So many kills on each; by the database's name. ``tick`` hears how many more processes were killed."""
    found: dict[str, Outcome] = {}
    with ExitStack() as over:
        folder = Path(over.enter_context(tempfile.TemporaryDirectory(prefix="pipeline-chaos-")))
        processes = over.enter_context(Processes())
        runs = Campaign(seed=seed, folder=folder, tick=tick)
        if sqlite:
            found["SQLite"] = runs.rounds("sqlite", sqlite, processes=processes, server=None)
        if postgresql:
            server = over.enter_context(PostgresServer())
            crews = max(postgresql // 4, 1)
            found["PostgreSQL"] = runs.rounds(
                "postgresql", postgresql - crews, processes=processes, server=server
            )
            found["PostgreSQL"].add(runs.crews(crews, processes=processes, server=server))
    return found


#: The lines of the summary, in order.
ROWS = (
    "runs", "processes", "kills", "faults", "power cuts", "server crashes", "clocks set back",
    "gave up, saying why", "messages",
    "accepted", "refused", "duplicates", "lost", "unknown", "most that can have been in flight",
    "unknown on the way, sent again under its key", "settled by an event", "settled by staff: it went",
    "settled by staff: it did not, sent", "still unknown", "backups restored", "held until confirmed",
)  # fmt: skip


def as_json(found: dict[str, Outcome], seed: int, seconds: float) -> dict[str, object]:
    """Everything in the summary."""
    return {
        "seed": seed,
        "seconds": round(seconds),
        "databases": {
            name: {"counts": dict(sorted(each.tally.counts.items())), "wrong": each.wrong}
            for name, each in found.items()
        },
        "violations": sum(len(each.wrong) for each in found.values()),
    }


def show(found: dict[str, Outcome], seed: int, seconds: float, console: Console) -> None:
    """The summary for a person."""
    table = Table(
        box=None, pad_edge=False, title=f"Chaos, seed {seed}, {seconds:.0f} s", title_justify="left"
    )
    table.add_column("")
    for name in found:
        table.add_column(name, justify="right")
    deeds = sorted({key for each in found.values() for key in each.tally.counts if key.startswith("deed: ")})
    for row in (*ROWS, *deeds):
        table.add_row(row, *(str(each.tally.counts[row]) for each in found.values()))
    console.print(table)
    wrong = [line for each in found.values() for line in each.wrong]
    console.print(
        "\n".join(wrong) if wrong else "Nothing went twice, nothing was lost, every promise was kept."
    )


def main(words: Sequence[str] | None = None) -> int:
    """Parse, run, print; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.crash.chaos", description="Kills, faults, power cuts."
    )
    parser.add_argument(
        "--seed", type=int, default=None, help="repeat the same choices (not the same timing)"
    )
    parser.add_argument("--sqlite", type=int, default=200, help="processes to kill on SQLite")
    parser.add_argument("--postgresql", type=int, default=100, help="processes to kill on PostgreSQL")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(words)
    seed = options.seed if options.seed is not None else random.randrange(10**6)
    aside = Console(stderr=True)
    aside.print(
        f"Seed {seed}. Killing {options.sqlite} processes on SQLite, {options.postgresql} on PostgreSQL."
    )
    began = time.monotonic()
    with Progress(console=aside) as progress:
        bars = {"sqlite": progress.add_task("SQLite", total=options.sqlite),
                "postgresql": progress.add_task("PostgreSQL", total=options.postgresql)}  # fmt: skip
        found = campaign(
            seed, sqlite=options.sqlite, postgresql=options.postgresql,
            tick=lambda kind, kills: progress.advance(bars[kind], kills),
        )  # fmt: skip
    seconds = time.monotonic() - began
    if options.json:
        print(json.dumps(as_json(found, seed, seconds), indent=2))
    else:
        show(found, seed, seconds, Console(width=None if Console().is_terminal else 120))
    return 1 if any(each.wrong for each in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
