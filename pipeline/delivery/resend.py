"""Which unknown batch may be sent once more with the same key, and when (DESIGN 8.2).

In charge of: the time in which a provider still knows our key, what of a batch may go, and the waits between
tries. Not in charge of: whether each patient may still be mailed (``gate``) or sending (``engine``).
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from pipeline.delivery.retry import backoff

#: A share of the provider's memory is never used: clocks differ, and a batch takes its time on the wire.
_MARGIN_SHARE = 10
_LARGEST_MARGIN = timedelta(hours=1)
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(minutes=30)


def oldest_known(now: datetime, remembers: timedelta) -> datetime:
    """The earliest first attempt that the provider still knows for certain at ``now`` (aware).

    ``remembers`` is how long it keeps a key (``Capabilities.idempotency``).
    """
    margin = min(remembers / _MARGIN_SHARE, _LARGEST_MARGIN)
    # The outbox remembers for ever: longer than there are dates.
    return now - min(remembers - margin, timedelta(days=365))


def to_resend(members: Collection[int], unknown: Collection[int], *, key_each: bool) -> frozenset[int]:
    """Which ``members`` of a batch go out again, given those that are ``unknown``; none: it must not.

    With one key for a whole call (``key_each`` False) any other selection than all of it would be a new
    message to the provider.
    """
    if key_each:
        return frozenset(members) & frozenset(unknown)
    return frozenset(members) if frozenset(members) <= frozenset(unknown) else frozenset()


def next_try(resends: int, now: datetime, *, draw: float) -> datetime:
    """When a batch that has been tried ``resends`` times (from 1) may be tried again; ``draw`` in [0, 1)."""
    wait = backoff(resends, first=_FIRST_WAIT, longest=_LONGEST_WAIT)
    return now + wait / 2 + wait / 2 * draw
