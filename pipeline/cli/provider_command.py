"""``pipeline provider``: try the mail API with one message; what it can do, and what it cannot.

In charge of: the commands and their words. Not in charge of: the checks and the message (``app.mail_api``).
"""

import os
import secrets
from datetime import timedelta
from typing import Annotated, assert_never

import typer

from pipeline.app.clock import system_clock
from pipeline.app.mail_api import (
    CAPABILITIES,
    Tried,
    capability_row,
    check_mail_api,
    fitting_part,
    trial_message,
    try_mail_api,
)
from pipeline.app.settings import check_settings
from pipeline.cli.desk import reopen_desk
from pipeline.cli.printing import print_json, print_table
from pipeline.delivery.outcome import Accepted, Deferred, Outcome, Refused, Unknown
from pipeline.providers.registry import capabilities
from pipeline.providers.shortcomings import Shortcoming, Weight

app = typer.Typer(help="Try the mail API, and see what it can do.", no_args_is_help=True)

_HEADS = {
    Weight.BLOCKS_CONFIG: "Does not work",
    Weight.BLOCKS_LIVE: "Before going live",
    Weight.NOTE: "Good to know",
}


@app.callback()
def _group() -> None:
    """Try the mail API, and see what it can do."""


@app.command("test")
def try_it(
    ctx: typer.Context,
    to: Annotated[str, typer.Option(help="Whom to write to: yourself, as a rule.")],
    series: Annotated[str, typer.Option(help="Whose part to send.")] = "first-weeks",
    part: Annotated[
        int | None, typer.Option(min=1, help="Which part; else the first that the API can carry.")
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the request without secrets, and send nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was answered as JSON.")] = False,
) -> None:
    """Send one real message, marked as a trial, through the configured mail API.

    In trial mode it goes to addresses on sending.trial_list only, unless mail stays on this machine.
    Ends with 1 where the message was not accepted.
    """
    config = check_settings(ctx.obj, today=system_clock().date())
    check_mail_api(config, os.environ, clock=system_clock)
    compiled = reopen_desk(ctx.obj).compiled(series)
    number = part or fitting_part(compiled.edition, capabilities(config)[config.provider.name])
    if number > len(compiled.edition.parts):
        raise typer.BadParameter(f"{compiled.series.name} has {len(compiled.edition.parts)} parts.")
    message = trial_message(compiled, number, to=to, key=f"test-{secrets.token_hex(8)}")
    tried = try_mail_api(config, os.environ, clock=system_clock, message=message, dry_run=dry_run)
    if as_json:
        print_json(_as_json(tried))
    else:
        typer.echo(_in_words(tried))
    if tried.outcome is not None and not isinstance(tried.outcome, Accepted):
        raise typer.Exit(1)


@app.command()
def show(
    ctx: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """What the configured mail API can do, what follows from what it cannot, and all others beside it."""
    config = check_settings(ctx.obj, today=system_clock().date())
    found = check_mail_api(config, os.environ, clock=system_clock)
    rows = [capability_row(name, can) for name, can in capabilities(config).items()]
    if as_json:
        table = [dict(zip(CAPABILITIES, row, strict=True)) for row in rows]
        print_json({"configured": config.provider.name, "shortcomings": _listed(found), "apis": table})
        return
    typer.echo(f"{config.file} sends by {config.provider.name}, in {config.sending.mode} mode.\n")
    for line in in_words(found):
        typer.echo(line)
    marked = [(f"> {row[0]}" if row[0] == config.provider.name else f"  {row[0]}", *row[1:]) for row in rows]
    print_table(CAPABILITIES, marked)


def in_words(found: tuple[Shortcoming, ...]) -> list[str]:
    """Shortcomings for people, grouped by what they do."""
    lines: list[str] = []
    for weight, head in _HEADS.items():
        group = [each for each in found if each.weight is weight]
        if group:
            lines += [f"{head}:", *(f"  {each.what}\n    {each.mend}" for each in group), ""]
    return lines


def _in_words(tried: Tried) -> str:
    if tried.outcome is None:
        shown = "\n\n".join(tried.requests)
        return f"Nothing was sent. {tried.provider} would get this:\n\n{shown}"
    return _answered(tried.provider, tried.outcome)


def _answered(name: str, outcome: Outcome) -> str:
    match outcome:
        case Accepted(provider_id=found):
            return f"{name} accepted the message ({found or 'without an id'}). Now look into the mailbox."
        case Deferred(reason=why, retry_after=wait):
            return f"Nothing was sent: {why}.{_when(wait)}"
        case Refused(reason=why):
            return f"Nothing was sent, and trying again will not help: {why}."
        case Unknown(reason=why):
            return f"It may have been sent: {why}. Look into the mailbox before you try again."
        case _:
            assert_never(outcome)


def _when(wait: timedelta | None) -> str:
    return f" Try again in {int(wait.total_seconds())} seconds." if wait else ""


def _as_json(tried: Tried) -> dict[str, object]:
    outcome = tried.outcome
    if outcome is None:
        return {"provider": tried.provider, "outcome": "dry_run", "requests": list(tried.requests)}
    detail = outcome.provider_id if isinstance(outcome, Accepted) else outcome.reason
    return {"provider": tried.provider, "outcome": type(outcome).__name__.lower(), "detail": detail}


def _listed(found: tuple[Shortcoming, ...]) -> list[dict[str, str]]:
    return [
        {"code": each.code, "weight": each.weight, "what": each.what, "mend": each.mend} for each in found
    ]
