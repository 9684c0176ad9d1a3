"""series.toml: errors that name line, key and mend; comments and hand edits that survive."""

import tomllib
from dataclasses import replace
from datetime import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.article.model import BlockKind, Override
from pipeline.errors import SeriesError
from pipeline.series.file_model import PartEntry, SeriesFile
from pipeline.series.model import Calendar, Purpose
from pipeline.series.series_file import read_series, write_series

SHA = "0123456789abcdef" * 4
GOOD = f"""\
# Our own words at the top.
format = 1
article = "article.txt"          # the clinic's
article_sha256 = "{SHA}"
title = "Your first weeks"
language = "en-US"
purpose = "treatment"

[[structure]]
text = "Keep active"
kind = "heading"
level = 3

[[part]]
title = "Welcome"                # Ana likes it short
starts_at = "Why it can hurt"
line = 3
subject = "Part {{number}} of {{total}} from {{clinic}}"
preheader = "A short read."
day = -2

# The hard one.
[[part]]
title = "Getting stronger"
starts_at = "Soft tissue"
line = 40
subject = "Part {{number}} of {{total}} from {{clinic}}"
preheader = "A short read."
day = 1
[part.calendar]
send_time = 10:30:00             # after the clinic's call hour
weekdays = ["mon", "thu"]
"""
TOP = GOOD.partition("[[structure]]")[0]


def line_of(text: str, piece: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if piece in line)


def test_a_good_file_says_what_it_says() -> None:
    file = read_series(GOOD)
    assert (file.article, file.language, file.purpose) == ("article.txt", "en-US", Purpose.TREATMENT)
    assert file.structure == (Override(text="Keep active", kind=BlockKind.HEADING, level=3),)
    assert [(part.title, part.day, part.line) for part in file.parts] == [
        ("Welcome", -2, 3),
        ("Getting stronger", 1, 40),
    ]
    assert file.parts[1].calendar == Calendar(send_time=time(10, 30), weekdays=("mon", "thu"))
    assert file.author is None


@pytest.mark.parametrize(
    ("old", "new", "at", "key", "hint"),
    [
        ('title = "Welcome"', 'titel = "Welcome"', "titel", "part 1: titel", "did you mean 'title'?"),
        ("format = 1", 'colour = "red"\nformat = 1', "colour", "colour", "known keys here"),
        ("day = 1\n", 'day = "one"\n', 'day = "one"', "part 2: day", "day = 4"),
        ("day = 1\n", "day = true\n", "day = true", "part 2: day", "day = 4"),
        ("day = 1\n", "day = -2 # twice\n", "# twice", "part 2: day", "use -1 or later"),
        ("day = 1\n", "day = -9\n", "day = -9", "part 2: day", "use -1 or later"),
        ('preheader = "A short read."\nday = -2', "day = -2", "[[part]]", "part 1", "add preheader ="),
        ('purpose = "treatment"', 'purpose = "treatmnt"', "treatmnt", "purpose", 'did you mean "treatment"?'),
        ('language = "en-US"', 'language = "english"', "english", "language", '"en-US"'),
        ("format = 1", "format = 7", "format = 7", "format", "use the program that wrote it"),
        (SHA, "none", "none", "article_sha256", "pipeline split --write"),
        ('"article.txt"', '"../../etc/passwd"', "etc", "article", "without folders"),
        ('subject = "Part', 'subject = "{name}', "{name}", "part 1: subject", "{clinic}, {number}, {total}"),
        ('title = "Welcome"', 'title = "Hi\\nBcc: a"', "Bcc", "part 1: title", "make it one line"),
        ('title = "Welcome"', 'title = " "', 'title = " "', "part 1: title", "write a few words"),
        ('"Why it can hurt"', '""', 'starts_at = ""', "part 1: starts_at", "write a few words"),
        ('kind = "heading"', 'kind = "headline"', "headline", "structure 1: kind", 'did you mean "heading"?'),
        ('kind = "heading"', 'kind = "quote"', "level = 3", "structure 1: level", "take the level out"),
        ("level = 3", "level = 1", "level = 1", "structure 1: level", "from 2 to 4"),
        ('["mon", "thu"]', '["mon", "day"]', '"day"]', "part 2 calendar: weekdays", "mon, tue"),
        ("= 10:30:00", '= "10:30"', '"10:30"', "part 2 calendar: send_time", "send_time = 09:00:00"),
        ("send_time =", "send_tme =", "send_tme", "part 2 calendar: send_tme", "did you mean 'send_time'?"),
    ],
)
def test_a_wrong_value_is_named_with_line_key_and_mend(
    old: str, new: str, at: str, key: str, hint: str
) -> None:
    text = GOOD.replace(old, new, 1)
    with pytest.raises(SeriesError) as caught:
        read_series(text, name="x/series.toml")
    where = caught.value.where
    assert where is not None
    assert (where.file, where.key, hint in (caught.value.mend or "")) == ("x/series.toml", key, True)
    assert where.line == line_of(text, at)


def test_broken_toml_is_named_with_its_line() -> None:
    with pytest.raises(SeriesError, match="not valid TOML") as caught:
        read_series(GOOD.replace('title = "Welcome"', 'title = "Welcome'))
    assert caught.value.where is not None
    assert caught.value.where.line == line_of(GOOD, 'title = "Welcome"')


@pytest.mark.parametrize("text", ["", "part = []", GOOD.partition("[[part]]")[0], f"{TOP}part = [1]"])
def test_a_file_without_parts_is_refused_in_words(text: str) -> None:
    with pytest.raises(SeriesError) as caught:
        read_series(text)
    assert caught.value.mend


def test_a_byte_order_mark_does_no_harm() -> None:
    assert read_series("\ufeff" + GOOD) == read_series(GOOD)


def test_a_new_file_reads_back_and_teaches_what_may_be_changed() -> None:
    file = read_series(GOOD)
    text = write_series(replace(file, author="Ana Example", calendar=Calendar(late="skip")))
    assert read_series(text) == replace(file, author="Ana Example", calendar=Calendar(late="skip"))
    head = text.split("format = 1")[0]
    assert head.startswith("#")
    for word in ("title", "subject", "starts_at", "day", "{clinic}", "[[structure]]", "reveals_ok"):
        assert word in head


def test_writing_without_a_change_changes_not_a_byte() -> None:
    assert write_series(read_series(GOOD), over=GOOD) == GOOD


def test_a_changed_value_changes_its_line_alone() -> None:
    file = read_series(GOOD)
    parts = (replace(file.parts[0], title="Hello"), file.parts[1])
    text = write_series(replace(file, parts=parts), over=GOOD)
    assert text == GOOD.replace('"Welcome"', '"Hello"')


def test_a_part_that_goes_is_kept_as_a_comment_with_its_own_comments() -> None:
    file = read_series(GOOD)
    text = write_series(replace(file, parts=file.parts[:1]), over=GOOD)
    assert len(read_series(text).parts) == 1
    assert "# # The hard one." in text
    assert '# title = "Getting stronger"' in text
    assert "# send_time = 10:30:00             # after the clinic's call hour" in text


def test_a_new_part_comes_in_its_place_and_the_others_keep_their_comments() -> None:
    file = read_series(GOOD)
    new = PartEntry(title="New", starts_at="In between", subject="s", preheader="p", day=0)
    text = write_series(replace(file, parts=(file.parts[0], new, file.parts[1])), over=GOOD)
    assert [part.title for part in read_series(text).parts] == ["Welcome", "New", "Getting stronger"]
    assert '# The hard one.\n[[part]]\ntitle = "Getting stronger"' in text
    for comment in ("# Our own words", "# the clinic's", "# Ana likes it short", "# after the clinic's"):
        assert comment in text


def test_overrides_keep_their_place_too_and_a_removed_one_is_kept_as_a_comment() -> None:
    file = read_series(GOOD)
    more = (*file.structure, Override(text="A caption", kind=BlockKind.CAPTION, line=9))
    assert read_series(write_series(replace(file, structure=more), over=GOOD)).structure == more
    assert '# text = "Keep active"' in write_series(replace(file, structure=()), over=GOOD)


def test_a_calendar_may_come_and_go() -> None:
    file = read_series(GOOD)
    with_calendar = replace(file, calendar=Calendar(min_gap_days=3, late="skip"))
    text = write_series(with_calendar, over=GOOD)
    assert read_series(text) == with_calendar
    gone = write_series(replace(read_series(text), calendar=Calendar()), over=text)
    assert read_series(gone) == file
    assert "# min_gap_days = 3" in gone


def test_comments_at_the_end_stay_at_the_end_however_often_it_is_written() -> None:
    text = GOOD + "\n# Ideas for next year.\n"
    file = read_series(text)
    once = write_series(replace(file, parts=file.parts[:1]), over=text)
    twice = write_series(read_series(once), over=once)
    assert once == twice
    assert once.count("# Ideas for next year.") == once.count("No longer in the series") == 1


def test_a_spelling_that_cannot_be_followed_is_kept_below_the_new_text() -> None:
    inline = TOP + (
        'part = [{ title = "A", starts_at = "a", subject = "s", preheader = "p", day = 0 }] # one line\n'
    )
    file = read_series(inline)
    text = write_series(replace(file, title="Other"), over=inline)
    assert read_series(text) == replace(file, title="Other")
    assert "# one line" in text


_LINES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30
).filter(lambda text: text.strip() and not set("{}") & set(text))


@st.composite
def files(draw: st.DrawFn) -> SeriesFile:
    days = sorted(draw(st.sets(st.integers(-30, 90), min_size=1, max_size=5)))
    return SeriesFile(
        article="a.md",
        article_sha256=SHA,
        title=draw(_LINES),
        language=draw(st.sampled_from(["en-US", "es", "de-DE"])),
        purpose=draw(st.sampled_from(Purpose)),
        author=draw(st.none() | _LINES),
        structure=tuple(
            draw(st.lists(st.builds(Override, text=_LINES, kind=st.just(BlockKind.CAPTION)), max_size=2))
        ),
        calendar=draw(st.builds(Calendar, min_gap_days=st.none() | st.integers(0, 60))),
        parts=tuple(
            PartEntry(
                title=draw(_LINES),
                starts_at=draw(_LINES),
                line=draw(st.none() | st.integers(1, 900)),
                subject=draw(_LINES),
                preheader=draw(_LINES),
                day=day,
                reveals_ok=draw(st.none() | _LINES),
                calendar=draw(st.builds(Calendar, late=st.sampled_from([None, "skip", "catch_up"]))),
                origin=draw(st.none() | st.integers(0, 1)),
            )
            for day in days
        ),
    )


@settings(deadline=None, max_examples=80, derandomize=True)
@given(files(), st.sampled_from([None, GOOD]))
def test_any_file_reads_back_as_itself_new_or_over_an_old_one(file: SeriesFile, over: str | None) -> None:
    text = write_series(file, over=over)
    assert read_series(text) == file
    tomllib.loads(text)
    if over:
        for comment in ("Our own words at the top.", "The hard one.", "Ana likes it short"):
            assert comment in text


@settings(deadline=None, max_examples=300, derandomize=True)
@given(st.data())
def test_a_damaged_file_is_refused_in_words_or_read_but_never_breaks(data: st.DataObject) -> None:
    lines = GOOD.split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        other = data.draw(
            st.sampled_from([*lines, "[[part]]", "day = [1, {a = 2}]", "[part]", 'x = """', "= 3", "\x00"])
        )
        lines[at : at + data.draw(st.integers(0, 2))] = [other]
    try:
        file = read_series("\n".join(lines))
    except SeriesError as error:
        assert error.mend  # noqa: PT017 - every refusal names a mend
    else:
        assert read_series(write_series(file, over="\n".join(lines))) == file


def test_nesting_without_end_is_refused_in_words() -> None:
    with pytest.raises(SeriesError):
        read_series("a = " + "[" * 100_000)
