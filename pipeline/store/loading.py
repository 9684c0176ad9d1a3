"""Everything a dispatcher must know of claimed deliveries, in one go; also of unknown ones, to send again.

In charge of: the joined read before sending. Not in charge of: the decision (``delivery.gate``) or
the message (``rendering``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, func, select

from pipeline.delivery.states import Reason, State
from pipeline.keys import Keyring
from pipeline.patients.model import Consent, Patient
from pipeline.store.columns import among, by_scan
from pipeline.store.database import Tx
from pipeline.store.enrollments import EnrollmentStatus
from pipeline.store.patients import consents_of, opened_name_and_address
from pipeline.store.planning import GONE
from pipeline.store.schema import deliveries, enrollments, patients
from pipeline.store.suppression import patient_is_suppressed, suppressed_among


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDelivery:
    """One claimed (or unknown) delivery with all that decides whether and what to send."""

    id: int
    key: str
    part: int
    #: Aware, UTC.
    due_at: datetime
    #: Last local date (in ``zone``) on which it may go.
    expires_on: date
    #: IANA name the due time was resolved in.
    zone: str
    #: How often `sending` began before, without attempts that an outage used up.
    attempts: int
    #: The patient asked for it now.
    asked: bool
    enrollment_id: int
    series: str
    #: SHA-256 (hex) of the edition.
    edition: str
    start: date
    status: EnrollmentStatus
    #: Why the enrollment is held or ended.
    reason: Reason | None
    slower: bool
    patient_id: int
    #: Without record id and family name: sending needs neither, so they stay sealed.
    patient: Patient = field(repr=False)
    consents: tuple[Consent, ...]
    suppressed: bool
    #: When the latest part of this enrollment went or may have gone; aware, UTC.
    last_sent_at: datetime | None
    #: When the earliest of its earlier, still unsent parts is due; aware, UTC.
    earlier_due: datetime | None
    #: How often the enrollment and the patient were changed.
    versions: tuple[int, int]


def load_claimed(tx: Tx, ids: Sequence[int], *, owner: str) -> tuple[ClaimedDelivery, ...]:
    """Those of ``ids`` that are still ``claimed`` by ``owner``, the longest due first.

    Opens sealed columns: KeyringError if one does not open. Meant for hundreds of rows at a time.
    """
    return _opened(tx, tx.connection.execute(_QUERY, {"ids": ids, "owner": owner}).all())


def load_unknown(tx: Tx, ids: Sequence[int]) -> tuple[ClaimedDelivery, ...]:
    """Those of ``ids`` that are ``unknown``, with all that decides whether they may go again; as above."""
    return _opened(tx, tx.connection.execute(_UNKNOWN, {"ids": ids}).all())


def _opened(tx: Tx, rows: Sequence[Row[Any]]) -> tuple[ClaimedDelivery, ...]:
    grounds = consents_of(tx, {row.patient_id for row in rows})
    loaded = [_claimed(tx.keyring, row, grounds.get(row.patient_id, ())) for row in rows]
    elsewhere = _suppressed_under_other_keys(tx, loaded)
    return tuple(replace(each, suppressed=True) if each.id in elsewhere else each for each in loaded)


def still_as_loaded(tx: Tx, loaded: Sequence[ClaimedDelivery], *, owner: str) -> frozenset[int]:
    """The ids of those that are still ``claimed`` by ``owner``, and of which nothing has changed since.

    Neither the enrollment nor the patient was touched, and the suppression list says the same of the
    address. A fraction of what loading them again would cost; call it in the transaction that commits
    ``sending``.
    """
    return _same(tx, loaded, _GLANCE, {"owner": owner})


def still_unknown(tx: Tx, loaded: Sequence[ClaimedDelivery]) -> frozenset[int]:
    """``still_as_loaded`` for unknown deliveries."""
    return _same(tx, loaded, _UNKNOWN_GLANCE, {})


def _same(
    tx: Tx, loaded: Sequence[ClaimedDelivery], query: Select[Any], parameters: Mapping[str, object]
) -> frozenset[int]:
    given = {"ids": [each.id for each in loaded], **parameters}
    found = {row[0]: (row[1:3], row[3]) for row in tx.connection.execute(query, given)}
    elsewhere = _suppressed_under_other_keys(tx, loaded)
    return frozenset(
        each.id
        for each in loaded
        if each.id in found
        and found[each.id][0] == each.versions
        and (found[each.id][1] or each.id in elsewhere) == each.suppressed
    )


def _suppressed_under_other_keys(tx: Tx, loaded: Sequence[ClaimedDelivery]) -> frozenset[int]:
    """Those whose address was put on the list with another key than the patient's row was written with."""
    if len(tx.keyring) == 1:
        return frozenset()
    listed = suppressed_among(tx, {each.patient.email for each in loaded if each.patient.email})
    return frozenset(each.id for each in loaded if each.patient.email in listed)


def _claimed(keyring: Keyring, row: Row[Any], consents: tuple[Consent, ...]) -> ClaimedDelivery:
    """A row of the query. Its first columns are fields as they are; read by name, each would cost twice."""
    reason = row.enrollment_reason
    return ClaimedDelivery(
        **dict(zip(_PLAIN, row, strict=False)),
        status=EnrollmentStatus(row.status),
        reason=None if reason is None else Reason(reason),
        patient=_addressee(keyring, row),
        consents=consents,
        suppressed=row.suppressed,
        versions=(row.enrollment_version, row.patient_version),
    )


def _addressee(keyring: Keyring, row: Row[Any]) -> Patient:
    given, email = opened_name_and_address(keyring, row)
    return Patient(
        record="",
        given=given,
        family="",
        email=email,
        language=row.language,
        zone=row.patient_zone,
        phone_instead=row.phone_instead,
        minor=row.minor,
        deceased=row.deceased,
    )


_siblings = deliveries.alias("siblings")


def _of_siblings(value: ColumnElement[datetime], which: ColumnElement[bool]) -> ColumnElement[Any]:
    same = and_(
        _siblings.c.enrollment_id == deliveries.c.enrollment_id,
        # An unknown delivery that is to go again must not wait for the gap after itself.
        _siblings.c.part != deliveries.c.part,
    )
    return select(value).where(same, which).scalar_subquery()


def _plain() -> dict[str, ColumnElement[Any]]:
    """The fields of ``ClaimedDelivery`` that are taken as they are."""
    unsent = by_scan(_siblings.c.state).in_((State.PLANNED, State.CLAIMED))
    own = ("id", "key", "part", "due_at", "expires_on", "zone", "attempts", "asked", "enrollment_id")
    theirs = ("series", "edition", "start", "slower", "patient_id")
    return {
        **{name: deliveries.c[name] for name in own},
        **{name: enrollments.c[name] for name in theirs},
        "last_sent_at": _of_siblings(
            func.max(_siblings.c.sending_at), by_scan(_siblings.c.state).in_(GONE - {State.REFUSED})
        ),
        "earlier_due": _of_siblings(
            func.min(_siblings.c.due_at), and_(_siblings.c.part < deliveries.c.part, unsent)
        ),
    }


def _with_patient(*columns: ColumnElement[Any]) -> Select[Any]:
    return (
        select(*columns)
        .select_from(deliveries)
        .join(enrollments, enrollments.c.id == deliveries.c.enrollment_id)
        .join(patients, patients.c.id == enrollments.c.patient_id)
        .where(among(deliveries.c.id))
    )


def _query() -> Select[Any]:
    query = _with_patient(
        *(column.label(name) for name, column in _plain().items()),
        enrollments.c.status,
        enrollments.c.reason.label("enrollment_reason"),
        enrollments.c.version.label("enrollment_version"),
        patients.c.version.label("patient_version"),
        *patients.c["record_hash", "sealed_given", "sealed_email", "language"],
        *patients.c["phone_instead", "minor", "deceased"],
        patients.c.zone.label("patient_zone"),
        patient_is_suppressed().label("suppressed"),
    )
    return query.order_by(deliveries.c.due_at, deliveries.c.id)


_PLAIN = tuple(_plain())
_BY_OWNER = and_(by_scan(deliveries.c.state) == State.CLAIMED, deliveries.c.owner == bindparam("owner"))
_IS_UNKNOWN = by_scan(deliveries.c.state) == State.UNKNOWN
_VERSIONS = _with_patient(
    deliveries.c.id, enrollments.c.version, patients.c.version, patient_is_suppressed().label("suppressed")
)
_QUERY, _GLANCE = _query().where(_BY_OWNER), _VERSIONS.where(_BY_OWNER)
_UNKNOWN, _UNKNOWN_GLANCE = _query().where(_IS_UNKNOWN), _VERSIONS.where(_IS_UNKNOWN)
