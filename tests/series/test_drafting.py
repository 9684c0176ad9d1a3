"""From an article to a series, and again after people worked on it."""

from dataclasses import replace

import pytest

from pipeline.article.model import Article
from pipeline.errors import SeriesError
from pipeline.series.drafting import Draft, draft_series
from pipeline.series.file_model import SeriesFile
from pipeline.series.model import Calendar, Purpose
from pipeline.series.series_file import read_series, write_series
from pipeline.series.split import parts_for
from pipeline.series.wording import TITLE_LIMIT, neutral_preheader, neutral_subject
from tests.series.articles import article, sectioned, words

DAYS = (-2, 1, 4, 9, 16)


def draft(source: Article, *, file: SeriesFile | None = None, language: str = "es", **wishes: float) -> Draft:
    return draft_series(
        source,
        name="first-weeks",
        language=language,
        purpose=Purpose.TREATMENT,
        words_per_minute=200,
        words_per_part=250,
        days=DAYS,
        file=file,
        parts=int(wishes["parts"]) if "parts" in wishes else None,
        plan=int(wishes.get("plan", 1)),
        minutes=wishes.get("minutes"),
    )


def test_a_draft_is_a_whole_series() -> None:
    drafted = draft(sectioned(sections=8), parts=4)
    series = drafted.series
    assert (series.name, series.title, series.language) == (
        "first-weeks",
        "A title for the whole article",
        "es",
    )
    assert [part.number for part in series.parts] == [1, 2, 3, 4]
    assert [part.day for part in series.parts] == list(DAYS[:4])
    assert {part.subject for part in series.parts} == {neutral_subject("es")}
    assert {part.preheader for part in series.parts} == {neutral_preheader("es")}
    assert [part.teaser for part in series.parts[:-1]] == [part.title for part in series.parts[1:]]
    assert (drafted.requested, drafted.drift, drafted.notes) == (4, None, ())


def test_another_plan_than_the_best_may_be_taken() -> None:
    best, second = (draft(sectioned(sections=7), parts=3, plan=plan) for plan in (1, 2))
    assert best.plans == second.plans
    assert [part.words for part in second.series.parts] == list(second.plans[1].words)
    assert best.series != second.series
    with pytest.raises(SeriesError, match="no plan 9"):
        draft(sectioned(sections=7), parts=3, plan=9)


def test_without_wishes_the_words_of_a_part_decide() -> None:
    source = sectioned(sections=8)
    total = sum(block.words for block in source.blocks)
    drafted = draft(source)
    assert len(drafted.series.parts) == parts_for(total, 250)
    assert drafted.requested is None


def test_minutes_are_words_at_the_reading_speed() -> None:
    source = sectioned(sections=12)
    total = sum(block.words for block in source.blocks)
    assert len(draft(source, minutes=2).series.parts) == parts_for(total, 400)
    assert len(draft(source, minutes=0.5).series.parts) == parts_for(total, 100)


def test_too_many_parts_are_refused_gently() -> None:
    drafted = draft(article("# T", words(60), words(60)), parts=12)
    assert len(drafted.series.parts) == drafted.bears == 2
    assert drafted.requested == 12
    assert "12 parts were asked for, but the article bears 2" in drafted.notes[0]


def test_an_article_without_a_title_is_named_after_its_folder() -> None:
    assert draft(article(words(60))).series.title == "First weeks"


@pytest.mark.parametrize(
    ("declared", "tag"),
    [("en_us", "en-US"), ("ES", "es"), ("zh-Hans-cn", "zh-Hans-CN"), ("english (US)", "und"), ("", "und")],
)
def test_whatever_language_a_page_declares_the_file_can_be_read_again(declared: str, tag: str) -> None:
    drafted = draft(article(words(60)), language=declared)
    assert drafted.series.language == tag
    assert read_series(write_series(drafted.file)).language == tag


def test_a_title_too_long_for_an_email_is_noted() -> None:
    long = "Heading " * 20
    drafted = draft(article("# T", words(100), f"## {long}", words(100)), parts=2)
    assert len(drafted.series.parts[1].title) > TITLE_LIMIT
    assert any("The title of part 2 has" in note for note in drafted.notes)


def edited(source: Article) -> tuple[str, SeriesFile]:
    """A file that people worked on: a title, a subject with its reason, a day, a calendar, comments."""
    first = draft(source, parts=4).file
    parts = list(first.parts)
    parts[1] = replace(parts[1], title="Sore is normal", day=2)
    parts[2] = replace(
        parts[2], subject="Your knee", reveals_ok="patients asked for it", calendar=Calendar(late="skip")
    )
    text = write_series(
        replace(first, parts=tuple(parts), author="Ana", title="Our series", language="en-US")
    )
    text = text.replace('title = "Sore is normal"', 'title = "Sore is normal"   # Tom likes it')
    return text, read_series(text)


def test_a_second_draft_keeps_everything_people_decided() -> None:
    source = sectioned(sections=8)
    text, file = edited(source)
    again = draft(source, file=file)
    assert again.file == file
    assert write_series(again.file, over=text) == text
    assert [part.title for part in again.series.parts][1] == "Sore is normal"
    assert (again.series.author, again.series.title, again.series.language) == ("Ana", "Our series", "en-US")


def test_another_number_of_parts_keeps_the_words_of_every_part_that_begins_where_one_did() -> None:
    source = sectioned(sections=8)
    text, file = edited(source)
    again = draft(source, file=file, parts=2)
    kept = {entry.title for entry in again.file.parts} & {entry.title for entry in file.parts}
    assert file.parts[0].title in kept
    assert len(again.file.parts) == 2
    for entry in again.file.parts:
        old = next((one for one in file.parts if one.starts_at == entry.starts_at), None)
        if old:
            assert (entry.title, entry.subject, entry.day, entry.calendar) == (
                old.title,
                old.subject,
                old.day,
                old.calendar,
            )
    written = write_series(again.file, over=text)
    assert "# Tom likes it" in written
    assert "Your knee" in written
    assert any("is no longer a part" in note for note in again.notes)


def test_more_parts_find_days_between_the_kept_ones() -> None:
    source = sectioned(sections=8)
    _, file = edited(source)
    again = draft(source, file=file, parts=8)
    days = [entry.day for entry in again.file.parts]
    assert days == sorted(set(days))
    assert len(days) == 8


def test_an_edited_article_keeps_its_cuts_and_their_words_and_says_what_changed() -> None:
    source = sectioned(sections=8)
    text, file = edited(source)
    lines = ["# A title for the whole article", "A new first paragraph."]
    lines += [("## " if block.kind == "heading" else "") + block.text for block in source.blocks[1:]]
    again = draft(article(*lines), file=file)
    assert [entry.title for entry in again.file.parts] == [entry.title for entry in file.parts]
    assert again.file.article_sha256 != file.article_sha256
    assert again.notes == ("Part 1: its text changed.",)
    written = write_series(again.file, over=text)
    assert "# Tom likes it" in written
    assert read_series(written) == again.file


DISTINCT = (
    "# The article",
    words(90, "a"),
    "## Rest at night",
    words(90, "b"),
    "## Walk by day",
    words(90, "c"),
)


def with_new_heading(title: str) -> Draft:
    """The second of three parts lost its heading; ``title`` is what the file calls that part."""
    file = draft(article(*DISTINCT), parts=3).file
    parts = (file.parts[0], replace(file.parts[1], title=title, day=2), file.parts[2])
    lines = (*DISTINCT[:2], "## Quite another matter", *DISTINCT[3:])
    return draft(article(*lines), file=replace(file, parts=parts))


def test_a_lost_cut_lends_its_words_to_the_one_that_takes_its_place() -> None:
    again = with_new_heading("Sore is normal")
    assert again.drift is not None
    assert [part.fits for part in again.drift.parts] == [True, False, True]
    assert [(entry.title, entry.day) for entry in again.file.parts][1] == ("Sore is normal", 2)
    assert again.file.parts[1].starts_at == "Quite another matter"


def test_a_title_that_only_repeated_the_lost_heading_goes_with_it() -> None:
    assert with_new_heading("Rest at night").file.parts[1].title == "Quite another matter"


def test_a_title_that_repeated_a_reworded_heading_follows_it_and_a_human_one_stays() -> None:
    for title, after in (("Rest at night", "Rest every night"), ("Sore is normal", "Sore is normal")):
        file = draft(article(*DISTINCT), parts=3).file
        parts = (file.parts[0], replace(file.parts[1], title=title), file.parts[2])
        lines = (*DISTINCT[:2], "## Rest every night", *DISTINCT[3:])
        again = draft(article(*lines), file=replace(file, parts=parts))
        assert again.file.parts[1].title == after
        assert again.file.parts[1].starts_at == "Rest every night"


@pytest.mark.parametrize("parts", [1, 3, 6])
def test_the_same_article_gives_the_same_draft(parts: int) -> None:
    assert draft(sectioned(sections=7), parts=parts) == draft(sectioned(sections=7), parts=parts)
