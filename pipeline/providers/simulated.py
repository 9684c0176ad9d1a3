"""A mail API inside the process, for simulations: it mails nobody, and fails as it is told.

In charge of: what arrives, what is answered, and remembering keys where it is to. Not in charge of: when it
fails (the script of the simulation decides), or what a failure means: that is read from an HTTP answer by the
same rules as any API's (``answers``).
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from pipeline.delivery.outcome import Accepted, Outcome, Refused
from pipeline.providers.answers import Answer, Exchange, NoAnswer, not_taken
from pipeline.providers.port import Capabilities
from pipeline.rendering.model import Message

_BATCH = 500


class Trouble(StrEnum):
    """One way in which a call goes wrong; the values are what a script writes."""

    #: The connection is refused: nothing leaves.
    REFUSED = "refused"
    #: The request left, and no answer comes.
    TIMEOUT = "timeout"
    #: HTTP 500: it may have been taken.
    ERROR = "500"
    #: HTTP 503 and 429, with Retry-After where one is given: nothing was taken.
    UNAVAILABLE = "503"
    TOO_MANY = "429"
    #: HTTP 200, and every second message refused for good.
    HALF_REFUSED = "half_refused"


class Arrives(StrEnum):
    """What became of the messages of a call whose answer leaves doubt."""

    ALL = "all"
    NONE = "none"
    #: All or none, by chance.
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """How calls fail at the moment."""

    trouble: Trouble
    arrives: Arrives = Arrives.MAYBE
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a simulation does around each call. Each may raise: then the process has been killed there."""

    #: Before anything else, and after the last byte, with the messages of the call.
    before: Callable[[Sequence[Message]], None] = lambda _messages: None
    after: Callable[[Sequence[Message]], None] = lambda _messages: None
    #: The messages that reach their patients' inboxes.
    arrived: Callable[[Sequence[Message]], None] = lambda _messages: None


class SimulatedApi:
    """A mail API that never leaves the process."""

    name = "simulated"

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        failing: Callable[[], Failing | None] = lambda: None,
        around: Around | None = None,
        chance: random.Random,
        remembers: timedelta | None = None,
    ) -> None:
        """``clock`` is aware. ``remembers`` is how long a delivery key is known, so that a message sent again
        does not arrive again; None: it always does.
        """
        self.capabilities = Capabilities(
            max_batch=_BATCH,
            idempotency=remembers,
            key_each=True,
            metadata=True,
            list_unsubscribe=True,
            leaves_machine=False,
        )
        self._clock = clock
        self._failing = failing
        self._around = around or Around()
        self._chance = chance
        self._known: dict[str, datetime] = {}

    def send(self, messages: Sequence[Message]) -> tuple[Outcome, ...]:
        """Take ``messages``, or fail as it is told."""
        self._around.before(messages)
        failing = self._failing()
        outcomes = self._outcomes(messages, failing)
        arriving = self._arriving(messages, outcomes, failing)
        self._around.arrived(self._new(arriving))
        self._around.after(messages)
        return outcomes

    def close(self) -> None:
        """Nothing is open."""

    def _outcomes(self, messages: Sequence[Message], failing: Failing | None) -> tuple[Outcome, ...]:
        taken = tuple[Outcome, ...](Accepted(provider_id=f"simulated-{each.key}") for each in messages)
        if failing is None:
            return taken
        if failing.trouble is Trouble.HALF_REFUSED:
            no = Refused(reason="the mail API refused the message (HTTP 422)")
            return tuple(no if index % 2 == 0 else each for index, each in enumerate(taken))
        for_all = not_taken(_exchange(failing))
        return taken if for_all is None else (for_all,) * len(messages)

    def _arriving(
        self, messages: Sequence[Message], outcomes: Sequence[Outcome], failing: Failing | None
    ) -> Sequence[Message]:
        if failing is not None and failing.trouble in _LEAVES_DOUBT:
            by_chance = failing.arrives is Arrives.MAYBE and self._chance.random() < 0.5
            return messages if failing.arrives is Arrives.ALL or by_chance else ()
        pairs = zip(messages, outcomes, strict=True)
        return [message for message, outcome in pairs if isinstance(outcome, Accepted)]

    def _new(self, messages: Sequence[Message]) -> list[Message]:
        """Those whose key is not remembered."""
        now, remembers = self._clock(), self.capabilities.idempotency
        new = [
            each
            for each in messages
            if remembers is None or each.key not in self._known or now - self._known[each.key] > remembers
        ]
        self._known.update((each.key, now) for each in new)
        return new


_LEAVES_DOUBT = frozenset({Trouble.TIMEOUT, Trouble.ERROR})


def _exchange(failing: Failing) -> Exchange:
    """The failure as an adapter over HTTP would see it."""
    seconds = failing.retry_after
    headers = {"retry-after": str(int(seconds.total_seconds()))} if seconds else {}
    match failing.trouble:
        case Trouble.REFUSED:
            return NoAnswer(left=False, why="the connection was refused")
        case Trouble.TIMEOUT:
            return NoAnswer(left=True, why="no answer in time")
        case Trouble.ERROR | Trouble.UNAVAILABLE | Trouble.TOO_MANY:
            return Answer(status=int(failing.trouble), headers=headers, body=b"")
        case Trouble.HALF_REFUSED:
            return Answer(status=200, headers={}, body=b"")
        case _:
            assert_never(failing.trouble)
