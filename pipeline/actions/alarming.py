"""Too many patients marked a series as spam: it stops by itself, until a person goes on.

In charge of: stopping, in the caller's transaction, and remembering for which complaint. Not in charge of:
the thresholds (``delivery.alarm``), counting (``store.reports``), or going on (``halting``).
"""

from collections.abc import Collection
from datetime import datetime

from pipeline.actions import halting
from pipeline.delivery.alarm import AlarmRules, in_words, must_stop
from pipeline.store import marks, reports
from pipeline.store.database import Tx

ACTOR = "alarm"
_KNOWN = "complaints known:"


def look_at(tx: Tx, series: Collection[str], rules: AlarmRules, *, now: datetime) -> tuple[str, ...]:
    """Stop those of ``series`` that too many patients marked as spam; returns which."""
    halted = marks.halted(tx)
    found = reports.complaints(tx, since=now - rules.span, series=series)
    stopped = [
        each
        for each in found
        if not halted.stops(each.series) and must_stop(each, rules, known=_known(tx, each.series))
    ]
    for each in stopped:
        halting.halt(tx, each.series, actor=ACTOR, reason=in_words(each), now=now)
        if each.newest is not None:
            marks.set_mark(tx, _KNOWN + each.series, each.newest.isoformat(), now=now)
    return tuple(each.series for each in stopped)


def _known(tx: Tx, series: str) -> datetime | None:
    kept = marks.get_mark(tx, _KNOWN + series)
    return None if kept is None else datetime.fromisoformat(kept)
