"""The demo's stage: stand-in, clinic, approved series and patients, ready to be played or to run.

In charge of: setting everything up through the same use cases as the real commands. Each step can be done
again and then changes nothing, so that a second start goes on where the first one was. Not in charge of:
what is printed (``cli``), or time passing (``playing``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pipeline.actions.approving import Signing, approve
from pipeline.actions.offers import current_offer
from pipeline.app.authoring import Compiled, Desk
from pipeline.app.bringing import Import, bring
from pipeline.app.clinic import Clinic
from pipeline.app.clock import Clock
from pipeline.config import load_config
from pipeline.delivery.states import Reason
from pipeline.demo.folder import PATIENTS, SERIES
from pipeline.demo.standin import Standin
from pipeline.patients.model import Basis, ImportTerms, RosterFile
from pipeline.store import enrollments, suppression, users

AUTHOR, CLINICIAN = "sample-author", "sample-clinician"
_CREDENTIAL = "sample, not a real approval"
_REVIEW_AFTER = timedelta(days=365)
#: P-1010 of the sample patients.
_SUPPRESSED = "olena.zrazok@example.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything a demo plays with."""

    folder: Path
    clinic: Clinic
    desk: Desk
    compiled: Compiled
    imported: Import
    #: How many enrollments there are now.
    enrolled: int


@contextmanager
def standin_for(folder: Path, clock: Clock) -> Iterator[Standin]:
    """The local mail API of this demo; what it takes lies in ``folder/outbox`` as .eml files."""
    with Standin(folder / "outbox", clock=clock) as standin:
        yield standin


@contextmanager
def stage(folder: Path, config_file: Path, clock: Clock) -> Iterator[Stage]:
    """The demo's clinic, its series approved and its patients enrolled."""
    config = load_config(config_file)
    desk = Desk.open(config)
    compiled = desk.compiled(SERIES)
    with Clinic.open(config, clock=clock) as clinic:
        _approved(clinic, compiled)
        imported = _patients(clinic, folder)
        with clinic.store.read() as tx:
            enrolled = len(enrollments.list_enrollments(tx, series=SERIES, limit=imported.rows))
        yield Stage(
            folder=folder, clinic=clinic, desk=desk, compiled=compiled, imported=imported, enrolled=enrolled
        )


def _approved(clinic: Clinic, compiled: Compiled) -> None:
    """Sign the series as the sample clinician, unless these very bytes are signed already."""
    now = clinic.clock()
    today = now.astimezone(clinic.config.zone).date()
    with clinic.store.begin() as tx:
        offer = current_offer(tx, SERIES, today=today)
        if offer is not None and offer.edition == compiled.edition.sha256:
            return
        if users.find_user(tx, CLINICIAN) is None:
            users.add_user(tx, name=CLINICIAN, display="Sample Clinician", credential=_CREDENTIAL, now=now)
        approve(
            tx,
            compiled.edition,
            Signing(
                findings=compiled.findings,
                author=AUTHOR,
                approver=CLINICIAN,
                credential=_CREDENTIAL,
                review_by=today + _REVIEW_AFTER,
                today=today,
                now=now,
            ),
        )


def _patients(clinic: Clinic, folder: Path) -> Import:
    """Put one address on the suppression list, then bring the sample patients."""
    now = clinic.clock()
    with clinic.store.begin() as tx:
        suppression.suppress(tx, _SUPPRESSED, reason=Reason.UNSUBSCRIBED, source="demo", now=now)
    terms = ImportTerms(
        clinic_zone=clinic.config.zone, now=now, basis=Basis.CONSENT, wording="sample-intake-2026-01"
    )
    file = RosterFile(name=PATIENTS, data=(folder / PATIENTS).read_bytes())
    return bring(clinic, [file], terms=terms, series=SERIES, actor="demo", apply=True)
