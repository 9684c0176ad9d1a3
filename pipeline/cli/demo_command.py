"""``pipeline demo``: a sample clinic in a scratch folder, everything at once.

In charge of: telling the story in plain words. Not in charge of: setting up (``demo.stage``) or playing
days (``demo.playing``).
"""

import tempfile
from collections import Counter
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from pipeline.app.calendar import calendar_rows
from pipeline.app.clock import Clock, SetClock, ShiftedClock, system_clock
from pipeline.app.files import only_one
from pipeline.app.settings import clinic_rules, sample_settings
from pipeline.cli.printing import console, print_json, print_table
from pipeline.cli.serving import everything
from pipeline.cli.stopping import until_asked_to_stop
from pipeline.cli.timeline import show_timeline, when
from pipeline.delivery.states import State
from pipeline.delivery.words import reason_in_words
from pipeline.demo import folder as layout
from pipeline.demo.playing import play
from pipeline.demo.stage import Stage, stage, standin_for
from pipeline.engine.report import TickReport
from pipeline.web.server import bind_near

app = typer.Typer(help="A sample clinic in a scratch folder: everything, at once.")
_STAFF_PORT, _PUBLIC_PORT = 8620, 8720
_NEXT_SHOWN = 8


@app.command()
def demo(
    folder: Annotated[
        Path, typer.Option(help="Scratch folder; a second start goes on there. Not used with --exit.")
    ] = Path(".demo"),
    days: Annotated[int, typer.Option(min=1, max=400, help="With --exit: how many days to play.")] = 30,
    *,
    exit_: Annotated[
        bool, typer.Option("--exit", help="Play --days on a simulated clock, then end.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --exit: print the deliveries as JSON.")
    ] = False,
) -> None:
    """A sample clinic: read, split, approve, import, plan, and send to a mail API on this machine.

    No mail leaves this machine, and nobody in it is real.
    """
    if exit_:
        _play_days(days, as_json=as_json)
    else:
        _run_live(folder)


def _play_days(days: int, *, as_json: bool) -> None:
    """A fresh clinic on a clock of its own: every delivery of ``days`` days, in seconds."""
    folder = Path(tempfile.mkdtemp(prefix="pipeline-demo-"))
    clock = SetClock(_first_moment())
    with ExitStack() as open_now:
        standin = open_now.enter_context(standin_for(folder, clock))
        config = layout.make_clinic(folder, today=_day_of(clock()))
        layout.with_ports(config, mail_url=standin.url, staff_port=_STAFF_PORT, public_port=_PUBLIC_PORT)
        set_up = open_now.enter_context(stage(folder, config, clock))
        start = clock()
        play(set_up.clinic, clock, until=start + timedelta(days=days))
        with set_up.clinic.store.read() as tx:
            rows = calendar_rows(tx)
        taken = Counter(each.key for each in standin.taken())
    if as_json:
        print_json([row.as_dict() for row in rows])
        return
    _tell_set_up(set_up)
    show_timeline(rows, clinic_zone=set_up.clinic.config.zone.key)
    twice = sum(count - 1 for count in taken.values())
    played = f"Played {days} days from {start:%A %d %B %Y, %H:%M}"
    console().print(f"{played}: {len(taken)} emails sent, {twice} of them twice.")
    console().print(f"Every email is in {folder / 'outbox' / 'mail'}")


def _run_live(folder: Path) -> None:
    """The demo as a clinic would run it: scheduler and pages, until Ctrl-C."""
    with ExitStack() as open_now:
        layout.refuse_real_clinic(folder)
        stop = open_now.enter_context(until_asked_to_stop())
        open_now.enter_context(only_one(folder / ".lock", what="A demo"))
        clock: Clock = ShiftedClock.starting_at(layout.saved_clock(folder) or _first_moment())
        standin = open_now.enter_context(standin_for(folder, clock))
        staff = open_now.enter_context(bind_near("127.0.0.1", _STAFF_PORT))
        public = open_now.enter_context(bind_near("127.0.0.1", _PUBLIC_PORT))
        config = folder / "config.toml"
        if not config.exists():
            layout.make_clinic(folder, today=_day_of(clock()))
        layout.with_ports(
            config,
            mail_url=standin.url,
            staff_port=staff.getsockname()[1],
            public_port=public.getsockname()[1],
        )
        set_up = open_now.enter_context(stage(folder, config, clock))
        _tell_set_up(set_up)
        told = _Teller(set_up, clock)
        at = open_now.enter_context(
            everything(set_up.clinic, set_up.desk.previewing(layout.SERIES), staff=staff, public=public,
                       on_report=told.hear)
        )  # fmt: skip
        told.where(at.staff)
        stop.wait()
        console().print("\nEnding: the batch in hand is finished first ...")
    console().print("Ended. Start it again and it goes on where it was; nothing is sent twice.")


class _Teller:
    """Says in plain words what each tick did, and what comes next."""

    def __init__(self, set_up: Stage, clock: Clock) -> None:
        self._stage = set_up
        self._clock = clock
        self._quiet = False

    def hear(self, report: TickReport) -> None:
        """After a tick, in the scheduler's thread."""
        layout.save_clock(self._stage.folder, self._clock())
        if report.sent:
            console().print(f"[green]Sent {report.accepted} emails[/green] at {self._now()}.")
        if not self._quiet or report.sent:
            self._tell_next()
        self._quiet = True

    def where(self, staff: str) -> None:
        """Where to look."""
        out = console()
        out.print(f"\nLook at the emails:    [bold]{staff}/preview[/bold]")
        out.print(f"See what goes out:     [bold]{staff}/[/bold]  and {staff}/deliveries")
        out.print(f"The emails as files:   {self._stage.folder / 'outbox' / 'mail'}")
        out.print("Ctrl-C ends it.\n")

    def _now(self) -> str:
        return f"{self._clock().astimezone(self._stage.clinic.config.zone):%A %d %B, %H:%M} clinic time"

    def _tell_next(self) -> None:
        with self._stage.clinic.store.read() as tx:
            rows = [row for row in calendar_rows(tx) if row.state == State.PLANNED][:_NEXT_SHOWN]
        if rows:
            shown = [(when(row), row.zone, row.patient, row.part) for row in rows]
            print_table(("Goes out next, in the patient's time", "Zone", "Patient", "Part"), shown)
        else:
            console().print("Nothing more is planned.")


def _first_moment() -> datetime:
    config = sample_settings()
    now = system_clock()
    return layout.first_moment(now, config.zone, clinic_rules(config, today=now.date()))


def _day_of(moment: datetime) -> date:
    return moment.astimezone(sample_settings().zone).date()


def _tell_set_up(set_up: Stage) -> None:
    out, compiled, imported = console(), set_up.compiled, set_up.imported
    article = compiled.series.article
    words = sum(part.words for part in compiled.series.parts)
    out.print(f"[bold]A sample clinic in {set_up.folder}[/bold]")
    out.print(
        f"1. Read {article.name}: {len(article.blocks)} blocks, {words} words, every one in exactly one part."
    )
    for part in compiled.edition.parts:
        out.print(f"     Part {part.number}: {part.title}  [dim](day {part.day:+d}, {part.subject})[/dim]")
    findings = Counter(finding.severity.value for finding in compiled.findings)
    summary = ", ".join(f"{count} {name}" for name, count in findings.items()) or "no findings"
    out.print(f"2. Compiled {len(compiled.edition.parts)} emails and checked them: {summary}.")
    out.print("3. Approved as 'Sample Clinician' (a sample, not a real approval), for one year.")
    out.print(
        f"4. Brought {imported.rows} sample patients; {set_up.enrolled} are enrolled. Not mailed, and why:"
    )
    for each in imported.results:
        out.print(f"     row {each.row}: {reason_in_words(each.reason or '')}")
