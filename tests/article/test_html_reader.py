"""Web pages: the article's own words in order, and nothing of what stands around it."""

import pytest

from pipeline.article.model import BlockKind
from pipeline.errors import ArticleError

LONG = "This paragraph is long enough that nobody would take it for the entry of a menu or a heading."


def page(read, body, head="", **options):
    return read(f"<html><head>{head}</head><body>{body}</body></html>", name="page.html", **options)


def texts(article):
    return [block.text for block in article.blocks]


def test_headings_paragraphs_and_nested_lists_keep_order_and_depth(read, kinds):
    article = page(
        read,
        f"<h1>Sleep</h1><p>{LONG}</p><h2>Tips</h2><ul><li>one<ul><li>inner</li></ul></li><li><p>two</p><p>more</p>"
        "</li></ul><ol start=4><li>four</li></ol>",
    )
    assert kinds(article) == ["title", "paragraph", "heading2", *["list_item"] * 5]
    assert [(b.text, b.depth, b.ordinal, b.continues) for b in article.blocks[3:]] == [
        ("one", 0, None, False),
        ("inner", 1, None, False),
        ("two", 0, None, False),
        ("more", 0, None, True),
        ("four", 0, 4, False),
    ]


def test_marks_links_and_breaks_survive_and_white_space_collapses(read):
    article = page(
        read,
        "<h1>T</h1><p>A <b>bold</b>\n   <i>word</i> and <a href='https://example.org'>a link</a>."
        "<br>New line.</p>"
        f"<p>{LONG}</p>",
    )
    assert article.blocks[1].text == "A bold word and a link.\nNew line."
    marks = {run.text: (run.strong, run.emphasis, run.link) for run in article.blocks[1].runs}
    assert marks["bold"] == (True, False, None)
    assert marks["word"] == (False, True, None)
    assert marks["a link"] == (False, False, "https://example.org")


def test_links_into_the_old_site_are_taken_away_with_one_note(read):
    article = page(read, f"<h1>T</h1><p>{LONG} <a href='/a'>here</a> <a href='#b'>there</a></p>")
    assert {run.link for run in article.blocks[1].runs} == {None}
    assert [note.code for note in article.notes] == ["link_dropped"]
    assert article.notes[0].message.startswith("2 links")


@pytest.mark.parametrize(
    ("furniture", "word"),
    [
        ("<nav><a href='/'>Start</a><a href='/x'>Shopping</a></nav>", "menu"),
        ("<div role='navigation'>Shopping hours</div>", "menu"),
        ("<footer><p>Shopping address</p></footer>", "footer"),
        ("<div class='site-footer'><p>Shopping address</p></div>", "footer"),
        ("<aside><p>Shopping news</p></aside>", "side column"),
        ("<div id='cookieConsent'><p>Shopping uses cookies</p></div>", "cookie"),
        ("<p class='breadcrumb'><a href='/'>Start</a> › Shopping</p>", "path of links"),
        ("<div class='related-posts'><h3>Shopping too</h3></div>", "related"),
        ("<form><label>Shopping</label><input></form>", "form"),
        ("<p class='post-meta'>June 2023 Shopping</p>", "date or author"),
        ("<div style='display: none'>Shopping list</div>", "hidden"),
        ("<p hidden>Shopping list</p>", "hidden"),
        ("<div aria-hidden='true'>Shopping list</div>", "hidden"),
        ("<script>var Shopping = 1</script>", "script"),
        ("<ul><li><a href='/1'>Shopping</a></li><li><a href='/2'>Privacy</a></li></ul>", "list of links"),
        ("<p><a href='/1'>Shopping</a> | <a href='/2'>Imprint</a></p>", "row of links"),
    ],
)
def test_furniture_is_left_out_with_its_reason(read, furniture, word):
    article = page(read, f"<h1>Title</h1><p>{LONG}</p><p>{LONG}</p>{furniture}")
    assert "Shopping" not in " ".join(texts(article))
    reasons = [one.reason for one in article.left_out if "Shopping" in one.text]
    assert any(word in reason for reason in reasons)


def test_a_list_of_links_that_the_article_introduces_stays(read):
    article = page(
        read,
        f"<div><h1>Title</h1><p>{LONG}</p><h2>Where to read on</h2><ul>"
        "<li><a href='https://a.org'>Sleep basics</a></li><li><a href='https://b.org'>Naps at work</a></li>"
        f"</ul><p>{LONG}</p></div>",
    )
    items = [block.text for block in article.blocks if block.kind is BlockKind.LIST_ITEM]
    assert items == ["Sleep basics", "Naps at work"]


def test_a_box_inside_the_article_stays(read):
    article = page(read, f"<article><h1>T</h1><p>{LONG}</p><aside><p>Tip: {LONG}</p></aside></article>")
    assert any(text.startswith("Tip:") for text in texts(article))


def test_most_of_the_page_is_never_furniture_whatever_its_class(read):
    article = page(read, f"<div class='menu sidebar footer'><h2>Sleep</h2><p>{LONG}</p><p>{LONG}</p></div>")
    assert len(texts(article)) == 3


def test_data_tables_become_rows_and_layout_tables_are_read_through(read):
    article = page(
        read,
        f"<table><tr><td><h1>Title</h1><p>{LONG}</p><table><tr><th>Day</th><th>Do</th></tr><tr><td>Mon</td>"
        "<td><b>Rest</b></td></tr></table></td></tr></table>",
    )
    assert [(b.kind, b.text, b.header) for b in article.blocks[2:]] == [
        (BlockKind.TABLE_ROW, "Day | Do", True),
        (BlockKind.TABLE_ROW, "Mon | Rest", False),
    ]


def test_pictures_with_alt_text_and_captions_stand_in_place_and_pixels_do_not(read):
    article = page(
        read,
        f"<h1>T</h1><p>{LONG}</p>"
        "<figure><img src='a.jpg' alt='A mat'><figcaption>Our mat</figcaption></figure>"
        f"<img src='https://t.example.org/p.gif' width=1 height=1><p>{LONG}</p>",
    )
    assert [b.kind for b in article.blocks[2:4]] == [BlockKind.PICTURE, BlockKind.CAPTION]
    assert article.blocks[2].picture.alt == "A mat"
    assert len([b for b in article.blocks if b.picture]) == 1


def test_a_picture_inside_the_page_itself_is_carried_along(read):
    gif = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    article = page(read, f"<h1>T</h1><p>{LONG}</p><img alt='dot' src='data:image/gif;base64,{gif}'>")
    assert article.blocks[-1].picture.media_type == "image/gif"


def test_the_window_title_finds_the_title_of_a_page_without_h1(read):
    assert (
        page(read, f"<div>Sleep well</div><p>{LONG}</p>", head="<title>Sleep well - X</title>").title
        == "Sleep well"
    )


def test_paragraphs_parted_by_breaks_only_are_paragraphs(read):
    article = page(read, f"<h1>T</h1>First part. {LONG}<br><br>Second part. {LONG}<br>and on.")
    assert [text[:6] for text in texts(article)[1:]] == ["First ", "Second"]


def test_bullets_and_numbers_typed_between_breaks_are_a_list(read):
    article = page(read, f"<h1>T</h1><p>{LONG}</p><p>Bring:<br>• a letter<br>• a towel<br>• water</p>")
    assert [b.text for b in article.blocks if b.kind is BlockKind.LIST_ITEM] == [
        "a letter",
        "a towel",
        "water",
    ]


def test_the_language_is_the_pages_own(read):
    assert read("<html lang='es-MX'><h1>Hola</h1><p>Texto.</p></html>", name="a.html").language == "es-MX"
    assert read("<html lang='\"><x'><h1>Hola</h1><p>Texto.</p></html>", name="a.html").language is None


def test_a_page_nested_deeper_than_the_parser_goes_is_refused_instead_of_cut(read):
    with pytest.raises(ArticleError, match="nested too deep"):
        page(read, "<div>" * 100_000 + "text")


def test_a_page_nested_a_thousand_deep_is_read(read):
    assert texts(page(read, "<p>One word here.</p>" + "<div>" * 1000 + "deep text")) == [
        "One word here.",
        "deep text",
    ]


def test_comments_and_processing_instructions_show_nothing(read):
    article = page(read, f"<!-- secret --><?php secret ?><h1>T</h1><p>{LONG}</p>")
    assert "secret" not in " ".join(texts(article))
