"""``pipeline import``: patients from a file; a dry run unless --apply.

In charge of: options, and the order of things. Not in charge of: what is told (``import_answer``) or done
(``app.bringing``).
"""

import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipeline.actions.offers import offers_by_series
from pipeline.app.bringing import Import, bring
from pipeline.app.clinic import Clinic
from pipeline.app.clock import Clock, SetClock, system_clock
from pipeline.app.files import BUNDLED, write_whole
from pipeline.app.mappings import load_mapping, save_mapping
from pipeline.app.rosters import roster_files
from pipeline.app.settings import check_settings
from pipeline.cli import import_options as options
from pipeline.cli.import_answer import answer_json, show, show_mapping
from pipeline.cli.moments import read_moment
from pipeline.cli.printing import console, print_json
from pipeline.config import Config
from pipeline.errors import NotAllowedError, Place, RosterError
from pipeline.patients.annotated import annotated_copy
from pipeline.patients.columns import ColumnMapping, Columns
from pipeline.patients.mappings import confirmed
from pipeline.patients.model import Basis, ImportTerms, RosterFile
from pipeline.patients.roster import OpenTable, is_fhir, open_rosters, open_table

app = typer.Typer(help="Patients from a file; a dry run unless --apply.", add_completion=False)

#: Stands for the wording in a dry run that names none: nothing is kept, so nothing is recorded with it.
_UNNAMED = "(not named)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What one call asks for."""

    files: Sequence[RosterFile]
    terms: ImportTerms
    series: str | None
    mapping: ColumnMapping | None
    apply: bool
    as_json: bool


@app.command("import")
def import_(
    ctx: typer.Context,
    files: options.Files = None,
    basis: options.Ground = Basis.CONSENT,
    wording: options.Wording = None,
    series: options.Series = None,
    mapping: options.Mapping = None,
    date_order: options.Order = None,
    encoding: options.Encoding = None,
    now: options.Now = None,
    annotate: options.Annotate = None,
    save_mapping_as: options.SaveMapping = None,
    *,
    utc: options.Utc = False,
    show_columns: options.ShowMapping = False,
    example: options.Example = False,
    apply: options.Apply = False,
    as_json: options.AsJson = False,
) -> None:
    """Bring patients from files and enroll them. A dry run shows what would happen, and changes nothing."""
    if example:
        _write_example(files or [])
        return
    config = check_settings(ctx.obj, today=system_clock().date())
    moment = read_moment(now, option="--now") if now else None
    terms = ImportTerms(
        clinic_zone=config.zone,
        now=moment or system_clock(),
        basis=basis,
        wording=wording if wording is not None else "" if apply else _UNNAMED,
        date_order=date_order,
        times_are_utc=utc,
        encoding=encoding,
    )
    asked = _Asked(
        files=roster_files(_named(files)),
        terms=terms,
        series=series,
        mapping=load_mapping(config.folder, mapping) if mapping else None,
        apply=apply,
        as_json=as_json,
    )
    copies = _copies(annotate, asked.files)
    if show_columns or save_mapping_as:
        _columns(asked, config, save_as=save_mapping_as, shows=show_columns)
    if not show_columns:
        done = _bring(asked, config, clock=SetClock(moment) if moment else system_clock)
        _answer(done, asked, copies, wording=wording)
        raise typer.Exit(1 if done.errors else 0)


def _named(files: Sequence[Path] | None) -> Sequence[Path]:
    if not files:
        raise NotAllowedError(
            "No file is named.",
            mend="name the patients file, like `pipeline import patients.csv`; "
            "`pipeline import --example patients.csv` writes one to start from",
        )
    return files


def _write_example(targets: Sequence[Path]) -> None:
    """Our own plain list, to a file that is not there yet, or to the screen."""
    text = (BUNDLED / "content" / "patients" / "sample.csv").read_text(encoding="utf-8")
    if not targets:
        typer.echo(text, nl=False)
        return
    for target in targets:
        _refuse_existing(target, key="FILE")
        write_whole(target, text)
        typer.echo(f"{target}: an example list; what each column means stands in docs/patients.md.")


def _refuse_existing(path: Path, *, key: str) -> None:
    if path.exists():
        raise NotAllowedError(
            "There is a file of that name already, and it is left alone.",
            where=Place(file=str(path), key=key),
            mend="choose another name",
        )


def _copies(annotate: Path | None, files: Sequence[RosterFile]) -> dict[str, Path]:
    """Where each file's annotated copy goes, by name; refused before anything is brought in."""
    if annotate is None:
        return {}
    if annotate.suffix.lower() not in {".csv", ".xlsx"}:
        raise NotAllowedError(
            "The annotated copy is a CSV or .xlsx file.",
            where=Place(file=str(annotate), key="--annotate"),
            mend=f"name it {annotate.with_suffix('.xlsx').name}",
        )
    one = len(files) == 1
    copies = {
        file.name: annotate if one else annotate.with_stem(f"{annotate.stem}-{Path(file.name).stem}")
        for file in files
    }
    for path in copies.values():
        _refuse_existing(path, key="--annotate")
    return copies


def _columns(asked: _Asked, config: Config, *, save_as: str | None, shows: bool) -> None:
    """Show what each column is taken for, and keep it for the next import."""
    mappings = (
        {} if asked.mapping is None else dict.fromkeys((file.name for file in asked.files), asked.mapping)
    )
    terms = ImportTerms(
        clinic_zone=asked.terms.clinic_zone, now=asked.terms.now, basis=asked.terms.basis, wording=_UNNAMED,
        encoding=asked.terms.encoding,
    )  # fmt: skip
    try:
        tables = open_rosters(asked.files, terms=terms, mappings=mappings).tables
    except RosterError:
        # What was recognised is of most use where something is missing.
        if shows:
            show_mapping(_recognised(asked))
        raise
    if shows:
        show_mapping(tables)
    if save_as is None:
        return
    if not tables:
        raise RosterError("FHIR files have no columns to keep.", mend="leave out --save-mapping")
    columns: list[Columns] = [table.columns for table in tables]
    kept = confirmed(
        save_as, columns, date_order=asked.terms.date_order, times_are_utc=asked.terms.times_are_utc
    )
    path = save_mapping(config.folder, kept)
    if not asked.as_json:
        typer.echo(f"{path}: kept for the next import, with --mapping {save_as}.\n")


def _recognised(asked: _Asked) -> Iterator[OpenTable]:
    """Each table's columns, whether or not they are enough for an import. Raises RosterError for no table."""
    for file in asked.files:
        if not is_fhir(file.data):
            sheet, columns = open_table(file, encoding=asked.terms.encoding, mapping=asked.mapping)
            yield OpenTable(file=file.name, columns=columns, encoding=sheet.encoding)


def _bring(asked: _Asked, config: Config, *, clock: Clock) -> Import:
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} rows"), TimeElapsedColumn())
    shown = console()
    silent = asked.as_json or not shown.is_terminal
    with (
        Clinic.open(config, clock=clock) as clinic,
        Progress(*columns, console=shown, transient=True, disable=silent) as progress,
    ):
        task = progress.add_task("rows", total=None)
        return bring(
            clinic, asked.files, terms=asked.terms, series=asked.series or _only_series(clinic),
            actor="terminal", apply=asked.apply, mapping=asked.mapping, tells_all=asked.as_json,
            progress=lambda rows: progress.update(task, completed=rows),
        )  # fmt: skip


def _only_series(clinic: Clinic) -> str | None:
    """The one series that is approved, where nothing else says which one is meant."""
    if clinic.config.enrolling:
        return None
    today = clinic.clock().astimezone(clinic.config.zone).date()
    with clinic.store.read() as tx:
        approved = list(offers_by_series(tx, today=today))
    return approved[0] if len(approved) == 1 else None


def _answer(done: Import, asked: _Asked, copies: dict[str, Path], *, wording: str | None) -> None:
    written = [_annotate(file, done, asked, copies[file.name]) for file in asked.files if file.name in copies]
    if asked.as_json:
        print_json(answer_json(done))
        return
    names = [file.name for file in asked.files]
    shown = names if len(names) <= 2 else [f"{len(names)} files"]
    show(done, names=shown, copies=list(filter(None, written)), apply_with=_apply_with(wording))


def _annotate(file: RosterFile, done: Import, asked: _Asked, copy: Path) -> Path | None:
    """Write the copy of one file; None where there is nothing to mend in it."""
    if not any(error.file in {"", file.name} for error in done.errors):
        return None
    data = annotated_copy(
        file, done.errors, encoding=asked.terms.encoding, mapping=asked.mapping,
        as_workbook=copy.suffix.lower() == ".xlsx",
    )  # fmt: skip
    write_whole(copy, data, private=True)
    return copy


#: Options of a dry run that keeping it does not repeat, and whether a value follows.
_NOT_REPEATED = {"--json": False, "--annotate": True, "--save-mapping": True}


def _apply_with(wording: str | None) -> str:
    """The words of this very command, with what it takes to keep the result."""
    kept: list[str] = []
    words = iter(sys.argv[1:])
    for word in words:
        name, has_value, _ = word.partition("=")
        if name not in _NOT_REPEATED:
            kept.append(word)
        elif _NOT_REPEATED[name] and not has_value:
            next(words, None)
    version = [] if wording is not None else ["--wording", "VERSION-OF-YOUR-FORM"]
    return shlex.join(["pipeline", *kept, *version, "--apply"])
