"""A mail service of our own that reports whatever a test says, and a clinic whose mail has gone."""

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline.actions.taking_in import FeedbackRules, Taken, take_in
from pipeline.delivery.events import Event, EventKind
from pipeline.providers.hooks import Hook, HookRefusedError, HookUnreadableError
from pipeline.store.database import Store
from tests.engine.sample import NOW

PROOF = "made-up-proof"


class Service:
    """Its calls are JSON lists of events; the header ``authorization`` proves them."""

    name = "recorder"

    def verify(self, hook: Hook) -> None:
        if hook.headers.get("authorization") != PROOF:
            raise HookRefusedError("The call brings no secret, or a wrong one.")

    def events(self, hook: Hook) -> tuple[Event, ...]:
        try:
            told = json.loads(hook.body)
        except ValueError:
            raise HookUnreadableError("The body is not JSON.") from None
        if told == "stumble":
            raise KeyError("a fault of ours that quotes person@example.org")
        return tuple(
            Event(**{**each, "kind": EventKind(each["kind"]), "at": datetime.fromisoformat(each["at"])})
            for each in told
        )


def body_of(told: Sequence[Event]) -> bytes:
    fields = ("said", "dedupe", "key", "provider_id", "detail")
    return json.dumps(
        [
            {
                "kind": each.kind,
                "at": each.at.isoformat(),
                **{name: getattr(each, name) for name in fields},
            }
            for each in told
        ]
    ).encode()


@dataclass
class Teller:
    """Makes events and brings them."""

    store: Store
    rules: FeedbackRules = field(default_factory=FeedbackRules)
    now: datetime = NOW
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def event(self, kind: EventKind, key: str | None, minutes: float = 0, **fields: object) -> Event:
        made_up: dict[str, object] = {"dedupe": f"event-{next(self.numbers)}", "said": f"Said{kind}"}
        at = self.now + timedelta(minutes=minutes)
        return Event(kind=kind, at=at, key=key, **{**made_up, **fields})

    def bring(self, *told: Event) -> Taken:
        return self.bring_body(body_of(told))

    def bring_body(self, body: bytes) -> Taken:
        hook = Hook(body=body, headers={"authorization": PROOF, "x-trace": "1"}, received_at=self.now)
        return take_in(self.store, Service(), hook, self.rules)

    def tell(self, kind: EventKind, key: str | None, **fields: object) -> Event:
        """Bring one event; returns it, to be brought again."""
        event = self.event(kind, key, **fields)
        self.bring(event)
        return event
