"""FHIR R4 files to roster rows: Patient, Appointment, EpisodeOfCare, Consent, read as plain JSON.

In charge of: joining what the files say of one patient. Not in charge of: JSON (``fhir_json``), the
patient's own data (``fhir_patients``), or what statuses and consents mean (``fhir_visits``). Other resources
(conditions, observations, …) are not looked at and never kept. Source: FHIR R4 (4.0.1), https://hl7.org/fhir/R4/.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo

from pipeline.errors import Place, RosterError
from pipeline.patients.dates import UnreadableCellError
from pipeline.patients.fhir_json import Json, Resource, object_at, reference_of, resources, text_at
from pipeline.patients.fhir_patients import Person, read_address, read_person
from pipeline.patients.fhir_visits import (
    Episode,
    Statement,
    is_declined,
    patients_of,
    read_appointment,
    read_consent,
    read_episode,
    settle,
)
from pipeline.patients.model import (
    Basis,
    CellError,
    Consent,
    ImportTerms,
    Patient,
    RosterFile,
    RosterRow,
    VisitStatus,
)
from pipeline.patients.visits import Visit, first_visit
from pipeline.patients.wording import shown

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class FhirStream:
    """FHIR files, read as far as joining needs; iterate ``entries`` once."""

    entries: Iterator[RosterRow | CellError]
    #: Resource types that were not looked at.
    ignored: tuple[str, ...]


@dataclass(slots=True)
class _Known:
    """What the files told so far, by the reference that names the patient (an id or a ``urn:…``)."""

    terms: ImportTerms
    people: dict[str, Person] = field(default_factory=dict)
    visits: dict[str, list[Visit]] = field(default_factory=dict)
    episodes: dict[str, list[Episode]] = field(default_factory=dict)
    statements: dict[str, list[Statement]] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)
    #: Where each patient's first appointment stands, in case nobody has that id.
    places: dict[str, Resource] = field(default_factory=dict)
    #: Patients of whom something could not be read: they stay out.
    broken: set[str] = field(default_factory=set)
    errors: list[CellError] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)


def open_fhir(files: Sequence[RosterFile], *, terms: ImportTerms) -> FhirStream:
    """Read FHIR files that belong together; what they say of one patient may stand in any of them.

    Beside resources, a line ``{"patient": id, "email": address}`` adds the address that an export left out.
    Raises RosterError for a file that is no JSON, and where there is no Patient at all.
    """
    known = _Known(terms)
    for file in files:
        for found in resources(file):
            if isinstance(found, CellError):
                known.errors.append(found)
            else:
                _take(found, known)
    if not known.people and not known.errors:
        raise RosterError(
            "There is no Patient in these files.",
            where=Place(file=", ".join(file.name for file in files)),
            mend="export the Patient resources, too, and import the files together",
        )
    return FhirStream(_entries(known), tuple(sorted(known.ignored)))


def _take(found: Resource, known: _Known) -> None:
    terms = known.terms
    match found.kind:
        case "Patient":
            _take_patient(found, known)
        case "Appointment":
            for who in patients_of(found.body):
                known.places.setdefault(who, replace(found, body={}))
                _keep(found, known, who, known.visits, partial(_visit, terms=terms, who=who))
        case "EpisodeOfCare":
            who = reference_of(object_at(found.body, "patient"), found.body)
            _keep(found, known, who, known.episodes, partial(read_episode, terms=terms))
        case "Consent":
            who = reference_of(object_at(found.body, "patient"), found.body)
            read = partial(read_consent, terms=terms, source=found.file)
            _keep(found, known, who, known.statements, read)
        case "" if {"patient", "email"} <= found.body.keys():
            known.emails[text_at(found.body, "patient").removeprefix("Patient/")] = text_at(
                found.body, "email"
            )
        case other:
            known.ignored.add(other or "(no resourceType)")


def _keep(
    found: Resource,
    known: _Known,
    who: str,
    into: dict[str, list[_Read]],
    read: Callable[[Json], _Read | None],
) -> None:
    """Read one resource about a patient; where it cannot be read, the patient stays out."""
    kept = into.setdefault(who, [])
    try:
        value = read(found.body)
    except UnreadableCellError as error:
        known.errors.append(_error(found, found.kind, str(error)))
        known.broken.add(who)
        return
    if value is not None:
        kept.append(value)


def _error(found: Resource, column: str, message: str) -> CellError:
    return CellError(row=found.row, column=column, message=message, file=found.file)


def _visit(body: Json, terms: ImportTerms, who: str) -> Visit | None:
    visit = read_appointment(body, terms)
    declined = visit is not None and is_declined(body, who)
    return replace(visit, status=VisitStatus.CANCELED) if visit and declined else visit


def _take_patient(found: Resource, known: _Known) -> None:
    record = text_at(found.body, "id")
    if not record:
        known.errors.append(_error(found, "Patient.id", "is missing: every patient needs an id"))
    elif record in known.people:
        row = known.people[record].source.row
        message = f"{shown(record)} already stands in row {row}: only that one was taken"
        known.errors.append(_error(found, "Patient.id", message))
    else:
        known.people[record] = read_person(found, record, known.terms)


def _entries(known: _Known) -> Iterator[RosterRow | CellError]:
    yield from known.errors
    asked = any(known.statements.values())
    names_of = _names_of(known)
    for record, person in known.people.items():
        names = names_of[record]
        yield from person.errors
        if person.patient is None:
            continue
        if names & known.broken:
            message = "stays out: something about this patient could not be read"
            yield _error(person.source, "Patient", message)
            continue
        yield from _row(person, person.patient, names, known, asked=asked)
    everybody = {name for names in names_of.values() for name in names}
    for who, place in known.places.items():
        if who not in everybody:
            yield _error(place, "Appointment", "names a patient who is not in these files")


def _names_of(known: _Known) -> dict[str, set[str]]:
    """What the files may call each patient: the id, the URL in a Bundle, an identifier that nobody shares,
    and whatever a record was called that was merged into this one."""
    held = Counter(each for person in known.people.values() for each in person.identifiers)
    names_of = {
        record: {record, person.source.full_url or record}
        | {each for each in person.identifiers if held[each] == 1}
        for record, person in known.people.items()
    }
    by_name = {name: record for record, names in names_of.items() for name in names}
    for record, person in known.people.items():
        if survivor := by_name.get(person.replaced_by):
            names_of[survivor] |= names_of[record]
    return names_of


def _row(
    person: Person, patient: Patient, names: set[str], known: _Known, *, asked: bool
) -> Iterator[RosterRow | CellError]:
    terms = known.terms
    try:
        added = read_address(next((known.emails[name] for name in names if name in known.emails), ""))
    except UnreadableCellError as error:
        yield _error(person.source, "email", str(error))
        return
    zone = ZoneInfo(patient.zone) if patient.zone else terms.clinic_zone
    visit = first_visit([each.in_zone(zone) for each in _of(known.visits, names)])
    has_appointment = any(name in known.visits for name in names)
    start, status = settle(visit, _of(known.episodes, names), has_appointment=has_appointment)
    statements = _of(known.statements, names)
    consent, denied = _ground(statements, terms, source=person.source.file, asked=asked)
    yield RosterRow(
        row=person.source.row,
        patient=replace(patient, email=patient.email or added),
        consent=consent,
        denied=denied,
        start=start,
        status=status if person.is_active else VisitStatus.DISCHARGED,
        visit_type=visit.kind if visit else None,
    )


def _of(known: Mapping[str, Sequence[_Read]], names: set[str]) -> list[_Read]:
    return [each for name in sorted(names) for each in known.get(name, ())]


def _ground(
    statements: Sequence[Statement], terms: ImportTerms, *, source: str, asked: bool
) -> tuple[Consent | None, bool]:
    """The newest statement about email decides; without one, as for a blank in a consent column."""
    of_kind = [each for each in statements if each.is_marketing == (terms.basis is Basis.MARKETING)]
    if of_kind:
        newest = max(of_kind, key=lambda each: each.made)
        return newest.ground, newest.ground is None
    if asked and terms.basis is not Basis.TREATMENT:
        return None, False
    return Consent(basis=terms.basis, wording=terms.wording, source=source, given_at=terms.now), False
