"""Bringing a patients file into the clinic, chunk by chunk, or trying it without keeping anything.

In charge of: reading the file as a stream and one transaction per chunk. Not in charge of: the format
(``patients``) or what a row does (``actions.importing``).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice

from pipeline.actions.choosing import Choosing, choosing
from pipeline.actions.effects import Effect, RowResult
from pipeline.actions.enrolling import Dating
from pipeline.actions.importing import Brought, bring_in
from pipeline.app.clinic import Clinic
from pipeline.app.rosters import SUBJECT, brought_before, fingerprint
from pipeline.errors import NotAllowedError
from pipeline.patients.columns import ColumnMapping
from pipeline.patients.eligibility import why_not_enrolled
from pipeline.patients.model import CellError, ImportTerms, RosterFile, RosterRow
from pipeline.patients.roster import OpenTable, open_rosters
from pipeline.series.model import Purpose
from pipeline.store import audit
from pipeline.store.database import Tx

#: Rows in one transaction: few enough that other writers are not held up, many enough to be quick.
_CHUNK = 500


@dataclass(slots=True)
class Import:
    """What an import did, or would do; it grows while the file is read."""

    applied: bool
    #: Whether it enrolls anybody: it named a series, or there are rules.
    enrolls: bool
    rows: int = 0
    added: int = 0
    changed: int = 0
    effects: Counter[Effect] = field(default_factory=Counter)
    #: Whether ``results`` holds every row; else those alone that a person has to hear about.
    tells_all: bool = False
    results: list[RowResult] = field(default_factory=list)
    #: How many rows did what, and why.
    reasons: Counter[tuple[Effect, str | None]] = field(default_factory=Counter)
    errors: list[CellError] = field(default_factory=list)
    #: The columns of each table; none for FHIR.
    tables: tuple[OpenTable, ...] = ()
    #: Columns, or kinds of FHIR resources, that were not looked at: never stored.
    ignored: tuple[str, ...] = ()
    #: When exactly these files were brought in before; None where they never were.
    brought_at: datetime | None = None

    def add(self, brought: Brought) -> None:
        """Count one chunk."""
        self.rows += len(brought.results)
        self.added += brought.added
        self.changed += brought.changed
        self.effects.update(brought.effects)
        self.reasons.update((each.effect, each.reason) for each in brought.results)
        self.results += [each for each in brought.results if self.tells_all or each.reason is not None]


def bring(
    clinic: Clinic,
    files: Sequence[RosterFile],
    *,
    terms: ImportTerms,
    series: str | None,
    actor: str,
    apply: bool,
    progress: Callable[[int], None] = lambda _rows: None,
    mapping: ColumnMapping | None = None,
    tells_all: bool = False,
) -> Import:
    """Read ``files`` (one, a patients and an appointments file, or FHIR) and bring their good rows in.

    With ``apply`` False nothing is kept. ``progress`` hears how many rows are done. Raises RosterError
    where they cannot be read at all or do not belong together,
    NotAllowedError where ``series`` is not approved: then nothing is brought in. Without ``series`` the rules
    of [[enrolling]] choose for each row; a rule's series that is not approved stops only its own rows.
    """
    mappings = {} if mapping is None else dict.fromkeys((file.name for file in files), mapping)
    stream = open_rosters(files, terms=terms, mappings=mappings)
    with clinic.store.read() as tx:
        chosen = _choosing(tx, clinic, series)
        content = fingerprint(tx, files)
        brought_at = brought_before(tx, content)
    done = Import(
        applied=apply, enrolls=chosen.enrolls, tells_all=tells_all, tables=stream.tables,
        ignored=stream.ignored_columns, brought_at=brought_at,
    )  # fmt: skip
    rows = _good_rows(iter(stream), done)
    # One moment for the whole import: rows of one day and zone then get one calendar, computed once.
    dating = clinic.dating(actor=actor)
    while chunk := list(islice(rows, _CHUNK)):
        done.add(_one_chunk(clinic, chunk, chosen, dating, apply=apply))
        progress(done.rows)
    if apply:
        _write(clinic, done, content, actor=actor)
    return done


def _choosing(tx: Tx, clinic: Clinic, series: str | None) -> Choosing:
    today = clinic.clock().astimezone(clinic.config.zone).date()
    chosen = choosing(tx, series=series, rules=clinic.config.enrolling, today=today)
    if series is not None and not chosen.offers_of(series):
        raise NotAllowedError(
            f"The series {series!r} has no approved edition, so nobody can be enrolled in it.",
            mend="approve it first: `pipeline approve`; without --series the rules of [[enrolling]] choose",
        )
    return chosen


def _good_rows(found: Iterator[RosterRow | CellError], done: Import) -> Iterator[RosterRow]:
    for each in found:
        if isinstance(each, CellError):
            done.errors.append(each)
        else:
            yield each


def _one_chunk(
    clinic: Clinic, chunk: list[RosterRow], chosen: Choosing, dating: Dating, *, apply: bool
) -> Brought:
    with clinic.store.begin() as tx:
        brought = _told(bring_in(tx, chunk, chosen, dating), chunk, dating)
        if not apply:
            tx.connection.rollback()
    return brought


def _told(brought: Brought, chunk: Sequence[RosterRow], dating: Dating) -> Brought:
    """Each result with its record and, where no series was chosen, what would stand against one."""
    today = dating.now.astimezone(dating.clinic_zone).date()
    pairs = zip(brought.results, chunk, strict=True)
    return replace(brought, results=tuple(_with_record(result, row, today) for result, row in pairs))


def _with_record(result: RowResult, row: RosterRow, today: date) -> RowResult:
    reason = result.reason
    if result.effect is Effect.BROUGHT and reason is None:
        against = why_not_enrolled(row, purpose=Purpose.TREATMENT, on=today, suppressed=False)
        reason = next(iter(against), None)
    return replace(result, record=row.patient.record, reason=reason)


def _write(clinic: Clinic, done: Import, content: str, *, actor: str) -> None:
    counts = {effect.value: number for effect, number in done.effects.items()}
    detail = {"rows": done.rows, "errors": len(done.errors), **counts, "files": content}
    with clinic.store.begin() as tx:
        audit.append(tx, actor=actor, action="import", subject=SUBJECT, detail=detail, now=clinic.clock())
