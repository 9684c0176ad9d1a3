"""What staff ask after a while: what became of each part, who complained, whose address is wrong.

In charge of: gathering it in one transaction. Not in charge of: counting (``store.reports``), the thresholds
(``delivery.alarm``), or showing it (``cli``).
"""

from dataclasses import dataclass, field
from datetime import datetime

from pipeline.delivery.alarm import AlarmRules, Complaints, Level, level
from pipeline.errors import NotAllowedError
from pipeline.patients.model import Patient
from pipeline.store import calls, editions, patients, reports
from pipeline.store.calls import CallReason
from pipeline.store.database import Tx
from pipeline.store.reports import PartCount


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything `pipeline report` shows."""

    parts: tuple[PartCount, ...]
    #: Of each series that went lately: what was marked as spam, and how bad it is.
    complaints: tuple[tuple[Complaints, Level], ...]
    #: Patients whom emails do not reach, the longest first.
    wrong_addresses: tuple[Patient, ...] = field(repr=False)


def report_on(tx: Tx, series: str | None, rules: AlarmRules, *, now: datetime) -> Report:
    """How every series does, or one. Raises NotAllowedError for a series that nobody knows."""
    known = sorted({row.series for row in editions.editions_of(tx)})
    if series is not None and series not in known:
        raise NotAllowedError(
            f"There is no series {series!r}.", mend=f"known series: {', '.join(known) or 'none'}"
        )
    return Report(
        parts=reports.count_parts(tx, series=series),
        complaints=complaints_by_level(tx, series, rules, now=now),
        wrong_addresses=_wrong_addresses(tx),
    )


def complaints_by_level(
    tx: Tx, series: str | None, rules: AlarmRules, *, now: datetime
) -> tuple[tuple[Complaints, Level], ...]:
    """What was marked as spam within the alarm's span, and how bad that is, by series."""
    wanted = None if series is None else [series]
    found = reports.complaints(tx, since=now - rules.span, series=wanted)
    return tuple((each, level(each, rules)) for each in found)


def _wrong_addresses(tx: Tx) -> tuple[Patient, ...]:
    open_ones = [each for each in calls.open_calls(tx) if each.reason is CallReason.WRONG_ADDRESS]
    people = patients.load_patients(tx, [each.patient_id for each in open_ones])
    return tuple(people[each.patient_id].patient for each in open_ones if each.patient_id in people)
