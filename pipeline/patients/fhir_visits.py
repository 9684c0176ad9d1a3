"""FHIR Appointment, EpisodeOfCare and Consent to the words of this package.

In charge of: what the statuses of FHIR mean here. Not in charge of: patients, and putting it together
(``fhir``). Source: FHIR R4 (4.0.1), the value sets appointmentstatus, episode-of-care-status and
consent-state-codes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from types import MappingProxyType

from pipeline.patients.dates import UnreadableCellError, civil_date, read_date
from pipeline.patients.fhir_json import Json, concept_texts, object_at, objects, reference_of, text_at
from pipeline.patients.model import Basis, Consent, ImportTerms, VisitStatus
from pipeline.patients.rows import date_problem
from pipeline.patients.visits import Visit

_APPOINTMENT: Mapping[str, VisitStatus] = MappingProxyType(
    {
        "booked": VisitStatus.BOOKED,
        "arrived": VisitStatus.ARRIVED,
        "checked-in": VisitStatus.ARRIVED,
        "fulfilled": VisitStatus.ARRIVED,
        "cancelled": VisitStatus.CANCELED,
        "noshow": VisitStatus.NO_SHOW,
    }
)
#: Nobody has a date yet (proposed, pending, waitlist), or it never was one.
_NO_VISIT = frozenset({"proposed", "pending", "waitlist", "entered-in-error"})

_EPISODE: Mapping[str, VisitStatus | None] = MappingProxyType(
    {
        "planned": None,
        "waitlist": None,
        "active": None,
        "onhold": VisitStatus.ON_HOLD,
        "finished": VisitStatus.DISCHARGED,
        "cancelled": VisitStatus.CANCELED,
    }
)
#: Where appointment and episode disagree, the one that says more against mailing counts.
_WEIGHT: Mapping[VisitStatus, int] = MappingProxyType(
    {
        VisitStatus.DISCHARGED: 5,
        VisitStatus.CANCELED: 4,
        VisitStatus.NO_SHOW: 3,
        VisitStatus.ON_HOLD: 2,
        VisitStatus.ARRIVED: 1,
        VisitStatus.BOOKED: 0,
    }
)

#: States of a Consent in which somebody has decided; drafts, proposals and errors say nothing.
_DECIDED = frozenset({"active", "inactive", "rejected"})
_ABOUT_EMAIL = re.compile(r"e-?mail|newsletter|electronic (?:message|communication)", re.IGNORECASE)
_ABOUT_MARKETING = re.compile(r"marketing|promotion", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Episode:
    """An episode of care: when it began, and what it means for the visit (None: nothing against it)."""

    start: date | None
    status: VisitStatus | None


@dataclass(frozen=True, slots=True)
class Statement:
    """What one Consent resource says about email."""

    #: When the record was made; the newest of several decides.
    made: datetime
    is_marketing: bool
    #: The ground, where it stands and permits.
    ground: Consent | None = None


def read_appointment(body: Json, terms: ImportTerms) -> Visit | None:
    """A visit with a date; None for what is no appointment (yet). Raises UnreadableCellError."""
    status = text_at(body, "status")
    if status in _NO_VISIT:
        return None
    if status not in _APPOINTMENT:
        raise UnreadableCellError(f"has an unknown status {status!r}")
    moment = read_moment(text_at(body, "start"), terms)
    problem = date_problem(civil_date(moment, terms.clinic_zone), terms)
    if problem:
        raise UnreadableCellError(problem)
    return Visit(
        start=civil_date(moment, terms.clinic_zone),
        status=_APPOINTMENT[status],
        kind=_kind(body),
        moment=moment if isinstance(moment, datetime) else None,
    )


def _kind(body: Json) -> str | None:
    said = [*concept_texts(body.get("appointmentType")), *concept_texts(body.get("serviceType"))]
    return said[0][:200] if said else None


def read_moment(text: str, terms: ImportTerms) -> date | datetime:
    """A FHIR date, dateTime or instant: aware where it has a time. Raises UnreadableCellError.

    A year or a year and month alone is no date to count from.
    """
    if not text:
        raise UnreadableCellError("has no date")
    found = read_date(text, None)
    if isinstance(found, datetime) and found.tzinfo is None:
        return found.replace(tzinfo=terms.clinic_zone)
    return found


def is_declined(body: Json, patient: str) -> bool:
    """Whether this patient declined the appointment, whatever its own status says."""
    return any(
        text_at(each, "status") == "declined" and reference_of(object_at(each, "actor"), body) == patient
        for each in objects(body.get("participant"))
    )


def patients_of(body: Json) -> set[str]:
    """The patients who take part in an Appointment, as ``reference_of`` names them."""
    actors = (object_at(each, "actor") for each in objects(body.get("participant")))
    return {who for actor in actors if (who := reference_of(actor, body))}


def read_episode(body: Json, terms: ImportTerms) -> Episode | None:
    """An episode of care; None where it was entered in error. Raises UnreadableCellError."""
    status = text_at(body, "status")
    if status == "entered-in-error":
        return None
    if status not in _EPISODE:
        raise UnreadableCellError(f"has an unknown status {status!r}")
    period = object_at(body, "period")
    start, end = (_day_at(period, key, terms) for key in ("start", "end"))
    today = civil_date(terms.now, terms.clinic_zone)
    # Care that has ended is over, also where nobody has closed its record yet.
    is_over = end is not None and end < today and _EPISODE[status] in {None, VisitStatus.ON_HOLD}
    return Episode(start, VisitStatus.DISCHARGED if is_over else _EPISODE[status])


def _day_at(period: Json, key: str, terms: ImportTerms) -> date | None:
    text = text_at(period, key)
    return civil_date(read_moment(text, terms), terms.clinic_zone) if text else None


def settle(
    visit: Visit | None, episodes: Sequence[Episode], *, has_appointment: bool
) -> tuple[date | None, VisitStatus]:
    """Start and state from the chosen visit and the newest episode of care.

    Without any appointment, not even a proposed one, the start of an episode that is planned or running is
    the date to count from.
    """
    newest = max(episodes, key=lambda each: each.start or date.min, default=Episode(None, None))
    start, status = (visit.start, visit.status) if visit else (None, VisitStatus.BOOKED)
    if not has_appointment and newest.status is None:
        start = newest.start
    if newest.status is not None and _WEIGHT[newest.status] > _WEIGHT[status]:
        status = newest.status
    return start, status


def read_consent(body: Json, terms: ImportTerms, *, source: str) -> Statement | None:
    """What a Consent says about email; None where it says nothing, or was never decided.

    It is about email by its category, its policy or what its provision names: consents to treatment,
    research or disclosure are no ground, whatever they permit. Raises UnreadableCellError for a date that
    cannot be read.

    ``dateTime`` is when the record was made, not the time of the consent itself (R4, Consent.dateTime), so
    a record dated ahead of the import still stands if its status is active; the time it is taken down for
    is then the import's. ``provision.period`` bounds it.
    """
    status = text_at(body, "status")
    said = _subjects(body)
    if status not in _DECIDED or not any(_ABOUT_EMAIL.search(each) for each in said):
        return None
    made = _moment_or(text_at(body, "dateTime"), terms, terms.now)
    is_marketing = any(_ABOUT_MARKETING.search(each) for each in said)
    provision = _about_email(object_at(body, "provision"))
    period = object_at(provision, "period")
    has_begun = _moment_or(text_at(period, "start"), terms, terms.now) <= terms.now
    if status != "active" or text_at(provision, "type") != "permit" or not has_begun:
        return Statement(made, is_marketing)
    ends = text_at(period, "end")
    ground = Consent(
        basis=Basis.MARKETING if is_marketing else Basis.CONSENT,
        wording=_wording(body) or terms.wording,
        source=source,
        given_at=min(made, terms.now),
        expires_on=civil_date(read_moment(ends, terms), terms.clinic_zone) if ends else None,
    )
    return Statement(made, is_marketing, ground)


def _subjects(body: Json) -> list[str]:
    base = object_at(body, "provision")
    said = [text for key in ("category", "policyRule") for text in concept_texts(body.get(key))]
    return [*said, *(text for each in (base, *objects(base.get("provision"))) for text in _named(each))]


def _named(provision: Json) -> list[str]:
    """What a provision is about: an action, a purpose, a code."""
    return [text for key in ("action", "purpose", "code") for text in concept_texts(provision.get(key))]


def _about_email(base: Json) -> Json:
    """The provision that decides: an exception about email, else the base one (R4, Consent.provision)."""
    exceptions = objects(base.get("provision"))
    return next((each for each in exceptions if any(map(_ABOUT_EMAIL.search, _named(each)))), base)


def _wording(body: Json) -> str:
    said = concept_texts(body.get("policyRule"))
    policies = [text_at(each, "uri") for each in objects(body.get("policy"))]
    return next((each[:200] for each in (*said, *policies) if each), "")


def _moment_or(text: str, terms: ImportTerms, otherwise: datetime) -> datetime:
    if not text:
        return otherwise
    if re.fullmatch(r"\d{4}(-\d{2})?", text):
        text = f"{text}-01-01" if len(text) == 4 else f"{text}-01"
    found = read_moment(text, terms)
    if isinstance(found, datetime):
        return found.astimezone(UTC)
    return datetime.combine(found, time(0), tzinfo=terms.clinic_zone).astimezone(UTC)
