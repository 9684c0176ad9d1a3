"""A named clinician signs an edition's exact bytes.

In charge of: who may sign and what must be true of the edition (DESIGN 9.3). Not in charge of: compiling
or checking it (``rendering``), or showing it.
"""

from collections.abc import Sequence
from datetime import date, datetime

from pipeline.delivery.states import Reason, State
from pipeline.errors import NotAllowedError
from pipeline.rendering.edition import to_bytes
from pipeline.rendering.model import Edition, Finding, Severity
from pipeline.store import audit, editions, overview, planning, users
from pipeline.store.database import Tx
from pipeline.store.editions import Approval
from pipeline.store.users import User


def approve(
    tx: Tx,
    edition: Edition,
    *,
    findings: Sequence[Finding],
    author: str | None,
    approver: str,
    credential: str,
    review_by: date,
    now: datetime,
) -> Approval:
    """Keep ``edition`` and sign it as ``approver``, until ``review_by`` (its last day).

    ``author`` is the last person who changed the series, where the file names one. Raises NotAllowedError:
    open errors, an unknown approver, an approver who is the author, no credential, a date that has passed.
    """
    _check_findings(findings)
    user = _known(tx, approver)
    _check_other_person(user, author or editions.last_changed_by(tx, edition.series))
    _check_words(credential, review_by, today=now.date())
    editions.save_edition(tx, edition, to_bytes(edition), now=now)
    approval = editions.approve(
        tx, edition.sha256, user=user, credential=credential.strip(), review_by=review_by, now=now
    )
    released = _release_held(tx, edition, actor=f"staff:{user.name}", now=now)
    detail = {"series": edition.series, "review_by": review_by.isoformat(), "released": released}
    audit.append(
        tx, actor=f"staff:{user.name}", action="approve", subject=f"edition:{edition.sha256}", detail=detail,
        now=now,
    )  # fmt: skip
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
