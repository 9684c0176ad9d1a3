"""``pipeline patient``: find a patient, see everything about their mail, record their consent.

In charge of: these options and words; names and addresses are shown only with --names. Not in charge of: who
is found (``actions.finding``), what a consent changes (``actions.consenting``).
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from pipeline.actions.consenting import Given, give_consent
from pipeline.actions.finding import find_patients, patient_with
from pipeline.app.clinic import Clinic
from pipeline.app.people import Person, person
from pipeline.cli.deeds import confirm
from pipeline.cli.moments import read_day
from pipeline.cli.opening import open_clinic
from pipeline.cli.printing import print_json, print_table
from pipeline.cli.timeline import show_timeline
from pipeline.delivery.words import REASON_WORDS
from pipeline.errors import NotAllowedError, Place
from pipeline.patients.model import Basis, Consent
from pipeline.store import patients

app = typer.Typer(help="Find a patient, see their mail, record their consent.", no_args_is_help=True)

_LONGEST_NAME = 60


class Source(StrEnum):
    """How a patient gave their word."""

    STAFF = "staff"
    PAGE = "page"


@app.command()
def find(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="A record number, a whole address, or whole words of a name.")],
    *,
    names: Annotated[bool, typer.Option("--names", help="Show names too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Find patients. A part of a word or of an address finds nobody: only keyed hashes are compared."""
    with open_clinic(ctx.obj) as clinic, clinic.store.read() as tx:
        found = patients.load_patients(tx, find_patients(tx, text)).values()
    people = [(row.patient.record, f"{row.patient.given} {row.patient.family}".strip()) for row in found]
    if as_json:
        print_json([{"patient": record, **({"name": name} if names else {})} for record, name in people])
        return
    if not people:
        typer.echo("Nobody was found. Write a record number, a whole address, or whole words of a name.")
        return
    headings = ("Patient", "Name") if names else ("Patient",)
    print_table(headings, [each[: len(headings)] for each in people])


@app.command()
def show(
    ctx: typer.Context,
    record: Annotated[str, typer.Argument(help="The patient's record number.")],
    *,
    names: Annotated[bool, typer.Option("--names", help="Show name and address too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Everything about one patient's mail: consents, enrollments, calendar, what was done."""
    with open_clinic(ctx.obj) as clinic:
        found = _person(clinic, record)
        zone = clinic.config.zone
    if as_json:
        print_json(_as_json(found, names=names))
    else:
        _show(found, zone, names=names)


@app.command()
def consent(
    ctx: typer.Context,
    record: Annotated[str, typer.Argument(help="The patient's record number.")],
    wording: Annotated[str, typer.Option(help="Version of the words they agreed to, like 'intake-2026-01'.")],
    by: Annotated[str, typer.Option(help="Your name: who took it down.")],
    source: Annotated[Source, typer.Option(help="Given to staff, or on the patient's page.")] = Source.STAFF,
    basis: Annotated[Basis, typer.Option(help="What they agreed to.")] = Basis.CONSENT,
    expires: Annotated[str | None, typer.Option(help="The last day on which it counts.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen, no more.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Record that a patient wants emails (again): the only way back after an unsubscribe."""
    asks = not (yes or dry_run)
    if asks and as_json:
        raise typer.BadParameter("with --json add --yes or --dry-run: a program cannot be asked")
    _check_words(wording, by)
    last = read_day(expires, option="--expires", zone=ZoneInfo("UTC")) if expires else None
    with open_clinic(ctx.obj) as clinic:
        given = Consent(
            basis=basis, wording=wording.strip(), source=f"{source.value}:{by.strip()}",
            given_at=clinic.clock(), expires_on=last,
        )  # fmt: skip
        _check_day(last, clinic)
        done = _give(clinic, record, given, apply=not (asks or dry_run))
        if as_json:
            print_json(_given_json(record, done, applied=not dry_run))
            return
        _tell(record, done, given)
        if asks:
            confirm()
            _give(clinic, record, given, apply=True)
        typer.echo("Nothing has been changed: a dry run." if dry_run else "Recorded.")


def _give(clinic: Clinic, record: str, given: Consent, *, apply: bool) -> Given:
    dating = clinic.dating(actor=f"staff:{given.source.partition(':')[2]}")
    with clinic.store.begin() as tx:
        done = give_consent(tx, patient_with(tx, record), given, dating)
        if not apply:
            tx.connection.rollback()
    return done


def _check_words(wording: str, by: str) -> None:
    """A version and a name: short, and no address, because both stand in the trail for good."""
    for option, text in (("--wording", wording), ("--by", by)):
        if not text.strip() or "@" in text or not text.isprintable() or len(text) > _LONGEST_NAME:
            raise NotAllowedError(
                f"{text!r} cannot be recorded.",
                where=Place(key=option),
                mend=f"one line of at most {_LONGEST_NAME} characters, without an address",
            )


def _check_day(last: date | None, clinic: Clinic) -> None:
    if last is not None and last < clinic.clock().astimezone(clinic.config.zone).date():
        raise NotAllowedError(f"A consent until {last} has run out already.", where=Place(key="--expires"))


def _tell(record: str, done: Given, given: Consent) -> None:
    until = f", until {given.expires_on}" if given.expires_on else ""
    typer.echo(f"Patient {record}: {given.basis.value} to {given.wording!r}{until}, by {given.source}.")
    if done.lifted:
        typer.echo("Their address was on the list of those never mailed; it is taken off.")
        if done.sharing:
            typer.echo(f"{done.sharing} others share it: each of them needs a consent of their own.")
    for number in done.released:
        typer.echo(f"Enrollment {number} goes on; what is too late is left out.")
    for number in done.stay_ended:
        typer.echo(f"Enrollment {number} has ended and stays so; a new course: pipeline enroll … --again")


def _given_json(record: str, done: Given, *, applied: bool) -> dict[str, object]:
    return {
        "patient": record,
        "applied": applied,
        "suppression_lifted": done.lifted,
        "released": list(done.released),
        "stay_ended": list(done.stay_ended),
    }


def _person(clinic: Clinic, record: str) -> Person:
    with clinic.store.read() as tx:
        found = person(tx, patient_with(tx, record))
    assert found is not None, "found in the same transaction"
    return found


def _show(found: Person, zone: ZoneInfo, *, names: bool) -> None:
    patient = found.patient
    typer.echo(f"Patient {patient.record}" + (f": {patient.given} {patient.family}" if names else ""))
    if names:
        typer.echo(f"Address: {patient.email or 'none'}")
    typer.echo(f"Language: {patient.language or 'not said'}; zone: {patient.zone or zone.key}")
    for applies, words in _standing(found):
        if applies:
            typer.echo(words)
    if found.consents:
        shown = [
            (f"{each.given_at.astimezone(zone):%Y-%m-%d %H:%M}", each.basis.value, each.wording, each.source,
             each.expires_on or "no end")
            for each in found.consents
        ]  # fmt: skip
        print_table(("Given", "Ground", "Wording", "Source", "Until"), shown, title="Consents")
    if found.enrollments:
        rows = [
            (each.id, each.series, each.start, each.status.value,
             REASON_WORDS[each.reason] if each.reason else "")
            for each in found.enrollments
        ]  # fmt: skip
        print_table(("Enrollment", "Series", "First visit", "Status", "Why"), rows, title="Enrollments")
    typer.echo("")
    show_timeline(found.rows, clinic_zone=zone.key)
    lines = [
        (f"{each.at.astimezone(zone):%Y-%m-%d %H:%M}", each.action, each.subject, each.actor)
        for each in found.history
    ]
    print_table(("When", "What", "On", "By"), lines, title="What was done")


def _standing(found: Person) -> tuple[tuple[bool, str], ...]:
    """What keeps this patient from being mailed, whatever the series."""
    return (
        (found.patient.deceased, "Has died."),
        (found.patient.minor, "Is under 18."),
        (found.patient.phone_instead, "Wants calls instead of emails."),
        (found.patient.email is None, "Has no usable address."),
        (found.suppressed, "The address is on the list of those never mailed."),
        (not found.consents, "No consent is recorded."),
    )


def _as_json(found: Person, *, names: bool) -> dict[str, Any]:
    patient = found.patient
    who = {"given": patient.given, "family": patient.family, "email": patient.email} if names else {}
    return {
        "patient": patient.record,
        **who,
        "language": patient.language,
        "zone": patient.zone,
        "phone_instead": patient.phone_instead,
        "minor": patient.minor,
        "deceased": patient.deceased,
        "suppressed": found.suppressed,
        "consents": [
            {
                "basis": each.basis.value,
                "wording": each.wording,
                "source": each.source,
                "given_at": each.given_at.isoformat(),
                "expires_on": each.expires_on.isoformat() if each.expires_on else None,
            }
            for each in found.consents
        ],
        "enrollments": [
            {
                "enrollment": each.id,
                "series": each.series,
                "start": each.start.isoformat(),
                "status": each.status.value,
                "reason": each.reason.value if each.reason else None,
            }
            for each in found.enrollments
        ],
        "calendar": [row.as_dict() for row in found.rows],
        "history": [
            {"at": each.at.isoformat(), "action": each.action, "subject": each.subject, "actor": each.actor}
            for each in found.history
        ],
    }
