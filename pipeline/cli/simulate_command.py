"""``pipeline simulate``: play the coming days on a copy, and say what would go out.

In charge of: options, and opening what is played with. Not in charge of: playing (``app.simulation``) or the
words about it (``simulate_words``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipeline.app.clinic import Clinic
from pipeline.app.clock import system_clock
from pipeline.app.files import BUNDLED, read_bytes, write_whole
from pipeline.app.settings import check_settings, sample_settings
from pipeline.app.simulation import Played, Wanted, copied, has_database, made_up, moment_of, nobody, play
from pipeline.cli.printing import print_json
from pipeline.cli.simulate_words import show, show_broken, summary_json
from pipeline.config import Config
from pipeline.engine.simulation_checks import EXPECTATIONS, named
from pipeline.engine.simulation_file import read_script
from pipeline.engine.simulation_scenarios import SCENARIOS, Scenario
from pipeline.engine.simulation_script import Script
from pipeline.patients.model import RosterFile

app = typer.Typer(help="Play the coming days on a copy, and say what would go out.")

_FILE_LIMIT = 500_000_000
_SCRIPT_LIMIT = 1_000_000
_KNOWN = ", ".join(EXPECTATIONS)

_Days = Annotated[int, typer.Option(min=1, max=1000, help="How many days to play.")]
_From = Annotated[
    str | None,
    typer.Option("--from", help="Begin here: 2026-01-12 or 2026-01-12T10:00, clinic time. Default: now."),
]
_Patients = Annotated[
    list[Path] | None,
    typer.Option(help="Bring this file of patients into the copy first; may be repeated for a pair."),
]
_Series = Annotated[
    str | None,
    typer.Option(help="Enroll them in this series; if nobody has approved it, as its files are today."),
]
_Happening = Annotated[Scenario, typer.Option(help="What happens meanwhile: one of these,")]
_ScriptFile = Annotated[
    Path | None, typer.Option("--script", help="or a file of your own (TOML; docs/simulate.md shows one).")
]
_Outbox = Annotated[
    Path | None, typer.Option(help="Write every email here as .eml. They hold the patients' addresses.")
]
_Expect = Annotated[
    str, typer.Option(help=f"Exit 1 unless these hold, with commas between: {_KNOWN}; or: all.")
]
_Seed = Annotated[int, typer.Option(help="The same number plays the same chances again.")]
_SummaryFile = Annotated[
    Path | None, typer.Option("--summary-json", help="Write days, totals and expectations here.")
]
_Fresh = Annotated[bool, typer.Option("--fresh", help="With --patients: without the clinic's own patients.")]
_Json = Annotated[bool, typer.Option("--json", help="Print every delivery as JSON, as `calendar` does.")]


@app.command()
def simulate(
    ctx: typer.Context,
    days: _Days = 30,
    start: _From = None,
    patients: _Patients = None,
    series: _Series = None,
    scenario: _Happening = Scenario.CALM,
    script: _ScriptFile = None,
    outbox: _Outbox = None,
    expect: _Expect = "",
    seed: _Seed = 1,
    summary_file: _SummaryFile = None,
    *,
    fresh: _Fresh = False,
    as_json: _Json = False,
) -> None:
    """Play days in seconds on a copy of the clinic, and say what would go out.

    Nothing leaves this machine; the clinic's own data is only read. You see what
    would go out if trial mode held nothing back. A halt stays one, unless the
    script lifts it.
    """
    expectations = named(_KNOWN if expect.strip() == "all" else expect)
    config = _settings(ctx.obj)
    begin = moment_of(start, config) if start else system_clock()
    events = _script(script, scenario, begin, config)
    wanted = Wanted(
        start=begin,
        days=days,
        seed=seed if events.seed is None else events.seed,
        script=events,
        files=tuple(_roster(each) for each in patients or ()),
        series=series,
        outbox=outbox,
        expectations=expectations,
    )
    with _bar(days) as bar, _copy(config, wanted, bar, fresh=fresh) as copy:
        played = play(copy, wanted, on_row=bar.patient, on_day=bar.day)
    _tell(played, wanted, summary_file, as_json=as_json)
    if any(played.breaches.values()):
        raise typer.Exit(1)


def _tell(played: Played, wanted: Wanted, summary_file: Path | None, *, as_json: bool) -> None:
    show(played, wanted, to_stderr=as_json)
    if as_json:
        print_json([row.as_dict() for row in played.rows])
    if summary_file is not None:
        write_whole(summary_file, summary_json(played, wanted))
    show_broken(played)


def _settings(path: Path) -> Config:
    """The clinic's, or the sample clinic's where there is none."""
    if path.exists() or path != Path("config.toml"):
        return check_settings(path, today=system_clock().date())
    typer.echo("No config.toml here: using the sample clinic's settings.", err=True)
    return sample_settings()


def _script(file: Path | None, scenario: Scenario, start: datetime, config: Config) -> Script:
    if file is None:
        return read_script(SCENARIOS[scenario], name=scenario.value, start=start, zone=config.zone)
    text = read_bytes(file, limit=_SCRIPT_LIMIT).decode("utf-8-sig", errors="replace")
    return read_script(text, name=str(file), start=start, zone=config.zone)


def _roster(file: Path) -> RosterFile:
    """A file of patients; those that come with the product are there without being copied first."""
    there = BUNDLED / file if not file.exists() and (BUNDLED / file).is_file() else file
    return RosterFile(name=file.name, data=read_bytes(there, limit=_FILE_LIMIT))


@contextmanager
def _copy(config: Config, wanted: Wanted, bar: "_Bar", *, fresh: bool) -> Iterator[Clinic]:
    if fresh or not has_database(config):
        if not wanted.files:
            raise nobody(config)
        with made_up(config, start=wanted.start, seed=wanted.seed) as copy:
            yield copy
        return
    with (
        Clinic.open(config) as clinic,
        copied(clinic, start=wanted.start, seed=wanted.seed, progress=bar.row) as copy,
    ):
        yield copy


class _Bar:
    """How far it is, for whoever waits at a terminal."""

    def __init__(self, progress: Progress, days: int) -> None:
        self._progress = progress
        self._rows = progress.add_task("rows copied", total=None, visible=False)
        self._patients = progress.add_task("patients brought", total=None, visible=False)
        self._days = progress.add_task("days played", total=days)

    def row(self, rows: int) -> None:
        """So many rows are copied."""
        self._progress.update(self._rows, completed=rows, visible=True)

    def patient(self, rows: int) -> None:
        """So many patients of a file are brought."""
        self._progress.update(self._patients, completed=rows, visible=True)

    def day(self, day: int) -> None:
        """So many days are over."""
        self._progress.update(self._days, completed=day)


@contextmanager
def _bar(days: int) -> Iterator[_Bar]:
    shown = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as progress:
        yield _Bar(progress, days)
