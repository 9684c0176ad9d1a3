import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.rendering.cleaning import body_text, isolated, one_line


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("  Ana\r\nBcc: x@example.org ", "Ana Bcc: x@example.org"),
        ("Ana\u202egnorw", "Anagnorw"),
        ("Zoe\u0301", "Zoé"),
        ("\u2066Ana\u2069", "Ana"),
        ("A\x00n\x1ba", "Ana"),
        ("broken \ud800 half", "broken half"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("line\u2028separator", "line separator"),
        ("\ufdd0x\uffff", "x"),
    ],
)
def test_a_name_becomes_one_harmless_line(given_name: str, expected: str) -> None:
    assert one_line(given_name) == expected


@settings(deadline=None, max_examples=300)
@given(st.text())
def test_no_text_at_all_leaves_a_control_character_or_a_second_line(text: str) -> None:
    line = one_line(text)
    assert one_line(line) == line
    assert line.encode("utf-8").decode() == line
    assert all(unicodedata.category(character) not in {"Cc", "Zl", "Zp", "Cs"} for character in line)


def test_only_a_name_that_runs_against_its_line_is_fenced_off() -> None:
    assert isolated("Ana", right_to_left=False) == "Ana"
    assert isolated("Zoë", right_to_left=False) == "Zoë"
    assert isolated("ليلى", right_to_left=False) == "\u2068ليلى\u2069"
    assert isolated("ليلى", right_to_left=True) == "ليلى"


def test_article_text_keeps_its_lines_and_loses_what_no_page_may_hold() -> None:
    assert body_text("one\n\ttwo\x00\x08\u202e") == "one\n\ttwo"
