"""Which unknown deliveries belong together: one outage of one provider, settled in one action (DESIGN 8.5).

In charge of: the grouping. Not in charge of: reading them (``store.unknowns``) or settling (``actions``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.delivery.states import Reason

#: An outage goes on as long as its probes fail, and they never come further apart than this.
_GAP = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class InDoubt:
    """One delivery of which nobody knows whether it went."""

    delivery: int
    #: The delivery key: what the provider knows it by.
    key: str
    enrollment: int
    part: int
    #: Aware, UTC.
    since: datetime
    #: Name of the mail API; empty where none was asked (a restored backup).
    provider: str
    reason: Reason
    #: The provider's own words, cleaned.
    detail: str | None
    batch: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Unknown deliveries that have one cause, the oldest first."""

    members: tuple[InDoubt, ...]

    @property
    def name(self) -> int:
        """What it is called on the command line: the number of its first batch; 0 where there is none."""
        return min((each.batch for each in self.members if each.batch is not None), default=0)

    @property
    def provider(self) -> str:
        """Name of the mail API."""
        return self.members[0].provider

    @property
    def batches(self) -> frozenset[int | None]:
        """The batches it is made of."""
        return frozenset(each.batch for each in self.members)


def outages(found: Iterable[InDoubt]) -> tuple[Outage, ...]:
    """``found`` grouped by provider and time, the oldest outage first.

    What came into doubt within an hour of the one before it, at the same provider, is the same outage: a
    breaker's probes come no further apart.
    """
    groups: list[list[InDoubt]] = []
    latest: dict[tuple[str, bool], list[InDoubt]] = {}
    for each in sorted(found, key=lambda one: (one.since, one.delivery)):
        kind = (each.provider, each.batch is None)
        group = latest.get(kind)
        if group is None or each.since - group[-1].since > _GAP:
            group = latest[kind] = []
            groups.append(group)
        group.append(each)
    return tuple(Outage(members=tuple(group)) for group in groups)
