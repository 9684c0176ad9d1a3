"""What a mail service's calls to us must bring: proof of who it is, and events.

In charge of: the ``Listener`` protocol, and refusing. Not in charge of: any one service (its own file), or
what becomes of an event (``actions``).
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from pipeline.delivery.events import Event
from pipeline.errors import PipelineError

#: A signed call that is older, or from further ahead, is refused: somebody may have kept it.
REPLAY_WINDOW: Final = timedelta(minutes=5)


class HookRefusedError(PipelineError):
    """The call brings no proof that it comes from the service, or a proof that is too old."""


class HookUncheckedError(HookRefusedError):
    """The call may be genuine, but what its proof is checked with is not here yet: it should come again."""


class HookUnreadableError(PipelineError):
    """The proof is right, but the body cannot be read as the service's own shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One call, as it came. Never logged."""

    body: bytes = field(repr=False)
    #: Names in lower case.
    headers: Mapping[str, str] = field(repr=False)
    received_at: datetime


class Listener(Protocol):
    """One mail service, heard."""

    @property
    def name(self) -> str:
        """Lower-case name, as in ``/hooks/{name}``."""

    def verify(self, hook: Hook) -> None:
        """Nothing, if ``hook`` comes from the service. Raises HookRefusedError, and tells no reason to the
        caller that would help a forger.
        """

    def events(self, hook: Hook) -> tuple[Event, ...]:
        """What ``hook`` tells, in no particular order. Raises HookUnreadableError."""


def same(one: str | bytes, other: str | bytes) -> bool:
    """Whether two secrets are equal, in a time that tells nothing about where they differ."""
    return hmac.compare_digest(octets(one), octets(other))


def octets(value: str | bytes) -> bytes:
    """``value`` as UTF-8; half a surrogate pair, which JSON can carry, is no error here."""
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


def is_fresh(said: datetime, hook: Hook, *, late: timedelta = REPLAY_WINDOW) -> bool:
    """Whether the time that the call says of itself lies within the replay window.

    ``late`` is longer for a service that repeats a call for hours with the signature of the first try: what
    comes again is then known by its event.
    """
    return -REPLAY_WINDOW <= hook.received_at - said <= late
