"""Passive voice and unexplained abbreviations, as far as a pattern can see them."""

import pytest

from pipeline.series.prose_signs import abbreviations, explained, is_passive


@pytest.mark.parametrize(
    "sentence",
    [
        "These mechanisms are gradually identified.",
        "The back was not seen by anyone.",
        "You may get hurt.",
        "Exercises have been shown to help.",
        "It is said that rest helps.",
    ],
)
def test_a_form_of_be_with_a_participle_is_passive(sentence: str) -> None:
    assert is_passive(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "You are tired and worried.",
        "We treat your back.",
        "It is a red bed.",
        "You need to rest.",
        "There are hundred ways.",
        "This is an evidence-based plan.",
    ],
)
def test_a_state_or_an_active_verb_is_not(sentence: str) -> None:
    assert not is_passive(sentence)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ask your PT about DOMS, and the PTs again.", ("PT", "DOMS")),
        ("Go to A&E.", ("A&E",)),
        ("Call 1-877-4AID-VET or 911, see WWW.EXAMPLE.ORG", ()),
        ("In the UK, the USA, on TV: part II", ()),
        ("STOP AND READ THE NHS PAGE", ()),
        ("nothing here", ()),
    ],
)
def test_abbreviations_are_short_words_in_capitals(text: str, found: tuple[str, ...]) -> None:
    assert abbreviations(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "Physical therapy (PT) helps.",
        "Physical therapists (PTs) help.",
        "PT (physical therapy) helps.",
        "PT stands for physical therapy.",
        "PT, or physical therapy, helps.",
        "The physical therapy (also called PT) helps.",
    ],
)
def test_an_abbreviation_is_explained_by_its_long_form_beside_it(text: str) -> None:
    assert explained(text, ["PT"]) == {"PT"}


@pytest.mark.parametrize(
    "text", ["PT helps (a lot).", "Some exercises (PT) help.", "Physical therapy helps. PT too.", "none here"]
)
def test_words_that_do_not_spell_it_explain_nothing(text: str) -> None:
    assert explained(text, ["PT"]) == frozenset()


def test_small_words_in_the_long_form_do_not_matter() -> None:
    text = "The National Institute for Health and Care Excellence (NICE) in the UK says so."
    assert explained(text, ["NICE"]) == {"NICE"}
