"""A named clinician signs an edition's exact bytes.

In charge of: who may sign, what must be true of the edition (DESIGN 9.3), and what the signer is shown
first. Not in charge of: compiling or checking it (``rendering``), printing it, or what becomes of
enrollments that run (``replacing``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.actions.offers import same_language
from pipeline.delivery.states import Reason, State
from pipeline.errors import NotAllowedError
from pipeline.rendering.difference import Difference, difference
from pipeline.rendering.edition import from_bytes, to_bytes
from pipeline.rendering.model import Edition, Finding, Severity
from pipeline.store import audit, editions, overview, planning, users
from pipeline.store.database import Tx
from pipeline.store.editions import Approval
from pipeline.store.users import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """What it takes to sign."""

    #: What the checks found.
    findings: Sequence[Finding]
    #: The last person who changed the series, where the file names one.
    author: str | None
    #: A name from ``pipeline user list``.
    approver: str
    credential: str
    #: Last day on which the signature counts, a civil date of the clinic.
    review_by: date
    #: The clinic's civil day.
    today: date
    #: Aware.
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a clinician sees before signing."""

    #: The newest signature on an edition of the series in this language; None: this is the first one.
    last: Approval | None
    #: What changed since then; None where nothing was signed before.
    difference: Difference | None


def propose(tx: Tx, edition: Edition) -> Proposal:
    """Set ``edition`` beside the edition of its series that was signed last; changes nothing."""
    languages = {row.sha256: row.language for row in editions.editions_of(tx, edition.series)}
    signed = (
        each
        for each in editions.history(tx, edition.series)
        if same_language(languages[each.edition], edition.language)
    )
    last = next(signed, None)
    if last is None:
        return Proposal(last=None, difference=None)
    before = from_bytes(editions.edition_bytes(tx, last.edition))
    return Proposal(last=last, difference=difference(before, edition))


def check_signing(tx: Tx, edition: Edition, signing: Signing) -> User:
    """The user who may sign ``edition``; changes nothing.

    Raises NotAllowedError: open errors, an unknown approver, an approver who is the author, no credential,
    a date that is not after today.
    """
    _check_findings(signing.findings)
    user = _known(tx, signing.approver)
    _check_other_person(user, signing.author or editions.last_changed_by(tx, edition.series))
    _check_words(signing.credential, signing.review_by, today=signing.today)
    return user


def approve(tx: Tx, edition: Edition, signing: Signing) -> Approval:
    """Keep ``edition`` and sign it; errors as ``check_signing``.

    The same signature given twice is given once: a command that was interrupted can be started again.
    """
    user = check_signing(tx, edition, signing)
    known = editions.approvals_of(tx, [edition.sha256]).get(edition.sha256)
    credential = signing.credential.strip()
    if known and (known.user, known.credential, known.review_by) == (
        user.name,
        credential,
        signing.review_by,
    ):
        return known
    return _sign(tx, edition, user, credential, signing)


def _sign(tx: Tx, edition: Edition, user: User, credential: str, signing: Signing) -> Approval:
    now, review_by = signing.now, signing.review_by
    actor = f"staff:{user.name}"
    editions.save_edition(tx, edition, to_bytes(edition), now=now)
    approval = editions.approve(
        tx, edition.sha256, user=user, credential=credential, review_by=review_by, now=now
    )
    released = _release_held(tx, edition, actor=actor, now=now)
    detail = {"series": edition.series, "review_by": review_by.isoformat(), "released": released}
    audit.append(
        tx, actor=actor, action="approve", subject=f"edition:{edition.sha256}", detail=detail, now=now
    )
    return approval


def _release_held(tx: Tx, edition: Edition, *, actor: str, now: datetime) -> int:
    """Plan what waited for this signature; the dispatcher then follows the late rule (DESIGN 7.5)."""
    waiting = overview.Filter(states=(State.HELD,), reason=Reason.NOT_APPROVED, series=edition.series)
    released = 0
    before: int | None = None
    while page := overview.list_deliveries(tx, waiting, before=before):
        ids = [row.id for row in page if row.edition == edition.sha256]
        released += len(planning.release_held(tx, ids, due_at=now, actor=actor, now=now))
        before = page[-1].id
    return released


def _check_findings(findings: Sequence[Finding]) -> None:
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        first = errors[0]
        part = f"part {first.part}: " if first.part else ""
        raise NotAllowedError(
            f"The series has open errors ({len(errors)}); the first is: {part}{first.message}",
            mend=f"{first.mend}; see all of them with `pipeline check`",
        )


def _known(tx: Tx, name: str) -> User:
    user = users.find_user(tx, name)
    if user is None:
        names = ", ".join(each.name for each in users.list_users(tx)) or "nobody yet"
        raise NotAllowedError(
            f"There is no user {name!r}: an approval is signed by a person the clinic has named.",
            mend=f"add them with `pipeline user add`; known now: {names}",
        )
    return user


def _check_other_person(user: User, author: str | None) -> None:
    themselves = {user.name.casefold(), user.display.casefold()}
    if author is not None and author.strip().casefold() in themselves:
        raise NotAllowedError(
            f"{user.name} was the last to change this series, so another person must approve it.",
            mend="ask a second clinician to sign",
        )


def _check_words(credential: str, review_by: date, *, today: date) -> None:
    if not credential.strip():
        raise NotAllowedError("An approval needs a credential.", mend='add one, like --credential "PT, DPT"')
    if review_by <= today:
        raise NotAllowedError(
            f"The review-by date {review_by} is not in the future: nothing could be sent.",
            mend="choose a later date, at most a year or two ahead",
        )
