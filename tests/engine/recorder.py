"""A provider that keeps what it is given, and can act while it is asked."""

from collections.abc import Callable, Sequence

from pipeline.delivery.outcome import Accepted, Outcome
from pipeline.providers.port import Capabilities
from pipeline.rendering.model import Message

#: Nothing leaves this machine, and nothing is remembered.
HERE = Capabilities(
    max_batch=500, idempotency=None, metadata=True, list_unsubscribe=True, leaves_machine=False
)


class Recorder:
    """Accepts everything; ``during`` runs while the messages are with it."""

    name = "recorder"

    def __init__(self, capabilities: Capabilities = HERE, during: Callable[[], None] = lambda: None) -> None:
        self.capabilities = capabilities
        self.calls: list[list[Message]] = []
        self._during = during

    def send(self, messages: Sequence[Message]) -> tuple[Outcome, ...]:
        self.calls.append(list(messages))
        self._during()
        return tuple(Accepted(provider_id=f"id-{message.key}") for message in messages)

    def close(self) -> None: ...

    @property
    def keys(self) -> list[str]:
        return [message.key for call in self.calls for message in call]
