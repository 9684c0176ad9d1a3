import pytest

from pipeline.article.model import Block, BlockKind, Picture, Run
from pipeline.rendering.layout import (
    Figure,
    Heading,
    ListNode,
    Paragraph,
    Quote,
    Shown,
    Table,
    laid_out,
    plain,
)


def lay(blocks, title: str = "Title"):
    return laid_out(blocks.made, title=title, show=lambda picture: Shown(source="cid:x", width=10, height=5))


def test_lists_nest_by_depth_and_part_where_their_kind_changes(blocks) -> None:
    for text, depth, ordinal in [("a", 0, None), ("b", 1, 1), ("c", 1, 2), ("d", 2, None), ("e", 0, None)]:
        blocks.add(BlockKind.LIST_ITEM, text, depth=depth, ordinal=ordinal, group=1)
    blocks.add(BlockKind.LIST_ITEM, "f", ordinal=4, group=1)
    outer, after = lay(blocks)
    assert [plain(item.content) for item in outer.items] == ["a", "e"]
    (inner,) = outer.items[0].lists
    assert inner.ordered
    assert [plain(item.content) for item in inner.items] == ["b", "c"]
    assert plain(inner.items[1].lists[0].items[0].content) == "d"
    assert (after.ordered, after.start) == (True, 4)


def test_a_list_that_begins_too_deep_is_still_a_list(blocks) -> None:
    blocks.add(BlockKind.LIST_ITEM, "deep", depth=2, group=1).add(BlockKind.LIST_ITEM, "flat", group=1)
    (node,) = lay(blocks)
    assert [plain(item.content) for item in node.items] == ["deep", "flat"]


def test_neighbouring_lists_of_different_groups_stay_apart(blocks) -> None:
    blocks.add(BlockKind.LIST_ITEM, "a", group=1).add(BlockKind.LIST_ITEM, "b", group=2)
    assert len(lay(blocks)) == 2


@pytest.mark.parametrize(
    ("levels", "rendered"),
    [([2, 3, 2], [2, 3, 2]), ([3, 3, 2], [2, 2, 2]), ([2, 4, 3], [2, 3, 3]), ([4, 2, 3, 4], [2, 2, 3, 4])],
)
def test_headings_keep_their_relations_and_never_jump(blocks, levels: list[int], rendered: list[int]) -> None:
    for level in levels:
        blocks.add(BlockKind.HEADING, f"h{level}", level=level)
    nodes = lay(blocks)
    assert [node.level for node in nodes] == rendered


@pytest.mark.parametrize("first", ["Why it hurts", "1. Why it hurts", "why it HURTS:", "iv) Why it hurts?"])
def test_a_first_heading_that_is_the_title_does_not_come_twice(blocks, first: str) -> None:
    blocks.add(BlockKind.HEADING, first, level=2).add(BlockKind.PARAGRAPH, "Text.")
    (only,) = lay(blocks, title="Why it hurts")
    assert plain(only.content) == "Text."


def test_a_caption_before_the_heading_that_is_the_title_does_not_bring_it_back(blocks) -> None:
    blocks.add(BlockKind.CAPTION, "A stray caption").add(BlockKind.HEADING, "Why it hurts", level=2)
    caption, text = lay(blocks.add(BlockKind.PARAGRAPH, "Text."), title="Why it hurts")
    assert (plain(caption.content), plain(text.content)) == ("A stray caption", "Text.")


def test_a_first_heading_with_other_words_stays(blocks) -> None:
    blocks.add(BlockKind.HEADING, "Why it really hurts", level=2).add(BlockKind.PARAGRAPH, "Text.")
    assert isinstance(lay(blocks, title="Why it hurts")[0], Heading)


def test_a_caption_belongs_to_the_picture_before_it_and_only_one(blocks) -> None:
    picture = Picture(source="a.png", alt="A hill", data=b"x")
    blocks.add(BlockKind.PICTURE, picture=picture).add(BlockKind.CAPTION, "One").add(BlockKind.CAPTION, "Two")
    figure, loose = lay(blocks)
    assert isinstance(figure, Figure)
    assert plain(figure.caption) == "One"
    assert isinstance(loose, Paragraph)
    assert loose.role == "caption"


def test_two_pictures_and_one_caption(blocks) -> None:
    picture = Picture(source="a.png", alt="A hill", data=b"x")
    blocks.add(BlockKind.PICTURE, picture=picture).add(BlockKind.PICTURE, picture=picture)
    blocks.add(BlockKind.CAPTION, "Both")
    first, second = lay(blocks)
    assert first.caption is None
    assert plain(second.caption) == "Both"


def test_rows_become_one_table_with_its_header(blocks) -> None:
    cells = ((Run(text="a"),), (Run(text="b"),))
    blocks.add(BlockKind.TABLE_ROW, "a | b", cells=cells, header=True, group=7)
    blocks.add(BlockKind.TABLE_ROW, "a | b", cells=cells, group=7)
    (table,) = lay(blocks)
    assert isinstance(table, Table)
    assert table.header is not None
    assert len(table.rows) == 1


def test_quotes_of_one_group_are_one_quotation(blocks) -> None:
    blocks.add(BlockKind.QUOTE, "one", group=1).add(BlockKind.QUOTE, "two", group=1)
    (quote,) = lay(blocks)
    assert isinstance(quote, Quote)
    assert [plain(paragraph) for paragraph in quote.paragraphs] == ["one", "two"]


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        " javascript:x",
        'https://a.example/" onx=',
        "//x.example",
    ],
)
def test_a_link_that_is_no_web_mail_or_phone_address_becomes_plain_words(blocks, link: str) -> None:
    blocks.add(BlockKind.PARAGRAPH, Run(text="words", link=link))
    (paragraph,) = lay(blocks)
    assert paragraph.content[0].link is None
    assert plain(paragraph.content) == "words"


def test_runs_with_the_same_link_are_one_link(blocks) -> None:
    link = "https://www.example.org/a"
    blocks.add(
        BlockKind.PARAGRAPH, Run(text="see ", link=link), Run(text="this", strong=True, link=link), " now"
    )
    (paragraph,) = lay(blocks)
    assert [span.link for span in paragraph.content] == [link, None]


def test_every_word_of_the_blocks_is_in_the_tree_once(rich) -> None:
    nodes = laid_out(rich, title="nothing like it", show=lambda picture: None)
    words = " ".join(_words(node) for node in nodes).split()
    expected = " ".join(block.text.replace(" | ", " ") for block in rich).split()
    assert sorted(words) == sorted(expected)


def _words(node) -> str:
    match node:
        case ListNode():
            return " ".join(
                f"{plain(item.content)} {' '.join(_words(below) for below in item.lists)}"
                for item in node.items
            )
        case Quote():
            return " ".join(plain(paragraph) for paragraph in node.paragraphs)
        case Table():
            rows = [*([node.header] if node.header else []), *node.rows]
            return " ".join(plain(cell) for row in rows for cell in row)
        case Figure():
            return plain(node.caption or ())
        case _:
            return plain(node.content)


def test_a_further_paragraph_of_an_item_stands_in_it_and_the_numbers_go_on() -> None:
    def item(number: int, text: str, **more) -> Block:
        return Block(id=number, kind=BlockKind.LIST_ITEM, runs=(Run(text=text),), group=1, **more)

    blocks = [
        item(1, "First.", ordinal=1),
        item(2, "More of it.", continues=True),
        item(3, "Deeper.", depth=1),
        item(4, "Second.", ordinal=2),
    ]
    (node,) = laid_out(blocks, title="", show=lambda _picture: None)
    assert node.ordered
    assert [plain(each.content) for each in node.items] == ["First.", "Second."]
    assert [plain(each) for each in node.items[0].more] == ["More of it."]
    assert [plain(each.content) for each in node.items[0].lists[0].items] == ["Deeper."]
