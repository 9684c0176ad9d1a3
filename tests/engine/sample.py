"""A small clinic on a real database: an approved edition, patients, enrollments, dated deliveries."""

import itertools
import random
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipeline.actions.generation import Generation
from pipeline.delivery.states import State
from pipeline.engine.dispatch import Dispatcher
from pipeline.engine.wiring import Settings, Wiring
from pipeline.keys import Keyring, TokenPurpose
from pipeline.patients.model import Basis, Consent, Patient
from pipeline.providers.port import Provider
from pipeline.rendering.edition import sealed, to_bytes
from pipeline.rendering.model import CompiledPart, Edition, Skeleton, Slot
from pipeline.schedule.model import Late, PartDay, Rules
from pipeline.schedule.plan import plan
from pipeline.series.model import Purpose
from pipeline.store.database import Store, Tx
from pipeline.store.editions import approve, save_edition
from pipeline.store.enrollments import NewEnrollment, enroll
from pipeline.store.patients import add_consents, save_patients
from pipeline.store.planning import Dated, plan_deliveries
from pipeline.store.schema import deliveries, delivery_history
from pipeline.store.users import add_user

ZONE = ZoneInfo("America/Chicago")
#: A Tuesday; the visit was on Monday, and part 1 is due the day after it.
TODAY = date(2026, 3, 3)
VISIT = date(2026, 3, 2)
SEND_TIME = datetime.combine(TODAY, time(9), tzinfo=ZONE).astimezone(UTC)
NOW = SEND_TIME + timedelta(hours=1)
RULES = Rules(
    send_time=time(9),
    window_open=time(9),
    window_close=time(17),
    weekdays=frozenset(range(1, 6)),
    closed=frozenset(),
    min_gap_days=2,
    expires_after_days=7,
    late=Late.CATCH_UP,
)
DAYS = (1, 4, 9)
SERIES = "first-weeks"

_SLOTS = (Slot.TRIAL, Slot.GREETING, Slot.VIEW_URL, Slot.UNSUBSCRIBE_URL)
_PURPOSES: Mapping[Slot, TokenPurpose] = {
    Slot.VIEW_URL: TokenPurpose.VIEW,
    Slot.UNSUBSCRIBE_URL: TokenPurpose.UNSUBSCRIBE,
    Slot.PREFERENCES_URL: TokenPurpose.PREFERENCES,
    Slot.NOT_ME_URL: TokenPurpose.NOT_ME,
    Slot.CALL_ME_URL: TokenPurpose.CALL_ME,
}


def edition(*, series: str = SERIES, words: int = 20) -> Edition:
    """A series of as many parts as DAYS, each with ``words`` words of body."""
    return sealed(
        Edition(
            sha256="",
            series=series,
            title="The first weeks",
            language="en-US",
            purpose=Purpose.TREATMENT,
            from_name="Lakeside Clinic",
            from_address="hello@clinic.example.org",
            reply_to="reply@clinic.example.org",
            list_id=f"{series}.clinic.example.org",
            parts=tuple(_part(number, day, words) for number, day in enumerate(DAYS, 1)),
        )
    )


def _part(number: int, day: int, words: int) -> CompiledPart:
    body = " ".join(f"word{index}" for index in range(words))
    literals = (
        "<html><body>",
        "<p>",
        f"</p><p>{body}</p><a href='",
        "'>view</a><a href='",
        "'>stop</a></body>",
    )
    return CompiledPart(
        number=number,
        title=f"Part {number}",
        subject=f"Part {number} of {len(DAYS)} from Lakeside Clinic",
        day=day,
        html=Skeleton(literals=literals, slots=_SLOTS),
        text=Skeleton(literals=("", "", f"\n{body}\n", "\n", "\n"), slots=_SLOTS),
        trial_html="<p>Trial</p>",
        trial_text="TRIAL\n",
        greeting_named="Hello {name},",
        greeting_plain="Hello,",
    )


def links_from(keyring: Keyring) -> Callable[[int], Mapping[Slot, str]]:
    """Signed links, as the wiring makes them."""

    def links(delivery: int) -> Mapping[Slot, str]:
        return {
            slot: f"https://clinic.example.org/{purpose}/{keyring.token(purpose, delivery)}"
            for slot, purpose in _PURPOSES.items()
        }

    return links


def person(number: int) -> Patient:
    """A made-up patient."""
    return Patient(
        record=f"R{number:05d}", given=f"Given{number}", family=f"Family{number}",
        email=f"patient{number}@example.org", language=None, zone=None,
    )  # fmt: skip


@dataclass(slots=True)
class SetClock:
    """Shows what it was set to."""

    moment: datetime = NOW

    def __call__(self) -> datetime:
        return self.moment


@dataclass(slots=True)
class Clinic:
    """The sample clinic's database, with what tests ask of it."""

    store: Store
    keyring: Keyring
    edition: Edition = field(default_factory=edition)
    rules: Rules = RULES
    clock: SetClock = field(default_factory=SetClock)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    #: None: nobody counts.
    generation: Generation | None = None

    def prepare(self, *, approved: bool = True) -> None:
        """The edition, signed unless said otherwise."""
        early = NOW - timedelta(days=30)
        with self.store.begin() as tx:
            save_edition(tx, self.edition, to_bytes(self.edition), now=early)
            if approved:
                self.approve(tx, review_by=date(2027, 1, 1))

    def approve(self, tx: Tx, *, review_by: date) -> None:
        user = add_user(
            tx, name=f"user{next(self.numbers)}", display="A. Example, PT", credential="PT", now=NOW
        )
        approve(tx, self.edition.sha256, user=user, credential="PT", review_by=review_by, now=NOW)

    def enroll(
        self, people: int | Sequence[Patient] = 1, *, start: date = VISIT, consent: bool = True
    ) -> None:
        """Patients with a ground to be mailed, enrolled long ago, their parts dated by the real calendar."""
        early = NOW - timedelta(days=20)
        patients = [person(number) for number in range(people)] if isinstance(people, int) else people
        with self.store.begin() as tx:
            ids = [saved.id for saved in save_patients(tx, patients, now=early)]
            ground = Consent(basis=Basis.TREATMENT, wording="intake", source="test", given_at=early)
            if consent:
                add_consents(tx, [(each, ground) for each in ids], now=early)
            wanted = [
                NewEnrollment(patient_id=each, series=self.edition.series, episode="1",
                              edition=self.edition.sha256, start=start, zone=ZONE.key)
                for each in ids
            ]  # fmt: skip
            enrolled = enroll(tx, wanted, now=early)
            days = [PartDay(part=part.number, offset=part.day) for part in self.edition.parts]
            dated = plan(start=start, zone=ZONE, parts=days, rules=RULES, now=early, enrolled_at=early)
            rows = [
                Dated(enrollment=each.id, planned=planned, key=f"d{each.id:06d}p{planned.part}")
                for each in enrolled
                for planned in dated
            ]
            plan_deliveries(tx, rows, actor="test", now=early)

    def dispatcher(self, provider: Provider, *, seed: int = 1, **settings: object) -> Dispatcher:
        """A dispatcher of its own, as another process would have one."""
        chance = random.Random(seed)
        number = next(self.numbers)
        wiring = Wiring(
            store=self.store,
            provider=provider,
            links=links_from(self.keyring),
            rules=lambda _day: self.rules,
            clock=self.clock,
            draw=chance.random,
            new_key=lambda: secrets.token_hex(16),
            generation=self.generation,
        )
        chosen: dict[str, object] = {
            "owner": f"dispatcher-{number}", "batch_size": 100, "lease": timedelta(minutes=5), "trial": True,
        }  # fmt: skip
        return Dispatcher(wiring, Settings(**{**chosen, **settings}))

    def states(self, part: int = 1) -> list[tuple[State, str | None]]:
        """State and reason of one part of each enrollment, in order."""
        return [(State(row.state), row.reason) for row in self.rows(part)]

    def rows(self, part: int = 1) -> list:
        """The rows of one part of each enrollment, in order."""
        with self.store.read() as tx:
            return list(
                tx.connection.execute(
                    deliveries.select().where(deliveries.c.part == part).order_by(deliveries.c.id)
                )
            )

    def history(self) -> list:
        """Every step of every delivery, oldest first."""
        with self.store.read() as tx:
            return list(tx.connection.execute(delivery_history.select().order_by(delivery_history.c.id)))
