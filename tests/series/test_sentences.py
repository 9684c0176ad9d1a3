"""Sentence borders: quick where there is no doubt, pysbd's where there is."""

import re
from pathlib import Path

import pysbd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.series.sentences import sentences

LABELLED = sorted((Path(__file__).parents[3] / "shared" / "data" / "articles").glob("*.txt"))
bounded = settings(deadline=None, max_examples=150, derandomize=True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One thing. Another thing! A third?", ["One thing.", "Another thing!", "A third?"]),
        ("No stop at the end", ["No stop at the end"]),
        ("Call Dr. Smith at 8:00 a.m. on Monday.", ["Call Dr. Smith at 8:00 a.m. on Monday."]),
        ("Rest, ice, etc. Then move.", ["Rest, ice, etc.", "Then move."]),
        ("Rest, ice, etc. are good.", ["Rest, ice, etc. are good."]),
        ("It costs 39.1 dollars. Fine.", ["It costs 39.1 dollars.", "Fine."]),
        ("See kids.gov today. Then rest.", ["See kids.gov today.", "Then rest."]),
        ("He said (it hurts). She left.", ["He said (it hurts).", "She left."]),
        ("They wrote “keep going.” Then they left.", ["They wrote “keep going.”", "Then they left."]),
        ("It moves, e.g. when you sit. Good.", ["It moves, e.g. when you sit.", "Good."]),
        ("   ", []),
    ],
)
def test_english(text: str, found: list[str]) -> None:
    assert list(sentences(text, "en-US")) == found


def test_spanish_marks_at_the_beginning_count_as_a_beginning() -> None:
    assert sentences("Esto pasa. ¿Por qué duele? ¡Siga adelante!", "es") == (
        "Esto pasa.",
        "¿Por qué duele?",
        "¡Siga adelante!",
    )


def test_a_language_that_nobody_has_rules_for_is_cut_all_the_same() -> None:
    assert len(sentences("Jedna veta je tu. Druga veta je tam.", "xx")) == 2


@bounded
@given(
    st.lists(st.sampled_from(["Yes.", "e.g.", "Dr.", "A.B.", "word", "Word!", "(so)", "“Why?”", "3.5", "…"]))
)
def test_no_word_is_lost_or_moved(words: list[str]) -> None:
    text = " ".join(words)
    for careful in (True, False):
        assert "".join("".join(sentences(text, "en", careful=careful)).split()) == "".join(text.split())


@pytest.mark.parametrize("path", LABELLED, ids=lambda path: path.stem)
def test_the_quick_way_finds_what_pysbd_alone_finds(path: Path) -> None:
    """Direct speech aside: there pysbd keeps several sentences together."""
    alone = pysbd.Segmenter(language="en", clean=False)
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        if line and not re.search('["“”]|[.)]\\)', line):
            assert list(sentences(line, "en")) == [one.strip() for one in alone.segment(line)]
