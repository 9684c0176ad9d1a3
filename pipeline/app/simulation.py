"""A simulation, wired: a copy of the clinic on a clock of its own, played, judged and thrown away.

In charge of: the copy, the patients brought into it, and what becomes of its mail. Not in charge of: playing
(``engine.simulation``), expectations (``engine.simulation_checks``) or printing (``cli``).

Nothing leaves the machine: the copy is mailed through a simulated API inside the process. The clinic's own
database is only read.
"""

import random
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import make_url

from pipeline.actions.offers import current_offer
from pipeline.app.authoring import Desk
from pipeline.app.bringing import Import, bring
from pipeline.app.calendar import CalendarRow, calendar_rows
from pipeline.app.clinic import Clinic
from pipeline.app.clock import SetClock
from pipeline.config import Config
from pipeline.engine.dispatch import Dispatcher
from pipeline.engine.simulation import Simulation, Stage
from pipeline.engine.simulation_checks import Breach, Expectation, breaches
from pipeline.engine.simulation_record import Record
from pipeline.engine.simulation_script import Script
from pipeline.engine.simulation_summary import Summary, summarize
from pipeline.errors import NotAllowedError, Place
from pipeline.keys import Keyring
from pipeline.patients.model import Basis, ImportTerms, RosterFile
from pipeline.providers.outbox import Outbox
from pipeline.providers.port import Provider
from pipeline.rendering.edition import to_bytes
from pipeline.rendering.model import Message, Slot
from pipeline.store import editions, overview, patients, users
from pipeline.store.copying import copy_rows
from pipeline.store.database import Store

_SIGNER = "simulation"
_WORDING = "simulation"
_REVIEW_AFTER = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be played."""

    start: datetime
    days: int
    seed: int
    script: Script
    #: Patients to bring into the copy first, and the series to enroll them in.
    files: tuple[RosterFile, ...] = ()
    series: str | None = None
    #: Where every email is written that reaches a patient.
    outbox: Path | None = None
    expectations: tuple[Expectation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of it."""

    record: Record
    summary: Summary
    rows: tuple[CalendarRow, ...]
    #: By the name of the expectation.
    breaches: Mapping[str, tuple[Breach, ...]]
    #: Record numbers by patient id, of the patients in ``breaches``.
    records: Mapping[int, str]
    imported: Import | None
    #: The series was compiled from its files and signed in the copy only.
    unsigned: bool
    #: The clinic's.
    zone: ZoneInfo


@contextmanager
def copied(
    clinic: Clinic, *, start: datetime, seed: int, progress: Callable[[int], None] = lambda _rows: None
) -> Iterator[Clinic]:
    """A copy of ``clinic`` on a clock that shows ``start``; gone at the end of the block.

    ``progress`` hears how many rows are copied. Raises StoreError.
    """
    with _empty(clinic.config, clinic.keyring, start=start, seed=seed) as copy:
        copy_rows(clinic.store, copy.store, progress=progress)
        yield copy


@contextmanager
def made_up(config: Config, *, start: datetime, seed: int) -> Iterator[Clinic]:
    """A clinic without patients, with the settings of ``config`` and keys of its own."""
    with _empty(config, Keyring.generate(), start=start, seed=seed) as clinic:
        yield clinic


@contextmanager
def _empty(config: Config, keyring: Keyring, *, start: datetime, seed: int) -> Iterator[Clinic]:
    with tempfile.TemporaryDirectory(prefix="pipeline-simulation-") as folder:
        store = Store.open("sqlite:///copy.db", keyring, folder=Path(folder), durable=False)
        chance = random.Random(seed)  # noqa: S311 - repeatable on purpose; nothing of it leaves the machine
        with Clinic(
            config=config, keyring=keyring, store=store, clock=SetClock(start), environment={}, chance=chance
        ) as clinic:
            yield clinic


def has_database(config: Config) -> bool:
    """Whether the clinic has a database: a simulation must not be what makes it."""
    url = make_url(config.database.url)
    return url.get_backend_name() != "sqlite" or config.path(url.database or "").is_file()


def moment_of(text: str, config: Config) -> datetime:
    """``text`` (a date, or ISO 8601) as a moment; without an offset on the clinic's clocks.

    Raises NotAllowedError.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise NotAllowedError(
            f"{text!r} is no moment to begin at.", mend="write a date like 2026-01-12, or 2026-01-12T10:00"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=config.zone)


def play(
    clinic: Clinic,
    wanted: Wanted,
    *,
    on_row: Callable[[int], None] = lambda _rows: None,
    on_day: Callable[[int], None] = lambda _day: None,
) -> Played:
    """Play ``wanted`` in a copy of a clinic; ``on_row`` hears how many patients of a file are brought,
    ``on_day`` how many days have gone by.

    Raises NotAllowedError where nobody is there to be mailed or the script names somebody who is not,
    RosterError for a file of patients that cannot be read, and what compiling a series raises.
    """
    imported, unsigned = _bring(clinic, wanted, on_row) if wanted.files else (None, False)
    _refuse_nobody(clinic, wanted)
    record = _played(clinic, wanted, on_day)
    found = breaches(record, wanted.expectations, clinic.rules)
    with clinic.store.read() as tx:
        named = {breach.patient for each in found.values() for breach in each}
        people = patients.load_patients(tx, named)
        rows = calendar_rows(tx)
    return Played(
        record=record,
        summary=summarize(record, clinic.config.zone),
        rows=rows,
        breaches=found,
        records={each: row.patient.record for each, row in people.items()},
        imported=imported,
        unsigned=unsigned,
        zone=clinic.config.zone,
    )


def _played(clinic: Clinic, wanted: Wanted, on_day: Callable[[int], None]) -> Record:
    clock = clinic.clock
    assert isinstance(clock, SetClock), "a copy has a clock of its own"
    until = wanted.start + timedelta(days=wanted.days)
    stage = Stage(
        store=clinic.store,
        clock=clock,
        zone=clinic.config.zone,
        chance=clinic.chance,
        dating=lambda actor: clinic.dating(actor=actor),
        housekeep=clinic.housekeep,
        open_dispatcher=_opener(clinic, clock),
        keep=_keeper(wanted.outbox, clock),
    )
    simulation = Simulation(stage, wanted.script)
    return simulation.play(until=until, on_moment=lambda now: on_day((now - wanted.start).days))


def _opener(clinic: Clinic, clock: SetClock) -> Callable[[str, Provider, Callable[[], None]], Dispatcher]:
    """Makes the clinic's own dispatchers, but that somebody may act while one composes, and that waiting
    takes no time.
    """

    def rest(_stop: threading.Event, span: timedelta) -> None:
        clock.moment += span

    def open_one(owner: str, provider: Provider, composing: Callable[[], None]) -> Dispatcher:
        wiring = clinic.wiring(provider)

        def links(delivery: int) -> Mapping[Slot, str]:
            composing()
            return wiring.links(delivery)

        playing = replace(wiring, links=links, generation=None, rest=rest)
        return Dispatcher(playing, replace(clinic.settings(owner=owner), limits=clinic.limits))

    return open_one


def _keeper(folder: Path | None, clock: SetClock) -> Callable[[Message, int, int], None]:
    if folder is None:
        return lambda _message, _enrollment, _part: None
    outbox = Outbox(folder, clock=clock)

    def keep(message: Message, enrollment: int, part: int) -> None:
        # Named after what `calendar --json` says of it; the headers keep the delivery key.
        outbox.send([replace(message, key=f"enrollment-{enrollment}-part-{part}")])

    return keep


def _bring(clinic: Clinic, wanted: Wanted, on_row: Callable[[int], None]) -> tuple[Import, bool]:
    """Bring the files' patients into the copy, and sign their series there where nobody has signed it."""
    now = clinic.clock()
    by_rule = wanted.series is None and bool(clinic.config.enrolling)
    series = None if by_rule else wanted.series or _only_series(clinic.config)
    unsigned = False
    for name in sorted({rule.series for rule in clinic.config.enrolling}) if series is None else [series]:
        with clinic.store.read() as tx:
            offer = current_offer(tx, name, today=_today(clinic, now))
        if offer is None:
            _sign(clinic, name, now=now, until=wanted.start + timedelta(days=wanted.days))
            unsigned = True
    terms = ImportTerms(clinic_zone=clinic.config.zone, now=now, basis=Basis.CONSENT, wording=_WORDING)
    done = bring(
        clinic, wanted.files, terms=terms, series=series, actor="simulation", apply=True, progress=on_row
    )
    return done, unsigned


def _only_series(config: Config) -> str:
    """The one series that there is, for whoever names none."""
    names = Desk.open(config).names()
    if len(names) == 1:
        return names[0]
    raise NotAllowedError(
        "There is more than one series." if names else "There is no series yet.",
        where=Place(file=config.file),
        mend=f"say which one with --series: {', '.join(names)}" if names else "see `pipeline split --help`",
    )


def _sign(clinic: Clinic, series: str, *, now: datetime, until: datetime) -> None:
    """Let the series go out in the copy as its files have it today; no signature is given by it."""
    edition = Desk.open(clinic.config).compiled(series).edition
    with clinic.store.begin() as tx:
        user = users.find_user(tx, _SIGNER) or users.add_user(
            tx, name=_SIGNER, display="Simulation", credential="none: not an approval", now=now
        )
        editions.save_edition(tx, edition, to_bytes(edition), now=now)
        editions.approve(
            tx, edition.sha256, user=user, credential=user.credential,
            review_by=_today(clinic, until) + _REVIEW_AFTER, now=now,
        )  # fmt: skip


def _refuse_nobody(clinic: Clinic, wanted: Wanted) -> None:
    with clinic.store.read() as tx:
        some = overview.list_deliveries(tx, limit=1)
    if not some:
        raise nobody(clinic.config, brought=bool(wanted.files))


def nobody(config: Config, *, brought: bool = False) -> NotAllowedError:
    """There is nobody to play with, in words."""
    return NotAllowedError(
        "Nobody is enrolled, so there is nothing to play.",
        where=Place(file=config.file),
        mend="see why with `pipeline import FILE --series NAME`"
        if brought
        else f"try a series with made-up patients: pipeline simulate --days 30 {SAMPLE_WORDS}",
    )


#: Made-up patients, and the day around which their visits lie.
SAMPLE_WORDS = "--patients content/patients/sample.csv --from 2026-01-12"


def _today(clinic: Clinic, moment: datetime) -> date:
    return moment.astimezone(clinic.config.zone).date()
