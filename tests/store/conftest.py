"""A clinic with patients, enrollments and dated deliveries, for tests that need rows to act on."""

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from pipeline.delivery.states import State
from pipeline.patients.model import Basis, Consent, Patient
from pipeline.rendering.model import Edition
from pipeline.schedule.model import Planned, Verdict
from pipeline.series.model import Purpose
from pipeline.store import batches, editions, enrollments, ledger, overview, patients, planning
from pipeline.store.batches import Begun, Member
from pipeline.store.database import Store, Tx
from pipeline.store.enrollments import NewEnrollment
from pipeline.store.planning import Dated

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
LEASE = NOW + timedelta(minutes=5)
ZONE = "America/Chicago"
SERIES = "first-weeks"


def person(number: int, **fields: object) -> Patient:
    made_up = Patient(
        record=f"R-{number:05}", given=f"Given{number}", family=f"Family{number}",
        email=f"person{number}@example.org", language=None, zone=ZONE,
    )  # fmt: skip
    return replace(made_up, **fields)


def ground(**fields: object) -> Consent:
    return replace(
        Consent(basis=Basis.TREATMENT, wording="intake-1", source="list.csv", given_at=NOW), **fields
    )


def planned(part: int, due: datetime | None = NOW, **fields: object) -> Planned:
    verdict = Verdict.PLANNED if due else Verdict.SKIPPED
    made_up = Planned(part=part, verdict=verdict, due=due, zone=ZONE, expires_on=date(2026, 3, 12))
    return replace(made_up, **fields)


def edition(canonical: bytes = b"canonical", series: str = SERIES) -> Edition:
    return Edition(
        sha256=hashlib.sha256(canonical).hexdigest(), series=series, title="First weeks", language="en-US",
        purpose=Purpose.TREATMENT, from_name="Clinic", from_address="series@clinic.example.org",
        reply_to="desk@clinic.example.org", list_id="first-weeks.clinic.example.org", parts=(),
    )  # fmt: skip


@dataclass
class Clinic:
    """Shortcuts over the functions under test; each is one transaction."""

    store: Store
    numbers: itertools.count = field(default_factory=lambda: itertools.count(1))
    now: datetime = NOW
    lease: datetime = LEASE
    zone: str = ZONE
    series: str = SERIES
    person = staticmethod(person)
    ground = staticmethod(ground)
    planned = staticmethod(planned)
    edition = staticmethod(edition)

    def key(self) -> str:
        return f"key-{next(self.numbers)}"

    def bring_in(self, people: Sequence[Patient], *, consents: bool = True) -> list[int]:
        with self.store.begin() as tx:
            ids = [saved.id for saved in patients.save_patients(tx, people, now=NOW)]
            if consents:
                patients.add_consents(tx, [(each, ground()) for each in ids], now=NOW)
        return ids

    def enroll(self, patient_ids: Sequence[int], *, series: str = SERIES) -> list[int]:
        made = edition(series.encode(), series)
        with self.store.begin() as tx:
            editions.save_edition(tx, made, series.encode(), now=NOW)
            wanted = [
                NewEnrollment(
                    patient_id=each,
                    series=series,
                    episode="1",
                    edition=made.sha256,
                    start=NOW.date(),
                    zone=ZONE,
                )
                for each in patient_ids
            ]
            return [each.id for each in enrollments.enroll(tx, wanted, now=NOW)]

    def date(self, enrollment_ids: Sequence[int], plan: Sequence[Planned]) -> list[int]:
        """The delivery ids, by enrollment and part."""
        with self.store.begin() as tx:
            dated = [
                Dated(enrollment=each, planned=part, key=self.key())
                for each in enrollment_ids
                for part in plan
            ]
            planning.plan_deliveries(tx, dated, actor="import", now=NOW)
            return [row.id for row in overview.deliveries_of(tx, enrollment_ids)]

    def with_due(self, people: int = 1, parts: int = 1, first: int = 1) -> list[int]:
        """Deliveries that are due, of as many new patients."""
        ids = self.bring_in([person(first + number) for number in range(people)])
        return self.date(self.enroll(ids), [planned(1 + part) for part in range(parts)])

    def claim(self, owner: str = "a", limit: int = 100, now: datetime = NOW) -> tuple[int, ...]:
        with self.store.begin() as tx:
            return ledger.claim_due(tx, now=now, owner=owner, lease_until=LEASE, limit=limit)

    def begin(self, ids: Sequence[int], owner: str = "a") -> Begun | None:
        with self.store.begin() as tx:
            return begin(tx, ids, owner, self.key())

    def sending(self, people: int = 1) -> tuple[int, ...]:
        """Deliveries on their way, owned by "a"."""
        self.with_due(people)
        begun = self.begin(self.claim())
        assert begun is not None
        return begun.deliveries

    def states(self, ids: Sequence[int]) -> list[State]:
        with self.store.read() as tx:
            return [overview.find_delivery(tx, each).state for each in ids]

    def row(self, delivery: int) -> overview.DeliveryRow:
        with self.store.read() as tx:
            return overview.find_delivery(tx, delivery)

    def life(self, delivery: int) -> list[State]:
        with self.store.read() as tx:
            return [each.state for each in overview.history(tx, delivery)]


def begin(tx: Tx, ids: Sequence[int], owner: str, key: str) -> Begun | None:
    members = [Member(delivery=each, payload_hash=hashlib.sha256(b"%d" % each).digest()) for each in ids]
    return batches.begin_sending(
        tx, members, provider="outbox", idempotency_key=key, owner=owner, lease_until=LEASE, now=NOW
    )


@pytest.fixture
def clinic(store) -> Clinic:
    return Clinic(store)
