"""A correction to exactly those who got a wrong part (DESIGN 8.8).

In charge of: who gets it, and enrolling them, once. Not in charge of: making the correction
(``app.correcting``), signing it (``approving``), or sending it: it is a series of one part like any other.

The correction is a series of its own, named after the wrong part of the wrong edition, with one enrollment
per patient in it: a second run, or a run that was cut off and begun again, adds nobody twice. Those of whom
nobody knows whether they got the wrong part are not written to; they are listed, and once a person has
settled them (``pipeline resolve``), a second run finds them.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from zoneinfo import ZoneInfo

from pipeline.actions import enrolling
from pipeline.actions.enrolling import Candidate, Dating
from pipeline.actions.offers import Offer
from pipeline.delivery.states import Reason, State
from pipeline.patients.eligibility import eligible
from pipeline.rendering.model import Edition
from pipeline.store import audit, enrollments, patients, suppression, wrong_parts
from pipeline.store.database import Store, Tx
from pipeline.store.editions import EditionRow
from pipeline.store.enrollments import EnrollmentStatus
from pipeline.store.wrong_parts import Went

#: Reached the patient, as far as anybody knows. What bounced did not, and a complaint is a "no".
GOT_IT = (State.ACCEPTED, State.DELIVERED)
#: A patient's word, or their death, counts for corrections too; the end of a treatment does not.
_NEVER = frozenset({Reason.STOPPED, Reason.UNSUBSCRIBED, Reason.DECEASED, Reason.WRONG_PERSON})
_EPISODE = "correction"
_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """The part that was wrong."""

    edition: EditionRow
    part: int

    @property
    def series(self) -> str:
        """The name of the correction's own series: the same with every run."""
        return f"{self.edition.series}-correction-{self.part}-{self.edition.sha256[:8]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """Who got it."""

    #: Those who get the correction.
    candidates: tuple[Candidate, ...]
    #: Those who got the correction, or are about to, from an earlier run.
    already: int
    #: Those who must not be mailed, by reason (a code of ``Reason``).
    left_out: Counter[str] = field(default_factory=Counter)
    #: Deliveries of which nobody knows whether they went.
    in_doubt: tuple[int, ...] = ()


def affected(tx: Tx, wrong: Wrong, dating: Dating) -> Affected:
    """Who would get a correction now; changes nothing."""
    candidates: dict[int, Candidate] = {}
    left_out: Counter[str] = Counter()
    done: set[int] = set()
    for page in _pages(tx, wrong, *GOT_IT):
        known = _corrected(tx, wrong, page)
        reasons = _reasons(tx, wrong, page, dating)
        for each in page:
            if each.patient_id in known:
                done.add(each.patient_id)
            elif each.patient_id not in candidates and reasons[each.delivery] is None:
                candidates[each.patient_id] = _candidate(each, dating)
            elif reasons[each.delivery] is not None:
                left_out[str(reasons[each.delivery])] += 1
    in_doubt = tuple(each.delivery for page in _pages(tx, wrong, State.UNKNOWN) for each in page)
    return Affected(
        candidates=tuple(candidates.values()), already=len(done), left_out=left_out, in_doubt=in_doubt
    )


def correct(store: Store, wrong: Wrong, correction: Edition, dating: Dating) -> Iterator[int]:
    """Enroll everybody affected in the approved ``correction``; yields how many with each transaction.

    Whoever is affected is asked of the database anew, so that a second run at the same time adds nobody
    twice. Raises ValueError for a correction that does not carry the wrong part's own series name.
    """
    if correction.series != wrong.series:
        raise ValueError("a correction belongs to the part it corrects")
    offer = Offer(
        series=correction.series, edition=correction.sha256, language=correction.language,
        purpose=correction.purpose,
    )  # fmt: skip
    with store.read() as tx:
        waiting = iter(affected(tx, wrong, dating).candidates)
    while chunk := list(islice(waiting, _CHUNK)):
        with store.begin() as tx:
            done = enrolling.enroll(tx, chunk, offer, dating)
            detail = {"edition": wrong.edition.sha256, "part": wrong.part, "patients": len(done)}
            audit.append(
                tx, actor=dating.actor, action="correct", subject=f"series:{wrong.edition.series}",
                detail=detail, now=dating.now,
            )  # fmt: skip
        yield len(done)


def _pages(tx: Tx, wrong: Wrong, *states: State) -> Iterator[tuple[Went, ...]]:
    return wrong_parts.who_got(
        tx, wrong.edition.sha256, wrong.part, series=wrong.edition.series, states=states
    )


def _corrected(tx: Tx, wrong: Wrong, page: Sequence[Went]) -> frozenset[int]:
    """Patients who are in the correction's series already."""
    found = enrollments.enrollments_of(tx, {each.patient_id for each in page})
    return frozenset(each.patient_id for each in found if each.series == wrong.series)


def _reasons(tx: Tx, wrong: Wrong, page: Sequence[Went], dating: Dating) -> dict[int, str | None]:
    """Why each of them must not be mailed; None where nothing stands against it."""
    ids = {each.patient_id for each in page}
    people, grounds = patients.load_patients(tx, ids), patients.consents_of(tx, ids)
    addresses = {row.patient.email for row in people.values() if row.patient.email}
    blocked = suppression.suppressed_among(tx, addresses)
    found: dict[int, str | None] = {}
    for each in page:
        person = people[each.patient_id].patient
        own = eligible(
            person, grounds.get(each.patient_id, ()), purpose=wrong.edition.purpose.value,
            on=dating.now.astimezone(ZoneInfo(each.zone)).date(), suppressed=person.email in blocked,
        )  # fmt: skip
        found[each.delivery] = str(own) if own else _stopped(each)
    return found


def _stopped(each: Went) -> str | None:
    waits = each.status in {EnrollmentStatus.ENDED, EnrollmentStatus.HELD}
    return str(each.reason) if waits and each.reason in _NEVER else None


def _candidate(each: Went, dating: Dating) -> Candidate:
    today = dating.now.astimezone(ZoneInfo(each.zone)).date()
    return Candidate(patient_id=each.patient_id, start=today, zone=each.zone, episode=_EPISODE)
