"""What a cut costs, as an editor weighs it."""

from pipeline.series.atoms import glue
from pipeline.series.cuts import WEIGHTS, cut_penalties, opening_block
from tests.series.articles import blocks, words


def penalties(*lines: str) -> tuple[float, ...]:
    made = blocks(*lines)
    return cut_penalties(made, glue(made))


def test_the_beginning_of_the_article_costs_nothing() -> None:
    assert penalties(words(90))[0] == 0


def test_a_cut_before_a_top_heading_is_free_and_deeper_ones_cost_more() -> None:
    long = words(90)
    costs = penalties(long, "## a", long, long, "### b", long, long, "#### c", long)
    assert costs[1] == 0
    assert costs[3] == WEIGHTS.depth
    assert costs[5] == 2 * WEIGHTS.depth


def test_depth_counts_from_the_shallowest_heading_that_the_article_has() -> None:
    long = words(90)
    assert penalties(long, "### a", long, long, "#### b", long)[1:4:2] == (0, WEIGHTS.depth)


def test_a_cut_inside_a_section_costs_more_than_any_heading() -> None:
    long = words(90)
    costs = penalties("## a", long, long, "#### c", long)
    assert costs[1] > costs[2]
    assert costs[1] == WEIGHTS.inside


def test_a_cut_that_leaves_a_stub_costs_more_the_smaller_the_stub() -> None:
    long, short, shorter = words(90), words(40), words(10)
    middle = penalties("## a", long, long, "## b", long)[1]
    after_short = penalties("## a", short, long, "## b", long)[1]
    after_shorter = penalties("## a", shorter, long, "## b", long)[1]
    before_short = penalties("## a", long, short, "## b", long)[1]
    assert middle < after_short < after_shorter
    assert before_short > middle


def test_a_heading_after_one_short_paragraph_is_a_worse_place_than_after_a_whole_section() -> None:
    long, short = words(90), words(30)
    introduced = penalties(long, "## a", short, "## b", long)[2]
    sectioned = penalties(long, "## a", long, "## b", long)[2]
    assert introduced > sectioned == 0


def test_captions_before_a_heading_do_not_hide_it() -> None:
    made = blocks("! A caption.", "% A picture", "## Heading", "Text.")
    assert opening_block(made).text == "Heading"
    assert penalties(words(90), "! A caption.", "## a", words(90))[1] == 0


def test_of_captions_alone_the_first_opens() -> None:
    assert opening_block(blocks("! One.", "! Two.")).text == "One."
