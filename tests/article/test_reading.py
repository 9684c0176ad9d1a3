"""One way in: formats, bounds, and what every article promises whatever it was read from."""

import hashlib

import pytest

from pipeline.article.bounds import LARGEST_FILE, LONGEST_TEXT, MOST_BLOCKS
from pipeline.article.model import BlockKind
from pipeline.article.reading import read_article
from pipeline.errors import ArticleError

TEXT = b"Sleep well\n\nMost of us sleep an hour less than we need.\n"


def test_an_article_knows_its_name_without_folders_and_the_digest_of_its_bytes():
    article = read_article(TEXT, name="content/sleep/article.txt")
    assert article.name == "article.txt"
    assert article.digest == hashlib.sha256(TEXT).hexdigest()
    assert article.title == "Sleep well"


def test_blocks_are_numbered_from_one_in_reading_order(read):
    article = read("Title\n\nOne sentence.\n\n  • item\n")
    assert [block.id for block in article.blocks] == [1, 2, 3]


def test_the_ending_tells_the_format_in_any_case():
    article = read_article(b"# Sleep\n\nText.", name="ARTICLE.MD")
    assert article.blocks[0].kind is BlockKind.TITLE


@pytest.mark.parametrize("name", ["article.pdf", "article", "article.doc", ".txt"])
def test_an_unknown_ending_is_refused_with_the_endings_that_are_read(name):
    with pytest.raises(ArticleError) as refused:
        read_article(TEXT, name=name)
    assert ".docx" in str(refused.value)


@pytest.mark.parametrize("ending", ["txt", "md", "html", "docx"])
def test_an_empty_file_is_refused(ending):
    with pytest.raises(ArticleError, match="empty"):
        read_article(b"", name=f"a.{ending}")


@pytest.mark.parametrize("ending", ["txt", "md", "html", "docx"])
def test_a_file_above_ten_megabytes_is_refused_before_it_is_read(ending):
    with pytest.raises(ArticleError, match="10 MB"):
        read_article(b"x" * (LARGEST_FILE + 1), name=f"a.{ending}")


def test_more_letters_than_any_article_has_are_refused():
    with pytest.raises(ArticleError, match="letters"):
        read_article(b"word " * (LONGEST_TEXT // 5 + 1), name="a.txt")


def test_more_paragraphs_than_any_article_has_are_refused():
    with pytest.raises(ArticleError, match="paragraphs"):
        read_article(b"A line\n\n" * (MOST_BLOCKS + 1), name="a.txt")


@pytest.mark.parametrize("data", [b"<script>x()</script>", b"<nav><a href='/'>Home</a></nav>"])
def test_a_page_without_text_for_readers_is_refused(data):
    with pytest.raises(ArticleError, match="no text for readers"):
        read_article(data, name="a.html")


def test_what_is_left_out_stands_in_the_order_of_its_lines(read):
    article = read("top of page\n\nTitle\n\nA sentence of text.\n\nbottom of page\n")
    assert [one.line for one in article.left_out] == [1, 7]
    assert all(one.reason for one in article.left_out)


def test_every_guess_has_a_confidence_and_a_reason_in_words(read):
    article = read("Title\n\nA heading\n\nA sentence of some length stands below the heading here.\n")
    assert all(0 < block.confidence <= 1 and block.reason for block in article.blocks)


def test_a_heading_faked_by_bold_letters_needs_no_bold_run():
    article = read_article(
        b"<p><b>Before you start</b></p><p>Read the whole leaflet once, then begin with the first step.</p>",
        name="a.html",
    )
    assert [run.strong for run in article.blocks[0].runs] == [False]
