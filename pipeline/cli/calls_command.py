"""``pipeline calls``: whom the clinic should call, the oldest wish first; and closing a call that was made.

In charge of: its words and its JSON. Not in charge of: who comes on the list (``actions.calling``), or the
list itself (``store.calls``).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import typer

from pipeline.actions import calling
from pipeline.app.clinic import Clinic
from pipeline.cli.moments import span_in_words
from pipeline.cli.opening import open_clinic
from pipeline.cli.printing import print_json, print_table
from pipeline.cli.signed_in import check_user
from pipeline.delivery.words import CALL_WORDS
from pipeline.errors import NotAllowedError
from pipeline.patients.model import Patient
from pipeline.store import patients
from pipeline.store.calls import Call, open_calls, phone_instead
from pipeline.store.database import Tx

app = typer.Typer(help="Whom to call, why and since when; close a call.", invoke_without_command=True)


@app.callback()
def calls(
    ctx: typer.Context,
    *,
    names: Annotated[bool, typer.Option("--names", help="Show names too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Everybody who is to be called: their record number, for how long, and why.

    First what patients asked for and addresses to correct, the oldest first; then those who want calls
    instead of email, which stands until the patients' list says otherwise.
    """
    if ctx.invoked_subcommand is not None:
        return
    with open_clinic(ctx.obj) as clinic:
        with clinic.store.read() as tx:
            found = [*open_calls(tx), *_phone_instead(tx)]
            people = {
                number: row.patient
                for number, row in patients.load_patients(tx, [each.patient_id for each in found]).items()
            }
        found = [each for each in found if each.patient_id in people]
        if as_json:
            print_json([_as_json(each, people[each.patient_id], names=names) for each in found])
        elif found:
            _show(clinic, found, people, names=names)
        else:
            typer.echo("Nobody is to be called.")


@app.command()
def close(
    ctx: typer.Context,
    call: Annotated[int, typer.Argument(help="The call's number, from `pipeline calls`.")],
    user: Annotated[str, typer.Option("--as", help="Who called: a name of `pipeline user list`.")],
    note: Annotated[
        str | None, typer.Option(help="What to remember; kept encrypted, and shown to staff only.")
    ] = None,
) -> None:
    """Take a call off the list, because it was made."""
    with open_clinic(ctx.obj) as clinic, clinic.store.begin() as tx:
        check_user(tx, user)
        done = calling.close(tx, call, actor=f"staff:{user}", note=note, now=clinic.clock())
        if done is None:
            raise NotAllowedError(f"There is no open call {call}.", mend="list them with: pipeline calls")
    typer.echo(f"Call {call} is closed.")


def _show(clinic: Clinic, found: list[Call], people: Mapping[int, Patient], *, names: bool) -> None:
    now = clinic.clock()
    rows = [
        (each.id or "-", people[each.patient_id].record,
         *([_name(people[each.patient_id])] if names else []),
         _age(each, now), CALL_WORDS[each.reason], each.delivery_id or "")
        for each in found
    ]  # fmt: skip
    print_table(("Call", "Patient", *(["Name"] if names else []), "Waits for", "Why", "Delivery"), rows)
    if any(each.id for each in found):
        typer.echo("\nWhen it was made: pipeline calls close NUMBER --as USER")


def _as_json(each: Call, patient: Patient, *, names: bool) -> dict[str, object]:
    return {
        "call": each.id,
        "patient": patient.record,
        **({"name": _name(patient)} if names else {}),
        "since": each.since.isoformat(),
        "reason": each.reason.value,
        "delivery": each.delivery_id,
    }


def _age(each: Call, now: datetime) -> str:
    return span_in_words(now - each.since)


def _name(patient: Patient) -> str:
    return f"{patient.given} {patient.family}".strip()


def _phone_instead(tx: Tx) -> list[Call]:
    found: list[Call] = []
    while page := phone_instead(tx, after=found[-1].patient_id if found else 0):
        found += page
    return found
