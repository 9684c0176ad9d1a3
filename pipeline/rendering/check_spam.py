"""What a spam filter makes of each part, as findings.

In charge of: judging scores. Not in charge of: running a filter (``app.spam`` hands one in).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.rendering.compose import Composer
from pipeline.rendering.findings import finding
from pipeline.rendering.model import Edition, Finding, Message, Severity
from pipeline.rendering.page import SAMPLE_RECIPIENT

#: SpamAssassin's filters start at 5; our own emails have 0, and a clinic's own words may add a little.
WARN_ABOVE, REFUSE_ABOVE = 0.5, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamRule:
    """One rule that a message met: its name, its share of the score, what it means in words."""

    name: str
    points: float
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamReport:
    """One message's score, and the rules it comes from."""

    score: float
    rules: tuple[SpamRule, ...]


#: Scores messages, one report each, in order; ``app`` hands one in. All at once: filters start slowly.
Scorer: TypeAlias = Callable[[Sequence[Message]], tuple[SpamReport, ...]]


def check_spam(edition: Edition, score: Scorer) -> Iterator[Finding]:
    """One finding for every part whose score is too high, as patients get it: without a trial banner."""
    messages = [
        Composer(edition, part.number, trial=False).message(SAMPLE_RECIPIENT) for part in edition.parts
    ]
    for part, report in zip(edition.parts, score(messages), strict=True):
        if report.score > WARN_ABOVE:
            yield finding(
                "spam-score",
                f"SpamAssassin gives {report.score:g} points; {WARN_ABOVE:g} at most is the aim.",
                "reword what the rules name",
                severity=Severity.ERROR if report.score > REFUSE_ABOVE else None,
                part=part.number,
                place="; ".join(_words(rule) for rule in report.rules if rule.points > 0),
            )


def _words(rule: SpamRule) -> str:
    return f"{rule.name} ({rule.points:g}: {rule.meaning})"
