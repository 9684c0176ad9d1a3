"""Bringing a patients file into the clinic, chunk by chunk, or trying it without keeping anything.

In charge of: reading the file as a stream and one transaction per chunk. Not in charge of: the format
(``patients``) or what a row does (``actions.importing``).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from pipeline.actions.effects import Effect, RowResult
from pipeline.actions.importing import Brought, bring_in
from pipeline.actions.offers import Offer, current_offer
from pipeline.app.clinic import Clinic
from pipeline.errors import NotAllowedError
from pipeline.patients.model import CellError, ImportTerms, RosterFile, RosterRow
from pipeline.patients.roster import open_rosters
from pipeline.store import audit
from pipeline.store.database import Tx

#: Rows in one transaction: few enough that other writers are not held up, many enough to be quick.
_CHUNK = 500


@dataclass(slots=True)
class Import:
    """What an import did, or would do; it grows while the file is read."""

    applied: bool
    offer: Offer | None
    rows: int = 0
    added: int = 0
    changed: int = 0
    effects: Counter[Effect] = field(default_factory=Counter)
    #: Rows that did something else than enroll or stay as they are, with the reason.
    results: list[RowResult] = field(default_factory=list)
    errors: list[CellError] = field(default_factory=list)

    def add(self, brought: Brought) -> None:
        """Count one chunk."""
        self.rows += len(brought.results)
        self.added += brought.added
        self.changed += brought.changed
        self.effects.update(brought.effects)
        self.results += [each for each in brought.results if each.reason is not None]


def bring(
    clinic: Clinic,
    files: Sequence[RosterFile],
    *,
    terms: ImportTerms,
    series: str | None,
    actor: str,
    apply: bool,
    progress: Callable[[int], None] = lambda _rows: None,
) -> Import:
    """Read ``files`` (one, a patients and an appointments file, or FHIR) and bring their good rows in.

    With ``apply`` False nothing is kept. ``progress`` hears how many rows are done. Raises RosterError
    where they cannot be read at all or do not belong together,
    NotAllowedError where ``series`` is not approved: then nothing is brought in.
    """
    stream = open_rosters(files, terms=terms)
    with clinic.store.read() as tx:
        offer = _offer(tx, clinic, series)
    done = Import(applied=apply, offer=offer)
    rows = _good_rows(iter(stream), done)
    while chunk := list(islice(rows, _CHUNK)):
        done.add(_one_chunk(clinic, chunk, offer, actor=actor, apply=apply))
        progress(done.rows)
    if apply:
        _write(clinic, done, actor=actor)
    return done


def _offer(tx: Tx, clinic: Clinic, series: str | None) -> Offer | None:
    if series is None:
        return None
    offer = current_offer(tx, series, today=clinic.clock().astimezone(clinic.config.zone).date())
    if offer is None:
        raise NotAllowedError(
            f"The series {series!r} has no approved edition, so nobody can be enrolled in it.",
            mend="approve it first with `pipeline approve`, or leave out --series to bring patients only",
        )
    return offer


def _good_rows(found: Iterator[RosterRow | CellError], done: Import) -> Iterator[RosterRow]:
    for each in found:
        if isinstance(each, CellError):
            done.errors.append(each)
        else:
            yield each


def _one_chunk(
    clinic: Clinic, chunk: list[RosterRow], offer: Offer | None, *, actor: str, apply: bool
) -> Brought:
    dating = clinic.dating(actor=actor)
    with clinic.store.begin() as tx:
        brought = bring_in(tx, chunk, offer, dating)
        if not apply:
            tx.connection.rollback()
    return brought


def _write(clinic: Clinic, done: Import, *, actor: str) -> None:
    detail = {"rows": done.rows, "errors": len(done.errors), **{k.value: n for k, n in done.effects.items()}}
    with clinic.store.begin() as tx:
        audit.append(tx, actor=actor, action="import", subject="patients", detail=detail, now=clinic.clock())
