"""``pipeline unknowns``: deliveries of which nobody knows whether they went, by outage.

In charge of: its words. Not in charge of: settling them (``resolve_command``).
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from pipeline.cli.opening import open_clinic
from pipeline.cli.printing import print_json, print_table
from pipeline.delivery.outages import InDoubt, Outage, outages
from pipeline.delivery.words import REASON_WORDS
from pipeline.store import enrollments, patients
from pipeline.store.database import Tx
from pipeline.store.unknowns import unknowns as find_unknowns

app = typer.Typer(help="Deliveries of which nobody knows whether they went.")
#: Deliveries listed per outage; an outage of thousands is settled as a whole.
_SHOWN = 10
_MINUTE = timedelta(minutes=1)


@app.command()
def unknowns(
    ctx: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Deliveries of which nobody knows whether they went, by outage, and how to settle them."""
    with open_clinic(ctx.obj) as clinic, clinic.store.read() as tx:
        found = find_unknowns(tx)
        if as_json:
            print_json([_as_json(each) for each in found])
            return
        for outage in outages(found):
            show_outage(tx, outage, clinic.config.zone)
    if found:
        _say_what_to_do()
    else:
        typer.echo("Nothing is in doubt.")


def show_outage(tx: Tx, outage: Outage, zone: ZoneInfo, *, shown: int = _SHOWN) -> None:
    """One outage: what, when, why, and its first deliveries."""
    first, last = outage.members[0].since.astimezone(zone), outage.members[-1].since.astimezone(zone)
    until = "" if last - first < _MINUTE else f" to {last:%H:%M}"
    what = f"Outage {outage.name}" if outage.name else "In doubt after a restored backup"
    at = f" at {outage.provider}" if outage.provider else ""
    count = len(outage.members)
    typer.echo(f"{what}{at}, {first:%Y-%m-%d %H:%M}{until}: {count} {_deliveries(count)}.")
    for words, times in Counter(map(_why, outage.members)).most_common(3):
        typer.echo(f"  {times} times: {words}")
    records = _records(tx, outage.members[:shown])
    rows = [
        (each.delivery, records.get(each.enrollment, "erased"), each.part, _local(each, zone))
        for each in outage.members[:shown]
    ]
    print_table(("  Delivery", "Patient", "Part", "Since"), rows)
    if count > shown:
        typer.echo(f"  ... and {count - shown} more")
    typer.echo("")


def _say_what_to_do() -> None:
    typer.echo("Look in the mail service's own log whether they went, then settle a whole outage at once:")
    typer.echo("  pipeline resolve --outage NUMBER --as accepted    they went")
    typer.echo("  pipeline resolve --outage NUMBER --as not-sent    they did not: what is not too late goes")
    typer.echo("or single deliveries: pipeline resolve DELIVERY ... --as accepted")


def _as_json(each: InDoubt) -> dict[str, object]:
    return {
        "delivery": each.delivery,
        "key": each.key,
        "part": each.part,
        "since": each.since.isoformat(),
        "provider": each.provider,
        "reason": each.reason.value,
    }


def _records(tx: Tx, found: Sequence[InDoubt]) -> dict[int, str]:
    """The record number of each enrollment's patient: never a name."""
    theirs = enrollments.load_enrollments(tx, {each.enrollment for each in found})
    people = patients.load_patients(tx, {each.patient_id for each in theirs})
    return {each.id: people[each.patient_id].patient.record for each in theirs if each.patient_id in people}


def _why(each: InDoubt) -> str:
    words = REASON_WORDS[each.reason]
    return f"{words} ({each.detail})" if each.detail else words


def _local(each: InDoubt, zone: ZoneInfo) -> str:
    return f"{each.since.astimezone(zone):%Y-%m-%d %H:%M}"


def _deliveries(count: int) -> str:
    return "delivery" if count == 1 else "deliveries"
