"""Which column of a file holds what: saved mappings, and guesses for known practice systems.

In charge of: names of columns. Not in charge of: what stands in them (``rows``), or keeping a clinic's
own mappings (``store``); ``ColumnMapping`` is what is kept.

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
from pipeline.patients.wording import shown


class Field(StrEnum):
    """What a column may hold. The first eleven are the columns of our own plain file."""

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
    """Names of columns by what they hold; several names are alternatives. A saved one has one each."""

    name: str
    columns: Mapping[Field, tuple[str, ...]]
    #: Times without an offset are UTC in this system's exports.
    times_are_utc: bool = False


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
        Field.DECEASED: ("deceased",),
        Field.PHONE_INSTEAD: ("phone instead", "do not email"),
    }
)

OWN = ColumnMapping(name="own", columns=MappingProxyType({each: (each.value,) for each in list(Field)[:11]}))
WEBPT = ColumnMapping(
    name="webpt",
    columns=MappingProxyType(
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
        }
    ),
)
CLINIKO = ColumnMapping(
    name="cliniko",
    columns=MappingProxyType(
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
        }
    ),
)
JANE = ColumnMapping(
    name="jane",
    columns=MappingProxyType(
        {
            **_PERSON,
            Field.RECORD: ("patient guid", "patient number", "patient id"),
            Field.VISIT: ("start at", "appointment date", "start", "date"),
            Field.STATUS: ("state", "status", "appointment status"),
            Field.MARKETING: ("marketing emails", "email marketing"),
            Field.VISIT_TYPE: ("treatment", "treatment name", "session"),
            Field.LOCATION: ("location", "location name"),
        }
    ),
)
PRESETS: tuple[ColumnMapping, ...] = (OWN, WEBPT, CLINIKO, JANE)


def mapping_data(mapping: ColumnMapping) -> dict[str, object]:
    """A mapping as plain data (for TOML or JSON); ``saved_mapping`` reads it."""
    columns = {field.value: list(names) for field, names in mapping.columns.items()}
    return {"name": mapping.name, "times_are_utc": mapping.times_are_utc, "columns": columns}


def saved_mapping(data: Mapping[str, object], *, file: str | None = None) -> ColumnMapping:
    """A mapping from plain data: ``name``, ``columns`` (field to a column's name, or a list of names) and,
    if wanted, ``times_are_utc``.

    Raises RosterError for a field that does not exist, naming the nearest, and for anything but text.
    """
    columns = data.get("columns")
    if not isinstance(columns, Mapping) or not columns:
        raise _bad_mapping("A column mapping needs a table 'columns'.", "columns", "see the example", file)
    found: dict[Field, tuple[str, ...]] = {}
    for key, value in columns.items():
        names = [value] if isinstance(value, str) else value
        if key not in set(Field):
            near = difflib.get_close_matches(str(key), list(Field), n=1, cutoff=0.5)
            mend = f"did you mean {shown(near[0])}?" if near else f"known fields: {', '.join(Field)}"
            raise _bad_mapping(f"There is no field {shown(key)}.", f"columns.{key}", mend, file)
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            what = f"The column of {shown(key)} has to be a name or a list of names."
            raise _bad_mapping(what, f"columns.{key}", f'write {key} = "Name of the column"', file)
        found[Field(key)] = tuple(names)
    return ColumnMapping(
        name=str(data.get("name") or "saved"),
        columns=MappingProxyType(found),
        times_are_utc=data.get("times_are_utc") is True,
    )


def _bad_mapping(what: str, key: str, mend: str, file: str | None) -> RosterError:
    return RosterError(what, where=Place(file=file, key=key), mend=mend)


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """A column's name for comparing: letters and digits alone, so "E-mail" and "email" meet."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(char for char in folded if char.isalnum())


def apply_mapping(mapping: ColumnMapping, header: Sequence[str], *, name: str) -> Columns:
    """Find the mapping's columns in a header.

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
                where=Place(file=name, line=1),
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
        mend="rename the column, name it in a saved mapping, or import the patients file and the "
        "appointments file together",
    )


def _nearest(names: Iterable[str], header: Sequence[str]) -> str | None:
    by_key = {plain(column): column for column in header if column}
    for wanted in names:
        near = difflib.get_close_matches(plain(wanted), by_key, n=1, cutoff=0.6)
        if near:
            return by_key[near[0]]
    return None
