"""The calendar for people and programs: every delivery with its day, its state, and why.

In charge of: the rows that ``pipeline calendar``, ``simulate`` and ``demo`` print (DESIGN 11). Not in
charge of: computing dates (``schedule``), keeping them (``store``), or patients who are not there yet
(``what_if``).
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.delivery.states import State
from pipeline.store import overview, patients
from pipeline.store.database import Tx
from pipeline.store.overview import DeliveryRow

#: No day is shown for what will not be sent.
_NEVER = frozenset({State.SKIPPED, State.CANCELED, State.HELD})
_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRow:
    """One delivery; times are ISO 8601 with offset, both None where nothing will be sent."""

    #: None for a patient who is not there: what would be.
    enrollment: int | None
    #: The practice system's record number, never a name; None as above.
    patient: str | None
    part: int
    due_utc: str | None
    due_local: str | None
    zone: str
    state: str
    reason: str | None

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def calendar_rows(
    tx: Tx, *, patient_id: int | None = None, enrollment_id: int | None = None
) -> tuple[CalendarRow, ...]:
    """Every delivery, of one patient or enrollment or of all, by due time; those without a date come last."""
    wanted = overview.Filter(patient_id=patient_id, enrollment_id=enrollment_id)
    found = sorted(_all(tx, wanted), key=lambda row: (row.due_at is None, row.due_at, row.id))
    return _rows(tx, found)


def coming_rows(tx: Tx, *, days: int, now: datetime, zone: ZoneInfo) -> tuple[CalendarRow, ...]:
    """What is planned for the next ``days`` days of the clinic, today among them, by due time.

    What is due already and has not gone is part of it.
    """
    last = now.astimezone(zone).date() + timedelta(days=days)
    end = _midnight(last, zone)
    found: list[DeliveryRow] = []
    after: tuple[datetime, int] | None = None
    while page := overview.list_upcoming(tx, after=after, until=end, limit=_CHUNK):
        found += [row for row in page if row.due_at is not None and row.due_at < end]
        after = (page[-1].due_at or end, page[-1].id)
    return _rows(tx, found)


def local(moment: datetime, zone: str) -> datetime:
    """``moment`` on the clocks of ``zone``."""
    return moment.astimezone(ZoneInfo(zone))


def row_of(
    *,
    enrollment: int | None,
    patient: str | None,
    part: int,
    due: datetime | None,
    zone: str,
    state: State,
    reason: str | None,
) -> CalendarRow:
    """One row; ``due`` is aware, and is shown in UTC and on the clocks of ``zone``."""
    return CalendarRow(
        enrollment=enrollment,
        patient=patient,
        part=part,
        due_utc=due.astimezone(UTC).isoformat() if due else None,
        due_local=local(due, zone).isoformat() if due else None,
        zone=zone,
        state=state.value,
        reason=reason,
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _all(tx: Tx, wanted: overview.Filter) -> Iterator[DeliveryRow]:
    before: int | None = None
    while page := overview.list_deliveries(tx, wanted, before=before, limit=_CHUNK):
        yield from page
        before = page[-1].id


def _rows(tx: Tx, found: list[DeliveryRow]) -> tuple[CalendarRow, ...]:
    people = patients.load_patients(tx, {row.patient_id for row in found})
    return tuple(
        row_of(
            enrollment=row.enrollment_id,
            patient=people[row.patient_id].patient.record if row.patient_id in people else "erased",
            part=row.part,
            due=None if row.state in _NEVER else row.due_at,
            zone=row.zone,
            state=row.state,
            reason=row.reason.value if row.reason else None,
        )
        for row in found
    )
