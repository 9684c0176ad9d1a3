"""From a claimed row to the gate's question, and from its answer to a mark in the ledger.

In charge of: gathering the facts of one delivery. Not in charge of: the decision (``delivery.gate``),
reading rows (``store.loading``) or writing them (``store.ledger``).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from pipeline.actions.offers import same_language
from pipeline.delivery.gate import Cancel, Decision, Facts, Go, Hold, Skip, Wait, may_go
from pipeline.delivery.states import Reason, State
from pipeline.patients.addresses import address_key
from pipeline.patients.eligibility import eligible
from pipeline.rendering.calendars import part_day
from pipeline.rendering.model import Edition
from pipeline.schedule.model import CalendarRulesError, PartDay, Rules
from pipeline.schedule.requests import slower
from pipeline.store.enrollments import EnrollmentStatus
from pipeline.store.loading import ClaimedDelivery
from pipeline.store.marks import Halted
from pipeline.store.steps import Mark

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Where mail may go while the pipeline is not live (DESIGN 8.7)."""

    #: Trial mode, and the provider would carry mail off this machine.
    restricted: bool
    #: Casefolded addresses that may get mail all the same.
    addresses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all deliveries of a batch have in common, read in the same transaction as they."""

    now: datetime
    rules: Rules
    halted: Halted
    trial: Trial
    #: Review-by dates of the approved editions, by hash.
    approved_until: Mapping[str, date]

    def decides_like(self, earlier: "Surroundings") -> bool:
        """Whether every decision of ``earlier`` still holds for a delivery that has not changed.

        Nothing in the calendar turns within a minute: windows, days and due times are whole minutes.
        """
        minutes = {moment.replace(second=0, microsecond=0) for moment in (self.now, earlier.now)}
        return len(minutes) == 1 and replace(self, now=earlier.now) == earlier


def decide(claimed: ClaimedDelivery, edition: Edition | None, around: Surroundings) -> Decision:
    """May this delivery go now? ``edition`` is None where its bytes are not what was signed."""
    if edition is None:
        return Hold(Reason.NOT_APPROVED)
    part = next((each for each in edition.parts if each.number == claimed.part), None)
    if part is None:
        # "Replace unsent parts" with a shorter edition leaves rows that have no part any more.
        return Hold(Reason.NOT_APPROVED)
    try:
        day = part_day(part, edition.calendar, around.rules)
    except CalendarRulesError as error:
        # The clinic's window was changed after the approval: staff have to choose between the two.
        _log.error("part %d of %s can never be sent: %s", part.number, edition.series, error.what)
        return Hold(Reason.NO_OPEN_DAY)
    if claimed.slower:
        (day,) = slower([day])
    return may_go(_facts(claimed, edition, day, around), around.now)


def mark_of(delivery: int, decision: Decision) -> Mark | None:
    """The ledger's mark for a decision; None for Go."""
    match decision:
        case Go():
            return None
        case Wait(until=until, reason=reason):
            return Mark(delivery=delivery, state=State.PLANNED, reason=reason, due_at=until)
        case Hold(reason=reason):
            return Mark(delivery=delivery, state=State.HELD, reason=reason)
        case Skip(reason=reason):
            return Mark(delivery=delivery, state=State.SKIPPED, reason=reason)
        case Cancel(reason=reason):
            return Mark(delivery=delivery, state=State.CANCELED, reason=reason)
        case _:
            assert_never(decision)


def _facts(claimed: ClaimedDelivery, edition: Edition, day: PartDay, around: Surroundings) -> Facts:
    zone = ZoneInfo(claimed.zone)
    ineligible = eligible(
        claimed.patient, claimed.consents, purpose=edition.purpose.value,
        on=around.now.astimezone(zone).date(), suppressed=claimed.suppressed,
    )  # fmt: skip
    ended = claimed.reason or Reason.STOPPED if claimed.status is EnrollmentStatus.ENDED else None
    waits = claimed.status in {EnrollmentStatus.PAUSED, EnrollmentStatus.HELD}
    address, language = address_key(claimed.patient.email or ""), claimed.patient.language
    return Facts(
        due_at=claimed.due_at,
        expires_on=claimed.expires_on,
        part=day,
        start=claimed.start,
        zone=zone,
        rules=around.rules,
        ended=ended,
        held=claimed.reason or Reason.PAUSED if waits else None,
        ineligible=None if ineligible is None else Reason(ineligible.value),
        suppressed=claimed.suppressed,
        readable=language is None or same_language(language, edition.language),
        approved_until=around.approved_until.get(claimed.edition),
        trial_leaves_machine=around.trial.restricted,
        on_trial_list=address in around.trial.addresses,
        halted=around.halted.stops(claimed.series),
        last_sent_on=_local_date(claimed.last_sent_at, zone),
        earlier_due=claimed.earlier_due,
        asked=claimed.asked,
    )


def _local_date(moment: datetime | None, zone: ZoneInfo) -> date | None:
    return None if moment is None else moment.astimezone(UTC).astimezone(zone).date()
