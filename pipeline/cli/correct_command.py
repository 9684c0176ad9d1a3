"""``pipeline correct``: send a correction to exactly those who got a wrong part.

In charge of: showing the correction and how many get it, before it is signed and sent. Not in charge of:
who gets it (``actions.correcting``).
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from pipeline.actions.approving import Signing, approve, check_signing
from pipeline.actions.correcting import Affected, Wrong, affected
from pipeline.actions.correcting import correct as enroll_all
from pipeline.app.authoring import Compiled, Desk
from pipeline.app.clinic import Clinic
from pipeline.app.correcting import compile_correction, find_wrong, wrong_title
from pipeline.cli.check_command import show_findings
from pipeline.cli.deeds import confirm
from pipeline.cli.opening import open_clinic
from pipeline.cli.printing import console, print_json
from pipeline.delivery.words import reason_in_words

app = typer.Typer(help="Send a correction to exactly those who got a wrong part.")
#: Deliveries in doubt that are named one by one.
_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the command was given."""

    series: str
    part: int
    article: Path
    edition: str | None
    subject: str | None
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Correction:
    """What was looked at is what is signed and sent."""

    wrong: Wrong
    title: str
    compiled: Compiled
    signing: Signing
    who: Affected


@app.command()
def correct(
    ctx: typer.Context,
    series: Annotated[str, typer.Argument(help="The series with the wrong part.")],
    part: Annotated[int, typer.Option(min=1, help="The number of the wrong part.")],
    article: Annotated[Path, typer.Option(help="The correction: text, Markdown, HTML or Word.")],
    author: Annotated[str, typer.Option(help="Who wrote the correction; somebody else signs it.")],
    user: Annotated[str, typer.Option("--as", help="Who signs: a name of `pipeline user list`.")],
    credential: Annotated[str, typer.Option(help="Credential to sign with, like 'PT, DPT'.")],
    review_by: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day to send it.")],
    edition: Annotated[
        str | None, typer.Option(help="The wrong edition, by the start of its hash, if there are several.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="Another subject; it may hold {clinic}.")] = None,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Sign and send it; otherwise a dry run.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --apply: without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Check and sign a one-part email, and send it once to everybody who got a wrong part.

    Not to those who stopped, must not be mailed, or of whom nobody knows whether they got it. A dry run
    unless --apply; a second run reaches only whom the first one did not.
    """
    if as_json and apply and not yes:
        raise typer.BadParameter("with --json and --apply add --yes: a program cannot be asked")
    asked = _Asked(series=series, part=part, article=article, edition=edition, subject=subject, author=author)
    with open_clinic(ctx.obj) as clinic:
        found = _look(clinic, asked, user, credential, review_by.date())
        if not as_json:
            _show(found)
        apply = apply and len(found.who.candidates) > 0
        if apply and not yes:
            confirm()
        count = _carry_out(clinic, found, quiet=as_json) if apply else 0
    if as_json:
        print_json(_as_json(found, applied=apply, enrolled=count))
    elif apply:
        typer.echo(f"Signed. It goes to {_people(count)} as soon as the clinic's hours allow.")
    elif not found.who.candidates:
        typer.echo("There is nobody to write to, so nothing was signed.")
    else:
        typer.echo("This was a dry run: nothing was signed and nothing is sent. Add --apply to do it.")


def _look(clinic: Clinic, asked: _Asked, user: str, credential: str, review_by: date) -> _Correction:
    """Everything that is to be seen before. Raises PipelineError where it must not go on."""
    with clinic.store.read() as tx:
        wrong = find_wrong(tx, asked.series, asked.part, asked.edition)
        title = wrong_title(tx, wrong)
    desk = Desk.open(clinic.config)
    compiled = compile_correction(desk, wrong, asked.article, subject=asked.subject, author=asked.author)
    now = clinic.clock()
    signing = Signing(
        findings=compiled.findings, author=asked.author, approver=user, credential=credential,
        review_by=review_by, today=now.astimezone(clinic.config.zone).date(), now=now,
    )  # fmt: skip
    with clinic.store.read() as tx:
        check_signing(tx, compiled.edition, signing)
        who = affected(tx, wrong, clinic.dating(actor=f"staff:{user}"))
    return _Correction(wrong=wrong, title=title, compiled=compiled, signing=signing, who=who)


def _show(found: _Correction) -> None:
    who, (part,) = found.who, found.compiled.edition.parts
    show_findings(found.compiled.findings)
    typer.echo(f"Correction of part {found.wrong.part}, {found.title!r}, edition "
               f"{found.wrong.edition.sha256[:12]}")  # fmt: skip
    typer.echo(f"  Subject: {part.subject}")
    typer.echo(f"  Title:   {part.title}")
    typer.echo(f"{_people(len(who.candidates))}: got the wrong part, and get the correction, once.")
    if who.already:
        typer.echo(f"{who.already} have it already, or are about to get it.")
    for code, count in who.left_out.most_common():
        typer.echo(f"{count} got the wrong part and must not be written to: {reason_in_words(code)}.")
    if who.in_doubt:
        _say_doubt(who.in_doubt)


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _say_doubt(ids: tuple[int, ...]) -> None:
    named = ", ".join(map(str, ids[:_SHOWN])) + (", ..." if len(ids) > _SHOWN else "")
    typer.echo(f"Of {len(ids)} nobody knows whether they got it, so they are left out: deliveries {named}.")
    typer.echo("  Settle them with `pipeline unknowns`; then run this again.")


def _carry_out(clinic: Clinic, found: _Correction, *, quiet: bool) -> int:
    with clinic.store.begin() as tx:
        approve(tx, found.compiled.edition, found.signing)
    dating = clinic.dating(actor=f"staff:{found.signing.approver}")
    count, total = 0, len(found.who.candidates)
    with Progress(console=console(), transient=True, disable=quiet) as progress:
        task = progress.add_task("people", total=total)
        for done in enroll_all(clinic.store, found.wrong, found.compiled.edition, dating):
            count += done
            progress.update(task, completed=count)
    return count


def _as_json(found: _Correction, *, applied: bool, enrolled: int) -> dict[str, object]:
    return {
        "applied": applied,
        "series": found.wrong.series,
        "edition": found.wrong.edition.sha256,
        "part": found.wrong.part,
        "correction": found.compiled.edition.sha256,
        "people": len(found.who.candidates),
        "already": found.who.already,
        "left_out": dict(found.who.left_out),
        "in_doubt": list(found.who.in_doubt),
        "enrolled": enrolled,
    }
