"""What `pipeline split` prints, and the proof that nothing is lost."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.article.model import Article, Block, LeftOut, Note
from pipeline.article.reading import read_article
from pipeline.series.drafting import Draft, draft_series
from pipeline.series.loading import load_series
from pipeline.series.model import Purpose, Series
from pipeline.series.readability import grades
from pipeline.series.report import coverage, split_report
from pipeline.series.series_file import read_series, write_series
from tests.series.articles import K, any_blocks, article, article_of, block, sectioned, words

LABELLED = Path(__file__).parents[3] / "shared" / "data" / "articles"
KINDS = {"title", "subtitle", "heading", "paragraph", "list_item", "caption", "table_row"}


def draft(source: Article, parts: int | None = None) -> Draft:
    return draft_series(
        source,
        name="n",
        language="en-US",
        purpose=Purpose.TREATMENT,
        words_per_minute=200,
        words_per_part=250,
        days=(-2, 1, 4),
        parts=parts,
    )


def test_the_report_is_what_its_readers_were_promised() -> None:
    source = replace(
        sectioned(sections=6),
        left_out=(LeftOut(text="top of page", reason="page furniture", line=1),),
        notes=(Note(code="doubled-word", message="a word stands twice", line=3, excerpt="the the"),),
    )
    drafted = draft(source, parts=3)
    report = json.loads(json.dumps(split_report(drafted)))
    assert report["requested"] == 3
    assert report["dropped"] == [{"line": 1, "text": "top of page", "reason": "page furniture"}]
    assert report["source_notes"][0]["code"] == "doubled-word"
    assert [row["id"] for row in report["blocks"]] == [one.id for one in source.blocks]
    assert report["coverage"] == {"blocks": 19, "in_parts": 19, "left_out": 1, "ok": True}
    for row, part, grade in zip(report["parts"], drafted.series.parts, grades(drafted.series), strict=True):
        assert (row["number"], row["title"], row["words"]) == (part.number, part.title, part.words)
        assert (row["first_block"], row["last_block"]) == (part.blocks[0].id, part.blocks[-1].id)
        assert (row["first_line"], row["last_line"]) == (part.blocks[0].line, part.blocks[-1].line)
        assert row["minutes"] == pytest.approx(part.words / 200, abs=0.05)
        assert row["grade"] == pytest.approx(grade, abs=0.05)
    assert report["parts"][1]["opens_with"] == {
        "kind": "heading",
        "level": 2,
        "text": report["parts"][1]["title"],
    }


def test_plans_are_told_by_cost_words_and_first_blocks() -> None:
    drafted = draft(sectioned(sections=7), parts=3)
    report = split_report(drafted)
    assert len(report["plans"]) == len(drafted.plans) > 1
    assert report["plans"][0]["first_blocks"] == [row["first_block"] for row in report["parts"]]
    assert report["plans"][0]["words"] == [row["words"] for row in report["parts"]]


def test_explain_tells_every_decision_of_the_reader() -> None:
    guess = replace(block("## Rest", 2), confidence=0.61, reason="short; no stop at its end")
    drafted = draft(article_of((block(words(60), 1), guess, block(words(60), 3))))
    assert "explain" not in split_report(drafted)
    assert split_report(drafted, explain=True)["explain"][1] == {
        "block": 2,
        "line": 3,
        "kind": "heading",
        "level": 2,
        "confidence": 0.61,
        "reason": "short; no stop at its end",
        "text": "Rest",
    }


def test_quotes_and_pictures_are_shown_as_kinds_that_the_report_knows() -> None:
    report = split_report(draft(article("# T", "> said", "% drawn", words(50))))
    assert {row["kind"] for row in report["blocks"]} <= KINDS


def test_the_proof_fails_where_a_block_is_missing_doubled_moved_or_changed() -> None:
    series = draft(sectioned(sections=4), parts=2).series
    one, two = series.parts
    assert coverage(series)["ok"]
    changed = replace(two.blocks[0], runs=())
    for blocks in (
        two.blocks[1:],
        (*two.blocks, two.blocks[-1]),
        two.blocks[::-1],
        (changed, *two.blocks[1:]),
    ):
        assert not coverage(replace(series, parts=(one, replace(two, blocks=blocks))))["ok"]


def promises_hold(series: Series) -> None:
    """DESIGN 5.1 and 5.2, said again without the code that keeps them."""
    covered = [one for part in series.parts for one in part.blocks]
    assert covered == list(series.article.blocks)
    assert [one.text for one in covered] == [one.text for one in series.article.blocks]
    assert all(part.blocks for part in series.parts)
    for part, following in zip(series.parts, series.parts[1:], strict=False):
        last, first = part.blocks[-1], following.blocks[0]
        assert last.kind not in (K.TITLE, K.SUBTITLE, K.HEADING, K.CAPTION, K.PICTURE)
        assert not last.text.rstrip().endswith(":")
        assert first.kind not in (K.LIST_ITEM, K.TABLE_ROW)
        assert first.group is None or first.group not in {one.group for one in part.blocks}


@settings(deadline=None, max_examples=200, derandomize=True)
@given(any_blocks(), st.none() | st.integers(1, 9))
def test_every_block_of_any_article_is_in_exactly_one_part_in_order_word_for_word(
    made: tuple[Block, ...], parts: int | None
) -> None:
    drafted = draft(article_of(made), parts)
    promises_hold(drafted.series)
    report = split_report(drafted)
    assert report["coverage"]["ok"]
    json.dumps(report)
    assert read_series(write_series(drafted.file)) == drafted.file
    assert load_series(drafted.file, drafted.series.article, name="n") == drafted.series


@pytest.mark.parametrize("path", sorted(LABELLED.glob("*.json")), ids=lambda path: path.stem)
def test_every_block_of_a_real_article_is_too(path: Path) -> None:
    labels = json.loads(path.read_text(encoding="utf-8"))
    source = path.with_name(labels.get("input", f"{path.stem}.txt"))
    read = read_article(source.read_bytes(), name=source.name)
    for parts in (None, 1, 2, 5, 9, 40):
        promises_hold(draft(read, parts).series)
