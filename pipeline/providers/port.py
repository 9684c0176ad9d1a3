"""What the pipeline asks of a mail API.

In charge of: the ``Provider`` protocol and what a provider says about itself. Not in charge of: any
one API (a file each), choosing one (``registry``), or what becomes of an outcome (``engine``).

To add an API, an afternoon's work (``docs/providers.md`` walks through it):

1. a section in ``sections.mail`` with the names of its secrets, and its rows in ``docs/configuration.md``;
2. one file here: a class with the members of ``Provider`` and a function ``capabilities_of`` that needs no
   secret; the request's shape, limits and error codes stand in its docstring with page and date. Later its
   webhook's proof and events join the same file as functions of their own;
3. a line in ``registry``;
4. its request shape in ``demo.shapes``, read back into the message that a patient would get, and a line in
   ``APIS`` of ``tests/providers/conftest.py``: the contract suite does the rest.
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
    #: Pictures travel inside the message and are shown by Content-ID.
    pictures: bool = True
    #: Our Message-ID is the one that the patient's mail program sees.
    message_id: bool = True
    #: No open pixel and no click redirect: each request says so, or the API has none.
    untracked: bool = True
    #: It reports what became of a message; without that ``accepted`` is the last word.
    events: bool = True
    #: The key it remembers covers each message by itself; False: a whole call, so that a batch of which some
    #: messages have an answer is never sent again.
    key_each: bool = False
    #: One body with variables and each recipient's values go over the wire, not every whole message.
    merges: bool = False


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
