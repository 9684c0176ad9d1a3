"""Who may be mailed, and on what ground.

In charge of: types. Not in charge of: reading files (``roster``), the rules of who is eligible
(``eligibility``), storing or encrypting (``store``).
"""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import BinaryIO
from zoneinfo import ZoneInfo


class Basis(StrEnum):
    """The recorded legal ground for mailing a patient (GDPR Art. 9(2); 45 CFR 164.501, .506)."""

    #: Explicit consent given by the patient.
    CONSENT = "consent"
    #: Part of treatment, told to the patient at intake.
    TREATMENT = "treatment"
    #: A marketing permission of the practice system: counts for marketing series only.
    MARKETING = "marketing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One recorded ground. It is added, never edited."""

    basis: Basis
    #: The version of the words the patient saw, for example ``intake-2026-01``.
    wording: str
    #: Where it comes from: a file's name, ``page``, ``staff``.
    source: str
    given_at: datetime
    expires_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A patient as the pipeline needs them: no diagnosis, no birth date, nothing unused."""

    #: The practice system's id; unique per clinic.
    record: str
    given: str = field(repr=False)
    family: str = field(repr=False)
    #: Whole address, as written; compared casefolded.
    email: str | None = field(repr=False)
    #: BCP 47 tag, or None for the clinic's.
    language: str | None
    #: IANA zone, or None for the clinic's.
    zone: str | None
    #: "Do not email, phone instead" (45 CFR 164.522(b)).
    phone_instead: bool = False
    minor: bool = False
    deceased: bool = False


class VisitStatus(StrEnum):
    """The state of the first PT visit, from the appointments file or FHIR."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    CANCELED = "canceled"
    NO_SHOW = "no_show"
    DISCHARGED = "discharged"
    #: The episode of care is on hold (FHIR ``onhold``): as if paused until a newer export says otherwise.
    ON_HOLD = "on_hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRow:
    """One good row of a patients file."""

    #: Row in the file as a spreadsheet counts: the header is row 1.
    row: int
    patient: Patient
    consent: Consent | None
    #: The date of the first PT visit, in the patient's (else the clinic's) zone.
    start: date | None
    status: VisitStatus = VisitStatus.BOOKED
    #: The file says no to email: grounds recorded before no longer count.
    denied: bool = False
    #: What the practice system calls the visit, for choosing a series; never stored.
    visit_type: str | None = field(default=None, repr=False)
    #: The clinic's site, for choosing a series; never stored.
    location: str | None = field(default=None, repr=False)


#: Stands for the column where a whole row is meant.
WHOLE_ROW = "(row)"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellError:
    """One thing wrong in a patients file, for staff: row, column, a sentence."""

    row: int
    #: The column's name as the file writes it, or WHOLE_ROW.
    column: str
    #: A sentence for staff. It may quote the cell, so it is shown to them and never logged.
    message: str = field(repr=False)
    #: The file, where more than one was read together.
    file: str = ""
    #: Only the order of day and month is missing: choosing one and reading again mends it.
    ambiguous_date: bool = False

    def __str__(self) -> str:
        place = f"{self.file}, row {self.row}" if self.file else f"Row {self.row}"
        return f"{place}, {self.column}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterFile:
    """A file to import, as it was brought."""

    name: str
    #: The file's bytes; of one that is opened anew for each reading, its beginning alone.
    data: bytes = field(repr=False)
    #: Opens a FHIR file that is too large to hold; None: ``data`` is all of it.
    reopen: Callable[[], BinaryIO] | None = field(default=None, repr=False)

    def open(self) -> BinaryIO:
        """The file's bytes from their beginning; close it after use."""
        return io.BytesIO(self.data) if self.reopen is None else self.reopen()


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """A patients file, read: good rows go in, bad rows stay out, every bad cell is named."""

    rows: tuple[RosterRow, ...]
    errors: tuple[CellError, ...]
    #: Columns the file has and the pipeline ignores: they are never stored.
    ignored_columns: tuple[str, ...] = ()
    #: Encoding a text file was read in, for staff to see where it was a guess; None for other files.
    encoding: str | None = None
    #: Some dates have two readings: ask whether day or month comes first, then read again.
    needs_date_order: bool = False


class DateOrder(StrEnum):
    """How dates like 03/04/2026 are meant, as a person chose it."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTerms:
    """What is true of a whole import, whatever its files."""

    #: Zone of patients without one of their own, and of times without an offset.
    clinic_zone: ZoneInfo
    #: The moment of the import, aware: ages and the time of consent count from it.
    now: datetime
    #: The ground that the clinic declares for the rows of this import (DESIGN 9.5).
    basis: Basis
    #: The version of the words that patients saw.
    wording: str
    #: None: a date with two readings is an error.
    date_order: DateOrder | None = None
    #: Times without an offset are UTC, not the clinic's.
    times_are_utc: bool = False
    #: Character encoding of text files; None: found out.
    encoding: str | None = None
