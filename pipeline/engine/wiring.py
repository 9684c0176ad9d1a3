"""What a dispatcher is given to work with, and how it is told to work.

In charge of: the two records that ``app`` fills. Not in charge of: using them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeAlias

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

    @property
    def most(self) -> int:
        """Messages that the provider takes in one call."""
        return self.provider.capabilities.max_batch
