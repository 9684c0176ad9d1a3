"""What an import took each column for, in words: what is used, what is ignored, and what is uncertain.

In charge of: telling it, so that staff can check the guess before they trust it. Not in charge of: guessing
(``columns``), or showing it (``cli``).
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pipeline.patients.columns import Columns, Field, plain
from pipeline.patients.wording import shown

#: What each field is, for someone who knows the practice system and not the pipeline.
FIELD_WORDS: Mapping[Field, str] = MappingProxyType(
    {
        Field.RECORD: "the practice system's id of the patient",
        Field.GIVEN: "first name",
        Field.FAMILY: "last name",
        Field.EMAIL: "email address",
        Field.BIRTH: "birth date: looked at for the age alone, never stored",
        Field.LANGUAGE: "language",
        Field.ZONE: "time zone",
        Field.VISIT: "date of the visit",
        Field.STATUS: "state of the visit",
        Field.CONSENT: "yes or no to email",
        Field.PHONE_INSTEAD: "phone instead of email",
        Field.OPTED_OUT: "unsubscribed in the practice system",
        Field.MARKETING: "permission for marketing: counts for marketing series alone",
        Field.DECEASED: "has died",
        Field.ENDED: "discharged or archived",
        Field.CANCELED: "visit was canceled",
        Field.ARRIVED: "patient came to the visit",
        Field.ABSENT: "patient did not come",
        Field.CASE: "id of the course of treatment: tells an old one from the new one, never stored",
        Field.VISIT_TYPE: "kind of visit: helps to choose the series, never stored",
        Field.LOCATION: "the clinic's site: helps to choose the series, never stored",
        Field.FULL_NAME: "both names in one column",
    }
)

#: Names that mean one thing in one system and another in the next.
_VAGUE = frozenset(
    {"date", "start", "state", "status", "id", "name", "patient", "session", "treatment", "business"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnUse:
    """One column of a file: what it was taken for (None: ignored, never stored), and any doubt about it."""

    column: str
    field: Field | None
    doubt: str = ""


def explain(columns: Columns) -> tuple[ColumnUse, ...]:
    """Every named column of the header, in its order."""
    fields = {index: field for field, index in columns.at.items()}
    return tuple(
        ColumnUse(column=name, field=fields.get(index), doubt=_doubt(columns, name, fields.get(index)))
        for index, name in enumerate(columns.header)
        if name
    )


def _doubt(columns: Columns, name: str, field: Field | None) -> str:
    """Why a person should look at this column; "" where nothing is uncertain or the clinic said so."""
    if columns.mapping.is_saved:
        return ""
    if field is None:
        near = next(_nearly(columns, name), None)
        words = FIELD_WORDS[near].partition(":")[0] if near else ""
        return f"is this {words}? Then name it in a saved mapping" if near else ""
    others = [other for other in _also(columns, field) if other != name]
    if others:
        return f"{' and '.join(map(shown, others))} could be meant as well: this one is used"
    return "a common name: check that it is meant" if plain(name) in _VAGUE else ""


def _also(columns: Columns, field: Field) -> Iterator[str]:
    wanted = {plain(each) for each in columns.mapping.columns[field]}
    return (column for column in columns.header if plain(column) in wanted)


def _nearly(columns: Columns, name: str) -> Iterator[Field]:
    """Fields without a column whose name is nearly this one's."""
    for field, names in columns.mapping.columns.items():
        known = list(map(plain, names))
        if field not in columns.at and difflib.get_close_matches(plain(name), known, n=1, cutoff=0.8):
            yield field
