"""Which column of a file holds what: guesses for known practice systems, and applying a mapping.

In charge of: names of columns. Not in charge of: what stands in them (``rows``), a clinic's own mappings
(``mappings``), or telling staff what was taken for what (``explaining``).

The guesses follow the fields that each system documents: WebPT's appointments extract and Reach lists
(help.analytics.webpt.com/1426, help.reach.webpt.com/170), Cliniko's API (docs.api.cliniko.com), Jane's guide
(jane.app/guide), read in November 2026. Jane documents no list of columns: its names are a guess.
"""

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from pipeline.errors import Place, RosterError
from pipeline.patients.model import DateOrder, VisitStatus
from pipeline.patients.wording import shown


class Field(StrEnum):
    """What a column may hold. Our own plain file names its columns so; the example has the first eleven."""

    RECORD = "record_id"
    GIVEN = "given_name"
    FAMILY = "family_name"
    EMAIL = "email"
    BIRTH = "birth_date"
    LANGUAGE = "language"
    ZONE = "time_zone"
    VISIT = "first_visit"
    STATUS = "visit_status"
    CONSENT = "email_consent"
    PHONE_INSTEAD = "phone_instead"
    #: Yes: the practice system lists the address as unsubscribed.
    OPTED_OUT = "opted_out"
    #: The practice system's permission for marketing.
    MARKETING = "marketing"
    DECEASED = "deceased"
    #: Yes, or the date of discharge or archiving.
    ENDED = "ended"
    #: Yes, or the time of the cancellation.
    CANCELED = "canceled"
    ARRIVED = "arrived"
    ABSENT = "absent"
    #: Tells one episode of care from another.
    CASE = "case"
    VISIT_TYPE = "visit_type"
    LOCATION = "location"
    #: Both names in one column, where there is no column for each.
    FULL_NAME = "full_name"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """Names of columns by what they hold, and how their cells are meant; several names are alternatives."""

    name: str
    columns: Mapping[Field, tuple[str, ...]]
    #: Times without an offset are UTC in this system's exports.
    times_are_utc: bool = False
    #: How dates like 03/04/2026 are meant in this system's exports; None: they are asked about.
    date_order: DateOrder | None = None
    #: The clinic's own words for the state of a visit, as ``plain`` writes them.
    statuses: Mapping[str, VisitStatus] = field(default_factory=dict)
    #: The clinic's own words for yes and no, as ``plain`` writes them.
    answers: Mapping[str, bool] = field(default_factory=dict)
    #: Saved by a clinic: a file without one of its columns is another file than the one it was made for.
    is_saved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """A mapping applied to one file's header."""

    mapping: ColumnMapping
    #: Where each field stands in a row, from 0.
    at: Mapping[Field, int]
    #: The header as the file writes it.
    header: tuple[str, ...] = field(repr=False)

    def name(self, wanted: Field) -> str:
        """The column's name as the file writes it."""
        return self.header[self.at[wanted]] if wanted in self.at else wanted.value

    @property
    def ignored(self) -> tuple[str, ...]:
        """Columns that hold nothing the pipeline uses: never stored."""
        used = set(self.at.values())
        return tuple(name for index, name in enumerate(self.header) if index not in used and name)


_PERSON: Mapping[Field, tuple[str, ...]] = MappingProxyType(
    {
        Field.RECORD: ("patient id", "patient number", "record id"),
        Field.GIVEN: ("first name", "given name", "given names", "patient first name"),
        Field.FAMILY: ("last name", "family name", "surname", "patient last name"),
        Field.FULL_NAME: ("patient name", "patient", "name", "full name"),
        Field.EMAIL: ("email", "email address", "e-mail", "patient email"),
        Field.BIRTH: ("date of birth", "birth date", "dob", "patient dob", "birthdate"),
        Field.LANGUAGE: ("language", "preferred language"),
        Field.ZONE: ("time zone", "timezone"),
    }
)

#: What stands against mailing is looked for in every system's files: overlooked, it would be a wrong email.
_AGAINST: Mapping[Field, tuple[str, ...]] = MappingProxyType(
    {
        Field.PHONE_INSTEAD: ("phone instead", "do not email", "no email", "email not allowed"),
        Field.OPTED_OUT: (
            "opted out",
            "email unsubscribed",
            "unsubscribed",
            "email opt out",
            "email opted out",
        ),
        Field.DECEASED: ("deceased", "date of death", "deceased at", "deceased date"),
        Field.ENDED: ("ended", "discharge date", "discharged", "discharged at", "archived at", "archived"),
    }
)


def _system(name: str, columns: Mapping[Field, tuple[str, ...]]) -> ColumnMapping:
    """A known system's mapping: its own names first."""
    names = {**columns, **{each: (*columns.get(each, ()), *also) for each, also in _AGAINST.items()}}
    unique = {each: tuple(dict.fromkeys(found)) for each, found in names.items()}
    return ColumnMapping(name=name, columns=MappingProxyType(unique))


OWN = _system("plain", {each: (each.value,) for each in Field})
WEBPT = _system(
    "webpt",
    {
        **_PERSON,
        Field.VISIT: ("start date", "initial evaluation date", "first visit"),
        Field.STATUS: ("appointment status",),
        Field.ARRIVED: ("check in time",),
        Field.VISIT_TYPE: ("appointment type", "apt apttype"),
        Field.CASE: ("case id",),
        Field.LOCATION: ("clinic id", "facility"),
        Field.OPTED_OUT: ("email unsubscribed",),
        Field.ENDED: ("discharge date",),
    },
)
CLINIKO = _system(
    "cliniko",
    {
        **_PERSON,
        Field.RECORD: ("patient id", "id"),
        Field.VISIT: ("starts at", "appointment start", "first appointment"),
        Field.ARRIVED: ("patient arrived",),
        Field.ABSENT: ("did not arrive",),
        Field.CANCELED: ("cancelled at", "canceled at"),
        Field.MARKETING: ("accepted email marketing",),
        Field.ENDED: ("archived at",),
        Field.VISIT_TYPE: ("appointment type",),
        Field.LOCATION: ("business", "business name"),
    },
)
JANE = _system(
    "jane",
    {
        **_PERSON,
        Field.RECORD: ("patient guid", "patient number", "patient id"),
        Field.VISIT: ("start at", "appointment date", "start", "date"),
        Field.STATUS: ("state", "status", "appointment status"),
        Field.MARKETING: ("marketing emails", "email marketing"),
        Field.VISIT_TYPE: ("treatment", "treatment name", "session"),
        Field.LOCATION: ("location", "location name"),
    },
)
PRESETS: tuple[ColumnMapping, ...] = (OWN, WEBPT, CLINIKO, JANE)


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """A column's name for comparing: letters and digits alone, so "E-mail" and "email" meet."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(char for char in folded if char.isalnum())


def apply_mapping(mapping: ColumnMapping, header: Sequence[str], *, name: str, line: int = 1) -> Columns:
    """Find the mapping's columns in a header, which stands in row ``line``.

    Raises RosterError where a column that would be used stands twice: which one counts nobody can tell.
    """
    places: dict[str, list[int]] = {}
    for index, column in enumerate(header):
        places.setdefault(plain(column), []).append(index)
    at: dict[Field, int] = {}
    for each, names in mapping.columns.items():
        found = next((places[key] for key in map(plain, names) if key in places), [])
        if len(found) > 1:
            raise RosterError(
                f"The column {shown(header[found[0]])} stands {len(found)} times in the header.",
                where=Place(file=name, line=line),
                mend="rename or remove all but one of them",
            )
        if found:
            at[each] = found[0]
    return Columns(mapping=mapping, at=MappingProxyType(at), header=tuple(header))


def guess_mapping(header: Sequence[str]) -> ColumnMapping:
    """The known mapping that recognises most of the header's columns; our own where none does better."""
    known = {plain(column) for column in header}
    return max(PRESETS, key=lambda mapping: _recognised(mapping, known))


def _recognised(mapping: ColumnMapping, known: set[str]) -> int:
    return sum(any(plain(name) in known for name in names) for names in mapping.columns.values())


def recognised(header: Sequence[str], mappings: Iterable[ColumnMapping] = PRESETS) -> int:
    """How many of a row's cells some mapping knows as columns: what tells a header from other rows."""
    known = {plain(column) for column in header if column}
    return max((_recognised(mapping, known) for mapping in mappings), default=0)


def require(columns: Columns, wanted: Iterable[Field], *, name: str, line: int) -> None:
    """Raise RosterError naming what is missing, with the nearest columns the file has."""
    missing = [each for each in wanted if each not in columns.at]
    if not missing:
        return
    hints = [_nearest(columns.mapping.columns.get(each, (each.value,)), columns.header) for each in missing]
    near = [
        f"{each} (is it {shown(hint)}?)" if hint else each.value
        for each, hint in zip(missing, hints, strict=True)
    ]
    has = ", ".join(shown(column) for column in columns.header[:12] if column)
    raise RosterError(
        f"The file has no column for {' and '.join(near)}; it has {has}.",
        where=Place(file=name, line=line),
        mend="rename the column, name it in a mapping of your own (docs/patients.md shows one), or import "
        "the patients file and the appointments file together",
    )


def require_saved(tables: Sequence[Columns], *, name: str) -> None:
    """Raise RosterError where a saved mapping names a column that none of an import's files has.

    Such a file is not the one the mapping was made for: a column that is read as blank could lose a "no".
    """
    for table in tables:
        if not table.mapping.is_saved:
            continue
        for each, names in table.mapping.columns.items():
            if not any(each in other.at for other in tables):
                header = [column for other in tables for column in other.header]
                hint = _nearest(names, header)
                meant = f"; is it {shown(hint)} now?" if hint else ""
                raise RosterError(
                    f"The mapping {shown(table.mapping.name)} names the column {shown(names[0])} for "
                    f"{each}, and the file has none{meant}",
                    where=Place(file=name, line=1),
                    mend="check that it is the right export; else change the mapping, or leave --mapping out",
                )


def _nearest(names: Iterable[str], header: Sequence[str]) -> str | None:
    by_key = {plain(column): column for column in header if column}
    for wanted in names:
        near = difflib.get_close_matches(plain(wanted), by_key, n=1, cutoff=0.6)
        if near:
            return by_key[near[0]]
    return None
