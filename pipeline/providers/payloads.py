"""Reading what a mail service posted, without trusting its shape.

In charge of: JSON from outside, values inside it, times, and what tells the same event brought twice. Not in
charge of: any service's own words (its ``*_events`` module), nor whether the call is genuine (``hooks``).

Nothing here raises but ``HookUnreadableError``: a missing or odd value is None, an absurd time is the time at
which the call came.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from pipeline.delivery.events import Event, EventKind
from pipeline.providers.hooks import REPLAY_WINDOW, Hook, HookUnreadableError

#: None of the services is older.
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
#: Seconds since 1970 reach this in the year 5138, milliseconds did in 1973.
_MILLISECONDS: Final = 1e11
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_SECONDS: Final = re.compile(r"[0-9]{1,11}", re.ASCII)
#: What a kind of event may look like; @ is not among it, so that no address hides there.
_NOT_IN_A_WORD: Final = re.compile(r"[^A-Za-z0-9 _./:-]")
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ID: Final = re.compile(r"[A-Za-z0-9_.:+/=~-]{1,200}")


def json_value(hook: Hook) -> object:
    """The body as JSON (RFC 8259: UTF-8); NaN and infinity are None, and of equal names the last wins.

    Raises HookUnreadableError, also for nesting too deep and numbers too long to be read.
    """
    try:
        return loads(hook.body.decode("utf-8"))
    except ValueError as error:
        raise HookUnreadableError("The call's body is not JSON.") from error


def loads(text: str) -> object:
    """``text`` as JSON. Raises ValueError for anything else, however it is broken."""
    try:
        found: object = json.loads(text, parse_constant=lambda _: None)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return found


def json_object(hook: Hook) -> dict[str, object]:
    """The body as a JSON object. Raises HookUnreadableError."""
    found = json_value(hook)
    if not isinstance(found, dict):
        raise HookUnreadableError("The call's body is not a JSON object.")
    return found


def inside(value: object, *path: str) -> object:
    """What stands at ``path`` in nested objects; None where there is nothing."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def items(value: object) -> list[object]:
    """``value`` if it is a list, else none."""
    return value if isinstance(value, list) else []


def line(value: object, most: int = 200) -> str | None:
    """``value`` as one line of at most ``most`` characters, without what no database takes; None if empty."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    printable = "".join(char if char.isprintable() else " " for char in str(value)[: 4 * most])
    return " ".join(printable.split())[:most].strip() or None


def reasons(*values: object) -> str | None:
    """The service's own reasons, in one line of at most 1,000 characters; it may quote an address."""
    found = dict.fromkeys(each for value in values if (each := line(value, 600)))
    return line("; ".join(found), 1000)


def word(*values: object) -> str:
    """The service's name of what happened, such as ``failed/permanent``; ``unknown`` where there is none."""
    found = [_NOT_IN_A_WORD.sub("", each) for value in values if (each := line(value, 60))]
    return "/".join(each for each in found if each) or "unknown"


def delivery_key(value: object) -> str | None:
    """``value`` if it could be one of our delivery keys."""
    return value if isinstance(value, str) and _KEY.fullmatch(value) else None


def named(value: object, name: str) -> object:
    """The value of the first ``{"name": name, "value": ...}`` in a list, whatever the name's case."""
    for each in items(value):
        found = inside(each, "name")
        if isinstance(found, str) and found.casefold() == name.casefold():
            return inside(each, "value")
    return None


def moment(hook: Hook, *values: object) -> datetime:
    """The first of ``values`` that is a sensible time, in UTC; else the time at which the call came.

    Times are ISO 8601 (UTC where no zone is named) or seconds or milliseconds since 1970.
    """
    for value in values:
        found = point_in_time(value)
        if found is not None and _EARLIEST <= found <= hook.received_at + REPLAY_WINDOW:
            return found
    return hook.received_at


def point_in_time(value: object) -> datetime | None:
    """``value`` as a time in UTC, however unlikely; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        if isinstance(value, str) and not _NUMBER.fullmatch(value):
            found = datetime.fromisoformat(value)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        number = float(value)
        return datetime.fromtimestamp(number / 1000 if number > _MILLISECONDS else number, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def signed_seconds(value: object) -> datetime | None:
    """A signature's time: whole seconds since 1970 and nothing else, as text or number."""
    if isinstance(value, bool) or not isinstance(value, str | int) or not _SECONDS.fullmatch(str(value)):
        return None
    return point_in_time(int(value)) if int(value) < _MILLISECONDS else None


def known_id(value: object) -> str | None:
    """``value`` if it can stand as the service's id of an event."""
    found = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def event_hash(hook: Hook, index: int, *, whose: Sequence[object], what: Sequence[object]) -> str:
    """What tells the same event brought twice, for services that give it no id.

    Where nothing says whose it is, it is known by its place in a call with the same body.
    """
    if any(line(each) for each in whose):
        return digest(*whose, *what)
    return digest(hashlib.sha256(hook.body).hexdigest(), index)


def digest(*parts: object) -> str:
    """64 hex digits that tell equal parts from others."""
    return hashlib.sha256(json.dumps([line(part, 2000) for part in parts]).encode()).hexdigest()


def unreadable_item(hook: Hook, index: int) -> Event:
    """What stands for an item that is not the service's shape, among others that may be."""
    dedupe = event_hash(hook, index, whose=(), what=())
    return Event(kind=EventKind.OTHER, said="unreadable", at=hook.received_at, dedupe=dedupe)
