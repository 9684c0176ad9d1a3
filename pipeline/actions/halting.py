"""Stop every send at once, for all or one series, and go on again.

In charge of: the mark that every dispatcher reads before it sends, and its audit row. Not in charge of:
dispatching (``engine``).
"""

from datetime import datetime

from pipeline.errors import NotAllowedError
from pipeline.store import audit, editions, marks
from pipeline.store.database import Tx

EVERYTHING = "everything"


def halt(tx: Tx, series: str | None, *, actor: str, reason: str | None = None, now: datetime) -> None:
    """From this commit on no further batch begins; ``series`` None stops all of them.

    ``reason`` is kept in the audit trail.

    Raises NotAllowedError for a series that nobody knows: a slip of the pen must not look like a stop.
    """
    known = sorted({row.series for row in editions.editions_of(tx)})
    if series is not None and series not in known:
        raise NotAllowedError(
            f"There is no series {series!r}, so nothing was stopped.",
            mend=f"known series: {', '.join(known) or 'none'}; without --series everything is stopped",
        )
    marks.halt(tx, series, now=now)
    why = None if reason is None else {"reason": reason}
    subject = f"series:{series or EVERYTHING}"
    audit.append(tx, actor=actor, action="halt", subject=subject, detail=why, now=now)


def go_on(tx: Tx, series: str | None, *, actor: str, now: datetime) -> bool:
    """Lift the halt of ``series`` (None: of everything); False where there was none."""
    lifted = marks.lift_halt(tx, series)
    if lifted:
        audit.append(tx, actor=actor, action="go_on", subject=f"series:{series or EVERYTHING}", now=now)
    return lifted
