"""May this delivery go now? Asked twice, at the claim and again in the transaction that commits ``sending``.

In charge of: the one decision that stands between a claimed row and a patient's inbox (DESIGN 8.3).
Not in charge of: gathering the facts (``store``), computing a new day (``schedule.plan``), or carrying
the decision out (``engine``).

The order is the order of weight: what ends the mail for good comes before what only delays it, so that
a person who looks at the ledger sees the reason that counts.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from pipeline.delivery.states import Reason
from pipeline.schedule.model import PartDay, Rules, Sent, Verdict
from pipeline.schedule.plan import plan
from pipeline.schedule.windows import in_hours, in_window, next_opening

#: How soon to look again at what waits for something that is not in the calendar (an earlier part that
#: another dispatcher holds, a halt): short against a sending window, long against a tick.
LOOK_AGAIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything the decision rests on, read in one transaction."""

    #: When the ledger says it is due; aware.
    due_at: datetime
    #: Last local date on which the part may still go.
    expires_on: date
    #: The part with its day relative to the visit ("slower" already applied).
    part: PartDay
    #: The first PT visit, a civil date in ``zone``.
    start: date
    zone: ZoneInfo
    rules: Rules
    #: The enrollment ended, and why (discharged, stopped, unsubscribed …).
    ended: Reason | None = None
    #: The enrollment waits (paused, visit canceled, no-show), and why.
    held: Reason | None = None
    #: Why the patient may not be mailed at all (no consent, deceased, phone instead …).
    ineligible: Reason | None = None
    #: The address is on the suppression list.
    suppressed: bool = False
    #: The edition is in the patient's language; one without a language speaks the clinic's.
    readable: bool = True
    #: The approval's review-by date; None: the edition is not approved.
    approved_until: date | None = None
    #: Trial mode, and the provider would carry the message off this machine.
    trial_leaves_machine: bool = False
    on_trial_list: bool = False
    #: Everything, or this series, was stopped by ``pipeline halt``.
    halted: bool = False
    #: When the latest part of this enrollment went, or may have gone.
    last_sent_on: date | None = None
    #: When an earlier part of this enrollment, still unsent, is due (or claimed just now).
    earlier_due: datetime | None = None
    #: The patient asked for this part now: gap and closed days do not hold it (DESIGN 7.4).
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Go:
    """Compose and send."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Back to ``planned``, due at ``until`` (aware, UTC)."""

    until: datetime
    #: None: it was due later all along, because its date moved after the claim.
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Hold:
    """``held``: a person or an event has to change something first."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Skip:
    """``skipped``: this part will not go; a new start date may plan it again."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Cancel:
    """``canceled``: the enrollment is over."""

    reason: Reason


Decision: TypeAlias = Go | Wait | Hold | Skip | Cancel

_GO = Go()
_EVERY_DAY = frozenset(range(1, 8))

#: What a patient's own state means for a part: for good, until something changes, or until staff acts.
_INELIGIBLE: dict[Reason, Callable[[Reason], Decision]] = {
    Reason.DECEASED: Cancel,
    Reason.DISCHARGED: Cancel,
    Reason.WRONG_PERSON: Cancel,
    Reason.PHONE_INSTEAD: Skip,
    Reason.MINOR: Skip,
    # Never given, or run out: a consent that comes later plans again what is not too late by then.
    Reason.NO_CONSENT: Skip,
    Reason.UNSUBSCRIBED: Skip,
    Reason.SUPPRESSED: Skip,
}


def may_go(facts: Facts, now: datetime) -> Decision:
    """The decision for one claimed delivery at ``now`` (aware). Pure."""
    return _patient(facts) or _clinic(facts, now) or _calendar(facts, now) or _GO


def _patient(facts: Facts) -> Decision | None:
    if facts.ended is not None:
        return Cancel(facts.ended)
    if facts.suppressed:
        return Skip(Reason.SUPPRESSED)
    if facts.ineligible is not None:
        return _INELIGIBLE.get(facts.ineligible, Hold)(facts.ineligible)
    if facts.held is not None:
        return Hold(facts.held)
    return None if facts.readable else Hold(Reason.NO_LANGUAGE)


def _clinic(facts: Facts, now: datetime) -> Decision | None:
    if facts.halted:
        return Wait(now.astimezone(UTC) + LOOK_AGAIN, Reason.HALTED)
    if facts.trial_leaves_machine and not facts.on_trial_list:
        return Skip(Reason.NOT_ON_TRIAL_LIST)
    if facts.approved_until is None or facts.approved_until < now.astimezone(facts.zone).date():
        return Hold(Reason.NOT_APPROVED)
    return None


def _calendar(facts: Facts, now: datetime) -> Decision | None:
    local = now.astimezone(facts.zone)
    today = local.date()
    if facts.part.offset < 0 and today >= facts.start:
        return Skip(Reason.VISIT_PASSED)
    if today > facts.expires_on:
        return Skip(Reason.EXPIRED)
    if now < facts.due_at:
        return Wait(facts.due_at.astimezone(UTC), None)
    if facts.asked:
        return _asked(facts, now, local)
    rules = facts.part.rules or facts.rules
    if _late(facts, local, rules) or _too_soon(facts, today, rules) or not in_window(now, facts.zone, rules):
        return _another_moment(facts, now, local, rules)
    return _in_order(facts, now)


def _late(facts: Facts, local: datetime, rules: Rules) -> bool:
    """Its day has passed, or what is left of it lies outside the window (DESIGN 7.5)."""
    due_on = facts.due_at.astimezone(facts.zone).date()
    return due_on < local.date() or local.time() >= rules.window_close


def _too_soon(facts: Facts, today: date, rules: Rules) -> bool:
    if facts.last_sent_on is None:
        return False
    return today < facts.last_sent_on + timedelta(days=max(rules.min_gap_days, 1))


def _another_moment(facts: Facts, now: datetime, local: datetime, rules: Rules) -> Decision | None:
    """What the calendar says of a part that may not go at its due time any more."""
    sent = [Sent(part=0, on=facts.last_sent_on)] if facts.last_sent_on else []
    (again,) = plan(start=facts.start, zone=facts.zone, parts=[facts.part], rules=rules, now=now,
                    enrolled_at=now, sent=sent)  # fmt: skip
    reason = Reason(again.reason.value) if again.reason else Reason.OUTSIDE_WINDOW
    match again.verdict:
        case Verdict.SKIPPED:
            return Skip(reason)
        case Verdict.HELD:
            return Hold(reason)
        case Verdict.PLANNED:
            assert again.due is not None, "a planned part has a due time"
            if again.due > now:
                return Wait(again.due, reason)
    # Due today and open today by the plan: only the hour can be wrong.
    return _in_order(facts, now) if in_hours(local, rules) else _opening(facts, now, rules)


def _opening(facts: Facts, moment: datetime, rules: Rules) -> Decision:
    opening = next_opening(moment, facts.zone, rules)
    return Wait(opening, Reason.OUTSIDE_WINDOW) if opening else Hold(Reason.NO_OPEN_DAY)


def _asked(facts: Facts, now: datetime, local: datetime) -> Decision | None:
    """ "Send the next part now": one a day, in order, in the window's hours, on any day."""
    rules = replace(facts.part.rules or facts.rules, weekdays=_EVERY_DAY, closed=frozenset())
    if facts.last_sent_on == local.date():
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return _opening(facts, midnight + timedelta(days=1), rules)
    return _in_order(facts, now) if in_hours(local, rules) else _opening(facts, now, rules)


def _in_order(facts: Facts, now: datetime) -> Decision | None:
    if facts.earlier_due is None:
        return None
    return Wait(max(facts.earlier_due, now).astimezone(UTC) + LOOK_AGAIN, Reason.GAP)
