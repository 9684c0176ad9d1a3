"""What one send attempt told us about one message: a closed union, matched exhaustively.

In charge of: the vocabulary that every provider answers in. Not in charge of: what the ledger then
does (``retry`` decides, ``store.ledger`` records).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider took responsibility for this message."""

    provider_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Proof that nothing was accepted: try again later (429, 503, refused connection)."""

    reason: str
    #: From Retry-After, where the provider sent one.
    retry_after: timedelta | None = None
    #: The trouble is the account's or the line's (wrong credentials, no connection, too many calls), not
    #: this message's: the attempt does not count against it, so an outage uses up no delivery.
    everyone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The provider said no for good to this message."""

    reason: str
    #: The address itself is the trouble: put it on the suppression list.
    suppress: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """It may have been accepted: timeout, reset after the request left, unreadable answer."""

    reason: str


Outcome: TypeAlias = Accepted | Deferred | Refused | Unknown
