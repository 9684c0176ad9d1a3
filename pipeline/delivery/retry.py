"""When a deferred delivery is tried again, and when a person has to look at it instead.

In charge of: exponential backoff with jitter, the provider's own ``Retry-After``, and the point where
trying stops. Not in charge of: what counts as deferred (``outcome``, decided by each provider) or
stopping all sends during an outage (``breaker``).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from pipeline.delivery.outcome import Deferred


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRules:
    """How patient to be with one delivery."""

    #: Wait after the first deferral, before jitter; each further one doubles it.
    first: timedelta = timedelta(seconds=30)
    #: No computed wait is longer than this.
    longest: timedelta = timedelta(hours=2)
    #: A ``Retry-After`` beyond this is cut: a part expires within days, a typo must not outlive it.
    longest_asked: timedelta = timedelta(hours=24)
    #: After so many counted attempts a person decides.
    max_attempts: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TryAgain:
    """Back to ``planned``, due at this moment (aware, UTC)."""

    at: datetime
    #: Whether this attempt counts towards ``max_attempts``.
    counted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """Hold it for a person: it was deferred too often."""

    attempts: int


Retry: TypeAlias = TryAgain | GiveUp


def after_deferral(
    deferred: Deferred, *, attempts: int, now: datetime, draw: float, rules: RetryRules
) -> Retry:
    """What becomes of a delivery whose ``attempts``-th counted attempt (from 1) was deferred.

    ``draw`` is a random number in [0, 1). The wait is never shorter than the provider asked for, and
    half of the computed wait is jitter, so that a batch deferred together does not return together.
    A deferral that concerns everyone (wrong credentials, no connection) does not count: no delivery is
    used up by an outage.
    """
    if not deferred.everyone and attempts >= rules.max_attempts:
        return GiveUp(attempts=attempts)
    wait = backoff(attempts, first=rules.first, longest=rules.longest)
    jitter = wait / 2 * draw
    asked = min(max(deferred.retry_after or timedelta(), timedelta()), rules.longest_asked)
    return TryAgain(at=now + max(wait / 2, asked) + jitter, counted=not deferred.everyone)


def backoff(attempts: int, *, first: timedelta, longest: timedelta) -> timedelta:
    """``first`` doubled with each attempt after the first, at most ``longest``."""
    # The exponent is cut so that timedelta cannot overflow: 2**30 seconds are 34 years.
    return min(first * (1 << min(max(attempts - 1, 0), 30)), longest)
