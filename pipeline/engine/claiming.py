"""The first half of a batch: take due rows, settle what may not go, compose what may.

In charge of: the first transaction, and messages. Not in charge of: the order of steps (``dispatch``),
the question to the gate (``checking``), or what leaves (``sending``).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.delivery.states import Reason, State
from pipeline.engine.checking import Surroundings, Trial, decide, mark_of
from pipeline.engine.editions import EditionCache
from pipeline.engine.report import Tally
from pipeline.engine.throttle import Throttle
from pipeline.engine.wiring import Settings, Wiring
from pipeline.errors import KeyringError, PipelineError
from pipeline.rendering.compose import MessageRefusedError, Recipient
from pipeline.rendering.model import Edition, Message
from pipeline.store.database import Tx
from pipeline.store.editions import approvals_of
from pipeline.store.ledger import claim_due, expire_leases, settle
from pipeline.store.loading import ClaimedDelivery, load_claimed
from pipeline.store.marks import halted
from pipeline.store.steps import Mark

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cleared:
    """A claimed delivery that may go, as far as the claim could see."""

    claimed: ClaimedDelivery
    edition: Edition = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one claim took."""

    #: How many rows were allowed, and how many were taken.
    allowed: int
    taken: int
    cleared: tuple[Cleared, ...]
    #: What the decisions rested on besides the rows; None where nothing was taken.
    around: Surroundings | None


@dataclass(frozen=True, slots=True)
class Ready:
    """A cleared delivery and its message."""

    claimed: ClaimedDelivery
    message: Message = field(repr=False)


class Desk:
    """One dispatcher's claims, one after another."""

    def __init__(self, wiring: Wiring, settings: Settings) -> None:
        self._with = wiring
        self._settings = settings
        self._editions = EditionCache(trial=settings.trial)
        restricted = settings.trial and wiring.provider.capabilities.leaves_machine
        self._trial = Trial(restricted=restricted, addresses=settings.trial_list)

    def claim(self, now: datetime, throttle: Throttle, tally: Tally) -> Claim:
        """Take as many due rows as may leave now, and settle those that may not go."""
        with self._with.store.begin() as tx:
            expired = expire_leases(tx, now=now)
            tally.counts["freed"] += len(expired.freed)
            tally.counts["lost"] += len(expired.unknown)
            limit = throttle.allowance(tx, now, tally)
            claim = self._take(tx, now, limit, tally)
            throttle.turn(tx, now, len(claim.cleared))
        throttle.kept()
        return claim

    def _take(self, tx: Tx, now: datetime, limit: int, tally: Tally) -> Claim:
        ids = self._claim_ids(tx, now, limit, tally) if limit else ()
        if not ids:
            return Claim(limit, 0, (), None)
        tally.counts["claimed"] += len(ids)
        loaded, marks = self._load(tx, ids)
        around = self.around(tx, loaded, now)
        cleared, settled = self.check(tx, loaded, around)
        self.settle(tx, [*marks, *settled], now, tally)
        return Claim(limit, len(ids), tuple(cleared), around)

    def check_again(
        self, tx: Tx, ready: Sequence[Ready], earlier: Surroundings, now: datetime
    ) -> tuple[list[Ready], list[Mark]]:
        """Those that may still go, and marks for the others; their rows have not changed since the claim."""
        claimed = [each.claimed for each in ready]
        around = self.around(tx, claimed, now)
        if around.decides_like(earlier):
            return list(ready), []
        cleared, marks = self.check(tx, claimed, around)
        still = {each.claimed.id for each in cleared}
        return [each for each in ready if each.claimed.id in still], marks

    def compose(self, cleared: Sequence[Cleared]) -> tuple[list[Ready], list[Mark]]:
        """The messages; a recipient whose values could forge one is held, and stops nobody else."""
        ready: list[Ready] = []
        marks: list[Mark] = []
        for each in cleared:
            try:
                ready.append(Ready(each.claimed, self._message(each)))
            except MessageRefusedError as error:
                marks.append(
                    Mark(
                        delivery=each.claimed.id,
                        state=State.HELD,
                        reason=Reason.NO_ADDRESS,
                        detail=error.what,
                    )
                )
        return ready, marks

    def settle(self, tx: Tx, marks: Sequence[Mark], now: datetime, tally: Tally) -> None:
        """Write down what does not go."""
        if not marks:
            return
        changed = settle(tx, marks, owner=self._settings.owner, now=now)
        for mark in marks:
            if mark.delivery in changed:
                tally.settled(mark.state)

    def _claim_ids(self, tx: Tx, now: datetime, limit: int, tally: Tally) -> tuple[int, ...]:
        stopped = halted(tx)
        if stopped.everything:
            tally.stopped_by = Reason.HALTED
        lease_until = now + self._settings.lease
        owner = self._settings.owner
        return claim_due(tx, now=now, owner=owner, lease_until=lease_until, limit=limit, halted=stopped)

    def _load(self, tx: Tx, ids: Sequence[int]) -> tuple[Sequence[ClaimedDelivery], list[Mark]]:
        """The rows, and marks for those whose sealed columns do not open.

        One damaged row must not stop the others. If none opens, the key file is the wrong one and no row
        may be blamed: KeyringError.
        """
        owner = self._settings.owner
        try:
            return (load_claimed(tx, ids, owner=owner) if ids else ()), []
        except KeyringError as error:
            first = error
        loaded: list[ClaimedDelivery] = []
        marks: list[Mark] = []
        for each in ids:
            try:
                loaded += load_claimed(tx, [each], owner=owner)
            except KeyringError:
                marks.append(Mark(delivery=each, state=State.HELD, reason=Reason.NO_ADDRESS))
        if not loaded:
            raise first
        return loaded, marks

    def check(
        self, tx: Tx, loaded: Sequence[ClaimedDelivery], around: Surroundings
    ) -> tuple[list[Cleared], list[Mark]]:
        """Ask the gate about each: those that may go, and marks for the others."""
        cleared: list[Cleared] = []
        marks: list[Mark] = []
        for claimed in loaded:
            edition = self._edition(tx, claimed.edition)
            mark = mark_of(claimed.id, decide(claimed, edition, around))
            if mark is not None:
                marks.append(mark)
            elif edition is not None:
                cleared.append(Cleared(claimed, edition))
        return cleared, marks

    def around(self, tx: Tx, loaded: Sequence[ClaimedDelivery], now: datetime) -> Surroundings:
        """What the decisions rest on besides the rows."""
        signed = approvals_of(tx, {claimed.edition for claimed in loaded})
        return Surroundings(
            now=now,
            rules=self._with.rules(now.date()),
            halted=halted(tx),
            trial=self._trial,
            approved_until={sha256: approval.review_by for sha256, approval in signed.items()},
        )

    def _edition(self, tx: Tx, sha256: str) -> Edition | None:
        try:
            return self._editions.edition(tx, sha256)
        except PipelineError as error:
            _log.error("edition %s cannot be sent: %s", sha256[:12], error.what)
            return None

    def _message(self, each: Cleared) -> Message:
        claimed = each.claimed
        recipient = Recipient(
            # The gate lets nobody through without an address; an empty one would be refused here.
            to=claimed.patient.email or "",
            given=claimed.patient.given or None,
            links=self._with.links(claimed.id),
            key=claimed.key,
        )
        return self._editions.composer(each.edition, claimed.part).message(recipient)
