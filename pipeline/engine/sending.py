"""The second half of a batch: commit ``sending``, hand over, record what each message came to.

In charge of: the second and third transaction and the one place from which mail leaves. Not in charge
of: which deliveries (``claiming``), or what an outcome means for the ledger (``outcomes``).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.delivery.outcome import Deferred, Outcome, Refused, Unknown
from pipeline.delivery.states import Reason, State
from pipeline.engine.claiming import Claim, Desk, Ready
from pipeline.engine.heartbeat import Heartbeat
from pipeline.engine.outcomes import as_resent, mark_of
from pipeline.engine.payload import payload_hash
from pipeline.engine.report import Tally
from pipeline.engine.throttle import Throttle
from pipeline.engine.wiring import Settings, Wiring
from pipeline.store.audit import append
from pipeline.store.batches import Member, begin_sending, finish_batch
from pipeline.store.database import Tx
from pipeline.store.ledger import record, release, resolve
from pipeline.store.loading import still_as_loaded
from pipeline.store.steps import Mark
from pipeline.store.suppression import suppress

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Going:
    """A batch whose ``sending`` is committed."""

    batch: int
    members: tuple[Ready, ...]
    lease_until: datetime
    #: It was ``unknown``, and goes once more with the same key.
    again: bool = False


class Gateway:
    """One dispatcher's way out."""

    def __init__(self, wiring: Wiring, settings: Settings, desk: Desk, throttle: Throttle) -> None:
        self._with = wiring
        self._settings = settings
        self._desk = desk
        self._throttle = throttle

    def begin(
        self, claim: Claim, ready: Sequence[Ready], marks: Sequence[Mark], now: datetime, tally: Tally
    ) -> Going | None:
        """Commit ``sending`` for what may still go, exactly as it was composed; ``marks`` are settled too.

        Everything is looked at again in the same transaction, so that whatever was committed before wins.
        """
        owner = self._settings.owner
        lease_until = now + self._settings.lease
        hashes = {each.claimed.id: payload_hash(each.message) for each in ready}
        with self._with.store.begin() as tx:
            unchanged = still_as_loaded(tx, [each.claimed for each in ready], owner=owner)
            # What changed under our hands goes back, and is read and composed anew by the next claim.
            changed = sorted(hashes.keys() - unchanged)
            tally.again = bool(release(tx, changed, owner=owner, now=now))
            same = [each for each in ready if each.claimed.id in unchanged]
            again = self._desk.check_again(tx, same, claim.around, now) if claim.around else ([], [])
            self._desk.settle(tx, [*marks, *again[1]], now, tally)
            room = self._throttle.reserve(tx, now, len(again[0]))
            # Others used up the quota since the claim: what is left waits for tomorrow where it was.
            release(tx, [each.claimed.id for each in again[0][room:]], owner=owner, now=now)
            going = {each.claimed.id: each for each in again[0][:room]}
            members = [Member(delivery=each, payload_hash=hashes[each]) for each in going]
            begun = begin_sending(
                tx, members, provider=self._with.provider.name, idempotency_key=self._with.new_key(),
                owner=owner, lease_until=lease_until, now=now,
            ) if members else None  # fmt: skip
        if begun is None:
            return None
        return Going(begun.id, tuple(going[each] for each in begun.deliveries), lease_until)

    def hand_over(self, going: Going) -> tuple[Outcome, ...]:
        """The one place from which mail leaves: one outcome for each member, in order."""
        members = going.members
        if self._with.clock() >= going.lease_until:
            # This process stood still, and others may have judged these rows already. Nothing has left.
            return (Deferred(reason="the lease ended before the first byte left", everyone=True),) * len(
                members
            )
        ids = [each.claimed.id for each in members]
        lease = self._settings.lease
        with Heartbeat(
            self._with.store, ids, owner=self._settings.owner, lease=lease, clock=self._with.clock
        ):
            try:
                return self._with.provider.send([each.message for each in members])
            except Exception as error:
                # Unless the breaker hears of it, a bug there makes a batch of unknowns with every tick. Its
                # text may hold a patient's address; the type and the provider are enough to find it.
                _log.error("provider %s failed with %s", self._with.provider.name, type(error).__name__)
                return (Unknown(reason=f"the provider's code failed ({type(error).__name__})"),) * len(
                    members
                )

    def record(self, going: Going, outcomes: Sequence[Outcome], now: datetime, tally: Tally) -> None:
        """Write down what each message came to, in one transaction."""
        pairs = list(zip(going.members, outcomes, strict=True))
        marks = [
            mark_of(
                each.claimed.id, outcome, attempts=each.claimed.attempts + 1, now=now, draw=self._with.draw(),
                rules=self._settings.retry,
            )
            for each, outcome in pairs
        ]  # fmt: skip
        if going.again:
            marks = [as_resent(each) for each in marks]
        bad = [each for each, outcome in pairs if isinstance(outcome, Refused) and outcome.suppress]
        self._throttle.hear(outcomes, now)
        with self._with.store.begin() as tx:
            written = self._write(tx, marks, now)
            for each in bad:
                self._suppress(tx, each, now)
            finish_batch(tx, going.batch, now=now)
            self._throttle.keep(tx, now)
        self._throttle.kept()
        tally.counts["resent" if going.again else "sent"] += len(marks)
        for mark in marks:
            if mark.delivery in written:
                tally.recorded(mark.state)

    def _write(self, tx: Tx, marks: Sequence[Mark], now: datetime) -> frozenset[int]:
        owner = self._settings.owner
        written = record(tx, marks, owner=owner, now=now)
        late = [each for each in marks if each.delivery not in written and each.state is not State.UNKNOWN]
        # The lease ended while the provider was asked, so these stand as unknown; now we know.
        return written | resolve(tx, late, actor=owner, now=now) if late else written

    def _suppress(self, tx: Tx, each: Ready, now: datetime) -> None:
        """The address itself is bad. What is planned for it stays: with a corrected address it still goes."""
        email = each.claimed.patient.email
        source = f"provider:{self._with.provider.name}"
        if email and suppress(tx, email, reason=Reason.PROVIDER_REFUSED, source=source, now=now):
            append(tx, actor=source, action="suppress", subject=f"delivery {each.claimed.id}", now=now)
