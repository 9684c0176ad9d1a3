"""What a dispatcher is given to work with, and how it is told to work.

In charge of: the two records that ``app`` fills. Not in charge of: using them.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeAlias

from pipeline.actions.generation import Generation
from pipeline.delivery.pacing import Limits
from pipeline.delivery.retry import RetryRules
from pipeline.providers.port import Provider
from pipeline.rendering.model import Slot
from pipeline.schedule.model import Rules
from pipeline.store.database import Store

#: The five addresses in one delivery's mail, by slot, from the delivery's id.
LinkBuilder: TypeAlias = Callable[[int], Mapping[Slot, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a dispatcher works, from config.toml."""

    #: Its name in the ledger, unique per process start.
    owner: str
    #: Messages claimed at once; the provider's own limit also holds.
    batch_size: int
    #: How long a claim holds without a sign of life.
    lease: timedelta
    trial: bool
    #: Casefolded addresses that get mail in trial mode wherever it goes.
    trial_list: frozenset[str] = frozenset()
    retry: RetryRules = field(default_factory=RetryRules)
    #: The provider's rate and daily quota, for all processes together.
    limits: Limits = field(default_factory=Limits)
    #: How often a long tick gives a sign of life.
    pulse: timedelta = timedelta(seconds=30)


def rest(stop: threading.Event, span: timedelta) -> None:
    """Wait for ``span``, or until asked to stop."""
    stop.wait(span.total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What a dispatcher works with."""

    store: Store
    provider: Provider
    links: LinkBuilder
    #: The calendar's rules on a date: holidays depend on the year.
    rules: Callable[[date], Rules]
    #: Aware. It moves while a tick runs, but in a simulation.
    clock: Callable[[], datetime]
    #: A random number in [0, 1).
    draw: Callable[[], float]
    #: A new opaque random key for a batch, at most 80 characters.
    new_key: Callable[[], str]
    #: Tells a restored backup from the living database; None: nobody counts (simulations, copies).
    generation: Generation | None = None
    #: Waits where the rate asks for it, never in a transaction.
    rest: Callable[[threading.Event, timedelta], None] = rest

    @property
    def most(self) -> int:
        """Messages that the provider takes in one call."""
        return self.provider.capabilities.max_batch
