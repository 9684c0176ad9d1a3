"""Titles, subjects and preheaders come from the article and a few neutral phrases."""

from dataclasses import replace

import pytest

from pipeline.series.health_words import reveals_health
from pipeline.series.model import Part
from pipeline.series.wording import (
    PREHEADER_LIMIT,
    SUBJECT_LIMIT,
    TITLE_LIMIT,
    as_title,
    fill,
    neutral_preheader,
    neutral_subject,
    part_titles,
    with_neighbours,
    wrong_placeholders,
)
from tests.series.articles import blocks, words

LANGUAGES = ["en-US", "es", "es-MX", "de", "ar"]


def titles(starts: list[int], *lines: str, language: str = "en-US") -> tuple[str, ...]:
    return part_titles(blocks(*lines), starts, language=language, series_title="The series")


def test_a_part_is_named_by_the_heading_it_opens_with_without_number_and_colon() -> None:
    made = titles([0, 1, 3], "One.", "## 2. Moving better", "Text.", "## See a doctor if:", "Text.")
    assert made == ("The series", "Moving better", "See a doctor if")


def test_a_caption_before_the_heading_does_not_name_the_part() -> None:
    assert titles([0, 1], "One.", "! A picture of a spine.", "## Moving", "Text.")[1] == "Moving"


def test_a_number_that_is_part_of_the_words_stays() -> None:
    assert titles([0, 1], "One.", "## 10 ways to rest", "Text.")[1] == "10 ways to rest"


def test_the_first_part_bears_the_title_of_the_series_unless_it_opens_with_a_heading() -> None:
    assert titles([0], "# The article", "Text.") == ("The series",)
    assert titles([0], "## A heading", "Text.") == ("A heading",)


@pytest.mark.parametrize(
    ("language", "second", "third"),
    [
        ("en", "Rest (continued)", "Rest (continued 2)"),
        ("es-MX", "Rest (continuación)", "Rest (continuación 2)"),
        ("fr", "Rest (…)", "Rest (… 2)"),
    ],
)
def test_a_part_inside_a_section_says_that_it_continues(language: str, second: str, third: str) -> None:
    lines = ["One.", "## Rest", "Text.", "More.", "Still more."]
    assert titles([0, 1, 3, 4], *lines, language=language)[2:] == (second, third)


def test_without_any_heading_a_part_is_named_by_its_first_words() -> None:
    assert titles([0, 1], "One.", words(30))[1] == "word1 word2 word3 word4 word5 word6 word7 word8…"


def test_a_heading_as_long_as_a_paragraph_is_shortened_as_a_title() -> None:
    title = titles([0, 1], "One.", f"## {words(80)}", "Text.")[1]
    assert title.endswith("…")
    assert len(title) <= 200


def test_a_word_longer_than_a_title_may_be_is_cut_too() -> None:
    assert as_title("a" * 100_000) == "a" * 199 + "…"
    assert as_title("one " * 100).endswith("one…")


def test_control_characters_and_line_breaks_never_reach_a_title() -> None:
    assert as_title("One\r\nBcc: two\x07  three") == "One Bcc: two three"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_default_words_are_short_and_reveal_nothing(language: str) -> None:
    subject = fill(neutral_subject(language), clinic="Riverbend Clinic", number=12, total=15)
    preheader = neutral_preheader(language)
    assert len(subject) < SUBJECT_LIMIT
    assert len(preheader) <= PREHEADER_LIMIT
    assert wrong_placeholders(neutral_subject(language)) == wrong_placeholders(preheader) == ()
    for listed in ("en", "es"):
        assert reveals_health(neutral_subject(language) + " " + preheader, listed) == ()


def test_the_english_subject_is_the_one_that_patients_know_from_the_series() -> None:
    assert fill(neutral_subject("en-GB"), clinic="A", number=2, total=5) == "Part 2 of 5 from A"


def test_filling_leaves_other_braces_and_the_values_alone() -> None:
    assert fill("{clinic} {name} {number}", clinic="{number}", number=1, total=2) == "{number} {name} 1"


def test_anything_else_in_braces_is_found() -> None:
    assert wrong_placeholders("{clinic}: {first_name} } {total}") == ("{first_name}", "}")
    assert wrong_placeholders("Part {number} of {total} from {clinic}") == ()


def test_recap_and_teaser_are_the_neighbours_titles() -> None:
    part = Part(
        number=1, title="A", subject="s", preheader="p", day=0, recap=None, teaser=None, blocks=blocks("x")
    )
    parts = with_neighbours([part, replace(part, title="B"), replace(part, title="C")])
    assert [(one.recap, one.teaser) for one in parts] == [(None, "B"), ("A", "C"), ("B", None)]


def test_the_limits_are_in_the_order_that_inboxes_impose() -> None:
    assert SUBJECT_LIMIT < TITLE_LIMIT < PREHEADER_LIMIT
