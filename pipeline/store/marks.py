"""Single facts about this database: its generation, and what is halted.

In charge of: reading and writing them. Not in charge of: acting on them (``engine``, ``app``) or the copy
of the generation that is kept outside the database (``app``).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.store.database import Tx
from pipeline.store.schema import marks

_GENERATION = "generation"
_HALTED = "halted"
_RESTORED = "halted by restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """What ``pipeline halt`` stopped."""

    everything: bool
    #: Names of the series that are stopped one by one.
    series: frozenset[str]
    #: The database is a restored backup, and nobody has confirmed it yet: then everything is stopped.
    restored: bool = False

    def stops(self, series: str) -> bool:
        """Whether mail of ``series`` must not go."""
        return self.everything or series in self.series


def get_mark(tx: Tx, key: str) -> str | None:
    """The value kept under ``key``."""
    value: str | None = tx.connection.scalar(select(marks.c.value).where(marks.c.key == key))
    return value


def set_mark(tx: Tx, key: str, value: str, *, now: datetime) -> None:
    """Keep ``value`` under ``key``, whatever stood there."""
    _make(tx, key, value, now=now)
    tx.connection.execute(update(marks).where(marks.c.key == key).values(value=value, updated_at=now))


def clear_mark(tx: Tx, key: str) -> bool:
    """Forget ``key``; whether it stood there."""
    return tx.connection.execute(delete(marks).where(marks.c.key == key)).rowcount > 0


def halt(tx: Tx, series: str | None, *, now: datetime) -> None:
    """Stop every send, or those of one ``series``, from this commit on."""
    set_mark(tx, _halt_key(series), "1", now=now)


def lift_halt(tx: Tx, series: str | None) -> bool:
    """Undo ``halt`` with the same argument; whether it was halted."""
    return clear_mark(tx, _halt_key(series))


def halted(tx: Tx) -> Halted:
    """What is stopped now."""
    keys = set(tx.connection.scalars(select(marks.c.key).where(marks.c.key.startswith(_HALTED))))
    restored = _RESTORED in keys
    names = frozenset(key.removeprefix(_halt_key("")) for key in keys - {_HALTED, _RESTORED})
    return Halted(everything=_HALTED in keys or restored, series=names, restored=restored)


def hold_restored(tx: Tx, *, now: datetime) -> None:
    """Stop every send until a person confirms that this restored backup is to go on."""
    set_mark(tx, _RESTORED, "1", now=now)


def lift_restored(tx: Tx) -> bool:
    """Undo ``hold_restored``; whether it stood there."""
    return clear_mark(tx, _RESTORED)


def generation(tx: Tx) -> int:
    """How often sending was counted in this database; 0 for a new one.

    The same number is kept outside: a backup that was restored comes back with a smaller one (DESIGN 8.6).
    """
    return int(get_mark(tx, _GENERATION) or 0)


def locked_generation(tx: Tx, *, now: datetime) -> int:
    """``generation``; nobody else counts before this transaction ends."""
    _make(tx, _GENERATION, "0", now=now)
    tx.connection.execute(select(marks.c.key).where(marks.c.key == _GENERATION).with_for_update())
    return generation(tx)


def next_generation(tx: Tx, *, now: datetime, after: int = 0) -> int:
    """Count one up, beyond ``after``, and return the new number."""
    following = max(locked_generation(tx, now=now), after) + 1
    set_mark(tx, _GENERATION, str(following), now=now)
    return following


def _make(tx: Tx, key: str, value: str, *, now: datetime) -> None:
    """Add the mark unless it is there."""
    dialect = postgresql if tx.on_postgresql else sqlite
    row = {"key": key, "value": value, "updated_at": now}
    tx.connection.execute(dialect.insert(marks).values(row).on_conflict_do_nothing())


def _halt_key(series: str | None) -> str:
    return _HALTED if series is None else f"{_HALTED}:{series}"
