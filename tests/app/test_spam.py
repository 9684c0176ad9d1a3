"""SpamAssassin's answers, recorded from version 4.0.1, and the program itself where this machine has it."""

from pathlib import Path

import pytest

from pipeline.app.authoring import Desk
from pipeline.app.settings import sample_settings
from pipeline.app.spam import SpamAssassin, read_reports, spamassassin
from pipeline.errors import EnvironmentRefusedError
from pipeline.rendering.check_spam import WARN_ABOVE, check_spam
from pipeline.rendering.compose import compose
from pipeline.rendering.page import SAMPLE_RECIPIENT

RECORDED = (Path(__file__).parent / "recorded" / "spamassassin-4.0.1.txt").read_text(encoding="utf-8")
HERE = [program for program in (spamassassin(),) if program is not None]


@pytest.fixture(scope="module")
def compiled():
    return Desk.open(sample_settings()).compiled("first-weeks")


def test_a_score_is_the_sum_of_its_rules() -> None:
    for report in read_reports(RECORDED, "PLNrecorded"):
        assert report.score == pytest.approx(sum(rule.points for rule in report.rules), abs=0.2)


def test_every_rule_has_its_name_its_points_and_its_meaning_also_over_two_lines() -> None:
    calm, spam, unlike = read_reports(RECORDED, "PLNrecorded")
    assert {rule.name for rule in calm.rules} == {"NO_RECEIVED", "NO_RELAYS"}
    assert {rule.name: rule.points for rule in spam.rules}["GTUBE"] == 1000
    meanings = {rule.name: rule.meaning for rule in unlike.rules}
    assert meanings["MPART_ALT_DIFF"] == "HTML and text parts are different"
    assert meanings["HTML_FONT_LOW_CONTRAST"] == "HTML font color similar or identical to background"


def test_a_message_cannot_write_its_own_report() -> None:
    assert "PLNotherbegin 99.0" in RECORDED
    assert max(report.score for report in read_reports(RECORDED, "PLNrecorded")[::2]) < 99
    assert read_reports(RECORDED, "PLNunknown") == ()


@pytest.mark.parametrize("program", ["/bin/true", "/bin/false", "/nowhere/spamassassin"])
def test_a_program_that_gives_no_report_is_told_in_words(program: str, compiled) -> None:
    message = compose(compiled.edition, 1, SAMPLE_RECIPIENT, trial=False)
    with pytest.raises(EnvironmentRefusedError, match="SpamAssassin did not score") as error:
        SpamAssassin(program)([message])
    assert "--no-spam" in (error.value.mend or "")


@pytest.mark.parametrize("program", HERE)
def test_the_bundled_series_is_no_spam_to_the_real_program(program: SpamAssassin, compiled) -> None:
    messages = [compose(compiled.edition, part.number, SAMPLE_RECIPIENT, trial=False)
                for part in compiled.edition.parts]  # fmt: skip
    reports = program(messages)
    assert len(reports) == len(messages)
    assert max(report.score for report in reports) <= WARN_ABOVE
    assert list(check_spam(compiled.edition, program)) == []
