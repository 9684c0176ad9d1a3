"""A patients file's good rows become patients, grounds and enrollments; bringing it again changes only
what changed.

In charge of: what one row does (DESIGN 7.6, 9.5). Not in charge of: reading the file (``patients``), or
dating parts (``enrolling``).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from pipeline.actions import enrolling
from pipeline.actions.effects import Effect, RowResult
from pipeline.actions.enrolling import Candidate, Dating
from pipeline.actions.following import WAITS, News, follow
from pipeline.actions.offers import Offer
from pipeline.delivery.states import Reason
from pipeline.patients.eligibility import Ineligible, all_reasons
from pipeline.patients.model import Consent, RosterRow
from pipeline.store import enrollments, patients, suppression
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment, EnrollmentStatus
from pipeline.store.patients import Saved


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a number of rows did."""

    results: tuple[RowResult, ...]
    #: Patients seen for the first time, and patients whose data changed.
    added: int
    changed: int
    effects: Counter[Effect] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What was known of a row's patient before."""

    patient_id: int
    new_address: bool
    #: On the suppression list.
    blocked: bool
    grounds: tuple[Consent, ...]
    running: tuple[Enrollment, ...]
    ended: tuple[Enrollment, ...]

    def enrolled_in(self, series: str | None) -> bool:
        """Whether an enrollment in ``series`` runs (None: in any)."""
        return any(series in {None, each.series} for each in self.running)


def bring_in(tx: Tx, rows: Sequence[RosterRow], offer: Offer | None, dating: Dating) -> Brought:
    """Save ``rows`` and enroll, move, hold or end as each row says, in the caller's transaction.

    ``offer`` is the series to enroll in; None brings patients in without enrolling. An import never
    lifts an unsubscribe and never enrolls anyone without a recorded ground.
    """
    saved = patients.save_patients(tx, [row.patient for row in rows], now=dating.now)
    series = offer.series if offer else None
    results: list[RowResult] = []
    candidates: dict[int, Candidate] = {}
    for row, kept in zip(rows, _kept(tx, rows, saved, dating), strict=True):
        news = News(row=row, new_address=kept.new_address, series=series)
        followed = follow(tx, news, kept.running, dating)
        if offer is None or kept.enrolled_in(series):
            brought = RowResult(row=row.row, effect=Effect.BROUGHT)
            results.append(followed if kept.running else brought)
            continue
        reason = _why_not(row, kept, offer, dating)
        if reason is None and row.start is not None:
            new = Candidate(patient_id=kept.patient_id, start=row.start, zone=row.patient.zone)
            candidates[kept.patient_id] = new
        effect = Effect.ENROLLED if reason is None else Effect.NOT_ENROLLED
        results.append(RowResult(row=row.row, effect=effect, reason=reason))
    if offer is not None:
        enrolling.enroll(tx, list(candidates.values()), offer, dating)
    return Brought(
        results=tuple(results),
        added=sum(each.created for each in saved),
        changed=sum(bool(each.changed) for each in saved),
        effects=Counter(result.effect for result in results),
    )


def _kept(tx: Tx, rows: Sequence[RosterRow], saved: Sequence[Saved], dating: Dating) -> Iterator[_Kept]:
    """What is known of each row's patient, the grounds of these rows among it."""
    ids = [each.id for each in saved]
    grounds = _record_grounds(tx, list(zip(ids, rows, strict=True)), dating)
    blocked = suppression.suppressed_among(tx, {row.patient.email for row in rows if row.patient.email})
    theirs: dict[int, list[Enrollment]] = {}
    for enrollment in enrollments.enrollments_of(tx, ids):
        theirs.setdefault(enrollment.patient_id, []).append(enrollment)
    for row, each in zip(rows, saved, strict=True):
        enrolled = theirs.get(each.id, ())
        yield _Kept(
            patient_id=each.id,
            new_address="email" in each.changed,
            blocked=row.patient.email in blocked,
            grounds=grounds.get(each.id, ()),
            running=tuple(one for one in enrolled if one.status is not EnrollmentStatus.ENDED),
            ended=tuple(one for one in enrolled if one.status is EnrollmentStatus.ENDED),
        )


def _record_grounds(
    tx: Tx, pairs: Sequence[tuple[int, RosterRow]], dating: Dating
) -> dict[int, tuple[Consent, ...]]:
    """Record each ground that is not known yet; every ground of each patient, the new ones too."""
    known = patients.consents_of(tx, [patient_id for patient_id, _ in pairs])
    new = [
        (patient_id, row.consent)
        for patient_id, row in pairs
        if row.consent is not None and not _has(known.get(patient_id, ()), row.consent)
    ]
    patients.add_consents(tx, new, now=dating.now)
    for patient_id, consent in new:
        known[patient_id] = (*known.get(patient_id, ()), consent)
    return known


def _has(known: Sequence[Consent], consent: Consent) -> bool:
    same = (consent.basis, consent.wording, consent.expires_on)
    return any((each.basis, each.wording, each.expires_on) == same for each in known)


def _why_not(row: RosterRow, kept: _Kept, offer: Offer, dating: Dating) -> str | None:
    """Why this patient is not enrolled now; None where nothing stands against it."""
    grounds = () if row.denied else kept.grounds
    today = dating.now.astimezone(dating.clinic_zone).date()
    personal = all_reasons(row.patient, grounds, purpose=offer.purpose, on=today, suppressed=kept.blocked)
    if personal:
        return personal[0]
    if stopped := _stopped(kept, offer.series):
        return stopped
    if row.status in WAITS:
        return WAITS[row.status]
    if row.start is None:
        return Ineligible.NO_VISIT
    return _over(row.start, kept, offer.series) or (
        None if offer.speaks(row.patient.language) else Reason.NO_LANGUAGE
    )


def _stopped(kept: _Kept, series: str) -> Reason | None:
    """The patient's own stop holds against every list, whatever the date or address in it (DESIGN 9.2)."""
    for each in kept.ended:
        mine = each.reason is Reason.UNSUBSCRIBED or (each.reason is Reason.STOPPED and each.series == series)
        if mine and not any(_is_way_back(ground, each.updated_at) for ground in kept.grounds):
            return each.reason
    return None


def _is_way_back(ground: Consent, stopped_at: datetime) -> bool:
    """A consent given later by the patient, on their page or to staff: never one from a file."""
    return ground.source.partition(":")[0] in _OWN_WORD and ground.given_at > stopped_at


_OWN_WORD = frozenset({"page", "staff"})


def _over(start: date, kept: _Kept, series: str) -> Reason | None:
    """Why this very course of the series has ended already; None where it has not begun."""
    for each in kept.ended:
        if each.series == series and start.isoformat() in {each.episode, each.start.isoformat()}:
            return each.reason or Reason.STOPPED
    return None
