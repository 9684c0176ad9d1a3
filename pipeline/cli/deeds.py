"""What one command did to one enrollment, part by part, before and after; and asking before it is done.

In charge of: trying, showing, asking, doing. Not in charge of: the deed (``actions``) or its transaction
(``app.acting``).
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import typer

from pipeline.app.acting import Deed, Done, Finder, act
from pipeline.app.calendar import CalendarRow
from pipeline.cli.opening import open_clinic
from pipeline.cli.printing import print_json, print_table
from pipeline.cli.timeline import state_and_reason, when
from pipeline.delivery.words import REASON_WORDS
from pipeline.store.enrollments import Enrollment, EnrollmentStatus

_STATUS_WORDS = {
    EnrollmentStatus.ACTIVE: "going on",
    EnrollmentStatus.PAUSED: "paused",
    EnrollmentStatus.HELD: "held",
    EnrollmentStatus.ENDED: "ended",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a command is to be carried out."""

    dry_run: bool
    as_json: bool
    #: None: a name was not given, and "terminal" stands in the audit trail.
    by: str | None
    #: Show first and ask; ``yes`` answers.
    asks: bool = False
    yes: bool = False

    @property
    def actor(self) -> str:
        """Who does it, for the audit trail."""
        return f"staff:{self.by}" if self.by else "terminal"


def carry_out(config: Path, find: Finder, deed: Deed, manner: Manner, *, then: Deed | None = None) -> None:
    """Try the deed, show it, ask where it has to be asked, and do it.

    ``then`` is what will follow from it by itself one day: it is only tried, and shown beside it.
    """
    asks = manner.asks and not manner.yes and not manner.dry_run
    if asks and manner.as_json:
        raise typer.BadParameter("with --json add --yes or --dry-run: a program cannot be asked")
    with open_clinic(config) as clinic:
        apply = not (manner.dry_run or asks)
        later = act(clinic, find, then, actor=manner.actor, apply=False).rows_after if then else None
        done = act(clinic, find, deed, actor=manner.actor, apply=apply)
        if asks and done.changed:
            _show(done)
            confirm()
            done = act(clinic, find, deed, actor=manner.actor, apply=True)
            typer.echo("Done.")
            return
    if manner.as_json:
        print_json({**_as_json(done), **({"later": [row.as_dict() for row in later]} if later else {})})
    else:
        _show(done, later)


def confirm() -> None:
    """Ask whether to do what was shown. A person says yes; where nobody can be asked, nothing is done."""
    if not sys.stdin.isatty():
        typer.echo("Nothing was changed. Add --yes to do it.")
        raise typer.Exit(1)
    typer.confirm("Do it?", abort=True)


def _show(done: Done, later: Sequence[CalendarRow] | None = None) -> None:
    after = done.after
    typer.echo(f"Enrollment {after.id}: patient {done.patient}, {after.series}. {_standing(done)}")
    if not done.changed:
        typer.echo("Nothing to change: it is so already.")
        return
    print_table(*_table(done, later))
    if not done.applied:
        typer.echo("This is what would happen; nothing has been changed.")


def _table(done: Done, later: Sequence[CalendarRow] | None) -> tuple[Sequence[str], list[Sequence[object]]]:
    """Headings and rows: each part before and after, and later where that is known."""
    if done.before is None:
        rows = [(row.part, when(row), state_and_reason(row)) for row in done.rows_after]
        return ("Part", "Goes", "State"), list(rows)
    before = {row.part: row for row in done.rows_before}
    then = {row.part: row for row in later or ()}
    changed = {change.part for change in done.changes}
    headings = ("Part", "Before", "After", *(["Later"] if later else []))
    return headings, [
        (
            row.part,
            _words(before.get(row.part)),
            _words(row) if row.part in changed else "as before",
            *([_words(then.get(row.part))] if later else []),
        )
        for row in done.rows_after
    ]


def _words(row: CalendarRow | None) -> str:
    if row is None:
        return ""
    day, state = when(row), state_and_reason(row)
    return f"{day}. {state}" if day else state


def _standing(done: Done) -> str:
    """First visit and status, with what they were where that changes."""
    then, now = (_lines(each) if each else None for each in (done.before, done.after))
    assert now is not None
    return "; ".join(
        new if then is None or old == new else f"{new} (was: {old})"
        for old, new in zip(then or now, now, strict=True)
    )


def _lines(enrollment: Enrollment) -> tuple[str, ...]:
    why = f" ({REASON_WORDS[enrollment.reason]})" if enrollment.reason else ""
    until = f" until {_day(enrollment.paused_until)}" if enrollment.paused_until else ""
    return (
        f"First visit {_day(enrollment.start)}, {enrollment.zone}",
        f"{_STATUS_WORDS[enrollment.status]}{until}{why}",
        "at half speed" if enrollment.slower else "at its usual speed",
    )


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def _as_json(done: Done) -> dict[str, object]:
    return {
        "enrollment": done.after.id,
        "patient": done.patient,
        "series": done.after.series,
        "start": done.after.start.isoformat(),
        "status": done.after.status.value,
        "reason": done.after.reason.value if done.after.reason else None,
        "applied": done.applied,
        "changed": done.changed,
        "changed_parts": [change.part for change in done.changes],
        "before": [row.as_dict() for row in done.rows_before],
        "after": [row.as_dict() for row in done.rows_after],
    }
