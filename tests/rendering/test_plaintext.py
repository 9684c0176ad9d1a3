import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.article.model import BlockKind, Picture, Run
from pipeline.rendering.layout import laid_out
from pipeline.rendering.plaintext import plain_body
from pipeline.rendering.wrapping import WIDTH, columns, underlined, wrapped


def text_of(blocks):
    nodes = laid_out(blocks.made, title="Title", show=lambda picture: None)
    return plain_body(nodes, picture_word="Picture")


def test_headings_lists_quotes_and_pictures_are_marked(blocks) -> None:
    blocks.add(BlockKind.HEADING, "Rest", level=2).add(BlockKind.HEADING, "At night", level=3)
    blocks.add(BlockKind.LIST_ITEM, "one", group=1).add(BlockKind.LIST_ITEM, "two", group=1, depth=1)
    blocks.add(BlockKind.QUOTE, "Sleep well.", group=2)
    blocks.add(BlockKind.PICTURE, picture=Picture(source="a.png", alt="A bed")).add(BlockKind.CAPTION, "Flat")
    assert text_of(blocks).text == (
        "Rest\n----\n\n## At night\n\n- one\n  - two\n\n> Sleep well.\n\n[Picture: A bed]\nFlat"
    )


def test_ordered_lists_keep_their_numbers_and_hang(blocks) -> None:
    for number in range(9, 12):
        blocks.add(BlockKind.LIST_ITEM, "word " * 20, ordinal=number, group=1)
    lines = text_of(blocks).text.splitlines()
    assert lines[0].startswith(" 9. word")
    assert lines[1].startswith("    word")
    assert [line.split(".")[0].strip() for line in lines if "." in line] == ["9", "10", "11"]


def test_links_are_numbered_in_order_and_the_same_address_keeps_its_number(blocks) -> None:
    first, second = "https://www.example.org/1", "https://www.example.org/2"
    blocks.add(BlockKind.PARAGRAPH, Run(text="a", link=first), " and ", Run(text="b", link=second))
    blocks.add(BlockKind.PARAGRAPH, Run(text="again", link=first), " ", Run(text=second, link=second))
    body = text_of(blocks)
    assert body.text == f"a [1] and b [2]\n\nagain [1] {second}"
    assert body.links == (first, second)


def test_an_address_spelled_out_needs_no_number(blocks) -> None:
    blocks.add(BlockKind.PARAGRAPH, "Write to ", Run(text="a@example.org", link="mailto:a@example.org"))
    body = text_of(blocks)
    assert body.text == "Write to a@example.org"
    assert body.links == ()


def test_a_narrow_table_stands_in_columns_and_a_wide_one_is_told_row_by_row(blocks) -> None:
    def row(*cells: str, **fields) -> None:
        runs = tuple((Run(text=cell),) for cell in cells)
        blocks.add(BlockKind.TABLE_ROW, " | ".join(cells), cells=runs, **fields)

    row("Day", "Feel", header=True, group=1)
    row("1", "sore", group=1)
    row("Day", "Feel", header=True, group=2)
    row("1", "sore " * 20, group=2)
    narrow, wide = text_of(blocks).text.split("\n\n")
    assert narrow == "Day | Feel\n----+-----\n1   | sore"
    assert wide.startswith("- Day: 1\n- Feel: sore")


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"])))
def test_wrapping_keeps_every_word_and_the_width(text: str) -> None:
    lines = wrapped(text).splitlines()
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(len(line) <= WIDTH or " " not in line.strip() for line in lines)


@pytest.mark.parametrize(("text", "expected"), [("abc", 3), ("痛み", 4), ("e\u0301", 1)])
def test_columns_are_counted_as_a_terminal_shows_them(text: str, expected: int) -> None:
    assert columns(text) == expected


def test_an_underline_is_as_long_as_the_heading() -> None:
    assert underlined("Where it hurts") == "Where it hurts\n=============="


def test_a_line_break_that_the_author_set_stays_one(blocks) -> None:
    blocks.add(BlockKind.PARAGRAPH, "First line\nsecond line")
    blocks.add(BlockKind.QUOTE, "One\n\ntwo", group=1)
    blocks.add(BlockKind.LIST_ITEM, "one\nmore of it", group=2)
    blocks.add(BlockKind.HEADING, "Long\nheading", level=2)
    assert text_of(blocks).text == (
        "First line\nsecond line\n\n> One\n> two\n\n- one\n  more of it\n\nLong\nheading\n-------"
    )


def test_a_line_break_inside_a_cell_does_not_tear_the_row(blocks) -> None:
    blocks.add(BlockKind.TABLE_ROW, "a | b", cells=((Run(text="a\nb"),), (Run(text="c"),)), group=1)
    assert text_of(blocks).text == "a b | c"
