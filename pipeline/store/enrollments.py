"""Enrollments: one patient, one series, one start date.

In charge of: the table ``enrollments``. Not in charge of: their dated parts (``planning``), or what a move
or a pause means for those (``actions``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, select, update

from pipeline.delivery.states import Reason
from pipeline.store.bulk import insert_rows, reserve_ids
from pipeline.store.columns import among, in_order
from pipeline.store.database import Tx
from pipeline.store.schema import enrollments


class EnrollmentStatus(StrEnum):
    """Whether the parts of an enrollment may go."""

    ACTIVE = "active"
    #: The patient or staff asked to wait.
    PAUSED = "paused"
    #: Waits for a new date or a person: the visit was canceled or missed.
    HELD = "held"
    #: Over for good; ``reason`` says why.
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEnrollment:
    """What it takes to enroll."""

    patient_id: int
    series: str
    #: Which course of therapy; with the same one a patient is never enrolled twice.
    episode: str
    #: SHA-256 (hex) of the edition the parts come from.
    edition: str
    #: The first PT visit, a civil date in ``zone``.
    start: date
    #: IANA name.
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrollment:
    """An enrollment as kept."""

    id: int
    patient_id: int
    series: str
    episode: str
    edition: str
    start: date
    zone: str
    status: EnrollmentStatus
    #: Why it is held or ended.
    reason: Reason | None
    #: The patient asked for doubled distances between parts.
    slower: bool
    #: The first date (in ``zone``) on which a pause is over; None: until somebody resumes it.
    paused_until: date | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """What enrolling did."""

    id: int
    #: False: the patient already has this series in this episode, and nothing was changed.
    created: bool


def enroll(tx: Tx, wanted: Sequence[NewEnrollment], *, now: datetime) -> tuple[Enrolled, ...]:
    """Enroll, where not yet done; one result each, same order."""
    known = {_identity(row): row.id for row in enrollments_of(tx, {each.patient_id for each in wanted})}
    fresh = {_identity(each): each for each in wanted if _identity(each) not in known}
    ids = dict(zip(fresh, _insert(tx, list(fresh.values()), now), strict=True))
    results = []
    for key in map(_identity, wanted):
        # Asked for twice in one call, the second finds the first.
        created = key not in known
        known.setdefault(key, ids.get(key, 0))
        results.append(Enrolled(id=known[key], created=created))
    return tuple(results)


def enrollments_of(tx: Tx, patient_ids: Iterable[int]) -> tuple[Enrollment, ...]:
    """Every enrollment of these patients, oldest first."""
    return _load(tx, among(enrollments.c.patient_id, patient_ids))


def load_enrollments(tx: Tx, ids: Iterable[int]) -> tuple[Enrollment, ...]:
    """The enrollments ``ids`` that are there, oldest first."""
    return _load(tx, among(enrollments.c.id, ids))


def load_enrollment(tx: Tx, enrollment_id: int) -> Enrollment | None:
    """One enrollment, or None."""
    return next(iter(load_enrollments(tx, (enrollment_id,))), None)


def list_enrollments(
    tx: Tx,
    *,
    series: str | None = None,
    status: EnrollmentStatus | None = None,
    after: int = 0,
    limit: int = 50,
) -> tuple[Enrollment, ...]:
    """The next ``limit`` enrollments by id, after the id ``after``."""
    which = [enrollments.c.id > after]
    if series is not None:
        which.append(enrollments.c.series == series)
    if status is not None:
        which.append(enrollments.c.status == status)
    return _load(tx, and_(*which), limit=limit)


def pauses_over(tx: Tx, *, on_or_before: date) -> tuple[Enrollment, ...]:
    """Paused enrollments whose ``paused_until`` is not after this date."""
    return _load(
        tx,
        and_(enrollments.c.status == EnrollmentStatus.PAUSED, enrollments.c.paused_until <= on_or_before),
    )


def set_status(
    tx: Tx,
    ids: Iterable[int],
    status: EnrollmentStatus,
    *,
    reason: Reason | None = None,
    paused_until: date | None = None,
    now: datetime,
) -> tuple[int, ...]:
    """Give these enrollments a status. One that has ended stays ended. Returns the ids that changed."""
    # Locked in the order of ids: two people who share an address may unsubscribe at the same moment.
    known = select(enrollments.c.id).where(among(enrollments.c.id, ids))
    chosen = known.order_by(in_order(enrollments.c.id)).with_for_update().cte("chosen")
    change = (
        update(enrollments)
        .where(enrollments.c.id.in_(select(chosen.c.id)), enrollments.c.status != EnrollmentStatus.ENDED)
        .values(status=status, reason=reason, paused_until=paused_until, **_changed(now))
        .returning(enrollments.c.id)
    )
    return tuple(sorted(tx.connection.scalars(change)))


def move_enrollment(tx: Tx, enrollment_id: int, *, start: date, zone: str, now: datetime) -> bool:
    """Give a new start date; whether the enrollment is there. The parts are dated by ``planning.replan``."""
    return _change(tx, enrollment_id, {"start": start, "zone": zone}, now)


def set_slower(tx: Tx, enrollment_id: int, *, slower: bool, now: datetime) -> bool:
    """Double the distances between parts, or not; whether the enrollment is there."""
    return _change(tx, enrollment_id, {"slower": slower}, now)


def use_edition(tx: Tx, enrollment_id: int, edition: str, *, now: datetime) -> bool:
    """Let the unsent parts come from another edition; whether the enrollment is there."""
    return _change(tx, enrollment_id, {"edition": edition}, now)


def _change(tx: Tx, enrollment_id: int, values: dict[str, object], now: datetime) -> bool:
    change = update(enrollments).where(enrollments.c.id == enrollment_id).values({**values, **_changed(now)})
    return tx.connection.execute(change).rowcount > 0


def _changed(now: datetime) -> dict[str, Any]:
    return {"version": enrollments.c.version + 1, "updated_at": now}


def _insert(tx: Tx, wanted: Sequence[NewEnrollment], now: datetime) -> list[int]:
    if not wanted:
        return []
    ids = reserve_ids(tx, enrollments, len(wanted))
    rows = [
        {
            "id": enrollment_id,
            "patient_id": each.patient_id,
            "series": each.series,
            "episode": each.episode,
            "edition": each.edition,
            "start": each.start,
            "zone": each.zone,
            "status": EnrollmentStatus.ACTIVE,
            "slower": False,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        for enrollment_id, each in zip(ids, wanted, strict=True)
    ]
    insert_rows(tx, enrollments, rows)
    return ids


def _identity(each: NewEnrollment | Enrollment) -> tuple[int, str, str]:
    return (each.patient_id, each.series, each.episode)


def _load(tx: Tx, which: ColumnElement[bool], limit: int | None = None) -> tuple[Enrollment, ...]:
    order = in_order(enrollments.c.id) if limit is None else enrollments.c.id
    rows = tx.connection.execute(select(enrollments).where(which).order_by(order).limit(limit))
    return tuple(map(_enrollment, rows))


def _enrollment(row: Row[Any]) -> Enrollment:
    return Enrollment(
        id=row.id,
        patient_id=row.patient_id,
        series=row.series,
        episode=row.episode,
        edition=row.edition,
        start=row.start,
        zone=row.zone,
        status=EnrollmentStatus(row.status),
        reason=None if row.reason is None else Reason(row.reason),
        slower=row.slower,
        paused_until=row.paused_until,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
