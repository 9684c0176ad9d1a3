"""Weighing signs for and against a guess, and saying why in words.

In charge of: adding up evidence into a confidence and a reason. Not in charge of: the signs themselves.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One sign: how much it weighs (log odds; negative speaks against) and its words."""

    points: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What all signs together say."""

    points: float
    evidence: tuple[Evidence, ...]

    @property
    def holds(self) -> bool:
        """The guess is more likely than not."""
        return self.points > 0

    @property
    def confidence(self) -> float:
        """How sure the verdict is of itself, 0.5 to 1, whichever way it went."""
        return 1 / (1 + math.exp(-abs(self.points)))

    @property
    def reason(self) -> str:
        """The strongest signs on the winning side, strongest first."""
        side = [one for one in self.evidence if (one.points > 0) == self.holds]
        return "; ".join(one.words for one in sorted(side, key=lambda one: -abs(one.points))[:3])


def weigh(evidence: Sequence[Evidence | None], *, doubt: float) -> Verdict:
    """Add up; ``doubt`` is how many points the signs must outweigh before the guess holds."""
    found = tuple(one for one in evidence if one is not None)
    return Verdict(points=sum(one.points for one in found) - doubt, evidence=found)


def sign(points: float, words: str) -> Evidence:
    """Shorthand for one sign."""
    return Evidence(points=points, words=words)
