"""What ``pipeline import`` answers: a summary for the front desk, and the same for programs.

In charge of: words, tables and JSON. Not in charge of: options and the order of things (``import_command``).
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import typer

from pipeline.actions.effects import Effect, RowResult
from pipeline.app.bringing import Import
from pipeline.cli.printing import print_table
from pipeline.delivery.words import reason_in_words
from pipeline.patients.columns import Columns
from pipeline.patients.eligibility import Ineligible
from pipeline.patients.explaining import FIELD_WORDS, explain
from pipeline.patients.model import CellError
from pipeline.patients.roster import OpenTable

#: Rows and mistakes shown to a person; programs get all of them.
_SHOWN = 40

#: After a number of patients.
EFFECT_WORDS: Mapping[Effect, str] = MappingProxyType(
    {
        Effect.ENROLLED: "enrolled",
        Effect.MOVED: "moved to a new first visit",
        Effect.HELD: "held",
        Effect.RELEASED: "released, and go on",
        Effect.ENDED: "ended",
        Effect.UNCHANGED: "left as they are",
        Effect.NOT_ENROLLED: "not enrolled",
        Effect.BROUGHT: "brought in without a series",
    }
)


#: What a reason means for a patient who is in no series.
_BEFORE: Mapping[str, str] = MappingProxyType(
    {
        Ineligible.NO_VISIT: "there is no first visit yet",
        Ineligible.PAUSED: "the treatment is on hold",
    }
)


def answer_json(done: Import) -> dict[str, object]:
    """The whole answer for programs; every row and every mistake is in it."""
    return {
        "applied": done.applied,
        "rows": done.rows,
        "added": done.added,
        "changed": done.changed,
        "effects": {effect.value: count for effect, count in done.effects.items()},
        "results": [
            {"row": each.row, "patient": each.record, "effect": each.effect.value, "reason": each.reason}
            for each in done.results
        ],
        "errors": [_error_json(each) for each in done.errors],
        "columns": {table.file: _columns_json(table.columns) for table in done.tables},
        "ignored": list(done.ignored),
        "brought_before": None if done.brought_at is None else done.brought_at.isoformat(),
    }


def _error_json(error: CellError) -> dict[str, object]:
    told: dict[str, object] = {"row": error.row, "column": error.column, "message": error.message}
    return {**told, "file": error.file} if error.file else told


def _columns_json(columns: Columns) -> list[dict[str, object]]:
    return [
        {"column": each.column, "field": each.field and each.field.value, "doubt": each.doubt or None}
        for each in explain(columns)
    ]


def show(done: Import, *, names: Sequence[str], copies: Sequence[Path], apply_with: str) -> None:
    """Tell it to a person; ``copies`` were written, ``apply_with`` keeps what a dry run showed."""
    typer.echo(f"{' and '.join(names)}: {_counted(done.rows, 'row')} read, {_mistakes(done.errors)}.")
    _show_again(done)
    if not done.rows and not done.errors:
        typer.echo("There is no patient in it.")
    _show_counts(done)
    _show_rows(done.results)
    _show_errors(done.errors)
    for copy in copies:
        typer.echo(f"Mend it in {copy}, whose first column says what is wrong, and import that file.")
    _show_columns(done)
    if not done.applied:
        typer.echo("\nThis was a dry run: nothing was changed. To keep it:")
        typer.echo(f"  {apply_with}")


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _mistakes(errors: Sequence[CellError]) -> str:
    if not errors:
        return "nothing to mend"
    rows = len({(error.file, error.row) for error in errors})
    return f"{_counted(rows, 'row')} left out until mended"


def _show_again(done: Import) -> None:
    if done.brought_at is None:
        return
    changed = done.added or done.changed or set(done.effects) - {Effect.UNCHANGED, Effect.NOT_ENROLLED}
    end = "" if changed or Effect.BROUGHT in done.effects else "; nothing has changed since"
    typer.echo(f"These very files were already brought in on {done.brought_at:%d %B %Y, %H:%M} UTC{end}.")


def _show_counts(done: Import) -> None:
    typer.echo("\nDone:" if done.applied else "\nIf you keep it:")
    counts = {"patients are new": done.added, "have changed data": done.changed}
    for words, count in counts.items():
        if count:
            typer.echo(f"{count:>7,} {words}")
    for effect, words in EFFECT_WORDS.items():
        if count := done.effects[effect]:
            typer.echo(f"{count:>7,} {words}")
            _show_reasons(done, effect)


def _show_reasons(done: Import, effect: Effect) -> None:
    counts = {reason: n for (what, reason), n in done.reasons.items() if what is effect and reason}
    for reason, count in sorted(counts.items(), key=lambda each: -each[1]):
        note = "cannot get a series: " if effect is Effect.BROUGHT else ""
        typer.echo(f"{count:>15,}  {note}{_why(effect, reason)}")


def _why(effect: Effect, reason: str) -> str:
    """The reason for staff; before an enrollment there is no series yet that could be paused."""
    is_before = effect in {Effect.NOT_ENROLLED, Effect.BROUGHT}
    return _BEFORE[reason] if is_before and reason in _BEFORE else reason_in_words(reason)


def _show_rows(results: Sequence[RowResult]) -> None:
    told = [each for each in results if each.reason is not None]
    if not told:
        return
    rows = [
        (each.row, each.record, EFFECT_WORDS[each.effect], _why(each.effect, each.reason or ""))
        for each in told[:_SHOWN]
    ]
    typer.echo("")
    print_table(("Row", "Patient", "What", "Why"), rows)
    _show_rest(len(told))


def _show_errors(errors: Sequence[CellError]) -> None:
    if not errors:
        return
    named = any(error.file for error in errors)
    shown = errors[:_SHOWN]
    rows = [(*((each.file,) if named else ()), each.row, each.column, each.message) for each in shown]
    headings = (*(("File",) if named else ()), "Row", "Column", "What to mend")
    typer.echo("")
    print_table(headings, rows, title="Left out until mended")
    _show_rest(len(errors))
    if any(error.ambiguous_date for error in errors):
        typer.echo("Say how dates are meant: --date-order month_first or --date-order day_first.")


def _show_rest(number: int) -> None:
    if number > _SHOWN:
        typer.echo(
            f"… and {number - _SHOWN:,} more; --json tells all, --annotate writes them beside each row."
        )


def _show_columns(done: Import) -> None:
    if done.ignored:
        typer.echo(f"\nIgnored and never stored: {', '.join(done.ignored)}")
    for table in done.tables:
        for each in explain(table.columns):
            if each.doubt:
                typer.echo(f"Uncertain, {table.file}, column {each.column!r}: {each.doubt}")


def show_mapping(tables: Iterable[OpenTable]) -> None:
    """What each column was taken for, table by table."""
    for table in tables:
        rows = [
            (each.column, FIELD_WORDS[each.field] if each.field else "ignored, never stored", each.doubt)
            for each in explain(table.columns)
        ]
        mapping = table.columns.mapping
        how = "by the mapping" if mapping.is_saved else "guessed as"
        print_table(
            ("Column", "Taken for", "Please check"), rows, title=f"{table.file}, {how} {mapping.name!r}"
        )
