"""Nothing lost, nothing twice: every word of a source is in one block or in the list of what is left out."""

import io
import re
from pathlib import Path

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.article.reading import read_article
from pipeline.errors import ArticleError

OWN = sorted((Path(__file__).parent / "labelled").glob("*.labelled"))

_WORDS = st.lists(
    st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="|#"), min_size=1, max_size=12),
    min_size=1,
    max_size=30,
).map(" ".join)
_LINES = st.one_of(
    _WORDS,
    _WORDS.map(lambda words: words + "."),
    _WORDS.map(lambda words: f"  • {words}"),
    _WORDS.map(lambda words: f"    {words}"),
    st.builds("{}. {}".format, st.integers(1, 12), _WORDS),
    st.builds("{} | {}".format, _WORDS, _WORDS),
    st.builds("## {}".format, _WORDS),
    st.sampled_from(["", "", "", "top of page", "-----", "Page 2 of 3", "Home", "Contact", "•", "\t", "1)"]),
)


def letters(text):
    """All that is not white space; upright lines and number signs are a table's and a heading's markup."""
    return re.sub(r"[\s|#]", "", text)


def told(article):
    """Everything the article holds, in the order of its lines."""
    shown = [(block.line, f"{block.marker}{block.text}") for block in article.blocks]
    left_out = [(one.line, one.text) for one in article.left_out]
    return "".join(letters(text) for _, text in sorted(shown + left_out, key=lambda one: one[0]))


@settings(deadline=None, max_examples=120)
@given(st.lists(_LINES, min_size=1, max_size=25).map("\n".join))
def test_every_letter_of_a_generated_text_is_told_once_and_in_order(text):
    try:
        article = read_article(text.encode(), name="a.txt")
    except ArticleError:
        return  # nothing but furniture, or no text at all
    assert told(article) == letters(text)


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
@pytest.mark.parametrize("width", [None, 72])
def test_every_letter_of_a_labelled_article_is_told_once_and_in_order(path, width, labelled):
    lines = [line.as_text for line in labelled(path)]
    text = "\n\n".join(wrapped(line, width) for line in lines)
    assert told(read_article(text.encode(), name="a.txt")) == letters(text)


def wrapped(line, width):
    if width is None:
        return line
    indent = " " * (len(line) - len(line.lstrip()))
    out, now = [], indent
    for word in line.split():
        if len(now) + len(word) > width and now.strip():
            out.append(now.rstrip())
            now = indent + "  "
        now += word + " "
    return "\n".join([*out, now.rstrip()])


_TAGS = [
    "p",
    "div",
    "section",
    "b",
    "span",
    "blockquote",
    "ul",
    "li",
    "table",
    "tr",
    "td",
    "nav",
    "script",
    "h2",
]
_TAGS += [
    "aside",
    "figure",
    "figcaption",
    "a href='/x'",
    "a href='https://example.org'",
    "div class='menu'",
    "br",
]


@st.composite
def pages(draw):
    """HTML of nested elements whose every word is a different one."""
    count = 0

    def words():
        nonlocal count
        many = draw(st.integers(0, 6))
        count += many
        return " ".join(f"w{number}w" for number in range(count - many, count))

    def element(depth):
        if depth == 0:
            return f" {words()} "
        inner = "".join(element(depth - 1) for _ in range(draw(st.integers(1, 3))))
        tag = draw(st.sampled_from(_TAGS))
        return f" {words()} <{tag}>{inner}</{tag.split(' ', 1)[0]}> {words()} "

    return (
        "<body>"
        + "".join(element(draw(st.integers(0, 3))) for _ in range(draw(st.integers(1, 4))))
        + "</body>"
    )


@settings(deadline=None, max_examples=120)
@given(pages())
def test_every_word_of_a_generated_page_is_told_exactly_once(html):
    try:
        article = read_article(html.encode(), name="a.html")
    except ArticleError:
        return
    shown = re.findall(r"w\d+w", " ".join(block.text for block in article.blocks))
    left_out = re.findall(r"w\d+w", " ".join(one.text for one in article.left_out))
    listed_whole = all("…" not in one.text for one in article.left_out)
    assert len(shown) == len(set(shown))
    assert not set(shown) & set(left_out)
    if listed_whole:
        assert sorted(shown + left_out) == sorted(re.findall(r"w\d+w", html))


_STYLES = [None, "Title", "Heading 1", "Heading 3", "List Bullet", "List Number 2", "List Continue", "Quote"]


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.sampled_from(_STYLES), st.integers(1, 20), st.booleans()), min_size=1, max_size=12)
)
def test_every_word_of_a_generated_document_is_told_exactly_once_and_in_order(paragraphs):
    document, number = docx.Document(), 0
    for style, count, bold in paragraphs:
        words = " ".join(f"w{n}w" for n in range(number, number + count))
        document.add_paragraph(style=style).add_run(words).bold = bold or None
        number += count
    stream = io.BytesIO()
    document.save(stream)
    article = read_article(stream.getvalue(), name="a.docx")
    shown = re.findall(r"w\d+w", " ".join(block.text for block in article.blocks))
    assert shown == [f"w{n}w" for n in range(number)]


@settings(deadline=None, max_examples=80)
@given(
    st.lists(
        st.tuples(st.sampled_from(["# ", "## ", "- ", "1. ", "> ", "    ", "", "- - "]), st.integers(1, 9))
    )
)
def test_every_word_of_generated_markdown_is_told_exactly_once_and_in_order(lines):
    text, number = "", 0
    for prefix, count in [*lines, ("", 1)]:
        text += prefix + " ".join(f"w{n}w" for n in range(number, number + count)) + "\n\n"
        number += count
    article = read_article(text.encode(), name="a.md")
    shown = re.findall(r"w\d+w", " ".join(block.text for block in article.blocks))
    assert shown == [f"w{n}w" for n in range(number)]
