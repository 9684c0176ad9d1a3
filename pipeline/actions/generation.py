"""Telling a restored backup from the living database, before it sends again what went already (DESIGN 8.6).

In charge of: the number in the database and in a file outside it, comparing them, and a person's word that
a restored database is to go on. Not in charge of: when to count (``engine.dispatch``).

The protocol. Sending counts a number up, at the start of every tick and every half minute of a long one,
always in this order: lock the database's number; read the file's; compare; count up; commit; write the file.

- The file is written after the commit, so it is **never ahead of the living database**, whatever dies in
  between, and however many processes and machines count in one database (each machine has its own file).
  A file that lags behind is therefore no sign of anything: nobody is locked out.
- A restored copy has a smaller number than the file has seen: **behind the file means restored**. The one
  who finds it puts a mark into the database that stops all others too.
- The file is read while the number is locked: nobody can count, and write, in between.
- A new database gets its file, with the number 0, before the first count: a death between the two leaves 0
  and 0. So a database that has counted, without a file, is a copy, or a machine that never sent from it:
  this machine sends nothing until a person confirms. One exception: on PostgreSQL, where another machine
  ticked just now, the database lives, and this machine joins.

What it cannot see: a backup taken after the last count, and a file that was restored together with the
database. So the file says in words that it does not belong into a backup.
"""

import fcntl
import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from pipeline.delivery.states import State
from pipeline.errors import EnvironmentRefusedError, Place
from pipeline.store import audit, marks, restoring, watch
from pipeline.store.database import Store, Tx

#: Another machine that ticked so lately shows that the database lives.
_JUST_NOW = timedelta(minutes=2)
#: A clock that once stood a year ahead must not put the whole year in doubt.
_CLOCK_AHEAD = timedelta(days=1)
_LINE = re.compile(r"(\d{12}) (\S+)\n")
_WORDS = "This file tells a restored backup of the database from the living one: keep it out of backups.\n"


class Standing(StrEnum):
    """What the two numbers say."""

    FINE = "fine"
    #: The file, or another machine, has seen a later database than this one.
    RESTORED = "restored"
    #: The database was sent from, but never from this machine.
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What the file says."""

    number: int
    #: The latest moment that was counted (aware): a clock set back afterwards does not hide what left before.
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What a restored database does not know."""

    #: The last moment it knows of (None: it never sent), and the last one that the file knows of.
    since: datetime | None
    until: datetime
    #: Deliveries that were due in between: they may have gone.
    deliveries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Generation:
    """The file of one machine; ``path`` lies outside the database."""

    path: Path

    def count_up(self, store: Store, now: datetime) -> Standing:
        """Count sending at ``now`` (aware), unless it must not go on. Also a sign of life for ``status``.

        Raises StoreError, and EnvironmentRefusedError where the file cannot be read or written: without it
        the next restored backup would go unseen.
        """
        with store.begin() as tx:
            standing = self._standing(tx, store, now)
            if standing is Standing.RESTORED:
                marks.hold_restored(tx, now=now)
            if standing is not Standing.FINE:
                return standing
            number = marks.next_generation(tx, now=now)
            watch.note_tick(tx, now=now)
        self._write(number, now)
        return standing

    def standing(self, store: Store, now: datetime) -> Standing:
        """What ``count_up`` would find; changes nothing."""
        # The file first: what is counted between the two reads only makes the database newer.
        outside = self._read()
        with store.read() as tx:
            return _judge(tx, outside, marks.generation(tx), store.kind, now)

    def lost(self, tx: Tx, now: datetime) -> Lost:
        """What this database does not know of, if it is a restored one."""
        outside = self._read()
        until = min(outside.at, now + _CLOCK_AHEAD) if outside else now
        if tx.on_postgresql:
            # Another machine may have sent after this one counted last.
            until = max(until, now)
        since = watch.last_tick(tx)
        return Lost(since=since, until=until, deliveries=restoring.due_until(tx, until=until))

    def confirm(self, store: Store, *, actor: str, provider: str, leave_open: bool, now: datetime) -> Lost:
        """Let this database go on: it is now ahead of every file that knew a later one.

        With ``leave_open`` what was due in the lost time becomes ``unknown``, because it may have gone;
        otherwise it is sent as if nothing had been.
        """
        with store.begin() as tx:
            outside = self._read()
            lost = self.lost(tx, now)
            if leave_open:
                restoring.put_in_doubt(tx, lost.deliveries, provider=provider, actor=actor, now=now)
            number = marks.next_generation(tx, now=now, after=outside.number if outside else 0)
            marks.lift_restored(tx)
            detail = {
                "since": lost.since.isoformat() if lost.since else "",
                "until": lost.until.isoformat(),
                State.UNKNOWN.value: len(lost.deliveries) if leave_open else 0,
            }
            audit.append(tx, actor=actor, action="restored", subject="database", detail=detail, now=now)
        self._write(number, now)
        return lost

    def _standing(self, tx: Tx, store: Store, now: datetime) -> Standing:
        inside = marks.locked_generation(tx, now=now)
        outside = self._read()
        if outside is None and inside == 0:
            self._write(0, now)
        return _judge(tx, outside, inside, store.kind, now)

    def _read(self) -> Outside | None:
        """What the file says; None where it is missing, or holds something else."""
        try:
            return _said(self.path.read_text(encoding="utf-8", errors="replace"))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._refused(error, "read") from error

    def _write(self, number: int, now: datetime) -> None:
        """In place and always as long as before: neither a full disk nor a kill leaves half a line.

        Two processes may come here in the other order than they counted: the larger number stays.
        """
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                before = _said(os.pread(handle, len(_line(number, now)), 0).decode(errors="replace"))
                if before is None or before.number < number:
                    latest = max(now, before.at) if before else now
                    os.pwrite(handle, _line(number, latest), 0)
                    os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise self._refused(error, "written") from error

    def _refused(self, error: OSError, doing: str) -> EnvironmentRefusedError:
        return EnvironmentRefusedError(
            f"{self.path.name} cannot be {doing}: {error.strerror or error}. Nothing is sent without it.",
            where=Place(file=str(self.path)),
            mend="let the account that runs the pipeline read and write it",
        )


#: Why nothing is sent, for reports and logs.
WORDS = {
    Standing.RESTORED: "the database is a restored backup; look at it with: pipeline restored",
    Standing.STRANGER: "this machine never sent from this database; look at it with: pipeline restored",
}


def _line(number: int, at: datetime) -> bytes:
    return f"{number:012} {at.isoformat(timespec='microseconds')}\n{_WORDS}".encode()


def _said(words: str) -> Outside | None:
    """What a file with these words says; None for anything but our own line."""
    found = _LINE.match(words)
    try:
        at = datetime.fromisoformat(found[2]) if found else None
    except ValueError:
        return None
    return Outside(number=int(found[1]), at=at) if found and at and at.tzinfo else None


def _judge(tx: Tx, outside: Outside | None, inside: int, kind: str, now: datetime) -> Standing:
    if marks.halted(tx).restored or (outside is not None and inside < outside.number):
        return Standing.RESTORED
    if outside is None and inside > 0:
        ticked = watch.last_tick(tx)
        lives = kind == "postgresql" and ticked is not None and now - ticked < _JUST_NOW
        return Standing.FINE if lives else Standing.STRANGER
    return Standing.FINE
