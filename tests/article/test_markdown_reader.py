"""Markdown: what its markup says, line by line, and what it must not pass on."""

import pytest

from pipeline.article.model import BlockKind
from pipeline.errors import ArticleError


def md(read, text, **options):
    return read(text, name="article.md", **options)


def test_headings_keep_their_ranks_below_the_title(read, kinds):
    article = md(
        read, "# Sleep\n\n## Why\n\nText.\n\n### More\n\nText.\n\n#### Deep\n\nText.\n\n## End\n\nText.\n"
    )
    assert [kind for kind in kinds(article) if kind != "paragraph"] == [
        "title",
        "heading2",
        "heading3",
        "heading4",
        "heading2",
    ]


def test_ranks_are_closed_up_where_the_author_skipped_one(read, kinds):
    article = md(read, "# T\n\n### A\n\nText.\n\n##### B\n\nText.\n")
    assert [kind for kind in kinds(article) if kind.startswith("heading")] == ["heading2", "heading3"]


def test_every_block_knows_its_source_line(read):
    article = md(read, "# T\n\nOne\ntwo.\n\n- a\n- b\n\n| x | y |\n|---|---|\n| 1 | 2 |\n")
    assert [(block.line, block.last_line) for block in article.blocks] == [
        (1, 1),
        (3, 4),
        (6, 6),
        (7, 7),
        (9, 9),
        (11, 11),
    ]


def test_emphasis_links_code_and_breaks_survive(read):
    runs = md(read, "# T\n\nA *soft* **hard** `code` [site](https://example.org/x)  \nnext\n").blocks[1].runs
    assert [(run.text, run.emphasis, run.strong, run.code, run.link) for run in runs] == [
        ("A ", False, False, False, None),
        ("soft", True, False, False, None),
        (" ", False, False, False, None),
        ("hard", False, True, False, None),
        (" ", False, False, False, None),
        ("code", False, False, True, None),
        (" ", False, False, False, None),
        ("site", False, False, False, "https://example.org/x"),
        ("\nnext", False, False, False, None),
    ]


@pytest.mark.parametrize("target", ["javascript:alert(1)", "/about", "data:text/html,x", "page.html"])
def test_a_link_that_cannot_be_mailed_leaves_its_words_and_a_note(read, target):
    article = md(read, f"# T\n\nSee [our page]({target}) now.\n")
    assert article.blocks[1].text == "See our page now."
    assert {run.link for run in article.blocks[1].runs} == {None}
    assert [(note.code, note.line) for note in article.notes] == [("link_dropped", 3)]


def test_nested_and_ordered_lists_keep_depth_numbers_and_further_paragraphs(read):
    article = md(read, "# T\n\n3. three\n\n   more of three\n   - inner\n4. four\n")
    items = article.blocks[1:]
    assert [(b.text, b.depth, b.ordinal, b.continues) for b in items] == [
        ("three", 0, 3, False),
        ("more of three", 0, None, True),
        ("inner", 1, None, False),
        ("four", 0, 4, False),
    ]
    assert len({block.group for block in items}) == 1


def test_two_lists_with_text_between_are_two_groups(read):
    article = md(read, "# T\n\n- a\n\nText between.\n\n- b\n")
    groups = [block.group for block in article.blocks if block.kind is BlockKind.LIST_ITEM]
    assert len(set(groups)) == 2


def test_tables_become_rows_with_cells_and_a_header(read):
    rows = md(read, "# T\n\n| Day | What |\n|---|---|\n| Mon | **Rest** |\n").blocks[1:]
    assert [(row.kind, row.text, row.header) for row in rows] == [
        (BlockKind.TABLE_ROW, "Day | What", True),
        (BlockKind.TABLE_ROW, "Mon | Rest", False),
    ]
    assert [[run.text for run in cell] for cell in rows[1].cells] == [["Mon"], ["Rest"]]
    assert rows[1].cells[1][0].strong


def test_quotes_and_code_keep_their_words(read):
    article = md(read, "# T\n\n> Said once.\n>\n> Said twice.\n\n```\na  b\nc\n```\n")
    assert [(b.kind, b.text) for b in article.blocks[1:]] == [
        (BlockKind.QUOTE, "Said once."),
        (BlockKind.QUOTE, "Said twice."),
        (BlockKind.PARAGRAPH, "a  b\nc"),
    ]
    assert article.blocks[1].group == article.blocks[2].group


def test_a_footnote_stands_at_the_end_and_its_mark_in_the_text(read):
    article = md(read, "# T\n\nTrue[^why].\n\n[^why]: Because of this.\n")
    assert article.blocks[1].text == "True[1]."
    assert (article.blocks[2].text, article.blocks[2].ordinal) == ("Because of this.", 1)


def test_a_footnote_that_nothing_refers_to_is_listed(read):
    article = md(read, "# T\n\nText.\n\n[^lost]: Nobody asked.\n")
    assert [(one.text, one.line) for one in article.left_out] == [("Nobody asked.", 5)]


def test_front_matter_gives_title_and_language_and_lists_the_rest(read):
    article = md(read, '---\ntitle: "Sleep: a guide"\nlang: es-MX\ndraft: true\n---\n\nText.\n')
    assert article.title == "Sleep: a guide"
    assert article.language == "es-MX"
    assert [(one.text, one.line) for one in article.left_out] == [("lang: es-MX", 3), ("draft: true", 4)]


def test_a_title_said_in_front_matter_and_in_a_heading_stands_once(read, kinds):
    article = md(read, "---\ntitle: Sleep well\n---\n\n# Sleep well\n\nText.\n\n## Part\n\nText.\n")
    assert kinds(article).count("title") == 1
    assert [block.text for block in article.blocks].count("Sleep well") == 1
    assert "said twice" in " ".join(one.reason for one in article.left_out)


def test_raw_html_is_not_passed_on_but_its_words_are(read):
    article = md(
        read, '# T\n\n<div onclick="x()">Hello <b>there</b></div>\n\nA <span class="y">word</span>.\n'
    )
    assert [block.text for block in article.blocks[1:]] == ["Hello there", "A word."]


def test_a_script_is_left_out_and_listed_inside_a_line_and_as_a_block(read):
    article = md(read, "# T\n\n<script>steal()</script>\n\nHello <script>more()</script> there.\n")
    shown = " ".join(block.text for block in article.blocks)
    assert "steal" not in shown
    assert "more()" not in shown
    assert [one.text for one in article.left_out] == ["steal()", "more()"]


def test_pictures_are_loaded_beside_the_article_with_alt_text_and_caption(read):
    asked = []
    article = md(
        read,
        '# T\n\n![A chair](img/chair.png "Our old chair")\n\n![x](https://example.org/y.png)\n',
        load_picture=asked.append,
    )
    assert asked == ["img/chair.png"]
    pictures = [block.picture for block in article.blocks if block.picture]
    assert [picture.alt for picture in pictures] == ["A chair", "x"]
    assert [block.text for block in article.blocks if block.kind is BlockKind.CAPTION] == ["Our old chair"]
    assert {note.code for note in article.notes} == {"picture_missing", "remote_picture"}


def test_a_line_in_italics_is_a_caption_and_a_bold_one_a_heading(read, kinds):
    text = (
        "# T\n\nText before.\n\n*A patient on a mat.*\n\n**What to bring**\n\nBring your letter with you.\n"
    )
    assert kinds(md(read, text)) == ["title", "paragraph", "caption", "heading2", "paragraph"]


def test_a_file_without_any_markup_is_read_like_bare_text(read, kinds):
    text = "Sleep well\n\nWhy it matters\n\nMost of us sleep an hour less than we need, and it shows.\n"
    assert kinds(md(read, text)) == ["title", "heading2", "paragraph"]


def test_a_file_nested_deeper_than_any_article_is_refused_instead_of_cut(read):
    with pytest.raises(ArticleError, match="nested"):
        md(read, ">" * 500 + " deep words\n")
