"""Syllables, checked on words whose count everyone can hear."""

import pytest

from pipeline.series.syllables import SYLLABLE_RULES, english_syllables, spanish_syllables

ENGLISH = {
    1: "a I back pain health care helped takes walked stretch through leg guide strength changed spine",
    2: "walking muscle people patient something careful table tables handled changes wishes treated "
    "guidelines seated tension doing being science sometimes soreness movement massage weekly really",
    3: "exercise medicine area another employee physio period clinical however injury appointment idea "
    "discomfort initial serious created video beginning",
    4: "recovery physically inflammation information diabetes mechanical unfamiliar activity temporary "
    "usually gradually",
    5: "individual uncomfortable",
    6: "rehabilitation responsibility physiotherapy",
}
SPANISH = {
    1: "que pie bien más sol muy hay rey",
    2: "hacia dolor cuerpo guerra día leer oír agua pausa",
    3: "hacía rodilla espalda músculo prohibir caminar Uruguay pingüino cuidado había",
    4: "aéreo ejercicio tratamiento inflamación",
    5: "fisioterapia recuperación",
}


def counted(table: dict[int, str]) -> list[tuple[str, int]]:
    return [(word, number) for number, words in table.items() for word in words.split()]


@pytest.mark.parametrize(("word", "number"), counted(ENGLISH))
def test_an_english_word_has_as_many_as_one_hears(word: str, number: int) -> None:
    assert english_syllables(word) == number
    assert english_syllables(word.capitalize()) == number


@pytest.mark.parametrize(("word", "number"), counted(SPANISH))
def test_a_spanish_word_has_as_many_as_one_hears(word: str, number: int) -> None:
    assert spanish_syllables(word) == number


@pytest.mark.parametrize(("word", "number"), [("PT", 2), ("MRI", 3), ("ACL", 3), ("WHO", 5), ("NICE", 1)])
def test_capitals_that_no_one_can_say_as_a_word_are_spelt_out(word: str, number: int) -> None:
    assert english_syllables(word) == number


@pytest.mark.parametrize("word", ["don't", "it’s", "1776", "(ACP)", "café"])
def test_signs_and_figures_are_at_least_one(word: str) -> None:
    assert all(rule(word) >= 1 for rule in SYLLABLE_RULES.values())
