"""The calendar for people and programs: every delivery with its day, its state, and why.

In charge of: the rows that ``pipeline calendar``, ``simulate`` and ``demo`` print (DESIGN 11). Not in
charge of: computing dates (``schedule``) or keeping them (``store``).
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
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

    enrollment: int
    #: The practice system's record number, never a name.
    patient: str
    part: int
    due_utc: str | None
    due_local: str | None
    zone: str
    state: str
    reason: str | None

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def calendar_rows(tx: Tx, *, patient_id: int | None = None) -> tuple[CalendarRow, ...]:
    """Every delivery, of one patient or of all, by due time; those without a date come last."""
    wanted = overview.Filter(patient_id=patient_id)
    found = sorted(_all(tx, wanted), key=lambda row: (row.due_at is None, row.due_at, row.id))
    people = patients.load_patients(tx, {row.patient_id for row in found})
    return tuple(
        _row(row, people[row.patient_id].patient.record if row.patient_id in people else "erased")
        for row in found
    )


def local(moment: datetime, zone: str) -> datetime:
    """``moment`` on the clocks of ``zone``."""
    return moment.astimezone(ZoneInfo(zone))


def _all(tx: Tx, wanted: overview.Filter) -> Iterator[DeliveryRow]:
    before: int | None = None
    while page := overview.list_deliveries(tx, wanted, before=before, limit=_CHUNK):
        yield from page
        before = page[-1].id


def _row(row: DeliveryRow, record: str) -> CalendarRow:
    due = None if row.state in _NEVER else row.due_at
    return CalendarRow(
        enrollment=row.enrollment_id,
        patient=record,
        part=row.part,
        due_utc=due.astimezone(UTC).isoformat() if due else None,
        due_local=local(due, row.zone).isoformat() if due else None,
        zone=row.zone,
        state=row.state.value,
        reason=row.reason.value if row.reason else None,
    )
