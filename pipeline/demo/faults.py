"""What can go wrong between a dispatcher and a mail API, as names that a test or a command line gives.

In charge of: the kinds of fault and plans of when they happen. Not in charge of: acting them out
(``standin``).
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Fault(StrEnum):
    """One way in which one request goes wrong. "Taken" means: the messages count as accepted."""

    NONE = "none"
    #: Taken, then the line is cut without an answer.
    CUT_AFTER = "cut_after"
    #: The line is cut before anything is taken.
    CUT_BEFORE = "cut_before"
    #: 429 with Retry-After, and without. Not taken.
    TOO_MANY = "too_many"
    TOO_MANY_SILENT = "too_many_silent"
    #: 500: taken, and not taken. The client cannot tell which.
    ERROR_AFTER = "error_after"
    ERROR_BEFORE = "error_before"
    #: 502 and 504: taken behind a proxy that lost patience.
    BAD_GATEWAY = "bad_gateway"
    GATEWAY_TIMEOUT = "gateway_timeout"
    #: 503. Not taken.
    UNAVAILABLE = "unavailable"
    #: Taken; the answer is not JSON.
    GARBAGE = "garbage"
    #: Taken; the answer trickles, and never ends.
    SLOW = "slow"
    #: Taken; the answer is cut in the middle.
    HALF = "half"
    #: 200, every second message refused as an inactive recipient. A single message: refused with 422.
    FAILED_ITEMS = "failed_items"
    #: Taken; the answer has one item too few.
    WRONG_COUNT = "wrong_count"
    #: 401 and 307. Not taken.
    UNAUTHORIZED = "unauthorized"
    REDIRECT = "redirect"


#: Nothing of these was taken; of every other fault something was or may have been.
NOT_TAKEN = frozenset(
    {Fault.CUT_BEFORE, Fault.TOO_MANY, Fault.TOO_MANY_SILENT, Fault.ERROR_BEFORE, Fault.UNAVAILABLE,
     Fault.UNAUTHORIZED, Fault.REDIRECT},
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as a plan sees it."""

    #: Counts from 1.
    number: int
    keys: tuple[str, ...]


FaultPlan: TypeAlias = Callable[[Call], Fault]


def no_faults(_call: Call) -> Fault:
    """All goes well."""
    return Fault.NONE


def in_turn(*faults: Fault) -> FaultPlan:
    """These faults for the first requests, then none."""
    return lambda call: faults[call.number - 1] if call.number <= len(faults) else Fault.NONE


def at_random(faults: Sequence[Fault], *, rate: float, seed: int) -> FaultPlan:
    """Each request fails with probability ``rate``, in one of these ways; the same ``seed`` repeats it."""
    chance = random.Random(seed)  # noqa: S311 - faults, not secrets
    return lambda _call: chance.choice(faults) if chance.random() < rate else Fault.NONE
