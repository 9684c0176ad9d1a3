"""What an edit of the article does to the cuts, and what stays."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.article.model import Article
from pipeline.series.drafting import draft_series
from pipeline.series.drift import Cut, Drift, find_drift, fingerprint
from pipeline.series.file_model import SeriesFile
from pipeline.series.loading import load_series
from pipeline.series.model import Purpose
from tests.series.articles import any_lines, article, blocks, words

LINES = (
    "# The article",
    words(80, "a"),
    "## Rest at night",
    words(80, "b"),
    words(40, "c"),
    "## Walk by day",
    words(80, "d"),
    "## See your therapist",
    words(80, "e"),
)


def file_of(source: Article, parts: int = 4) -> SeriesFile:
    return draft_series(
        source,
        name="n",
        language="en-US",
        purpose=Purpose.TREATMENT,
        words_per_minute=200,
        words_per_part=100,
        days=(-2, 1, 4, 9),
        parts=parts,
    ).file


def after(*lines: str) -> Drift:
    return find_drift(file_of(article(*LINES)), article(*lines))


def cuts(drift: Drift) -> list[Cut]:
    return [part.cut for part in drift.parts]


def test_without_an_edit_nothing_drifted() -> None:
    drift = after(*LINES)
    assert not drift.article_changed
    assert cuts(drift) == [Cut.FITS] * 4
    assert [part.text_changed for part in drift.parts] == [False] * 4
    assert drift.notes == ()


def test_a_new_paragraph_moves_the_later_cuts_and_changes_its_own_part_only() -> None:
    drift = after(*LINES[:4], "A new paragraph.", *LINES[4:])
    assert drift.article_changed
    assert cuts(drift) == [Cut.FITS, Cut.FITS, Cut.MOVED, Cut.MOVED]
    assert [part.text_changed for part in drift.parts] == [False, True, False, False]
    assert drift.notes == ("Part 2: its text changed.",)


def test_new_words_before_everything_belong_to_the_first_part() -> None:
    drift = after("A word from the clinic.", *LINES)
    assert drift.parts[0].start == 0
    assert drift.parts[0].cut is Cut.REWORDED
    assert [part.start for part in drift.parts[1:]] == [3, 6, 8]


def test_a_reworded_heading_is_found_by_its_likeness() -> None:
    drift = after(*LINES[:5], "## Walk every day", *LINES[6:])
    assert cuts(drift) == [Cut.FITS, Cut.FITS, Cut.REWORDED, Cut.FITS]
    assert drift.parts[2].start == 5
    assert drift.notes[0] == "Part 3: it now begins 'Walk every day'."


def test_a_section_that_went_gives_its_part_the_best_place_left() -> None:
    drift = after(*LINES[:5], *LINES[6:])
    assert drift.parts[2].cut is Cut.LOST
    assert drift.parts[2].start in (4, 5)
    assert any("nothing begins 'Walk by day' any more" in note for note in drift.notes)


def test_a_part_whose_text_is_gone_has_no_place() -> None:
    drift = after(*LINES[:5], *LINES[7:])
    assert [part.start for part in drift.parts] == [0, 2, 4, 5] or drift.parts[2].start is None
    gone = after("# The article", words(80, "a"))
    assert [part.start for part in gone.parts] == [0, None, None, None]
    assert "no room" in gone.notes[-1]


def test_sections_that_changed_places_keep_as_many_cuts_as_stand_in_order() -> None:
    drift = after(*LINES[:2], *LINES[5:7], *LINES[2:5], *LINES[7:])
    starts = [part.start for part in drift.parts if part.start is not None]
    assert starts == sorted(set(starts))
    assert sum(part.fits for part in drift.parts) >= 3


def test_a_cut_that_would_now_tear_a_list_is_placed_elsewhere() -> None:
    drift = after(*LINES[:5], "- Walk by day", *LINES[6:])
    assert drift.parts[2].cut is Cut.TORN
    assert drift.parts[2].start in (4, 6)
    assert any("cannot begin 'Walk by day' any more, because a list" in note for note in drift.notes)


def test_of_two_equal_headings_the_one_in_order_is_meant() -> None:
    body = (words(80, "a"), "## Do", words(80, "b"), "## Do", words(80, "c"))
    file = file_of(article("# T", *body), parts=3)
    drift = find_drift(file, article("# T", "A new first paragraph.", *body))
    assert [part.start for part in drift.parts] == [0, 3, 5]


def test_spacing_alone_does_not_change_a_fingerprint_and_a_word_does() -> None:
    assert fingerprint(blocks("One two.")) == fingerprint(blocks("One  two. "))
    assert fingerprint(blocks("One two.")) != fingerprint(blocks("One too."))
    assert fingerprint(blocks("One.", "Two.")) != fingerprint(blocks("One. Two."))


def test_a_file_without_fingerprints_does_not_pretend_to_know() -> None:
    source = article(*LINES)
    file = file_of(source)
    parts = tuple(replace(one, fingerprint=None, line=None) for one in file.parts)
    bare = replace(file, parts=parts)
    assert [part.text_changed for part in find_drift(bare, source).parts] == [None] * 4
    assert cuts(find_drift(bare, source)) == [Cut.FITS] * 4


@settings(deadline=None, max_examples=120, derandomize=True)
@given(any_lines(most=25), st.data())
def test_whatever_the_edit_the_places_are_allowed_and_in_order(lines: list[str], data: st.DataObject) -> None:
    """Any lines taken out, doubled or moved: the drift's places make a series that loads."""
    file = file_of(article(*lines), parts=data.draw(st.integers(1, 5)))
    edited = data.draw(st.lists(st.sampled_from(lines), min_size=1, max_size=25))
    source = article(*edited)
    drift = find_drift(file, source)
    starts = [part.start for part in drift.parts if part.start is not None]
    assert starts == sorted(set(starts))
    assert starts[0] == 0
    redrafted = draft_series(
        source,
        name="n",
        language="en",
        purpose=Purpose.TREATMENT,
        words_per_minute=200,
        words_per_part=100,
        days=(0, 3),
        file=file,
    )
    reloaded = load_series(redrafted.file, source, name="n")
    assert reloaded == redrafted.series


@pytest.mark.parametrize("parts", [1, 4])
def test_redrafting_an_unchanged_article_changes_nothing(parts: int) -> None:
    source = article(*LINES)
    file = file_of(source, parts)
    again = draft_series(
        source,
        name="n",
        language="es",
        purpose=Purpose.MARKETING,
        words_per_minute=1,
        words_per_part=1,
        days=(0,),
        file=file,
    )
    assert again.file == file
    assert again.notes == ()
