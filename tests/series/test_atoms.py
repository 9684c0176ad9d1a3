"""Where a part may begin."""

from hypothesis import given, settings

from pipeline.article.model import Block
from pipeline.series.atoms import glue, why_held
from tests.series.articles import K, any_blocks, block, blocks

bounded = settings(deadline=None, max_examples=300, derandomize=True)


def starts(*lines: str) -> list[int]:
    """Indexes at which a part may begin."""
    return [atom.first for atom in glue(blocks(*lines))]


def test_a_heading_stays_with_what_follows() -> None:
    assert starts("One.", "## Two", "Three.", "Four.") == [0, 1, 3]


def test_a_row_of_headings_stays_with_the_text_below_all_of_them() -> None:
    assert starts("# Title", "## Two", "### Three", "Text.", "More.") == [0, 4]


def test_a_title_and_its_subtitle_stay_with_the_first_paragraph() -> None:
    assert starts("# Title", "~ Subtitle", "Text.", "More.") == [0, 3]


def test_a_list_is_whole_and_keeps_its_lead_in_also_without_a_colon() -> None:
    assert starts("Text.", "Complications may include", "- a", "- b", "After.") == [0, 1, 4]


def test_a_caption_inside_a_list_does_not_cut_it() -> None:
    assert starts("These help:", "- a", "! A caption.", "- b", "After.") == [0, 4]


def test_a_caption_between_a_lead_in_and_its_list_does_not_part_them() -> None:
    assert starts("Text.", "Look at these", "! A caption.", "- a", "After.") == [0, 1, 4]


def test_a_line_that_ends_with_a_colon_stays_with_the_headings_it_announces() -> None:
    assert starts("Text.", "Here is why:", "! A caption.", "## One", "Text.", "End.") == [0, 1, 5]


def test_a_colon_counts_inside_quotes_brackets_and_in_full_width() -> None:
    for end in (':"', ":)", ":**", ": ", "："):
        assert starts("Text.", f"He said{end}", "More.", "End.") == [0, 1, 3]


def test_captions_and_pictures_belong_to_what_follows() -> None:
    assert starts("Text.", "! A caption.", "% A picture", "## Two", "Text.") == [0, 1]


def test_a_table_is_whole_and_keeps_its_introduction() -> None:
    assert starts("Text.", "The table shows it.", "| a | b", "| c | d", "After.") == [0, 1, 4]


def test_a_quote_of_several_blocks_is_whole() -> None:
    assert starts("Text.", "> one", "> two", "After.") == [0, 1, 3]


def test_a_paragraph_inside_a_list_item_stays_in_its_list() -> None:
    made = (
        block("Text.", 1),
        block("- a", 2, group=7),
        block("A paragraph of the item.", 3, group=7),
        block("- b", 4, group=7),
        block("After.", 5),
    )
    assert [atom.first for atom in glue(made)] == [0, 4]


def test_no_blocks_make_no_atoms() -> None:
    assert glue(()) == ()


def test_the_reason_names_what_would_be_torn() -> None:
    made = blocks("Text.", "## Heading", "Lead:", "More.", "Intro.", "- a", "- b")
    assert why_held(made, 1) is None
    assert why_held(made, 2) == "the part before would end on a heading"
    assert why_held(made, 3) == "the part before would end on a line that leads into this one"
    assert why_held(made, 6) == "a list would be cut, or parted from its lead-in"


@bounded
@given(any_blocks())
def test_atoms_hold_every_block_once_in_order_with_their_words(made: tuple[Block, ...]) -> None:
    atoms = glue(made)
    held = [index for atom in atoms for index in range(atom.first, atom.stop)]
    assert held == list(range(len(made)))
    assert [atom.words for atom in atoms] == [
        sum(one.words for one in made[atom.first : atom.stop]) for atom in atoms
    ]


@bounded
@given(any_blocks())
def test_no_atom_but_the_last_ends_on_something_that_announces(made: tuple[Block, ...]) -> None:
    for atom in glue(made)[:-1]:
        last, following = made[atom.stop - 1], made[atom.stop]
        assert last.kind not in (K.TITLE, K.SUBTITLE, K.HEADING, K.CAPTION, K.PICTURE)
        assert not last.text.rstrip().endswith(":")
        assert following.kind not in (K.LIST_ITEM, K.TABLE_ROW)
        assert last.group is None or last.group != following.group
