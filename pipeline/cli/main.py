"""The ``pipeline`` command: its list of commands, loaded only when one is used, and its help.

In charge of: the table of commands and the global options. Not in charge of: any command's work.
"""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup
from typer.exceptions import TyperException

from pipeline import __version__


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A heading of the help text and its commands: name, one line of help."""

    heading: str
    commands: tuple[tuple[str, str], ...]


TOPICS = (
    Topic(
        heading="Try it",
        commands=(("demo", "a sample clinic in a scratch folder: everything below, at once"),),
    ),
    Topic(
        heading="Write a series",
        commands=(
            ("init", "make a clinic folder to own: config.toml, content/, templates/"),
            ("split", "read an article, cut it into parts, prove that nothing is lost"),
            ("check", "compile a series and check every part"),
            ("render", "write every part as .html, .txt and .eml"),
            ("preview", "look at every part in the browser; no database"),
            ("approve", "sign a series' exact bytes as a named clinician"),
        ),
    ),
    Topic(
        heading="Bring patients",
        commands=(
            ("import", "patients from a file; a dry run unless --apply"),
            ("calendar", "what goes out when, in whose time, and why not"),
            ("simulate", "play the coming days on a copy, outages included"),
            ("patient", "find a patient, see their mail, record their consent"),
            ("calls", "whom to call, why and since when; close a call"),
        ),
    ),
    Topic(
        heading="Change one enrollment",
        commands=(
            ("enroll", "put one patient into a series, or begin a new course"),
            ("pause", "hold everything for a while"),
            ("resume", "go on after a pause, or after what held it"),
            ("slower", "double the days between parts"),
            ("next", "send the next part as soon as the hours allow"),
            ("move", "another day of the first visit: the difference first"),
            ("stop", "end it for good"),
        ),
    ),
    Topic(
        heading="Send",
        commands=(
            ("run", "scheduler, staff pages and patients' pages in one process"),
            ("dispatch", "send what is due now, once, then exit"),
            ("worker", "send, as one of any number of processes on PostgreSQL"),
            ("web", "staff pages and patients' pages, without sending"),
            ("status", "what waits, what needs you, what is stuck; one delivery's life"),
            ("events", "what mail services reported, counted"),
            ("report", "what became of each part, and what patients said of it"),
            ("unknowns", "deliveries of which nobody knows whether they went"),
            ("resolve", "say of those whether they went"),
            ("halt", "stop every send at once, or go on"),
            ("correct", "send a correction to exactly those who got a wrong part"),
            ("restored", "after a backup was brought back: look, and let it go on"),
        ),
    ),
    Topic(
        heading="Look after it",
        commands=(
            ("config", "check config.toml"),
            ("provider", "try the mail API with one message; what it can do"),
            ("user", "the people who may approve"),
            ("audit", "verify the audit trail"),
        ),
    ),
)

#: Commands that share a module, which has them by name in APPS.
_TOGETHER = dict.fromkeys(
    ("enroll", "pause", "resume", "slower", "next", "move", "stop"), "enrollment_commands"
)


class _Commands(TyperGroup):
    """Imports a command's module only when that command is used, so that help answers at once."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - click's own signature
        return [name for topic in TOPICS for name, _ in topic.commands]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - click's own signature
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"pipeline.cli.{_TOGETHER.get(cmd_name, f'{cmd_name}_command')}")
        command = typer.main.get_command(getattr(module, "APPS", {}).get(cmd_name) or module.app)
        command.name = cmd_name
        # Completion is installed once, for `pipeline`; in every command's help it would only be in the way.
        command.params = [each for each in command.params if "completion" not in str(each.name)]
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - click's own signature
        _print_help(Console())


app = typer.Typer(cls=_Commands, add_completion=True, no_args_is_help=True, pretty_exceptions_enable=False)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the flag
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    ctx: typer.Context,
    config: Annotated[
        Path, typer.Option("--config", envvar="PIPELINE_CONFIG", help="The clinic's config.toml.")
    ] = Path("config.toml"),
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    ctx.obj = config


def run() -> int:
    """Parse ``sys.argv`` and run one command; returns its exit code."""
    command = typer.main.get_command(app)
    try:
        result = command(standalone_mode=False, prog_name="pipeline")
    except TyperException as error:
        error.show()  # type: ignore[attr-defined]  # every usage error knows how to show itself
        return 2
    except typer.Abort:
        return 130
    return result if isinstance(result, int) else 0


def _print_help(console: Console) -> None:
    console.print("[bold]pipeline[/bold]: one long patient article becomes an email series, sent around each")
    console.print(
        "patient's first visit. Every command explains itself: [bold]pipeline COMMAND --help[/bold]\n"
    )
    for topic in TOPICS:
        table = Table.grid(padding=(0, 2))
        table.add_column(min_width=10, style="bold cyan")
        table.add_column()
        for name, line in topic.commands:
            table.add_row(f"  {name}", line)
        console.print(f"[bold]{topic.heading}[/bold]")
        console.print(table)
        console.print()
    console.print("Options: [bold]--config FILE[/bold] (default ./config.toml), [bold]--version[/bold]")
