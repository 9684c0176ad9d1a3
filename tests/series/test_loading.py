"""A series.toml meets its article; what does not fit is refused in words."""

from dataclasses import replace

import pytest

from pipeline.article.model import Article
from pipeline.errors import SeriesError
from pipeline.series.drafting import Draft, draft_series
from pipeline.series.loading import load_series
from pipeline.series.model import Calendar, Purpose
from pipeline.series.series_file import read_series, write_series
from tests.series.articles import article, words

LINES = (
    "# The article",
    words(60, "a"),
    "## First heading",
    words(80, "b"),
    "These help:",
    "- walking",
    "- resting",
    words(70, "c"),
    "## Second heading",
    words(90, "d"),
    "## Third heading",
    words(90, "e"),
)


def drafted(source: Article) -> Draft:
    return draft_series(
        source,
        name="first-weeks",
        language="en-US",
        purpose=Purpose.TREATMENT,
        words_per_minute=200,
        words_per_part=250,
        days=(-2, 1, 4),
        parts=3,
    )


def changed(number: int, starts_at: str, line: int | None = None) -> SeriesError:
    """What loading says where one part begins elsewhere."""
    source = article(*LINES)
    text = write_series(drafted(source).file)
    file = read_series(text, name="series.toml")
    parts = list(file.parts)
    parts[number - 1] = replace(parts[number - 1], starts_at=starts_at, line=line)
    with pytest.raises(SeriesError) as caught:
        load_series(replace(file, parts=tuple(parts)), source, name="first-weeks")
    where = caught.value.where
    assert where is not None
    assert where.key == f"part {number}: starts_at"
    assert "starts_at" in text.split("\n")[(where.line or 0) - 1]
    return caught.value


def test_what_was_written_loads_as_what_was_drafted() -> None:
    source = article(*LINES)
    draft = drafted(source)
    assert load_series(read_series(write_series(draft.file)), source, name="first-weeks") == draft.series


def test_every_word_of_the_file_reaches_the_series() -> None:
    source = article(*LINES)
    file = drafted(source).file
    calendar = Calendar(min_gap_days=4)
    parts = (
        replace(file.parts[0], title="Hello", subject="S", preheader="P", day=-5, reveals_ok="asked for"),
        replace(file.parts[1], calendar=calendar),
        file.parts[2],
    )
    series = load_series(
        replace(file, parts=parts, author="Ana", calendar=calendar, purpose=Purpose.MARKETING, title="T"),
        source,
        name="n",
    )
    first = series.parts[0]
    assert (first.title, first.subject, first.preheader, first.day) == ("Hello", "S", "P", -5)
    assert (first.reveals_ok, series.parts[1].recap) == ("asked for", "Hello")
    assert (series.author, series.calendar, series.parts[1].calendar) == ("Ana", calendar, calendar)
    assert (series.purpose, series.title, series.name) == (Purpose.MARKETING, "T", "n")


def test_words_that_stand_nowhere_name_the_nearest_that_do() -> None:
    error = changed(2, "## Secnd heading")
    assert "Nothing in the article starts with" in error.what
    assert error.mend == "did you mean 'Second heading' at line 17?"


def test_words_that_are_like_nothing_point_to_the_drift_report() -> None:
    assert "pipeline split" in (changed(2, "Quite another matter altogether").mend or "")


def test_words_that_stand_twice_ask_for_more_of_them_or_a_line() -> None:
    source = article("# T", words(80), "## Do", words(80, "x"), "## Do", words(80, "y"))
    file = drafted(source).file
    twice = replace(
        file, parts=(file.parts[0], replace(file.parts[1], starts_at="Do", line=None), file.parts[2])
    )
    with pytest.raises(SeriesError, match="more than once: 5, 9") as caught:
        load_series(twice, source, name="n")
    assert caught.value.mend == "write more of its words, or line = 5"
    decided = replace(
        twice, parts=(file.parts[0], replace(file.parts[1], starts_at="Do", line=5), file.parts[2])
    )
    assert load_series(decided, source, name="n").parts[1].blocks[0].line == 5


def test_the_first_part_may_leave_nothing_out_before_it() -> None:
    error = changed(1, "First heading")
    assert "would be lost" in error.what
    assert "The article" in (error.mend or "")


def test_parts_stand_in_the_order_of_the_article() -> None:
    assert "not after part 2" in changed(3, "First heading").what


def test_a_list_is_not_cut_even_by_hand_and_the_nearest_places_are_offered() -> None:
    error = changed(2, "resting")
    assert "a list would be cut" in error.what
    assert "'These help:'" in (error.mend or "")


def test_a_part_does_not_end_on_a_heading_even_by_hand() -> None:
    assert "end on a heading" in changed(2, words(80, "b")).what


def test_a_part_may_be_named_by_its_heading_though_a_caption_stands_before_it() -> None:
    source = article(*LINES[:2], "! A caption.", *LINES[2:])
    file = drafted(source).file
    named = replace(file.parts[1], starts_at="First heading", line=None)
    series = load_series(replace(file, parts=(file.parts[0], named, *file.parts[2:])), source, name="n")
    assert series.parts[1].blocks[0].text == "A caption."


def test_overrides_make_a_refused_cut_possible() -> None:
    """A human who says that the line is no heading may cut after it."""
    source = article(*(line if line != "## First heading" else "First heading" for line in LINES))
    file = drafted(article(*LINES)).file
    cut = replace(file.parts[1], starts_at=words(80, "b"), line=None)
    series = load_series(replace(file, parts=(file.parts[0], cut, file.parts[2])), source, name="n")
    assert series.parts[0].blocks[-1].text == "First heading"
