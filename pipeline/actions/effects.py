"""What one row of a patients file did, as values that commands and pages show.

In charge of: the vocabulary. Not in charge of: doing it (``importing``, ``following``).
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Effect(StrEnum):
    """What one row did to the patient's mail."""

    ENROLLED = "enrolled"
    MOVED = "moved"
    HELD = "held"
    #: Was held, and goes on because a newer export lifts the reason.
    RELEASED = "released"
    ENDED = "ended"
    UNCHANGED = "unchanged"
    NOT_ENROLLED = "not_enrolled"
    #: Only the patient's data was kept: the import named no series.
    BROUGHT = "brought"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """One row of the file and what became of it."""

    row: int
    effect: Effect
    #: A code of ``delivery.states.Reason`` or ``patients.eligibility.Ineligible``.
    reason: str | None = None
    #: The practice system's id of the row's patient.
    record: str = field(default="", repr=False)
