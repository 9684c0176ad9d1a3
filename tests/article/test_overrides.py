"""A human's word beats every guess and all markup."""

import pytest

from pipeline.article.model import BlockKind, Override

BODY = "Most people get better within a few weeks when they keep moving and do a little more each day."
LINES = (
    "The title",
    BODY,
    "Why it hurts",
    BODY,
    "A line that stands alone",
    "What helps",
    BODY,
    "top of page",
)
TEXT = "\n\n".join(LINES)


def found(article, text):
    return next(block for block in article.blocks if block.text.startswith(text))


@pytest.mark.parametrize("kind", [kind for kind in BlockKind if kind is not BlockKind.PICTURE])
def test_any_line_can_be_made_any_kind(read, kind):
    article = read(TEXT, overrides=[Override(text="A line that", kind=kind)])
    block = found(article, "A line that")
    assert block.kind is kind
    assert (block.confidence, block.reason) == (1.0, "series.toml says so")
    assert article.notes == ()


def test_a_heading_gets_the_level_that_the_human_gave(read):
    article = read(TEXT, overrides=[Override(text="What helps", kind=BlockKind.HEADING, level=4)])
    assert found(article, "What helps").level == 4


def test_a_heading_without_a_level_gets_one_from_its_place(read):
    article = read(TEXT, overrides=[Override(text="A line that", kind=BlockKind.HEADING)])
    assert found(article, "A line that").level in {2, 3}


def test_markup_is_overruled_too(read):
    text = f"# Title\n\n## Not a heading\n\n{BODY}\n"
    article = read(text, name="a.md", overrides=[Override(text="Not a heading", kind=BlockKind.PARAGRAPH)])
    assert found(article, "Not a heading").kind is BlockKind.PARAGRAPH


def test_a_line_taken_for_furniture_is_brought_back(read):
    article = read(TEXT, overrides=[Override(text="top of page", kind=BlockKind.PARAGRAPH)])
    assert article.left_out == ()
    assert article.blocks[-1].text == "top of page"


def test_of_two_lines_that_begin_alike_the_one_nearest_to_the_line_is_meant(read):
    text = f"Title\n\n{BODY}\n\n{BODY}\n\n{BODY}\n"
    article = read(text, overrides=[Override(text="Most people", kind=BlockKind.QUOTE, line=6)])
    assert [block.line for block in article.blocks if block.kind is BlockKind.QUOTE] == [5]


def test_case_and_white_space_do_not_matter(read):
    article = read(TEXT, overrides=[Override(text="  WHY   it hurts", kind=BlockKind.PARAGRAPH)])
    assert found(article, "Why it hurts").kind is BlockKind.PARAGRAPH


def test_a_list_item_is_meant_with_or_without_its_bullet(read):
    text = f"Title\n\n{BODY}\n\n  • warm up\n\n  • cool down\n"
    for words in ("warm up", "• warm up"):
        article = read(text, overrides=[Override(text=words, kind=BlockKind.PARAGRAPH)])
        assert found(article, "warm up").kind is BlockKind.PARAGRAPH


def test_another_line_made_the_title_is_the_only_title(read):
    article = read(TEXT, overrides=[Override(text="Why it hurts", kind=BlockKind.TITLE)])
    assert [block.text for block in article.blocks if block.kind is BlockKind.TITLE] == ["Why it hurts"]


@pytest.mark.parametrize(
    "override",
    [
        Override(text="No such line", kind=BlockKind.HEADING, line=4),
        Override(text="", kind=BlockKind.HEADING),
        Override(text="Why it hurts", kind=BlockKind.PICTURE),
    ],
    ids=["unknown words", "no words", "picture"],
)
def test_an_override_that_fits_no_line_is_a_note_and_changes_nothing(read, override):
    article = read(TEXT, overrides=[override])
    assert [note.code for note in article.notes] == ["override_unmatched"]
    assert article.blocks == read(TEXT).blocks
