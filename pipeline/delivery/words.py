"""States and reasons in words that staff read.

In charge of: one sentence or phrase for each code. Not in charge of: the codes (``states``).
"""

from collections.abc import Mapping
from types import MappingProxyType

from pipeline.delivery.states import Reason, State

STATE_WORDS: Mapping[State, str] = MappingProxyType(
    {
        State.PLANNED: "Waiting for its day",
        State.CLAIMED: "About to be sent",
        State.SENDING: "On its way",
        State.ACCEPTED: "Sent",
        State.DELIVERED: "Delivered",
        State.BOUNCED: "Came back",
        State.COMPLAINED: "Marked as spam",
        State.REFUSED: "Refused by the mail service",
        State.UNKNOWN: "Not known whether it went",
        State.HELD: "Held for you",
        State.SKIPPED: "Left out",
        State.CANCELED: "Canceled",
    }
)

REASON_WORDS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.CLOSED: "moved, because the clinic is closed on its own day",
        Reason.NO_OPEN_DAY: "no open day within 30 days",
        Reason.VISIT_PASSED: "it was meant for before the first visit",
        Reason.EXPIRED: "too late to be useful",
        Reason.LATE: "its own day had passed",
        Reason.GAP: "moved, to leave days between two emails",
        Reason.CLOCK_GAP: "moved, because the clock change left out its hour",
        Reason.UNSUBSCRIBED: "the patient stopped all emails",
        Reason.SUPPRESSED: "this address is never mailed",
        Reason.NO_CONSENT: "no consent is recorded",
        Reason.NO_ADDRESS: "there is no usable email address",
        Reason.PHONE_INSTEAD: "the patient wants a phone call instead",
        Reason.MINOR: "the patient is under 18",
        Reason.DECEASED: "the patient has died",
        Reason.PAUSED: "the series is paused",
        Reason.NOT_APPROVED: "the series is not approved, or its review date has passed",
        Reason.NO_LANGUAGE: "the series does not exist in the patient's language",
        Reason.CANCELED_VISIT: "the first visit was canceled",
        Reason.NO_SHOW: "the patient did not come to the first visit",
        Reason.DISCHARGED: "the treatment has ended",
        Reason.STOPPED: "the patient stopped this series",
        Reason.NOT_ON_TRIAL_LIST: "trial mode: this address is not on the trial list",
        Reason.HALTED: "sending is stopped",
        Reason.OUTSIDE_WINDOW: "outside the hours for sending",
        Reason.WRONG_PERSON: "the address belongs to somebody else",
        Reason.LEASE_EXPIRED: "the program stopped in the middle of sending",
        Reason.DEFERRED: "the mail service asked to try again later",
        Reason.PROVIDER_REFUSED: "the mail service would not take it",
        Reason.NO_ANSWER: "the mail service gave no clear answer",
    }
)


def reason_in_words(code: str) -> str:
    """A reason's words, also for the one code that only an import knows (no first visit yet)."""
    return REASON_WORDS[Reason(code)] if code in set(Reason) else code.replace("_", " ")
