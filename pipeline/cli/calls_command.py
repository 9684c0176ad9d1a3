"""``pipeline calls``: whom the clinic should call instead of writing to them."""

from typing import Annotated

import typer

from pipeline.cli.opening import open_clinic
from pipeline.cli.printing import print_json, print_table
from pipeline.delivery.words import reason_in_words
from pipeline.store import patients
from pipeline.store.calls import Call, phone_instead
from pipeline.store.database import Tx

app = typer.Typer(help="Whom to call instead of writing to them.")


@app.command()
def calls(
    ctx: typer.Context,
    *,
    names: Annotated[bool, typer.Option("--names", help="Show names too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Everybody who is to be called: their record number, since when, and why."""
    with open_clinic(ctx.obj) as clinic, clinic.store.read() as tx:
        found = _everyone(tx)
        people = patients.load_patients(tx, [each.patient_id for each in found])
        zone = clinic.config.zone
    rows = [(each, people[each.patient_id].patient) for each in found if each.patient_id in people]
    if as_json:
        print_json(
            [
                {
                    "patient": patient.record,
                    **({"name": f"{patient.given} {patient.family}".strip()} if names else {}),
                    "since": each.since.isoformat(),
                    "reason": each.reason.value,
                }
                for each, patient in rows
            ]
        )
        return
    if not rows:
        typer.echo("Nobody is to be called.")
        return
    shown = [
        (patient.record, *([f"{patient.given} {patient.family}".strip()] if names else []),
         f"{each.since.astimezone(zone):%a %d %b %Y, %H:%M}", reason_in_words(each.reason.value))
        for each, patient in rows
    ]  # fmt: skip
    print_table(("Patient", *(["Name"] if names else []), "Since", "Why"), shown)


def _everyone(tx: Tx) -> list[Call]:
    found: list[Call] = []
    while page := phone_instead(tx, after=found[-1].patient_id if found else 0):
        found += page
    return found
