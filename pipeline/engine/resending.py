"""An unknown batch once more, byte for byte, where the provider knows its key (DESIGN 8.2).

In charge of: choosing such batches, composing them anew, and committing ``sending`` for them. Not in charge
of: handing over and recording (``sending``), or how long a key is known (``delivery.resend``).

What goes is the same batch: the same members in the same order, each with the payload hash that was kept
before the first attempt. If any member may not be mailed any more, or its message would be another one now
(another name, address, edition, key ring or version of a template), all of them stay unknown. Nothing of a
message depends on the clock or the process, so that another dispatcher, after any crash, makes the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.delivery.resend import next_try, oldest_known, to_resend
from pipeline.engine.checking import Surroundings
from pipeline.engine.claiming import Desk, Ready
from pipeline.engine.payload import payload_hash
from pipeline.engine.sending import Going
from pipeline.engine.throttle import Throttle
from pipeline.engine.wiring import Settings, Wiring
from pipeline.errors import KeyringError
from pipeline.store.batches import (
    Batch,
    begin_again,
    hold_still,
    load_batch,
    postpone_resend,
    resendable,
)
from pipeline.store.database import Tx
from pipeline.store.loading import ClaimedDelivery, load_unknown, still_unknown
from pipeline.store.marks import halted

#: Batches looked at in one tick; one that cannot go waits a minute for its next look.
_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class _Whole:
    """A batch that may go again, as far as a first look can see."""

    batch: Batch
    members: tuple[Ready, ...]
    around: Surroundings


class _TakenMeanwhileError(Exception):
    """An event, a person or another dispatcher was quicker: nothing of this transaction may stay."""


class Resender:
    """One dispatcher's second attempts."""

    def __init__(self, wiring: Wiring, settings: Settings, desk: Desk, throttle: Throttle) -> None:
        self._with = wiring
        self._settings = settings
        self._desk = desk
        self._throttle = throttle

    def candidates(self, now: datetime) -> tuple[int, ...]:
        """Batches that the provider still knows for certain, the oldest first."""
        remembers = self._with.provider.capabilities.idempotency
        if not remembers:
            return ()
        with self._with.store.read() as tx:
            if halted(tx).everything:
                return ()
            return resendable(
                tx, provider=self._with.provider.name, first_sent_after=oldest_known(now, remembers), now=now,
                limit=_AT_ONCE,
            )  # fmt: skip

    def begin(self, batch_id: int, now: datetime) -> Going | None:
        """Commit ``sending`` for one batch once more; None where it may not go, or not now."""
        whole = self._look(batch_id, now)
        if whole is not None:
            try:
                with self._with.store.begin() as tx:
                    going = self._commit(tx, whole, now)
            except _TakenMeanwhileError:
                return None
            if going is not None:
                return going
        self._postpone(batch_id, now)
        return None

    def _look(self, batch_id: int, now: datetime) -> _Whole | None:
        """The batch composed anew, if all of it may go and nothing of it has changed."""
        with self._with.store.read() as tx:
            batch = load_batch(tx, batch_id)
            loaded = self._members(tx, batch) if batch else ()
            if batch is None or not loaded:
                return None
            around = self._desk.around(tx, loaded, now)
            cleared, marks = self._desk.check(tx, loaded, around)
        ready, refused = self._desk.compose(cleared)
        if marks or refused or not _unchanged(batch, ready):
            return None
        return _Whole(batch, tuple(ready), around)

    def _members(self, tx: Tx, batch: Batch) -> Sequence[ClaimedDelivery]:
        """Those that go out again, in the batch's order; none where it must not."""
        order = [each.delivery for each in batch.members]
        try:
            unknown = {each.id: each for each in load_unknown(tx, order)}
        except KeyringError:
            # A damaged row, or the wrong key file: the first attempts tell, this one only waits.
            return ()
        key_each = self._with.provider.capabilities.key_each
        chosen = to_resend(order, unknown.keys(), key_each=key_each)
        return [unknown[each] for each in order if each in chosen]

    def _commit(self, tx: Tx, whole: _Whole, now: datetime) -> Going | None:
        """Everything looked at again, and ``sending``, in one transaction."""
        claimed = [each.claimed for each in whole.members]
        ids = [each.id for each in claimed]
        hold_still(tx, ids)
        if still_unknown(tx, claimed) != frozenset(ids):
            return None
        ready, marks = self._desk.check_again(tx, whole.members, whole.around, now)
        if marks or len(ready) != len(ids) or not self._throttle.may_probe(tx, now):
            return None
        lease_until = now + self._settings.lease
        owner = self._settings.owner
        if not begin_again(tx, whole.batch, ids, owner=owner, lease_until=lease_until, now=now):
            raise _TakenMeanwhileError
        if self._throttle.reserve(tx, now, len(ids), whole=True) < len(ids):
            raise _TakenMeanwhileError
        self._throttle.turn(tx, now, len(ids))
        tries = whole.batch.resends + 1
        later = next_try(tries, now, draw=self._with.draw())
        postpone_resend(tx, whole.batch.id, until=later, tried=True)
        return Going(whole.batch.id, whole.members, lease_until, again=True)

    def _postpone(self, batch_id: int, now: datetime) -> None:
        """Look at it again later: a pause, a halt or the hour may pass before the provider forgets."""
        with self._with.store.begin() as tx:
            postpone_resend(tx, batch_id, until=next_try(1, now, draw=self._with.draw()), tried=False)


def _unchanged(batch: Batch, ready: Sequence[Ready]) -> bool:
    """Whether each message is, byte for byte, what it was."""
    before = {each.delivery: each.payload_hash for each in batch.members}
    return all(payload_hash(each.message) == before[each.claimed.id] for each in ready)
