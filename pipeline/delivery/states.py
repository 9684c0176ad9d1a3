"""The states of a delivery, the reasons that go with them, and which may follow which.

In charge of: vocabulary and the table of allowed transitions (DESIGN 8). Not in charge of: storing
them (``store.ledger`` repeats the guard in SQL) or deciding (``gate``, ``outcome``).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where one enrollment's one part stands."""

    #: Dated and waiting for its minute.
    PLANNED = "planned"
    #: Taken by one dispatcher under a lease; nothing has left yet.
    CLAIMED = "claimed"
    #: Committed before the first byte goes out; from here on it may have been sent.
    SENDING = "sending"
    #: The provider took responsibility. Without provider events this is final.
    ACCEPTED = "accepted"
    #: The receiving server took it; not necessarily read, not necessarily in the inbox.
    DELIVERED = "delivered"
    #: The receiving server refused it later.
    BOUNCED = "bounced"
    #: The patient marked it as spam.
    COMPLAINED = "complained"
    #: The provider refused it for good.
    REFUSED = "refused"
    #: It may or may not have gone: never resent blindly.
    UNKNOWN = "unknown"
    #: Waits for a person or an event; ``reason`` says which.
    HELD = "held"
    #: Will not go; ``reason`` says why. A new start date may plan it again.
    SKIPPED = "skipped"
    #: The enrollment ended; final.
    CANCELED = "canceled"


#: What may follow what. ``claimed → planned`` is an expired or released lease; ``sending → planned``
#: happens only on ``Deferred``, which proves that nothing was accepted. ``unknown → sending`` is the same
#: batch once more with the same key, and nothing else. ``planned → unknown`` is what was due in the time that
#: a restored backup knows nothing of. ``bounced → delivered``: the mailbox was full at first.
TRANSITIONS: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.PLANNED: frozenset(
            {State.CLAIMED, State.HELD, State.SKIPPED, State.CANCELED, State.UNKNOWN},
        ),
        State.CLAIMED: frozenset(
            {State.PLANNED, State.SENDING, State.HELD, State.SKIPPED, State.CANCELED},
        ),
        State.SENDING: frozenset({State.ACCEPTED, State.PLANNED, State.REFUSED, State.UNKNOWN}),
        State.UNKNOWN: frozenset(
            {State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.COMPLAINED, State.REFUSED, State.PLANNED,
             State.CANCELED, State.SENDING},
        ),
        State.ACCEPTED: frozenset({State.DELIVERED, State.BOUNCED, State.COMPLAINED}),
        State.DELIVERED: frozenset({State.BOUNCED, State.COMPLAINED}),
        State.BOUNCED: frozenset({State.DELIVERED, State.COMPLAINED}),
        State.COMPLAINED: frozenset(),
        State.REFUSED: frozenset(),
        State.HELD: frozenset({State.PLANNED, State.SKIPPED, State.CANCELED}),
        State.SKIPPED: frozenset({State.PLANNED, State.CANCELED}),
        State.CANCELED: frozenset(),
    }
)  # fmt: skip

#: Nothing more will happen by itself once a delivery is here (events may still refine the first three).
FINAL: frozenset[State] = frozenset(
    {State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.COMPLAINED, State.REFUSED, State.SKIPPED,
     State.CANCELED},
)  # fmt: skip


class Reason(StrEnum):
    """Why a delivery is held, skipped, canceled, late, refused or unknown: the one documented list.

    The first seven have the values of ``schedule.model.PlanReason``.
    """

    CLOSED = "closed"
    NO_OPEN_DAY = "no_open_day"
    VISIT_PASSED = "visit_passed"
    EXPIRED = "expired"
    LATE = "late"
    GAP = "gap"
    CLOCK_GAP = "clock_gap"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"
    NO_CONSENT = "no_consent"
    NO_ADDRESS = "no_address"
    PHONE_INSTEAD = "phone_instead"
    MINOR = "minor"
    DECEASED = "deceased"
    PAUSED = "paused"
    NOT_APPROVED = "not_approved"
    NO_LANGUAGE = "no_language"
    #: No rule of [[enrolling]] fits the patient; a reason of imports, never of a delivery.
    NO_SERIES = "no_series"
    #: There is no date to count from; a reason of imports, never of a delivery.
    NO_VISIT = "no_visit"
    CANCELED_VISIT = "canceled_visit"
    NO_SHOW = "no_show"
    DISCHARGED = "discharged"
    STOPPED = "stopped"
    NOT_ON_TRIAL_LIST = "not_on_trial_list"
    HALTED = "halted"
    OUTSIDE_WINDOW = "outside_window"
    WRONG_PERSON = "wrong_person"
    LEASE_EXPIRED = "lease_expired"
    DEFERRED = "deferred"
    PROVIDER_REFUSED = "provider_refused"
    NO_ANSWER = "no_answer"
    #: Due in the time that a restored backup knows nothing of: it may have gone then.
    RESTORED = "restored"
    NOT_IN_EDITION = "not_in_edition"
    #: It came back for good: nobody has this address.
    NO_SUCH_ADDRESS = "no_such_address"
    #: It came back for the time being: the mailbox was full, the server down.
    NOT_TAKEN = "not_taken"
    #: The mail service did not try, because of a list of its own.
    NOT_TRIED = "not_tried"
    #: Too many in a row were not taken; a reason of suppressions, never of a delivery.
    OFTEN_NOT_TAKEN = "often_not_taken"
    #: The patient marked an email as spam; a reason of suppressions, never of a delivery.
    COMPLAINED = "complained"


def may_follow(before: State, after: State) -> bool:
    """Whether the ledger allows this step."""
    return after in TRANSITIONS[before]
