"""Plans for an article: how many parts, which cuts, what else there is."""

from itertools import combinations
from statistics import mean, pstdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.article.model import Block
from pipeline.series.atoms import glue
from pipeline.series.split import LEAST_WORDS, most_parts, parts_for, plan_at, split_article
from tests.series.articles import K, any_blocks, blocks, sectioned, words

bounded = settings(deadline=None, max_examples=200, derandomize=True)


def test_equal_sections_are_cut_at_their_headings() -> None:
    made = sectioned(sections=6).blocks
    plan = split_article(made, parts=3).best
    assert [made[start].text for start in plan.starts[1:]] == ["Section number 3", "Section number 5"]


def test_a_part_may_be_longer_rather_than_torn_from_the_middle_of_a_section() -> None:
    made = blocks("# T", words(150), "## a", words(90), words(90), "## b", words(130))
    assert split_article(made, parts=2).best.starts == (0, 2)


def test_a_section_of_enormous_length_is_cut_between_paragraphs_all_the_same() -> None:
    made = blocks("# T", *[words(100)] * 10, "## b", words(100))
    assert split_article(made, parts=2).best.starts != (0, 11)


def test_exactly_the_asked_number_comes_where_the_content_bears_it() -> None:
    made = sectioned(sections=10).blocks
    for parts in range(1, most_parts(made) + 1):
        assert len(split_article(made, parts=parts).best.starts) == parts


def test_never_more_parts_than_the_content_bears_and_the_wish_is_remembered() -> None:
    made = blocks("# T", words(60), words(60), words(60))
    split = split_article(made, parts=9)
    assert (len(split.best.starts), split.requested, split.bears) == (3, 9, 3)


def test_a_single_list_cannot_be_cut_at_all() -> None:
    made = blocks("These:", *[f"- {words(40)}" for _ in range(20)])
    assert split_article(made, parts=4).best.starts == (0,)


def test_a_few_words_make_one_part_however_many_are_asked_for() -> None:
    assert split_article(blocks("One.", "Two.", "Three."), parts=3).best.starts == (0,)


@pytest.mark.parametrize(
    ("length", "per_part", "parts"), [(1500, 250, 6), (100, 250, 1), (626, 250, 3), (1, 5, 1)]
)
def test_the_length_of_a_part_decides_where_no_number_is_asked_for(
    length: int, per_part: int, parts: int
) -> None:
    assert parts_for(length, per_part) == parts


def test_by_itself_an_article_is_cut_by_the_words_of_a_part() -> None:
    made = sectioned(sections=10, paragraphs=2, length=60).blocks
    total = sum(block.words for block in made)
    split = split_article(made, words_per_part=250)
    assert len(split.best.starts) == parts_for(total, 250)
    assert split.requested is None


@pytest.mark.parametrize("parts", [0, -1])
def test_no_parts_is_a_mistake_of_the_caller(parts: int) -> None:
    with pytest.raises(ValueError, match="one part"):
        split_article(blocks("One."), parts=parts)


def test_close_plans_are_offered_best_first_and_all_differ() -> None:
    plans = split_article(sectioned(sections=7).blocks, parts=3).plans
    assert 2 <= len(plans) <= 3
    assert [plan.cost for plan in plans] == sorted(plan.cost for plan in plans)
    assert len({plan.starts for plan in plans}) == len(plans)


def test_a_plan_that_is_far_worse_is_not_offered() -> None:
    made = blocks("# T", words(200), "## b", words(200))
    assert len(split_article(made, parts=2).plans) == 1


@bounded
@given(any_blocks(most=14), st.integers(2, 4))
def test_the_plans_offered_are_the_cheapest_there_are(made: tuple[Block, ...], parts: int) -> None:
    atoms = glue(made)
    split = split_article(made, parts=min(parts, len(atoms)))
    count = len(split.best.starts)
    every = sorted(
        plan_at(made, (0, *(atom.first for atom in cuts))).cost for cuts in combinations(atoms[1:], count - 1)
    )
    assert [plan.cost for plan in split.plans] == pytest.approx(every[: len(split.plans)])


@bounded
@given(any_blocks(), st.integers(1, 8))
def test_a_plan_accounts_for_every_word_and_keeps_the_promises(made: tuple[Block, ...], parts: int) -> None:
    split = split_article(made, parts=parts)
    plan = split.best
    assert sum(plan.words) == sum(block.words for block in made)
    assert plan == plan_at(made, plan.starts)
    assert len(plan.starts) == min(parts, split.bears)
    assert len(plan.starts) == 1 or min(plan.words) >= LEAST_WORDS
    for start in plan.starts[1:]:
        before, first = made[start - 1], made[start]
        assert before.kind not in (K.TITLE, K.SUBTITLE, K.HEADING, K.CAPTION, K.PICTURE)
        assert not before.text.rstrip().endswith(":")
        assert not (before.kind is first.kind is K.LIST_ITEM)
        assert first.kind is not K.LIST_ITEM


def test_a_book_is_cut_into_parts_of_like_size() -> None:
    made = sectioned(sections=400, paragraphs=4, length=60).blocks
    plan = split_article(made, words_per_part=250).best
    assert len(plan.starts) == parts_for(sum(plan.words), 250)
    assert pstdev(plan.words) / mean(plan.words) < 0.22
