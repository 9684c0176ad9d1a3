"""Replacing unsent parts: running enrollments move to a newly approved edition.

In charge of: who moves, who stays and why, in transactions of bounded size; trying it without keeping
anything. Not in charge of: approving the edition (``approving``) or dating its parts (``enrolling``).

Parts are matched by their number. What went or may have gone stays as it is and is never planned again,
whatever the new edition says under that number. A trial does the very same work and takes it back, chunk
by chunk, so that it tells exactly what would happen. Whoever has moved is not found again: a run that was
interrupted is finished by another one.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from pipeline.actions.enrolling import Dating, carry_on
from pipeline.actions.offers import same_language
from pipeline.delivery.states import Reason, State
from pipeline.rendering.edition import from_bytes, to_bytes
from pipeline.rendering.model import Edition
from pipeline.rendering.overlap import Overlap, overlap
from pipeline.store import audit, editions, overview, replacing
from pipeline.store.database import Store, Tx
from pipeline.store.enrollments import Enrollment, EnrollmentStatus
from pipeline.store.overview import DeliveryRow
from pipeline.store.planning import GONE

#: Enrollments in one transaction: few enough that no dispatcher waits for long.
CHUNK = 100
#: Changed dates that are shown one by one.
_EXAMPLES = 12


class Stays(StrEnum):
    """Why an enrollment stays on its edition."""

    #: Nothing waits any more.
    FINISHED = "finished"
    #: A part is being sent at this moment; its message comes from the old edition.
    IN_FLIGHT = "in_flight"
    #: The new edition is in another language than the one the patient began with.
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDate:
    """One part whose date changes."""

    enrollment: int
    patient: int
    part: int
    #: Aware, UTC; None: no date (held, or not planned before).
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Enrollments that got the same parts of the same edition, and read some of it twice, or never."""

    enrollments: int
    #: Part numbers.
    gone: tuple[int, ...]
    overlap: Overlap


@dataclass(slots=True)
class Replacement:
    """What replacing did, or would do; it grows chunk by chunk."""

    #: SHA-256 (hex) of the new edition.
    edition: str
    applied: bool
    #: How many enrollments moved, by the edition they were on; and how many patients they belong to.
    moved: Counter[str] = field(default_factory=Counter)
    patients: set[int] = field(default_factory=set)
    #: Of those that moved: active, paused, held. A pause goes on.
    statuses: Counter[EnrollmentStatus] = field(default_factory=Counter)
    stays: Counter[Stays] = field(default_factory=Counter)
    #: Enrollments by part number: whose words are replaced, whose date changes, new, left out.
    unsent: Counter[int] = field(default_factory=Counter)
    redated: Counter[int] = field(default_factory=Counter)
    added: Counter[int] = field(default_factory=Counter)
    left_out: Counter[int] = field(default_factory=Counter)
    examples: list[NewDate] = field(default_factory=list)
    #: Of those that moved: how many got which parts, and what that means for their reading.
    gone: Counter[tuple[str, tuple[int, ...]]] = field(default_factory=Counter)
    readers: list[Readers] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many enrollments moved."""
        return self.moved.total()


def replace_unsent(
    store: Store,
    edition: Edition,
    dating: Dating,
    *,
    apply: bool,
    progress: Callable[[int], None] = lambda _done: None,
    chunk: int = CHUNK,
) -> Replacement:
    """Move every running enrollment of the series to ``edition``, which is approved, chunk by chunk.

    With ``apply`` False nothing is kept, and ``edition`` need not be in the store yet. ``progress`` hears how
    many enrollments were looked at, ``chunk`` of them in one transaction.
    """
    done = Replacement(edition=edition.sha256, applied=apply)
    canonical = to_bytes(edition)
    after, seen = 0, 0
    while True:
        with store.begin() as tx:
            if not apply:
                editions.save_edition(tx, edition, canonical, now=dating.now)
            found = replacing.waiting_elsewhere(
                tx, edition.series, edition=edition.sha256, after=after, limit=chunk
            )
            _chunk(tx, found, edition, dating, done)
            if not apply:
                tx.connection.rollback()
        if not found:
            break
        after, seen = found[-1].id, seen + len(found)
        progress(seen)
    with store.read() as tx:
        done.stays[Stays.FINISHED] += replacing.count_finished(tx, edition.series, edition=edition.sha256)
        done.readers += _readers(tx, edition, done)
    return done


def _readers(tx: Tx, edition: Edition, done: Replacement) -> Iterator[Readers]:
    """Those for whom the words have moved between a part that went and one to come, the most first."""
    old = {sha256: from_bytes(editions.edition_bytes(tx, sha256)) for sha256 in done.moved}
    for (sha256, gone), count in done.gone.most_common():
        found = overlap(old[sha256], edition, gone)
        if found.twice or found.missed:
            yield Readers(enrollments=count, gone=gone, overlap=found)


def _chunk(tx: Tx, found: Sequence[Enrollment], edition: Edition, dating: Dating, done: Replacement) -> None:
    before = _rows(tx, found)
    languages = _languages(tx, found)
    moving: list[Enrollment] = []
    for each in found:
        why = _stays(before[each.id], languages[each.edition], edition)
        if why is None:
            # A pause or a wait for a new visit goes on: its end dates everything, from the new edition.
            carry_on(tx, each, replace(each, edition=edition.sha256), dating)
            moving.append(each)
        else:
            done.stays[why] += 1
    after = _rows(tx, moving)
    for each in moving:
        _count(each, before[each.id], after[each.id], done)
    deeds = [_deed(each, edition, dating) for each in moving]
    if deeds:
        audit.append_all(tx, deeds, now=dating.now)


def _stays(rows: Sequence[DeliveryRow], language: str, edition: Edition) -> Stays | None:
    if not same_language(language, edition.language):
        return Stays.LANGUAGE
    if any(row.state is State.SENDING for row in rows):
        return Stays.IN_FLIGHT
    return None


def _count(
    enrollment: Enrollment, before: Sequence[DeliveryRow], after: Sequence[DeliveryRow], done: Replacement
) -> None:
    done.moved[enrollment.edition] += 1
    done.patients.add(enrollment.patient_id)
    done.statuses[enrollment.status] += 1
    known = {row.part: row for row in before}
    if gone := tuple(row.part for row in before if row.state in GONE):
        done.gone[enrollment.edition, gone] += 1
    for row in after:
        old = known.get(row.part)
        if old is None:
            done.added[row.part] += 1
        elif old.state in replacing.WAITING and row.reason is Reason.NOT_IN_EDITION:
            done.left_out[row.part] += 1
        elif old.state not in GONE:
            done.unsent[row.part] += row.state in replacing.WAITING
        if (old.due_at if old else None) != row.due_at:
            done.redated[row.part] += old is not None
            _remember(row, old, done)


def _remember(row: DeliveryRow, old: DeliveryRow | None, done: Replacement) -> None:
    if len(done.examples) < _EXAMPLES:
        done.examples.append(
            NewDate(
                enrollment=row.enrollment_id, patient=row.patient_id, part=row.part,
                before=old.due_at if old else None, after=row.due_at,
            )
        )  # fmt: skip


def _rows(tx: Tx, found: Sequence[Enrollment]) -> dict[int, tuple[DeliveryRow, ...]]:
    rows = overview.deliveries_of(tx, [each.id for each in found])
    return {
        **dict.fromkeys((each.id for each in found), ()),
        **{key: tuple(group) for key, group in groupby(rows, key=lambda row: row.enrollment_id)},
    }


def _languages(tx: Tx, found: Sequence[Enrollment]) -> dict[str, str]:
    """The language of every edition that these enrollments are on."""
    languages: dict[str, str] = {}
    for sha256 in {each.edition for each in found}:
        row = editions.find_edition(tx, sha256)
        assert row is not None, "an enrollment's edition is always kept"
        languages[sha256] = row.language
    return languages


def _deed(enrollment: Enrollment, edition: Edition, dating: Dating) -> audit.Deed:
    return audit.Deed(
        actor=dating.actor,
        action="replace_unsent",
        subject=f"enrollment:{enrollment.id}",
        detail={"from": enrollment.edition, "to": edition.sha256},
    )
