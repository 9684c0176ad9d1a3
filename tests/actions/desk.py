"""What a person at the front desk works with: an approved series, a clock, lists of patients."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from pipeline.actions.choosing import choosing
from pipeline.actions.enrolling import Dating
from pipeline.actions.importing import Brought, bring_in
from pipeline.actions.offers import EditionDays, Offer, current_offer
from pipeline.delivery.states import Reason, State
from pipeline.patients.model import Basis, Consent, Patient, RosterRow
from pipeline.rendering.edition import sealed, to_bytes
from pipeline.rendering.model import Edition
from pipeline.sections.calendar import EnrollingRule
from pipeline.store import audit, editions, enrollments, overview, patients, users
from pipeline.store.audit import Entry
from pipeline.store.database import Store
from pipeline.store.enrollments import Enrollment
from pipeline.store.overview import DeliveryRow
from tests.engine.sample import RULES, SERIES, ZONE, edition

#: A Monday morning in the clinic.
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
#: First visit of most patients here, a Monday: every part's own day is open, and none is due yet.
VISIT = date(2026, 3, 9)


def ground(**fields: object) -> Consent:
    made_up = Consent(basis=Basis.CONSENT, wording="intake-1", source="list.csv", given_at=NOW)
    return replace(made_up, **fields)


def row(number: int = 1, *, person: dict[str, object] | None = None, **fields: object) -> RosterRow:
    """A good row of a patients file; ``person`` are fields of the patient."""
    patient = Patient(
        record=f"R-{number:04}", given=f"Given{number}", family=f"Family{number}",
        email=f"person{number}@example.org", language=None, zone=None,
    )  # fmt: skip
    made_up = RosterRow(
        row=number + 1, patient=replace(patient, **(person or {})), consent=ground(), start=VISIT
    )
    return replace(made_up, **fields)


@dataclass
class Desk:
    """Shortcuts over the functions under test; each is one transaction."""

    store: Store
    now: datetime = NOW
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def prepare(self, series: str = SERIES, made: Edition | None = None, **fields: object) -> str:
        """Keep and sign the sample edition of ``series``, or the one that was ``made``, but for ``fields``;
        its hash.
        """
        made = sealed(replace(made or edition(series=series), **fields))
        with self.store.begin() as tx:
            editions.save_edition(tx, made, to_bytes(made), now=self.now)
            name = f"clinician-{next(self.numbers)}"
            user = users.add_user(tx, name=name, display="A. Example, PT", credential="PT", now=self.now)
            editions.approve(
                tx, made.sha256, user=user, credential="PT", review_by=date(2027, 3, 2), now=self.now
            )
        return made.sha256

    def dating(self) -> Dating:
        return Dating(
            rules=RULES, clinic_zone=ZONE, clinic_language="en-US", days=EditionDays(RULES),
            actor="staff:ana", now=self.now, new_key=lambda: f"key-{next(self.numbers)}",
        )  # fmt: skip

    def offer(self, series: str = SERIES) -> Offer:
        with self.store.read() as tx:
            found = current_offer(tx, series, today=TODAY)
        assert found is not None
        return found

    def bring(
        self, *rows: RosterRow, offer: Offer | None = None, series: str | None = SERIES,
        rules: Sequence[EnrollingRule] = (),
    ) -> Brought:  # fmt: skip
        """Bring ``rows`` in for ``series``; None takes ``rules``, and without any brings patients only."""
        with self.store.begin() as tx:
            wanted = choosing(tx, series=series, rules=rules, today=TODAY)
            if offer is not None:
                wanted = replace(wanted, offers={offer.series: (offer,)})
            return bring_in(tx, rows, wanted, self.dating())

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def enrollment(self, number: int = 1) -> Enrollment:
        """The newest enrollment of a patient."""
        return self.enrollments(number)[-1]

    def enrollments(self, number: int = 1) -> tuple[Enrollment, ...]:
        with self.store.read() as tx:
            return enrollments.enrollments_of(tx, [patients.find_by_record(tx, f"R-{number:04}")])

    def deliveries(self, number: int = 1) -> tuple[DeliveryRow, ...]:
        with self.store.read() as tx:
            return overview.deliveries_of(tx, [self.enrollment(number).id])

    def states(self, number: int = 1) -> list[tuple[State, Reason | None]]:
        return [(each.state, each.reason) for each in self.deliveries(number)]

    def days(self, number: int = 1) -> list[date]:
        """The planned days of a patient's parts, in their zone."""
        found = [each for each in self.deliveries(number) if each.due_at is not None]
        return [each.due_at.astimezone(ZONE).date() for each in found]

    def trail(self) -> Sequence[Entry]:
        """The audit trail, oldest first; it must be whole."""
        with self.store.read() as tx:
            assert audit.verify(tx) is None
            return audit.entries(tx, limit=1000)[::-1]

    def deeds(self) -> list[str]:
        return [entry.action for entry in self.trail()]
