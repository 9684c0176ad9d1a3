"""``pipeline approve``: sign a series' exact bytes as a named clinician, and replace unsent parts.

In charge of: showing what is signed and whom it touches before it is done. Not in charge of: the rules of
signing (``actions.approving``) or of replacing (``actions.replacing``).
"""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipeline.actions.approving import Proposal, Signing, check_signing, propose
from pipeline.actions.approving import approve as sign
from pipeline.actions.languages import release_waiting
from pipeline.actions.replacing import Replacement, replace_unsent
from pipeline.app.authoring import Compiled, Desk
from pipeline.app.clinic import Clinic
from pipeline.app.spam import spamassassin
from pipeline.cli.check_command import show_findings
from pipeline.cli.difference_view import difference_json, difference_lines
from pipeline.cli.opening import open_clinic
from pipeline.cli.printing import console, print_json, print_table
from pipeline.cli.replacement_view import replacement_json, show_replacement
from pipeline.store import editions
from pipeline.store.editions import Approval

app = typer.Typer(help="Sign a series' exact bytes as a named clinician.")


@app.command()
def approve(
    ctx: typer.Context,
    series: Annotated[str, typer.Argument(help="A series below content/.")],
    user: Annotated[
        str | None, typer.Option("--as", help="Who signs: a name of `pipeline user list`.")
    ] = None,
    credential: Annotated[str | None, typer.Option(help="Credential to sign with, like 'PT, DPT'.")] = None,
    review_by: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day to send it.")
    ] = None,
    *,
    replacing: Annotated[
        bool, typer.Option("--replace-unsent", help="Running enrollments get it for what is unsent.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show everything, sign nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Replace without asking, for scripts.")] = False,
    spam: Annotated[bool, typer.Option(help="Ask SpamAssassin too, where it is installed.")] = True,
    history: Annotated[bool, typer.Option("--history", help="List the signatures so far, no more.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Compile, check, show what changed since the last signature, freeze and sign.

    Needs --as, --credential and --review-by. The last person who changed the series cannot sign it.
    """
    with open_clinic(ctx.obj) as clinic:
        if history:
            _show_history(clinic, series, as_json=as_json)
            return
        if user is None or credential is None or review_by is None:
            raise typer.BadParameter("signing needs --as, --credential and --review-by")
        if as_json and replacing and not (yes or dry_run):
            raise typer.BadParameter("with --json and --replace-unsent add --yes or --dry-run")
        desk = replace(Desk.open(clinic.config), spam=spamassassin() if spam else None)
        compiled = desk.compiled(series)
        signing = _signing(clinic, compiled, user=user, credential=credential, review_by=review_by.date())
        todo = _Todo(clinic=clinic, compiled=compiled, signing=signing, quiet=as_json, replacing=replacing)
        answer = todo.look()
        if not dry_run:
            todo.confirm(asking=not yes)
            answer |= todo.carry_out()
    if as_json:
        print_json({"dry_run": dry_run, **answer})
    elif dry_run:
        typer.echo("This was a dry run: nothing was signed and nothing was changed.")


@dataclass(slots=True, kw_only=True)
class _Todo:
    """One approval on its way: what was looked at is what is signed."""

    clinic: Clinic
    compiled: Compiled
    signing: Signing
    #: Nothing but JSON is printed.
    quiet: bool
    replacing: bool
    _touches: Replacement | None = None

    def look(self) -> dict[str, Any]:
        """Show everything a signer should know. Raises NotAllowedError where signing is refused."""
        edition, signing = self.compiled.edition, self.signing
        with self.clinic.store.read() as tx:
            proposal = propose(tx, edition)
            if not self.quiet:
                _show(self.clinic, self.compiled, proposal)
            display = check_signing(tx, edition, signing).display
        if not self.quiet:
            typer.echo(f"Signer: {display} ({signing.credential}), until {signing.review_by}.")
        answer = _as_json(self.compiled, proposal)
        if self.replacing:
            self._touches = self._replace(apply=False)
            answer["replaces"] = replacement_json(self._touches)
        return answer

    def confirm(self, *, asking: bool) -> None:
        """Ask before patients' mail changes. Raises typer.Abort for a no."""
        if asking and self._touches is not None and self._touches.total:
            count = self._touches.total
            typer.confirm(f"Sign, and replace the unsent parts of {count} enrollment(s)?", abort=True)

    def carry_out(self) -> dict[str, Any]:
        """Sign, then replace."""
        with self.clinic.store.begin() as tx:
            approval = sign(tx, self.compiled.edition, self.signing)
            dating = self.clinic.dating(actor=f"staff:{approval.user}")
            released = release_waiting(tx, self.compiled.edition.series, dating)
        if not self.quiet:
            edition = self.compiled.edition
            typer.echo(
                f"Approved edition {edition.sha256[:12]} of {edition.series}, {len(edition.parts)} parts."
            )
            typer.echo(f"Signed by {approval.display} ({approval.credential}) until {approval.review_by}.")
            if released:
                typer.echo(f"{released} enrollments that waited for this language go on.")
        answer: dict[str, Any] = {"approval": _signature(approval), "released": released}
        if self.replacing:
            answer["replaces"] = replacement_json(self._replace(apply=True))
        return answer

    def _replace(self, *, apply: bool) -> Replacement:
        columns = (SpinnerColumn(), TextColumn("{task.completed} enrollments"), TimeElapsedColumn())
        with Progress(*columns, console=console(), transient=True, disable=self.quiet) as progress:
            task = progress.add_task("enrollments", total=None)
            done = replace_unsent(
                self.clinic.store,
                self.compiled.edition,
                self.clinic.dating(actor=f"staff:{self.signing.approver}"),
                apply=apply,
                progress=lambda count: progress.update(task, completed=count),
            )
        if not self.quiet:
            typer.echo("Replaced unsent parts:" if apply else "Replacing unsent parts:")
            show_replacement(done, self.clinic.config.zone)
        return done


def _signing(clinic: Clinic, compiled: Compiled, *, user: str, credential: str, review_by: date) -> Signing:
    now = clinic.clock()
    return Signing(
        findings=compiled.findings,
        author=compiled.series.author,
        approver=user,
        credential=credential,
        review_by=review_by,
        today=_day(clinic, now),
        now=now,
    )


def _day(clinic: Clinic, moment: datetime) -> date:
    """The clinic's civil day."""
    return moment.astimezone(clinic.config.zone).date()


def _show(clinic: Clinic, compiled: Compiled, proposal: Proposal) -> None:
    show_findings(compiled.findings)
    edition = compiled.edition
    typer.echo(f"Edition {edition.sha256[:12]} of {edition.series}: {len(edition.parts)} parts.")
    last = proposal.last
    if last is None or proposal.difference is None:
        typer.echo("This is the first edition of the series to be signed.")
        return
    day = _day(clinic, last.approved_at)
    typer.echo(f"Changes since edition {last.edition[:12]}, which {last.display} signed on {day}:")
    for line in difference_lines(proposal.difference):
        console().print(line, soft_wrap=True)


def _as_json(compiled: Compiled, proposal: Proposal) -> dict[str, Any]:
    found = proposal.difference
    return {
        "edition": compiled.edition.sha256,
        "findings": [asdict(finding) for finding in compiled.findings],
        "last": None if proposal.last is None else _signature(proposal.last),
        "difference": None if found is None else difference_json(found),
    }


def _signature(approval: Approval) -> dict[str, Any]:
    return {
        "edition": approval.edition,
        "user": approval.user,
        "display": approval.display,
        "credential": approval.credential,
        "review_by": approval.review_by.isoformat(),
        "approved_at": approval.approved_at.isoformat(),
    }


def _show_history(clinic: Clinic, series: str, *, as_json: bool) -> None:
    with clinic.store.read() as tx:
        signed = editions.history(tx, series)
    if as_json:
        print_json([_signature(each) for each in signed])
    elif not signed:
        typer.echo(f"Nobody has signed an edition of {series} yet.")
    else:
        rows = [
            (each.edition[:12], each.display, each.credential, _day(clinic, each.approved_at), each.review_by)
            for each in signed
        ]
        print_table(("Edition", "Signed by", "Credential", "On", "Until"), rows)
