"""A mail API inside the process that remembers keys, and can be told how the next calls end."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from pipeline.delivery.outcome import Accepted, Deferred, Outcome, Refused, Unknown
from pipeline.engine.payload import payload_hash
from pipeline.rendering.model import Message
from tests.engine.recorder import HERE

REMEMBERS = timedelta(hours=24)


class Ends(StrEnum):
    """How one call ends."""

    WELL = "well"
    #: Taken, and no answer comes back; not taken, and no answer either.
    LOST_AFTER = "lost_after"
    LOST_BEFORE = "lost_before"
    #: The process is killed while the request is with the API, which takes it.
    KILLED = "killed"
    BUSY = "busy"
    REFUSED = "refused"
    #: The first message taken and answered, the second taken without an answer, the rest untried.
    IN_THE_MIDDLE = "in_the_middle"


class KilledError(BaseException):
    """Stands for the end of the process: nothing after it runs."""


class Remembering:
    """Takes a message whose key it knows no second time, for 24 hours; keys are per message or per call."""

    name = "remembering"

    def __init__(
        self, *ends: Ends, key_each: bool = True, clock: Callable[[], datetime], batch: int = 500
    ) -> None:
        self.capabilities = replace(HERE, idempotency=REMEMBERS, key_each=key_each, max_batch=batch)
        self.ends = list(ends)
        #: Delivery keys of all that reached an inbox, and the calls.
        self.taken: list[str] = []
        self.calls: list[tuple[str, ...]] = []
        self._clock = clock
        self._known: dict[bytes, datetime] = {}

    def send(self, messages: Sequence[Message]) -> tuple[Outcome, ...]:
        ending = self.ends.pop(0) if self.ends else Ends.WELL
        if ending is Ends.IN_THE_MIDDLE and len(messages) == 1:
            ending = Ends.LOST_AFTER
        self.calls.append(tuple(message.key for message in messages))
        if ending is Ends.BUSY:
            return (Deferred(reason="busy", everyone=True),) * len(messages)
        if ending is Ends.REFUSED:
            return self._refused(messages)
        if ending is not Ends.LOST_BEFORE:
            self._take(messages[:2] if ending is Ends.IN_THE_MIDDLE else messages)
        if ending is Ends.KILLED:
            raise KilledError
        good = tuple[Outcome, ...](Accepted(provider_id=f"id-{message.key}") for message in messages)
        if ending is Ends.IN_THE_MIDDLE:
            untried = Deferred(reason="not tried", everyone=True)
            return (good[0], Unknown(reason="no answer"), *[untried] * (len(messages) - 2))
        return good if ending is Ends.WELL else (Unknown(reason="no answer"),) * len(messages)

    def close(self) -> None: ...

    def _take(self, messages: Sequence[Message]) -> None:
        now = self._clock()
        for key, covered in self._keys(messages):
            if key not in self._known or now - self._known[key] > REMEMBERS:
                self._known[key] = now
                self.taken += [message.key for message in covered]

    def _refused(self, messages: Sequence[Message]) -> tuple[Outcome, ...]:
        """Whoever honours a key gives a known one the answer of the first time."""
        known = {each.key for key, covered in self._keys(messages) if key in self._known for each in covered}
        return tuple(
            Accepted(provider_id=f"id-{each.key}") if each.key in known else Refused(reason="no")
            for each in messages
        )

    def _keys(self, messages: Sequence[Message]) -> list[tuple[bytes, Sequence[Message]]]:
        if self.capabilities.key_each:
            return [(message.key.encode(), [message]) for message in messages]
        whole = hashlib.sha256(b"".join(payload_hash(message) for message in messages))
        return [(whole.digest(), messages)]
