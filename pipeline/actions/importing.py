"""A patients file's good rows become patients, grounds and enrollments; bringing it again changes only
what changed.

In charge of: what one row does (DESIGN 7.6, 9.5). Not in charge of: reading the file (``patients``), choosing
a series (``choosing``), who may be enrolled (``admission``), or dating parts (``enrolling``).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipeline.actions import enrolling
from pipeline.actions.admission import Kept, Visit, kept_of, why_not
from pipeline.actions.choosing import Choosing
from pipeline.actions.effects import Effect, RowResult
from pipeline.actions.enrolling import Candidate, Dating
from pipeline.actions.following import PERSONAL, News, follow
from pipeline.actions.offers import Offer
from pipeline.delivery.states import Reason
from pipeline.patients.model import Consent, RosterRow
from pipeline.store import calls, patients, waiting
from pipeline.store.database import Tx
from pipeline.store.enrollments import EnrollmentStatus
from pipeline.store.patients import Saved


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a number of rows did."""

    results: tuple[RowResult, ...]
    #: Patients seen for the first time, and patients whose data changed.
    added: int
    changed: int
    effects: Counter[Effect] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row whose patient is to be enrolled."""

    candidate: Candidate
    offer: Offer
    #: None: they wait until the series is there in their language.
    readable: bool


def bring_in(tx: Tx, rows: Sequence[RosterRow], choosing: Choosing, dating: Dating) -> Brought:
    """Save ``rows`` and enroll, move, hold or end as each row says, in the caller's transaction.

    ``choosing`` gives each row's series. An import never lifts an unsubscribe and never enrolls anyone
    without a recorded ground.
    """
    saved = patients.save_patients(tx, [row.patient for row in rows], now=dating.now)
    _record_grounds(tx, [(each.id, row) for each, row in zip(saved, rows, strict=True)], dating)
    results: list[RowResult] = []
    entries: dict[int, _Entry] = {}
    for news in _news(tx, rows, saved, choosing, dating):
        found = _one(tx, news, dating)
        if isinstance(found, _Entry):
            entries[news.kept.patient_id] = found
            reason = None if found.readable else Reason.NO_LANGUAGE
            effect = Effect.ENROLLED if found.readable else Effect.HELD
            found = RowResult(row=news.row.row, effect=effect, reason=reason)
        results.append(found)
    _enroll(tx, list(entries.values()), dating)
    _call_list(tx, rows, saved, dating)
    return Brought(
        results=tuple(results),
        added=sum(each.created for each in saved),
        changed=sum(bool(each.changed) for each in saved),
        effects=Counter(result.effect for result in results),
    )


def _news(
    tx: Tx, rows: Sequence[RosterRow], saved: Sequence[Saved], choosing: Choosing, dating: Dating
) -> list[News]:
    """Each row with what is known of its patient, the grounds of these rows among it."""
    kept = list(kept_of(tx, [(each.id, row.patient) for each, row in zip(saved, rows, strict=True)]))
    held_back = waiting.held_back(tx, {one.id for each in kept for one in each.running}, PERSONAL)
    return [
        News(
            row=row,
            kept=_without_stranded(tx, row, known, choosing, dating),
            new_address="email" in each.changed,
            series=choosing.series,
            choosing=choosing,
            held_back=held_back,
        )
        for row, each, known in zip(rows, saved, kept, strict=True)
    ]


def _without_stranded(tx: Tx, row: RosterRow, kept: Kept, choosing: Choosing, dating: Dating) -> Kept:
    """``kept`` after ending what waited for a language, where a rule now gives a series in that language."""
    if not choosing.by_rules:
        return kept
    language = enrolling.language_of(row.patient.language, dating)
    series = choosing.series_of(row, language)
    if series is None or choosing.offer_of(series, language) is None:
        return kept
    stranded = [
        each
        for each in kept.running
        if each.status is EnrollmentStatus.HELD
        and each.reason is Reason.NO_LANGUAGE
        and each.series != series
        and choosing.offer_of(each.series, language) is None
    ]
    for each in stranded:
        enrolling.end(tx, each, dating, reason=Reason.NO_LANGUAGE)
    return replace(kept, running=tuple(each for each in kept.running if each not in stranded))


def _one(tx: Tx, news: News, dating: Dating) -> RowResult | _Entry:
    """What one row did to enrollments that run, or the enrollment that it asks for."""
    row, kept, choosing = news.row, news.kept, news.choosing
    followed = follow(tx, news, dating)
    # By rules a patient who is in a series stays in it: another rule is no reason for a second one.
    if not choosing.enrolls or kept.enrolled_in(choosing.series):
        return followed if kept.running else RowResult(row=row.row, effect=Effect.BROUGHT)
    language = enrolling.language_of(row.patient.language, dating)
    series = choosing.series_of(row, language)
    if series is None:
        return RowResult(row=row.row, effect=Effect.NOT_ENROLLED, reason=Reason.NO_SERIES)
    readable = choosing.offer_of(series, language)
    offer = readable or next(iter(choosing.offers_of(series)), None)
    if offer is None:
        return RowResult(row=row.row, effect=Effect.NOT_ENROLLED, reason=Reason.NOT_APPROVED)
    visit = Visit(start=row.start, status=row.status, denied=row.denied)
    today = dating.now.astimezone(dating.clinic_zone).date()
    reason = why_not(row.patient, kept, visit, offer, today=today)
    if reason is not None or row.start is None:
        return RowResult(row=row.row, effect=Effect.NOT_ENROLLED, reason=reason)
    candidate = Candidate(patient_id=kept.patient_id, start=row.start, zone=row.patient.zone)
    return _Entry(candidate, offer, readable is not None)


def _enroll(tx: Tx, entries: Sequence[_Entry], dating: Dating) -> None:
    """Enroll them, series by series; those who cannot read it wait in it, with nothing that can go."""
    by_offer: dict[tuple[Offer, bool], list[Candidate]] = {}
    for each in entries:
        by_offer.setdefault((each.offer, each.readable), []).append(each.candidate)
    for (offer, readable), candidates in by_offer.items():
        fresh = enrolling.enroll(tx, candidates, offer, dating)
        if not readable:
            enrolling.hold_new(tx, fresh, dating, reason=Reason.NO_LANGUAGE)


def _record_grounds(tx: Tx, pairs: Sequence[tuple[int, RosterRow]], dating: Dating) -> None:
    """Record each ground that is not known yet."""
    known = patients.consents_of(tx, [patient_id for patient_id, _ in pairs])
    new = [
        (patient_id, row.consent)
        for patient_id, row in pairs
        if row.consent is not None and not _has(known.get(patient_id, ()), row.consent)
    ]
    patients.add_consents(tx, new, now=dating.now)


def _has(known: Sequence[Consent], consent: Consent) -> bool:
    same = (consent.basis, consent.wording, consent.expires_on)
    return any((each.basis, each.wording, each.expires_on) == same for each in known)


def _call_list(tx: Tx, rows: Sequence[RosterRow], saved: Sequence[Saved], dating: Dating) -> None:
    """Note since when a patient wants calls instead of emails, where these rows are the first to say so."""
    fresh = [
        each.id
        for row, each in zip(rows, saved, strict=True)
        if row.patient.phone_instead and (each.created or "phone_instead" in each.changed)
    ]
    calls.note_phone_instead(tx, fresh, actor=dating.actor, now=dating.now)
