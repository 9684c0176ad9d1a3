"""``pipeline enroll``, ``pause``, ``resume``, ``slower``, ``next``, ``move``, ``stop``: one enrollment.

In charge of: their options. Not in charge of: what they change (``actions``), or showing it (``deeds``).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

import typer

from pipeline.actions import enrolling, preferences, resuming
from pipeline.actions.admitting import Entry, admit
from pipeline.actions.enrolling import Dating
from pipeline.actions.finding import enrollment_by_number, enrollment_of, patient_with
from pipeline.app.acting import Deed, Finder
from pipeline.cli.deeds import Manner, carry_out
from pipeline.cli.moments import read_day, read_zone
from pipeline.delivery.states import Reason
from pipeline.errors import NotAllowedError
from pipeline.store import enrollments
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment

_UTC = ZoneInfo("UTC")


def _number(text: str) -> int:
    """An enrollment's number. Raises typer.BadParameter: a record number is what comes to mind first."""
    if not (text.isascii() and text.isdecimal()):
        raise typer.BadParameter(f"{text!r} is no enrollment's number; a record number goes with --patient")
    return int(text)


Number: TypeAlias = Annotated[
    int | None,
    typer.Argument(metavar="[NUMBER]", parser=_number, help="The enrollment's number; or --patient."),
]
Patient: TypeAlias = Annotated[str | None, typer.Option(help="The patient's record number.")]
Series: TypeAlias = Annotated[str | None, typer.Option(help="With --patient: which series, if several run.")]
By: TypeAlias = Annotated[str | None, typer.Option(help="Your name, for the audit trail.")]
DryRun: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Show what would happen, no more.")]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


class StopReason(StrEnum):
    """Why staff end an enrollment."""

    STOPPED = "stopped"
    DISCHARGED = "discharged"
    CANCELED_VISIT = "canceled_visit"
    DECEASED = "deceased"
    WRONG_PERSON = "wrong_person"


def enroll(
    ctx: typer.Context,
    record: Annotated[str, typer.Argument(help="The patient's record number.")],
    series: Annotated[str, typer.Option(help="An approved series.")],
    start: Annotated[str, typer.Option(help="The day of the first visit, like 2026-12-01.")],
    zone: Annotated[
        str | None, typer.Option(help="The patient's time zone, if it is not the one kept.")
    ] = None,
    by: By = None,
    *,
    again: Annotated[bool, typer.Option("--again", help="A new course: every part once more.")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Enroll one patient in a series; parts whose day has passed are caught up with or left out."""
    where = read_zone(zone, option="--zone").key if zone else None
    day = read_day(start, option="--start", zone=ZoneInfo(where) if where else _UTC)

    def deed(tx: Tx, _before: Enrollment | None, dating: Dating) -> tuple[int, bool]:
        entry = Entry(patient_id=patient_with(tx, record), series=series, start=day, zone=where, again=again)
        return admit(tx, entry, dating).id, True

    carry_out(ctx.obj, lambda _tx: None, deed, Manner(dry_run=dry_run, as_json=as_json, by=by))


def pause(
    ctx: typer.Context,
    number: Number = None,
    patient: Patient = None,
    series: Series = None,
    until: Annotated[str | None, typer.Option(help="The first day on which it goes on again.")] = None,
    weeks: Annotated[int, typer.Option(min=1, max=52, help="How long, where --until is not given.")] = 2,
    by: By = None,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Hold everything unsent for a while; then late parts come one by one, as long as they are useful.

    Shows also what goes when the pause is over.
    """
    day = read_day(until, option="--until", zone=_UTC) if until else None

    def deed(tx: Tx, enrollment: Enrollment, dating: Dating) -> bool:
        today = dating.now.astimezone(ZoneInfo(enrollment.zone)).date()
        last = day or today + timedelta(weeks=weeks)
        if last <= today:
            raise NotAllowedError(f"{last} is not in the future.", mend="choose a later day for --until")
        if not preferences.pause(tx, enrollment, dating, until=last):
            raise _waits(enrollment)
        return True

    def over(tx: Tx, enrollment: Enrollment, dating: Dating) -> bool:
        """The pause, and its end as housekeeping will bring it about."""
        deed(tx, enrollment, dating)
        paused = enrollments.load_enrollment(tx, enrollment.id)
        assert paused is not None, "it was there a moment ago"
        assert paused.paused_until is not None, "the deed gave it a day"
        end = datetime.combine(paused.paused_until, time(), ZoneInfo(paused.zone))
        return preferences.resume(tx, paused, replace(dating, now=end.astimezone(UTC)))

    manner = Manner(dry_run=dry_run, as_json=as_json, by=by)
    carry_out(ctx.obj, _finder(number, patient, series), _on(deed), manner, then=_on(over))


def resume(
    ctx: typer.Context,
    number: Number = None,
    patient: Patient = None,
    series: Series = None,
    by: By = None,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """End a pause, or let go what was held and need not be any more; never as a burst."""
    manner = Manner(dry_run=dry_run, as_json=as_json, by=by)
    carry_out(ctx.obj, _finder(number, patient, series), _on(resuming.go_on), manner)


def slower(
    ctx: typer.Context,
    number: Number = None,
    patient: Patient = None,
    series: Series = None,
    by: By = None,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Double the days between the parts still to come."""
    manner = Manner(dry_run=dry_run, as_json=as_json, by=by)
    carry_out(ctx.obj, _finder(number, patient, series), _on(preferences.go_slower), manner)


def next_(
    ctx: typer.Context,
    number: Number = None,
    patient: Patient = None,
    series: Series = None,
    by: By = None,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Send the next part as soon as the hours allow: one a day, in order, also on a closed day."""

    def deed(tx: Tx, enrollment: Enrollment, dating: Dating) -> bool:
        if preferences.ask_next(tx, enrollment, dating) is None:
            raise _waits(enrollment)
        return True

    carry_out(
        ctx.obj, _finder(number, patient, series), _on(deed), Manner(dry_run=dry_run, as_json=as_json, by=by)
    )


def move(
    ctx: typer.Context,
    to: Annotated[str, typer.Option(help="The new day of the first visit, like 2026-12-08.")],
    number: Number = None,
    patient: Patient = None,
    series: Series = None,
    zone: Annotated[str | None, typer.Option(help="The patient's new time zone, if it changes too.")] = None,
    by: By = None,
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Give the first visit another day: shows the difference, then asks. No part is ever repeated."""
    where = read_zone(zone, option="--zone").key if zone else None
    day = read_day(to, option="--to", zone=ZoneInfo(where) if where else _UTC)

    def deed(tx: Tx, enrollment: Enrollment, dating: Dating) -> bool:
        return enrolling.move(tx, enrollment, dating, start=day, zone=where or enrollment.zone)

    manner = Manner(dry_run=dry_run, as_json=as_json, by=by, asks=True, yes=yes)
    carry_out(ctx.obj, _finder(number, patient, series), _on(deed), manner)


def stop(
    ctx: typer.Context,
    reason: Annotated[StopReason, typer.Option(help="Why it ends.")],
    number: Number = None,
    patient: Patient = None,
    series: Series = None,
    by: By = None,
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """End one enrollment for good: shows what is canceled, then asks."""

    def deed(tx: Tx, enrollment: Enrollment, dating: Dating) -> bool:
        return enrolling.end(tx, enrollment, dating, reason=Reason(reason.value))

    manner = Manner(dry_run=dry_run, as_json=as_json, by=by, asks=True, yes=yes)
    carry_out(ctx.obj, _finder(number, patient, series), _on(deed), manner)


def _finder(number: int | None, patient: str | None, series: str | None) -> Finder:
    if (number is None) == (patient is None):
        raise typer.BadParameter("name the enrollment by its number, or its patient with --patient")
    if number is not None:
        return lambda tx: enrollment_by_number(tx, number)
    assert patient is not None
    return lambda tx: enrollment_of(tx, patient, series)


def _on(deed: Callable[[Tx, Enrollment, Dating], bool]) -> Deed:
    """A deed on an enrollment that is there."""

    def done(tx: Tx, enrollment: Enrollment | None, dating: Dating) -> tuple[int, bool]:
        assert enrollment is not None, "the finder found it, or raised"
        return enrollment.id, deed(tx, enrollment, dating)

    return done


def _waits(enrollment: Enrollment) -> NotAllowedError:
    return NotAllowedError(
        f"That cannot be done: enrollment {enrollment.id} is {enrollment.status.value}"
        f"{f' ({enrollment.reason.value})' if enrollment.reason else ''}, or has no part left to send.",
        mend=f"see its parts with: pipeline calendar; let it go on with: pipeline resume {enrollment.id}",
    )


def _app(command: Callable[..., None]) -> typer.Typer:
    app = typer.Typer(help=(command.__doc__ or "").partition("\n")[0])
    app.command()(command)
    return app


#: The commands by their names; ``main`` looks here.
APPS: Mapping[str, typer.Typer] = MappingProxyType(
    {
        "enroll": _app(enroll),
        "pause": _app(pause),
        "resume": _app(resume),
        "slower": _app(slower),
        "next": _app(next_),
        "move": _app(move),
        "stop": _app(stop),
    }
)
