"""The ways out of ``unknown`` beside a resend: staff's word, and what the provider reports (DESIGN 8.2).

In charge of: settling deliveries, in the caller's transaction, with their audit row. Not in charge of:
finding them (``store.unknowns``), or sending again (``engine.resending``).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pipeline.actions.enrolling import Dating, date_again
from pipeline.delivery.events import PROVES, Event
from pipeline.delivery.feedback import REASONS, steps
from pipeline.delivery.outages import InDoubt
from pipeline.delivery.states import Reason, State
from pipeline.store import audit, enrollments, events, ledger, overview, planning, unknowns
from pipeline.store.database import Tx
from pipeline.store.enrollments import Enrollment, EnrollmentStatus
from pipeline.store.overview import DeliveryRow
from pipeline.store.steps import Mark, mark


class Verdict(StrEnum):
    """What a person found out; the values are what the command takes."""

    ACCEPTED = "accepted"
    NOT_SENT = "not-sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What became of deliveries that were unknown."""

    #: Where each of them stands now.
    states: tuple[tuple[int, State, Reason | None], ...]
    #: Asked for, but not unknown (any more): an event, a resend or another person was quicker.
    left: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a mail service told of one delivery."""

    #: As it stands now.
    row: DeliveryRow
    #: The one of its events that counts (``delivery.feedback.decisive``).
    event: Event
    provider: str

    @property
    def actor(self) -> str:
        """Its name in the history."""
        return f"event:{self.provider}"


def resolve(tx: Tx, ids: Collection[int], verdict: Verdict, dating: Dating) -> Resolved:
    """Settle those of ``ids`` that are unknown, as ``dating.actor`` found out.

    ``accepted``: they count as sent. ``not-sent``: the calendar dates them again by the late rule, which
    also leaves out what has expired; with a pause or an end of the enrollment they are held or canceled.
    What is being sent again at this moment is not unknown, and is left alone.
    """
    found = unknowns.unknown_among(tx, ids)
    settled = [each.delivery for each in found]
    after = State.ACCEPTED if verdict is Verdict.ACCEPTED else State.PLANNED
    marks = [Mark(delivery=each, state=after) for each in settled]
    ledger.resolve(tx, marks, actor=dating.actor, now=dating.now)
    if verdict is Verdict.NOT_SENT:
        _plan_again(tx, found, dating)
    if settled:
        _write_down(tx, settled, verdict, dating)
    rows = (overview.find_delivery(tx, each) for each in settled)
    return Resolved(
        states=tuple((row.id, row.state, row.reason) for row in rows if row is not None),
        left=tuple(sorted(set(ids) - set(settled))),
    )


def follow_events(tx: Tx, told: Sequence[Told], *, now: datetime) -> frozenset[int]:
    """Take each delivery where its decisive event says; returns the ids of those that changed.

    Doing it twice changes nothing, and of the events of one delivery the same one is always decisive.
    """
    pending = [(each, each.row.state, steps(each.row.state, each.event.kind)) for each in told]
    changed: set[int] = set()
    while pending := [one for one in pending if one[2]]:
        moved = _step(tx, [(each, state, path[0]) for each, state, path in pending], now)
        changed |= moved
        pending = [(each, path[0], path[1:]) for each, _, path in pending if each.row.id in moved]
    for each in told:
        better = REASONS.get(each.event.kind)
        if each.row.state is PROVES[each.event.kind] and better is not None and better is not each.row.reason:
            events.explain(
                tx, each.row.id, reason=better, detail=each.event.detail, actor=each.actor, now=now
            )
    return frozenset(changed)


def _step(tx: Tx, wanted: Sequence[tuple[Told, State, State]], now: datetime) -> set[int]:
    """One step of each; those that another process has moved meanwhile are left where they are."""
    groups: dict[tuple[State, str], list[Mark]] = {}
    for told, before, after in wanted:
        groups.setdefault((before, told.actor), []).append(_mark(told, after))
    moved: set[int] = set()
    for (before, actor), marks in groups.items():
        moved |= mark(tx, marks, before=before, owner=None, actor=actor, now=now)
    return moved


def _mark(told: Told, after: State) -> Mark:
    event, known = told.event, told.row.provider_id
    if after is not PROVES[event.kind]:
        reason = Reason.NO_ANSWER if after is State.UNKNOWN else None
        return Mark(delivery=told.row.id, state=after, reason=reason)
    return Mark(
        delivery=told.row.id, state=after, reason=REASONS.get(event.kind), detail=event.detail,
        provider_id=None if known else event.provider_id,
    )  # fmt: skip


def _plan_again(tx: Tx, found: Sequence[InDoubt], dating: Dating) -> None:
    """Date them as a part that has not gone; nobody gets one whose enrollment is over or waits."""
    for enrollment in enrollments.load_enrollments(tx, {each.enrollment for each in found}):
        if enrollment.status is EnrollmentStatus.ACTIVE:
            date_again(tx, enrollment, dating)
        else:
            _follow(tx, enrollment, dating)


def _follow(tx: Tx, enrollment: Enrollment, dating: Dating) -> None:
    over = enrollment.status is EnrollmentStatus.ENDED
    change, otherwise = (planning.cancel, Reason.STOPPED) if over else (planning.hold, Reason.PAUSED)
    reason = enrollment.reason or otherwise
    change(tx, [enrollment.id], reason=reason, actor=dating.actor, now=dating.now)


def _write_down(tx: Tx, settled: Iterable[int], verdict: Verdict, dating: Dating) -> None:
    listed = " ".join(map(str, settled))
    audit.append(
        tx, actor=dating.actor, action=f"resolve:{verdict}", subject="deliveries",
        detail={"deliveries": listed}, now=dating.now,
    )  # fmt: skip
