"""What somebody on the way reads twice or never when the words move between parts."""

from dataclasses import replace

import pytest

from pipeline.rendering.compile import compile_edition
from pipeline.rendering.model import Edition
from pipeline.rendering.overlap import overlap

TEXTS = (
    "We are glad that you are here, and we will write to you now and then.",
    "Muscles that rested for long now work again, and that can make you sore.",
    "Rest well, walk a little every day, and call us when something worries you.",
)


@pytest.fixture(scope="module")
def edition_of(make_series, text_blocks, frame, templates):
    """An edition with these texts, one a part."""

    def make(*texts: str) -> Edition:
        return compile_edition(
            make_series(*(text_blocks(*text.split("\n")) for text in texts)), frame, templates
        )

    return make


@pytest.mark.parametrize("gone", [(), (1,), (1, 2), (1, 2, 3)])
def test_the_same_edition_is_read_once(edition_of, gone) -> None:
    same = edition_of(*TEXTS)
    found = overlap(same, replace(same), gone)
    assert (found.twice, found.missed) == ({}, {})


def test_a_new_first_part_makes_the_old_one_come_twice(edition_of) -> None:
    found = overlap(
        edition_of(*TEXTS), edition_of("Something quite new that nobody has read until now.", *TEXTS), (1,)
    )
    assert found.twice == {2: 1}, "the old part 1 is part 2 now"
    assert found.missed == {1: 1}, "and the new part 1 comes to nobody who is past it"


def test_a_part_taken_out_lets_the_next_one_be_missed(edition_of) -> None:
    found = overlap(edition_of(*TEXTS), edition_of(*TEXTS[1:]), (1,))
    assert (found.twice, found.missed) == ({}, {1: 1})


def test_a_paragraph_that_moves_into_a_part_to_come_is_not_missed(edition_of) -> None:
    before = edition_of(*TEXTS, "We wish you well, and hope to see you move with ease.")
    after = edition_of(
        TEXTS[0], f"{TEXTS[1]}\n{TEXTS[2]}", "We wish you well, and hope to see you move with ease."
    )

    assert overlap(before, after, (1,)).missed == {}
    assert overlap(before, after, (1, 2)).missed == {2: 1}, "part 2 went without what it holds now"
    assert overlap(before, after, (1, 2)).twice == {}
