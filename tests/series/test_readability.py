"""Grades and counts: by definition, by known texts, and honest where nothing can be said."""

from pathlib import Path

import pytest

from pipeline.article.reading import read_article
from pipeline.series.drafting import draft_series
from pipeline.series.model import Purpose, Series
from pipeline.series.readability import LEAST_WORDS, LONG_SENTENCE, grades, measure, measure_series
from tests.series.articles import article_of, blocks, words

EASY = "The cat sat on the mat. The dog ran to the cat. They had fun in the sun. " * 8
HARD = (
    "Rehabilitation professionals systematically individualise multidisciplinary interventions, "
    "incorporating comprehensive biopsychosocial considerations throughout longitudinal recuperation. "
) * 8
CLINIC = Path(__file__).parents[3] / "shared" / "data" / "article" / "why-pt-can-make-you-feel-worse.txt"


def test_counts_are_of_running_text_only() -> None:
    found = measure(
        blocks("# A title", "## A heading", "One two. Three four five.", "- six", "| a | b"), "en"
    )
    assert (found.words, found.sentences) == (6, 3)


def test_flesch_kincaid_is_its_formula() -> None:
    # 21 words of one syllable each in three sentences, eight times over.
    found = measure(blocks(EASY), "en-US")
    assert found.sentences == 24
    assert found.flesch_kincaid == pytest.approx(0.39 * found.words / 24 + 11.8 * 1 - 15.59)


def test_coleman_liau_is_its_formula() -> None:
    found = measure(blocks(EASY), "en-US")
    letters = sum(map(str.isalpha, EASY))
    assert found.coleman_liau == pytest.approx(5.88 * letters / found.words - 29.6 * 24 / found.words - 15.8)


def test_a_hard_text_is_harder_by_every_measure() -> None:
    easy, hard = measure(blocks(EASY), "en"), measure(blocks(HARD), "en")
    assert (easy.flesch_kincaid or 0) < 2
    assert (hard.flesch_kincaid or 0) > 16
    assert (easy.coleman_liau or 0) < (hard.coleman_liau or 0)


def test_spanish_has_formulas_of_its_own_in_which_higher_is_easier() -> None:
    easy = measure(blocks("El gato duerme en la casa. La niña come pan. " * 12), "es-MX")
    hard = measure(
        blocks("La rehabilitación multidisciplinaria individualizada incorpora consideraciones. " * 20), "es"
    )
    assert easy.flesch_kincaid is easy.coleman_liau is easy.passive is easy.unexplained is None
    assert (easy.fernandez_huerta or 0) > 80 > (hard.fernandez_huerta or 0)
    assert (easy.inflesz or 0) > 80 > (hard.inflesz or 0)


def test_other_languages_and_little_text_are_not_measured() -> None:
    german = measure(blocks("Der Hund schläft. " * 60), "de")
    assert (german.words, german.sentences) == (180, 60)
    assert german.flesch_kincaid is german.fernandez_huerta is german.passive is None
    assert measure(blocks("Too short to say."), "en").flesch_kincaid is None
    assert measure(blocks(words(LEAST_WORDS)), "en").flesch_kincaid is not None
    assert measure((), "en").words == 0


def test_long_sentences_are_found_with_their_line() -> None:
    found = measure(blocks("One.", f"Short. {words(LONG_SENTENCE + 1, 'Word')}", words(LONG_SENTENCE)), "en")
    assert [(one.line, one.words) for one in found.long_sentences] == [(3, LONG_SENTENCE + 1)]


def test_passive_sentences_are_found_with_their_words() -> None:
    found = measure(blocks("You walk. The back is treated. You rest."), "en")
    assert [one.text for one in found.passive or ()] == ["The back is treated."]


def test_an_abbreviation_is_reported_once_at_its_first_use_unless_it_is_explained_anywhere() -> None:
    found = measure(blocks("Try PT.", "PT and GSA work.", "General Services Administration (GSA)."), "en")
    assert [(one.text, one.line) for one in found.unexplained or ()] == [("PT", 1)]


def test_a_stressed_word_is_no_abbreviation() -> None:
    found = measure(blocks("Who are you REALLY writing for? You really need to know WHO."), "en")
    assert found.unexplained == ()


def test_a_web_address_is_not_counted_as_hard_words() -> None:
    plain, linked = (
        measure(blocks(EASY), "en"),
        measure(blocks(EASY + "https://example.org/incomprehensibility"), "en"),
    )
    assert linked.words == plain.words


def series_of(*lines: str) -> Series:
    return draft_series(
        article_of(blocks(*lines)),
        name="x",
        language="en-US",
        purpose=Purpose.TREATMENT,
        words_per_minute=200,
        words_per_part=250,
        days=(0, 3),
        parts=2,
    ).series


def test_a_part_may_lean_on_what_an_earlier_part_explained_but_not_on_a_later_one() -> None:
    told_first = series_of("# T", EASY + " Physical therapy (PT) helps.", "## b", EASY + " PT helps.")
    told_last = series_of("# T", EASY + " PT helps.", "## b", EASY + " Physical therapy (PT) helps.")
    assert [part.unexplained for part in measure_series(told_first).parts] == [(), ()]
    assert [one.text for one in measure_series(told_last).parts[0].unexplained or ()] == ["PT"]
    assert measure_series(told_last).overall.unexplained == ()


def test_the_whole_is_the_sum_of_its_parts() -> None:
    measured = measure_series(series_of("# T", EASY, HARD, "## b", EASY, HARD))
    assert measured.overall.words == sum(part.words for part in measured.parts)
    assert measured.overall.sentences == sum(part.sentences for part in measured.parts)
    assert len(measured.overall.long_sentences) == sum(len(part.long_sentences) for part in measured.parts)


def test_the_quick_grades_are_those_of_the_full_measure() -> None:
    series = series_of("# T", EASY, "## b", HARD)
    assert grades(series) == tuple(part.flesch_kincaid for part in measure_series(series).parts)


@pytest.mark.parametrize("path", [CLINIC] if CLINIC.exists() else [], ids=lambda path: path.stem)
def test_the_clinics_article_measures_as_other_tools_measure_it(path: Path) -> None:
    """textstat: 1,514 words, 29 sentences over 20 words, the longest of 42; grade 10.9 or 12.0 by version."""
    found = measure(read_article(path.read_bytes(), name=path.name).blocks, "en-US")
    assert found.words == 1514
    assert len(found.long_sentences) == 29
    assert max(one.words for one in found.long_sentences) == 42
    assert 10.9 <= (found.flesch_kincaid or 0) <= 12.0
    assert [one.text for one in found.unexplained or ()] == ["PT"]
