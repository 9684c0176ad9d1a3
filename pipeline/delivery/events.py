"""What a mail service tells us after it took a message: one vocabulary for all of them.

In charge of: the kinds of events and what each says of a delivery. Not in charge of: signatures and each
service's own words (``providers``), storing and applying (``store.events``, ``actions.taking_in``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from pipeline.delivery.states import State


class EventKind(StrEnum):
    """What happened, in our words."""

    #: The service took the message: what an answer that was lost would have said.
    ACCEPTED = "accepted"
    #: The receiving server took it; that does not mean it lies in the inbox.
    DELIVERED = "delivered"
    #: The receiving server asked to come back later; the service still tries.
    DELAYED = "delayed"
    #: It will never arrive: no such address, or the domain is gone. The address is bad.
    BOUNCED_HARD = "bounced_hard"
    #: It did not arrive this time: mailbox full, server down. The address may be good.
    BOUNCED_SOFT = "bounced_soft"
    #: The service did not even try, because of a list of its own.
    DROPPED = "dropped"
    #: The patient marked it as spam.
    COMPLAINED = "complained"
    #: The patient unsubscribed with the service's own link or header.
    UNSUBSCRIBED = "unsubscribed"
    #: An out-of-office note or another answering machine: nothing about the delivery.
    AUTO_REPLY = "auto_reply"
    #: Kept and counted, and not understood.
    OTHER = "other"


#: The state that a kind of event proves; kinds that are not here change no state.
PROVES: Mapping[EventKind, State] = MappingProxyType(
    {
        EventKind.ACCEPTED: State.ACCEPTED,
        EventKind.DELIVERED: State.DELIVERED,
        EventKind.BOUNCED_HARD: State.BOUNCED,
        EventKind.BOUNCED_SOFT: State.BOUNCED,
        EventKind.DROPPED: State.BOUNCED,
        EventKind.COMPLAINED: State.COMPLAINED,
    }
)

#: After these the address is never mailed again.
SUPPRESSES: frozenset[EventKind] = frozenset(
    {EventKind.BOUNCED_HARD, EventKind.COMPLAINED, EventKind.UNSUBSCRIBED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to one message."""

    kind: EventKind
    #: The service's own word for it, such as ``HardBounce``; shown where the kind is ``other``.
    said: str
    #: When it happened, by the service's clock; aware.
    at: datetime
    #: Tells the same event brought twice: the service's id of the event, or a hash of what makes it one.
    dedupe: str
    #: Our delivery key, where the service gives it back.
    key: str | None = None
    #: The service's id of the message.
    provider_id: str | None = None
    #: Why, in the service's words. It may quote an address; it is cleaned before it is kept.
    detail: str | None = field(default=None, repr=False)
