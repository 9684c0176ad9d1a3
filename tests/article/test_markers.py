"""Bullets and numbers that people type."""

import pytest

from pipeline.article.markers import number_of, split_marker, without_number


@pytest.mark.parametrize("bullet", "•◦▪●○■‣►➢✓-–—*+\uf0b7")
def test_every_usual_bullet_is_told_from_its_words(bullet):
    assert split_marker(f"{bullet} warm up first") == (bullet, "warm up first")


@pytest.mark.parametrize("text", ["-5 degrees", "*starred*", "–Hello", "plain words", "o'clock", "•"])
def test_words_that_only_look_like_a_bullet_stay_whole(text):
    assert split_marker(text) == ("", text)


@pytest.mark.parametrize(
    ("text", "value", "style"),
    [
        ("1. Rest", 1, "#."),
        ("12) Rest", 12, "#)"),
        ("(3) Rest", 3, "(#)"),
        ("b) Rest", 2, "a)"),
        ("(c) Rest", 3, "(a)"),
        ("iv. Rest", 4, "i."),
        ("VI. Rest", 6, "i."),
        ("3\tRest", 3, "#"),
    ],
)
def test_a_number_has_a_value_and_a_style(text, value, style):
    number = number_of(text)
    assert number is not None
    assert (number.value, number.style) == (value, style)
    assert without_number(text) == "Rest"


@pytest.mark.parametrize("text", ["1998 was good", "3.5 hours", "10", "Rest 1. now", "1.Rest"])
def test_a_figure_in_running_text_is_no_number(text):
    assert number_of(text) is None
    assert without_number(text) == text
