"""A spam filter's score, as a finding for the author."""

import pytest

from pipeline.rendering.check_spam import REFUSE_ABOVE, WARN_ABOVE, SpamReport, SpamRule, check_spam
from pipeline.rendering.checks import check_edition
from pipeline.rendering.model import Severity

SOLD = SpamRule(name="MONEY_BACK", points=2.9, meaning="Money back guarantee")
HARMLESS = SpamRule(name="HTML_MESSAGE", points=0.0, meaning="HTML included in message")


def scores(*points: float):
    def run(messages):
        return tuple(
            SpamReport(score=score, rules=(HARMLESS, SOLD)) for score, _ in zip(points, messages, strict=True)
        )

    return run


@pytest.mark.parametrize(
    ("score", "severity"),
    [(0.0, None), (WARN_ABOVE, None), (WARN_ABOVE + 0.1, Severity.WARNING), (REFUSE_ABOVE, Severity.WARNING),
     (REFUSE_ABOVE + 0.1, Severity.ERROR)],
)  # fmt: skip
def test_a_high_score_warns_and_a_very_high_one_blocks(edition, score, severity) -> None:
    found = list(check_spam(edition, scores(0.0, score, 0.0)))
    assert [(each.part, each.severity) for each in found] == ([(2, severity)] if severity else [])


def test_the_rules_that_cost_points_are_named_with_their_meaning(edition) -> None:
    (found,) = check_spam(edition, scores(3.0, 0.0, 0.0))
    assert found.place == "MONEY_BACK (2.9: Money back guarantee)"


def test_what_is_scored_is_what_patients_get_without_the_trial_banner(edition) -> None:
    seen = []

    def run(messages):
        seen.extend(messages)
        return scores(0.0, 0.0, 0.0)(messages)

    list(check_spam(edition, run))
    assert len(seen) == len(edition.parts)
    assert not any("draft for checking" in message.text for message in seen)


def test_without_a_filter_nothing_is_said_about_spam(edition, series, frame) -> None:
    none = check_edition(edition, series, frame, revealing=lambda text: ())
    some = check_edition(edition, series, frame, revealing=lambda text: (), spam=scores(0.0, 1.0, 0.0))
    assert [each.code for each in none] == []
    assert [each.code for each in some] == ["spam-score"]
