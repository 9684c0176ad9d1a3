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
        Reason.NO_CONSENT: "no consent is recorded, or it has run out",
        Reason.NO_ADDRESS: "there is no usable email address",
        Reason.PHONE_INSTEAD: "the patient wants a phone call instead",
        Reason.MINOR: "the patient is under 18",
        Reason.DECEASED: "the patient has died",
        Reason.PAUSED: "the series is paused",
        Reason.NOT_APPROVED: "the series is not approved, or its review date has passed",
        Reason.NO_LANGUAGE: "the series does not exist in the patient's language",
        Reason.NO_SERIES: "no rule gives this patient a series",
        Reason.NO_VISIT: "there is no first visit to count from",
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
        Reason.NOT_IN_EDITION: "the newly approved text no longer has this part",
        Reason.RESTORED: "the database came back from a backup, and it may have gone before",
        Reason.NO_SUCH_ADDRESS: "nobody has this address",
        Reason.NOT_TAKEN: "the mailbox did not take it this time",
        Reason.NOT_TRIED: "the mail service did not try: it has the address on a list of its own",
        Reason.OFTEN_NOT_TAKEN: "too many emails in a row were not taken",
        Reason.COMPLAINED: "the patient marked an email as spam",
    }
)

#: What a person can do about a delivery that is held; reasons that pass by themselves are not here.
MENDS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.NO_CONSENT: "record the patient's consent, then import the list again",
        Reason.NO_ADDRESS: "correct the address in the list of patients, then import it again",
        Reason.WRONG_PERSON: "correct the address in the list of patients, then import it again",
        Reason.NOT_APPROVED: "have a clinician sign the series: pipeline approve",
        Reason.NO_LANGUAGE: "approve the series in the patient's language",
        Reason.NO_OPEN_DAY: "look at [schedule] in config.toml: the clinic is closed for too long",
        Reason.DEFERRED: "look at the mail service: it put this off too often",
        Reason.CANCELED_VISIT: "import the new date of the first visit",
        Reason.NO_SHOW: "import the new date of the first visit",
    }
)


#: Who acts in the history of a delivery, by what its name begins with.
_ACTORS: Mapping[str, str] = MappingProxyType(
    {
        "staff": "{} (staff)",
        "patient": "the patient",
        "event": "{}, which reported it",
        "provider": "{}",
    }
)
_BY_THEMSELVES: Mapping[str, str] = MappingProxyType(
    {
        "watchdog": "the watchdog",
        "housekeeping": "the calendar",
        "import": "the import",
        "terminal": "staff at the terminal",
    }
)


#: Why somebody is on the call list: the codes of ``store.calls.CallReason``.
CALL_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "pain": "has more pain than expected and asks for a call",
        "wrong_address": "emails do not reach them: ask for the right address",
        "phone_instead": "wants phone calls instead of email",
    }
)


def actor_in_words(actor: str) -> str:
    """Who did something, from its name in the history: ``staff:ana``, ``watchdog``, ``host:4711:ab12cd``."""
    kind, _, name = actor.partition(":")
    if kind in _ACTORS:
        return _ACTORS[kind].format(name)
    # A dispatcher is named after its machine, its process and its start.
    return _BY_THEMSELVES.get(actor) or (f"the sender on {kind}" if name else actor)


def reason_in_words(code: str) -> str:
    """The words of a reason's code."""
    return REASON_WORDS[Reason(code)]
