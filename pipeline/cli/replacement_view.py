"""Whom "replace unsent parts" touches, for people at a terminal and for programs.

In charge of: wording. Not in charge of: finding out (``actions.replacing``).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import typer

from pipeline.actions.replacing import NewDate, Readers, Replacement, Stays
from pipeline.cli.printing import print_table
from pipeline.store.enrollments import EnrollmentStatus

#: After "12 enrollments are not touched:" and after "1 enrollment is not touched:".
_STAYS = {
    Stays.FINISHED: "nothing is left to send",
    Stays.IN_FLIGHT: "a part is being sent at this moment; run the same command again in some minutes",
    Stays.LANGUAGE: "the series is read in another language",
}
_GO_ON = {EnrollmentStatus.PAUSED: "paused", EnrollmentStatus.HELD: "held"}


def show_replacement(done: Replacement, zone: ZoneInfo) -> None:
    """Print whom it touches, part by part, with dates in the clinic's ``zone``; once done, only whom."""
    for line in _lines(done):
        typer.echo(f"  {line}")
    if done.applied:
        return
    parts = sorted({*done.unsent, *done.added, *done.left_out})
    if parts:
        print_table(("Part", "New words", "New date", "New part", "Left out"), _rows(done, parts))
    if done.examples:
        rows = [(each.enrollment, each.part, *_dates(each, zone)) for each in done.examples]
        print_table(("Enrollment", "Part", "Until now", "From now on"), rows, title="For example:")


def replacement_json(done: Replacement) -> dict[str, Any]:
    """The same for programs; part numbers are keys."""
    return {
        "edition": done.edition,
        "applied": done.applied,
        "enrollments": done.total,
        "patients": len(done.patients),
        "from_editions": dict(done.moved),
        "statuses": {status.value: count for status, count in done.statuses.items()},
        "stays": {why.value: done.stays[why] for why in Stays},
        **{name: _by_part(getattr(done, name)) for name in ("unsent", "redated", "added", "left_out")},
        "readers": [
            {
                "enrollments": each.enrollments,
                "gone": each.gone,
                "twice": each.overlap.twice,
                "missed": each.overlap.missed,
            }
            for each in done.readers
        ],
        "examples": [
            {
                "enrollment": each.enrollment,
                "part": each.part,
                "before_utc": _iso(each.before),
                "after_utc": _iso(each.after),
            }
            for each in done.examples
        ],
    }


def _lines(done: Replacement) -> Iterator[str]:
    if not done.total:
        yield "No running enrollment waits for parts of an older edition."
    for edition, count in sorted(done.moved.items()):
        verb = "moved" if done.applied else "would move"
        yield f"{_counted(count, 'enrollment')} {verb} from edition {edition[:12]}."
    if done.total:
        yield f"That is the mail of {_counted(len(done.patients), 'patient')}."
    for status, word in _GO_ON.items():
        if count := done.statuses[status]:
            yield f"{count} of them {_is(count)} {word} and will stay {word}."
    for why, words in _STAYS.items():
        if count := done.stays[why]:
            yield f"{_counted(count, 'enrollment')} {_is(count)} not touched: {words}."
    for each in done.readers:
        yield from _reading(each)


def _reading(each: Readers) -> Iterator[str]:
    """What a new cut means for those who got parts of the old one."""
    who = f"{_counted(each.enrollments, 'enrollment')} that got {_parts(each.gone)}"
    for part, count in each.overlap.twice.items():
        yield f"{who}: {_counted(count, 'paragraph')} of the new part {part} will reach them a second time."
    for part, count in each.overlap.missed.items():
        yield f"{who}: {_counted(count, 'paragraph')} of the new part {part} will not reach them."


def _rows(done: Replacement, parts: Sequence[int]) -> list[tuple[object, ...]]:
    counters = (done.unsent, done.redated, done.added, done.left_out)
    return [(part, *(counter[part] or "" for counter in counters)) for part in parts]


def _dates(each: NewDate, zone: ZoneInfo) -> tuple[str, str]:
    return _local(each.before, zone), _local(each.after, zone)


def _local(moment: datetime | None, zone: ZoneInfo) -> str:
    return "no date" if moment is None else f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _parts(numbers: Sequence[int]) -> str:
    return ("part " if len(numbers) == 1 else "parts ") + ", ".join(map(str, numbers))


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _by_part(counter: Counter[int]) -> dict[int, int]:
    return {part: count for part, count in sorted(counter.items()) if count}


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
