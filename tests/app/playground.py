"""Small clinics to play days with: an approved edition of a few words, and patients in far zones."""

import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pipeline.actions.enrolling import Candidate, enroll
from pipeline.actions.offers import current_offer
from pipeline.app.clinic import Clinic
from pipeline.app.clock import SetClock
from pipeline.app.settings import sample_settings
from pipeline.config import Config
from pipeline.keys import Keyring
from pipeline.patients.model import Basis, Consent, Patient
from pipeline.rendering.edition import to_bytes
from pipeline.store import editions, patients, users
from pipeline.store.database import Store
from tests.engine.sample import SERIES, edition

#: Clocks change in March, April, September, October and November in these, by an hour or by half of one.
ZONES = (
    "America/Chicago",
    "America/New_York",
    "Pacific/Honolulu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Europe/Madrid",
    "America/Santiago",
)


@dataclass(frozen=True, kw_only=True)
class Person:
    """A made-up patient: where they live, and on which day their first visit is, counted from the start."""

    zone: str = ZONES[0]
    visit: int = 0
    #: Two people with the same one share an address.
    household: int | None = None


def settings(folder: Path) -> Config:
    """The sample clinic's, with its files in ``folder``."""
    return sample_settings().model_copy(update={"folder": folder})


@contextmanager
def clinic_of(
    folder: Path,
    keyring: Keyring,
    people: Sequence[Person],
    *,
    start: datetime,
    template: Path,
    seed: int = 1,
) -> Iterator[Clinic]:
    """A clinic whose ``people`` were enrolled at ``start``; ``template`` is a database with the edition."""
    path = folder / f"{random.randrange(10**9)}.db"
    shutil.copy(template, path)
    store = Store.open(f"sqlite:///{path}", keyring, durable=False)
    with Clinic(
        config=settings(folder), keyring=keyring, store=store, clock=SetClock(start), environment={},
        chance=random.Random(seed),
    ) as clinic:  # fmt: skip
        enroll_all(clinic, people, start=start)
        yield clinic
    for each in folder.glob(f"{path.name}*"):
        each.unlink()


def approve_sample(store: Store, *, until: date = date(2035, 1, 1)) -> None:
    """Keep and sign the edition of a few words."""
    made, now = edition(), datetime(2026, 1, 1, tzinfo=UTC)
    with store.begin() as tx:
        user = users.add_user(tx, name="signer", display="A. Example", credential="PT", now=now)
        editions.save_edition(tx, made, to_bytes(made), now=now)
        editions.approve(tx, made.sha256, user=user, credential="PT", review_by=until, now=now)


def enroll_all(clinic: Clinic, people: Sequence[Person], *, start: datetime) -> tuple[int, ...]:
    """Bring and enroll them, as an import does."""
    ground = Consent(basis=Basis.TREATMENT, wording="intake", source="test", given_at=start)
    with clinic.store.begin() as tx:
        saved = patients.save_patients(tx, [_patient(*each) for each in enumerate(people)], now=start)
        patients.add_consents(tx, [(each.id, ground) for each in saved], now=start)
        offer = current_offer(tx, SERIES, today=start.date())
        assert offer is not None
        candidates = [
            Candidate(patient_id=each.id, start=start.date() + timedelta(days=person.visit), zone=person.zone)
            for each, person in zip(saved, people, strict=True)
        ]
        return enroll(tx, candidates, offer, clinic.dating(actor="import"))


def _patient(number: int, person: Person) -> Patient:
    household = f"h{person.household}" if person.household is not None else f"p{number}"
    return Patient(
        record=f"R-{number:03}", given=f"Given{number}", family=f"Family{number}",
        email=f"{household}@example.org", language=None, zone=person.zone,
    )  # fmt: skip
