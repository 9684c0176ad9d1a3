"""Structure recovery on whole articles of many kinds, labelled by hand, and on pages made of them.

The labelled files are the package's own: recipes, policies, leaflets, news, questions and answers, in
English, Spanish and German. Where the shared articles lie beside the repository, they are measured, too.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from pipeline.article.reading import read_article

OWN = sorted((Path(__file__).parent / "labelled").glob("*.labelled"))
SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "articles"
SHARED_TEXTS = sorted(path for path in SHARED.glob("*.json") if "input" not in json.loads(path.read_text()))


@pytest.fixture(scope="module")
def bare(labelled, tally):
    """How each own article, as a page saved as text, compares with its labels."""
    return {path.stem: tally(read_as_text(labelled(path)), labelled(path)) for path in OWN}


def read_as_text(lines):
    text = "\n\n".join(line.as_text for line in lines) + "\n"
    return read_article(text.encode(), name="a.txt")


def total(counts):
    return sum(counts, Counter())


def test_headings_lists_and_levels_are_found_in_bare_text_of_any_subject(bare, f1):
    counts = total(bare.values())
    assert counts["kept"] == counts["lines"]
    assert f1(counts, "heading") >= 0.97
    assert f1(counts, "list_item") >= 0.99
    assert counts["levels right"] / counts["levels"] >= 0.85


def test_more_captions_are_found_than_false_ones_made(bare):
    counts = total(bare.values())
    assert counts["caption found"] > 5 * counts["caption false"]
    assert counts["caption found"] > counts["caption missed"]


def test_no_article_hides_behind_the_sum(bare, f1):
    assert [
        name for name, counts in bare.items() if counts["heading found"] and f1(counts, "heading") < 0.8
    ] == []


@pytest.mark.parametrize("style", ["semantic", "divs", "builder", "bold", "sized"])
def test_pages_of_every_style_keep_their_lines_and_headings_and_lose_their_menus(
    style, labelled, make_page, tally, f1
):
    counts = []
    for path in OWN:
        lines = labelled(path)
        article = read_article(make_page(lines, style), name="page.html")
        counts.append(tally(article, lines))
        assert "secret words" not in " ".join(block.text for block in article.blocks)
    whole = total(counts)
    assert whole["kept"] == whole["lines"]
    assert f1(whole, "heading") >= 0.97
    assert whole["leaked"] <= 2 * len(OWN)


@pytest.mark.parametrize("style", ["styled", "bold", "mixed"])
def test_word_documents_keep_their_lines_headings_and_lists(style, labelled, make_document, tally, f1):
    whole = total(
        tally(read_article(make_document(labelled(path), style), name="a.docx"), labelled(path))
        for path in OWN[::3]
    )
    assert whole["kept"] == whole["lines"]
    assert whole["leaked"] == 0
    assert f1(whole, "heading") >= 0.97
    assert f1(whole, "list_item") >= 0.97


@pytest.mark.parametrize("path", SHARED_TEXTS, ids=lambda path: path.stem)
def test_every_line_of_a_shared_article_is_in_a_block_or_listed_as_left_out(path):
    source = path.with_suffix(".txt").read_text()
    article = read_article(source.encode(), name="a.txt")
    shown = {block.line: f"{block.marker} {block.text}" for block in article.blocks}
    shown |= {one.line: one.text for one in article.left_out}
    lines = {number: line.split() for number, line in enumerate(source.split("\n"), 1) if line.strip()}
    assert {number: shown[number].replace("|", " ").split() for number in lines} == {
        number: " ".join(words).replace("|", " ").split() for number, words in lines.items()
    }


@pytest.mark.parametrize("path", SHARED_TEXTS, ids=lambda path: path.stem)
def test_shared_articles_are_read_as_their_labels_say(path):
    gold = json.loads(path.read_text())
    article = read_article(path.with_suffix(".txt").read_bytes(), name="a.txt")
    have = {block.line: block.kind.value for block in article.blocks}
    want = {int(number): label for number, label in gold["labels"].items()}
    judged = [number for number in want if number not in gold.get("ignore", [])]
    headings = [number for number in judged if want[number].startswith("heading")]
    missed = [number for number in headings if have.get(number) != "heading"]
    false = [number for number in judged if have.get(number) == "heading" and number not in headings]
    assert len(missed) + len(false) <= max(1, len(headings) // 10)
