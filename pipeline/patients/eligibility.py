"""Who may be mailed, and who may not and why: the rules, pure.

In charge of: the patient's own state, the recorded grounds, the suppression list's answer and the visit's
state. Not in charge of: when (``schedule``), approval, pauses and trial mode (``delivery``), or the language
of a series (``actions``).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from pipeline.patients.model import Basis, Consent, Patient, RosterRow, VisitStatus


class Ineligible(StrEnum):
    """Why a patient is not mailed; each has the value of the same reason in ``delivery.states.Reason``."""

    DECEASED = "deceased"
    MINOR = "minor"
    #: Belongs on the call list instead (45 CFR 164.522(b)).
    PHONE_INSTEAD = "phone_instead"
    NO_ADDRESS = "no_address"
    SUPPRESSED = "suppressed"
    NO_CONSENT = "no_consent"
    DISCHARGED = "discharged"
    CANCELED_VISIT = "canceled_visit"
    NO_SHOW = "no_show"
    PAUSED = "paused"
    #: There is no date to count from. The one reason that no delivery has: nothing was planned yet.
    NO_VISIT = "no_visit"


#: Which grounds carry which kind of series. A marketing permission is none for treatment, and consent to
#: or information about treatment mail is none for marketing (45 CFR 164.501, 164.508; DESIGN 9.5).
_GROUNDS: Mapping[str, frozenset[Basis]] = MappingProxyType(
    {
        "treatment": frozenset({Basis.CONSENT, Basis.TREATMENT}),
        "marketing": frozenset({Basis.MARKETING}),
    }
)

_STATES: Mapping[VisitStatus, Ineligible] = MappingProxyType(
    {
        VisitStatus.CANCELED: Ineligible.CANCELED_VISIT,
        VisitStatus.NO_SHOW: Ineligible.NO_SHOW,
        VisitStatus.DISCHARGED: Ineligible.DISCHARGED,
        VisitStatus.ON_HOLD: Ineligible.PAUSED,
    }
)


def eligible(
    patient: Patient, consents: Iterable[Consent], *, purpose: str, on: date, suppressed: bool
) -> Ineligible | None:
    """None where the patient may be mailed on ``on``, else the weightiest reason why not.

    ``purpose`` is ``treatment`` or ``marketing``; ``on`` a civil date of the patient's; ``suppressed`` the
    suppression list's answer for their address. ``consents`` are those that nobody has withdrawn.
    """
    reasons = all_reasons(patient, consents, purpose=purpose, on=on, suppressed=suppressed)
    return reasons[0] if reasons else None


def all_reasons(
    patient: Patient, consents: Iterable[Consent], *, purpose: str, on: date, suppressed: bool
) -> Sequence[Ineligible]:
    """Every reason against mailing the patient, the weightiest first: what ends it, then what may change."""
    checks = (
        (patient.deceased, Ineligible.DECEASED),
        (patient.minor, Ineligible.MINOR),
        (patient.phone_instead, Ineligible.PHONE_INSTEAD),
        (not patient.email, Ineligible.NO_ADDRESS),
        (suppressed, Ineligible.SUPPRESSED),
        (not any(stands(consent, purpose=purpose, on=on) for consent in consents), Ineligible.NO_CONSENT),
    )
    return tuple(reason for applies, reason in checks if applies)


def stands(consent: Consent, *, purpose: str, on: date) -> bool:
    """Whether a recorded ground carries a series of this purpose on this date; its last day is in.

    An unknown purpose has no ground.
    """
    in_time = consent.expires_on is None or on <= consent.expires_on
    return in_time and consent.basis in _GROUNDS.get(purpose, frozenset())


def why_not_enrolled(row: RosterRow, *, purpose: str, on: date, suppressed: bool) -> tuple[Ineligible, ...]:
    """Everything that keeps a roster's row from being mailed now; empty where nothing does.

    The patient's own reasons come first, the weightiest at the head, then the visit's state.
    """
    consents = (row.consent,) if row.consent else ()
    reasons = list(all_reasons(row.patient, consents, purpose=purpose, on=on, suppressed=suppressed))
    if row.status in _STATES:
        reasons.append(_STATES[row.status])
    elif row.start is None:
        reasons.append(Ineligible.NO_VISIT)
    return tuple(reasons)
