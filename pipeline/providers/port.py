"""What the pipeline asks of a mail API.

In charge of: the ``Provider`` protocol and what a provider says about itself. Not in charge of: any
one API (a file each), choosing one (``registry``), or what becomes of an outcome (``engine``).

To add an API: write one file with a class that has these members, keep its request shape, source and
date in its docstring, list it in ``registry`` and give the contract suite (``tests/providers``) a way
to open it against the stand-in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from pipeline.delivery.outcome import Outcome
from pipeline.rendering.model import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an API can do; what it lacks is said when the configuration is checked, never dropped."""

    #: Messages in one call of ``send``, at most.
    max_batch: int
    #: How long the API remembers our key and sends nothing twice; None: it has no such promise, and
    #: an unknown delivery is never resent.
    idempotency: timedelta | None
    #: The delivery key comes back in the provider's events.
    metadata: bool
    #: Our own List-Unsubscribe header reaches the patient.
    list_unsubscribe: bool
    #: Mail may leave this machine: in trial mode only to the trial list.
    leaves_machine: bool


class Provider(Protocol):
    """One mail API, opened. Used by one thread at a time."""

    @property
    def name(self) -> str:
        """Lower-case name, as in config.toml and the ledger."""

    @property
    def capabilities(self) -> Capabilities:
        """What this API can do."""

    def send(self, messages: Sequence[Message]) -> tuple[Outcome, ...]:
        """Hand over ``messages`` (at most ``capabilities.max_batch``): one outcome each, same order.

        Raises nothing about a message or the line: whatever happens on the way is an outcome. After
        an answer that leaves doubt no further request goes out; the rest is deferred untried.
        """

    def close(self) -> None:
        """Let go of connections."""
