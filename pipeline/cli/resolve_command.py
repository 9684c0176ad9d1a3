"""``pipeline resolve``: say of unknown deliveries whether they went.

In charge of: choosing them, showing first what it will do, asking. Not in charge of: doing it
(``actions.resolving``).
"""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.progress import Progress

from pipeline.actions.resolving import Resolved, Verdict
from pipeline.actions.resolving import resolve as settle
from pipeline.app.clinic import Clinic
from pipeline.cli.deeds import confirm
from pipeline.cli.moments import read_moment
from pipeline.cli.opening import open_clinic
from pipeline.cli.printing import console, print_json
from pipeline.cli.unknowns_command import show_outage
from pipeline.delivery.outages import InDoubt, outages
from pipeline.delivery.words import REASON_WORDS, STATE_WORDS
from pipeline.errors import NotAllowedError
from pipeline.store.database import Tx
from pipeline.store.unknowns import unknowns

app = typer.Typer(help="Say of unknown deliveries whether they went.")
#: Deliveries in one transaction: a dispatcher waits for no more.
_CHUNK = 200


@app.command()
def resolve(
    ctx: typer.Context,
    verdict: Annotated[
        Verdict, typer.Option("--as", help="accepted: they went. not-sent: they did not, date them again.")
    ],
    deliveries: Annotated[
        list[int] | None, typer.Argument(help="Numbers of deliveries, from `pipeline unknowns`.")
    ] = None,
    outage: Annotated[
        int | None, typer.Option(help="A whole outage, by its number from `pipeline unknowns`.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="With --all: only what is in doubt since then (ISO; UTC).")
    ] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Everything that is in doubt.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it would do.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON; needs --yes.")] = False,
) -> None:
    """Settle deliveries of which nobody knew whether they went. Shows first what it will do, and asks."""
    if (len(deliveries or ()) > 0) + (outage is not None) + all_ != 1:
        raise typer.BadParameter("name deliveries, or --outage NUMBER, or --all (with --since)")
    if since is not None and not all_:
        raise typer.BadParameter("--since belongs to --all")
    if as_json and not (yes or dry_run):
        raise typer.BadParameter("--json asks nothing: add --yes or --dry-run")
    with open_clinic(ctx.obj) as clinic:
        with clinic.store.read() as tx:
            chosen = _chosen(tx, deliveries or (), outage, since)
            if not as_json:
                _show(tx, clinic, chosen, verdict)
        if dry_run:
            _end_dry_run(chosen, as_json=as_json)
            return
        if not yes:
            confirm()
        done = _settle(clinic, [each.delivery for each in chosen], verdict, quiet=as_json)
    _tell(done, as_json=as_json)


def _chosen(tx: Tx, numbers: Sequence[int], outage: int | None, since: str | None) -> Sequence[InDoubt]:
    found = unknowns(tx, since=read_moment(since, option="--since") if since else None)
    if outage is not None:
        chosen = [
            each
            for group in outages(found)
            if outage in {group.name, *group.batches}
            for each in group.members
        ]
        if not chosen:
            raise NotAllowedError(
                f"There is no outage {outage} with anything in doubt.",
                mend="list them with: pipeline unknowns",
            )
        return chosen
    if not numbers:
        return found
    by_number = {each.delivery: each for each in found}
    missing = [number for number in numbers if number not in by_number]
    if missing:
        raise NotAllowedError(
            f"Delivery {missing[0]} is not in doubt, so nothing was changed.",
            mend=f"look at it with: pipeline status --delivery {missing[0]}",
        )
    return [by_number[number] for number in dict.fromkeys(numbers)]


def _show(tx: Tx, clinic: Clinic, chosen: Sequence[InDoubt], verdict: Verdict) -> None:
    for group in outages(chosen):
        show_outage(tx, group, clinic.config.zone)
    count = len(chosen)
    if verdict is Verdict.ACCEPTED:
        typer.echo(f"{count} will count as sent, and never be sent again.")
    else:
        typer.echo(
            f"{count} will be dated again, as if they had never gone: what is not too late goes out soon. "
            "Whoever did get it gets it twice."
        )


def _end_dry_run(chosen: Sequence[InDoubt], *, as_json: bool) -> None:
    if as_json:
        print_json({"applied": False, "deliveries": [each.delivery for each in chosen]})
    else:
        typer.echo("This was a dry run: nothing was changed.")


def _settle(clinic: Clinic, ids: Sequence[int], verdict: Verdict, *, quiet: bool) -> list[Resolved]:
    done = []
    with Progress(console=console(), transient=True, disable=quiet or len(ids) <= _CHUNK) as progress:
        task = progress.add_task("settling", total=len(ids))
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            with clinic.store.begin() as tx:
                done.append(settle(tx, chunk, verdict, clinic.dating(actor="terminal")))
            progress.update(task, advance=len(chunk))
    return done


def _tell(done: Sequence[Resolved], *, as_json: bool) -> None:
    states = [each for part in done for each in part.states]
    left = [each for part in done for each in part.left]
    if as_json:
        now = [
            {"delivery": delivery, "state": state.value, "reason": reason.value if reason else None}
            for delivery, state, reason in states
        ]
        print_json({"applied": True, "deliveries": now, "left": left})
        return
    counts = Counter((state, reason) for _, state, reason in states)
    for (state, reason), count in counts.most_common():
        why = f": {REASON_WORDS[reason]}" if reason else ""
        typer.echo(f"{count} now: {STATE_WORDS[state]}{why}.")
    if left:
        typer.echo(f"{len(left)} were settled by somebody else meanwhile, and left alone.")
