"""A FHIR R4 Patient resource to a patient.

In charge of: name, address, language, zone, age and whether the record is in use. Not in charge of: visits
and consents (``fhir_visits``), or joining (``fhir``). Source: FHIR R4 (4.0.1), Patient, HumanName,
ContactPoint.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from pipeline.patients.addresses import address_problem, trimmed
from pipeline.patients.cells import read_language, read_name, read_zone
from pipeline.patients.dates import UnreadableCellError, is_minor
from pipeline.patients.fhir_json import (
    Json,
    Resource,
    identifier_of,
    object_at,
    objects,
    reference_of,
    text_at,
)
from pipeline.patients.model import CellError, ImportTerms, Patient
from pipeline.patients.wording import shown

_Read = TypeVar("_Read")

#: Which of several names to greet with; names that are no longer theirs (maiden, old) come last.
_NAME_USES = ("official", "usual", "", "nickname", "temp", "anonymous")
_EMAIL_USES = ("home", "", "mobile", "work", "temp")


@dataclass(frozen=True, slots=True)
class Person:
    """A Patient resource, read; ``patient`` is None where ``errors`` says why."""

    source: Resource
    patient: Patient | None
    errors: Sequence[CellError]
    is_active: bool
    #: What other resources may name the patient by, besides the id: ``system|value`` of each identifier.
    identifiers: tuple[str, ...] = ()
    #: The reference to the record that this one was merged into; "" for none.
    replaced_by: str = ""


def read_person(found: Resource, record: str, terms: ImportTerms) -> Person:
    """The Patient resource with the id ``record``; whatever cannot be read is an error of its own."""
    body, errors = found.body, list[CellError]()
    today = terms.now.astimezone(terms.clinic_zone).date()

    def take(column: str, read: Callable[[], _Read], otherwise: _Read) -> _Read:
        try:
            return read()
        except UnreadableCellError as error:
            errors.append(
                CellError(row=found.row, column=f"Patient.{column}", message=str(error), file=found.file)
            )
            return otherwise

    given, family = take("name", lambda: _name(body), ("", ""))
    patient = Patient(
        record=record,
        given=given,
        family=family,
        email=take("telecom", lambda: read_address(_telecom(body, today)), None),
        language=take("communication", lambda: read_language(_language(body)), None),
        zone=take("extension", lambda: read_zone(_zone(body)), None),
        minor=take("birthDate", lambda: _is_minor(text_at(body, "birthDate"), terms), otherwise=False),
        deceased=body.get("deceasedBoolean") is True or bool(text_at(body, "deceasedDateTime")),
    )
    merged = [each for each in objects(body.get("link")) if text_at(each, "type") == "replaced-by"]
    replaced_by = next((reference_of(object_at(each, "other"), body) for each in merged), "")
    is_active = body.get("active") is not False and not merged
    # The resource itself is let go of: an export may hold a million.
    identifiers = tuple(filter(None, map(identifier_of, objects(body.get("identifier")))))
    source = replace(found, body={})
    return Person(source, None if errors else patient, errors, is_active, identifiers, replaced_by)


def _name(body: Json) -> tuple[str, str]:
    names = objects(body.get("name"))
    if not names:
        return "", ""
    best = min(names, key=lambda each: _rank(text_at(each, "use"), _NAME_USES))
    given = best.get("given")
    first = next((each for each in given if isinstance(each, str)), "") if isinstance(given, list) else ""
    return read_name(first), read_name(text_at(best, "family") or ("" if first else text_at(best, "text")))


def _rank(use: str, order: tuple[str, ...]) -> int:
    return order.index(use) if use in order else len(order)


def _telecom(body: Json, today: date) -> str:
    mails = [each for each in objects(body.get("telecom")) if text_at(each, "system") == "email"]
    current = [each for each in mails if each.get("value") and not _is_over(each, today)]
    if not current:
        return ""

    def order(each: Json) -> tuple[int, int]:
        rank = each.get("rank")
        return rank if isinstance(rank, int) else 99, _rank(text_at(each, "use"), _EMAIL_USES)

    return text_at(min(current, key=order), "value")


def _is_over(contact: Json, today: date) -> bool:
    """Whether an address is no longer theirs: marked as old, or its period has ended."""
    ends = text_at(object_at(contact, "period"), "end")
    return text_at(contact, "use") == "old" or bool(ends and ends < today.isoformat()[: len(ends)])


def read_address(text: str) -> str | None:
    """A trimmed address; None where blank. Raises UnreadableCellError."""
    text = trimmed(text)
    problem = address_problem(text) if text else None
    if problem:
        raise UnreadableCellError(problem)
    return text or None


def _language(body: Json) -> str:
    spoken = objects(body.get("communication"))
    best = next((each for each in spoken if each.get("preferred") is True), spoken[0] if spoken else {})
    codings = objects(object_at(best, "language").get("coding"))
    return text_at(codings[0], "code") if codings else ""


def _zone(body: Json) -> str:
    """The standard extensions ``timezone`` and ``tz-code`` of HL7."""
    ends = ("/timezone", "/tz-code")
    zones = (each for each in objects(body.get("extension")) if text_at(each, "url").endswith(ends))
    return next((text_at(each, "valueCode") for each in zones), "")


def _is_minor(text: str, terms: ImportTerms) -> bool:
    """FHIR allows a year, or a year and month: fine where every such day gives the same answer."""
    if not text:
        return False
    if match := re.fullmatch(r"(\d{4})(?:-(0[1-9]|1[0-2]))?", text):
        first, last = int(match[2] or 1), int(match[2] or 12)
        year = int(match[1])
        days = date(year, first, 1), date(year, last, monthrange(year, last)[1])
        answers = {is_minor(day, terms) for day in days}
        if len(answers) > 1:
            raise UnreadableCellError(f"{shown(text)} does not tell whether the patient is 18: write the day")
        return answers.pop()
    return is_minor(text, terms)
