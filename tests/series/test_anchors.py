"""Blocks found again by their first words."""

from hypothesis import given, settings

from pipeline.article.model import Block
from pipeline.series.anchors import Anchors, normal
from pipeline.series.atoms import before_pictures
from tests.series.articles import any_blocks, blocks, words

bounded = settings(deadline=None, max_examples=200, derandomize=True)


def test_case_spacing_quotes_and_dashes_do_not_matter() -> None:
    anchors = Anchors(blocks("“Don’t  stop” – keep going"))
    assert anchors.places('"don\'t stop" - KEEP') == (0,)


def test_a_word_counts_only_whole() -> None:
    anchors = Anchors(blocks("Painting the wall.", "Pain, and what it means."))
    assert anchors.places("Pain") == (1,)


def test_words_that_begin_several_blocks_find_all_of_them() -> None:
    anchors = Anchors(blocks("Rest.", "Walk.", "Rest well."))
    assert anchors.places("Rest") == (0, 2)
    assert anchors.places("Sleep") == anchors.places("") == ()


def test_the_line_decides_between_several() -> None:
    made = blocks("Rest.", "Walk.", "Rest.")
    anchors = Anchors(made)
    assert anchors.find("Rest.", made[2].line) == (2,)
    assert anchors.find("Rest.", None) == anchors.find("Rest.", 999) == (0, 2)


def test_the_opening_may_run_on_into_the_next_block() -> None:
    anchors = Anchors(blocks("## Rest", "At night.", "## Rest", "By day."))
    assert anchors.places("Rest At night") == (0,)
    assert anchors.wording(2) == "Rest By"


def test_a_unique_block_is_named_by_eight_words_or_all_it_has() -> None:
    anchors = Anchors(blocks(words(20), "## A short heading", words(9, "other")))
    assert anchors.wording(0) == "word1 word2 word3 word4 word5 word6 word7 word8"
    assert anchors.wording(1) == "A short heading"


def test_a_picture_is_named_by_its_alternative_text() -> None:
    anchors = Anchors(blocks("Text.", "% A spine from the side", "More."))
    assert anchors.wording(1) == "A spine from the side"
    assert anchors.places("A spine") == (1,)


def test_a_part_may_be_named_by_the_heading_below_its_pictures_and_captions() -> None:
    made = blocks("Text.", "! A caption.", "% ", "## Rest well", "More words here.")
    anchors = Anchors(made)
    for named in ("A caption.", "Rest well", "Rest well More"):
        assert anchors.find(named, None) == (1,)
    assert anchors.find("Rest well", made[3].line) == anchors.find("Rest well", made[1].line) == (1,)


def test_a_caption_that_repeats_the_heading_below_it_is_not_another_place() -> None:
    anchors = Anchors(blocks("Text.", "! Rest well", "## Rest well", "More words here."))
    assert anchors.find("Rest well", None) == (1,)


def test_a_picture_without_words_at_the_end_is_named_by_its_file() -> None:
    anchors = Anchors(blocks("% "))
    assert anchors.find(anchors.wording(0), None) == (0,)


def test_a_text_without_spaces_is_named_by_its_beginning() -> None:
    anchors = Anchors(blocks("Text.", "a" * 100_000))
    assert len(anchors.wording(1)) == 300
    assert anchors.find(anchors.wording(1), None) == (1,)


def test_normal_form_is_stable() -> None:
    assert normal(normal("  “Ärzte” — SIND…")) == normal("  “Ärzte” — SIND…")


@bounded
@given(any_blocks())
def test_the_wording_of_a_block_finds_it_again(made: tuple[Block, ...]) -> None:
    anchors = Anchors(made)
    for index, one in enumerate(made):
        wording = anchors.wording(index)
        assert index in anchors.places(wording), wording
        assert anchors.find(wording, one.line) == (before_pictures(made, index),), wording
