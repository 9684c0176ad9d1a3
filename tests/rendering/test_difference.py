"""What a clinician reads before signing: every changed word, and nothing that did not change."""

from dataclasses import replace
from datetime import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.rendering.compile import compile_edition
from pipeline.rendering.difference import Difference, Presence, difference
from pipeline.rendering.edition import sealed
from pipeline.rendering.model import Edition
from pipeline.rendering.word_difference import Kind, Line, compare, paragraphs
from pipeline.series.model import Calendar

words = st.lists(st.sampled_from(["sore", "stiff", "walk", "rest", "call", "day"]), min_size=1, max_size=9)
texts = st.lists(words.map(" ".join), max_size=9).map("\n\n".join)


def marked(line: Line) -> str:
    """A line as a person would write a correction."""
    shapes = {Kind.SAME: "{}", Kind.REMOVED: "[-{}-]", Kind.ADDED: "{{+{}+}}"}
    return " ".join(shapes[span.kind].format(span.text) for span in line)


def side(lines: tuple[Line, ...], *kinds: Kind) -> list[str]:
    return [word for line in lines for span in line if span.kind in kinds for word in span.text.split()]


@settings(deadline=None, max_examples=150)
@given(before=texts, after=texts)
def test_without_the_marks_both_texts_can_be_read_again(before: str, after: str) -> None:
    lines = compare(before, after)

    assert side(lines, Kind.SAME, Kind.REMOVED) == before.split()
    assert side(lines, Kind.SAME, Kind.ADDED) == after.split()
    assert all(span.text for line in lines for span in line)


@settings(deadline=None, max_examples=50)
@given(text=texts, width=st.integers(8, 40))
def test_wrapping_a_text_otherwise_changes_no_word(text: str, width: int) -> None:
    from textwrap import fill

    wrapped = "\n\n".join(fill(each, width) for each in text.split("\n\n"))
    assert {span.kind for line in compare(text, wrapped) for span in line} <= {Kind.SAME}


def test_one_word_in_one_sentence_is_one_word_of_difference() -> None:
    before = "Rest\n====\n\nDo about half as much,\nand tell us.\n\n- Walk\n- Breathe"
    after = "Rest\n----\n\nDo about a third as much, and tell\nus.\n\n- Walk\n- Breathe out"

    assert [marked(line) for line in compare(before, after)] == [
        "Rest",
        "Do about [-half-] {+a third+} as much, and tell us.",
        "- Walk",
        "- Breathe {+out+}",
    ]


def test_a_new_paragraph_does_not_drag_its_neighbors_along() -> None:
    before = "one two three four\n\nseven eight nine ten"
    after = "one two three FOUR\n\na quite different thing\n\nseven eight nine TEN"

    assert [marked(line) for line in compare(before, after)] == [
        "one two three [-four-] {+FOUR+}",
        "{+a quite different thing+}",
        "seven eight nine [-ten-] {+TEN+}",
    ]


def test_a_huge_rewritten_text_is_compared_in_whole_paragraphs() -> None:
    """Words of thousands of changed paragraphs would take minutes; a whole one says as much."""
    before = "\n\n".join(f"alpha beta {number} gamma delta" for number in range(4000))
    after = before.replace("beta", "BETA")

    lines = compare(before, after)

    assert len(lines) == 2 * len(paragraphs(before))
    assert all(len(line) == 1 for line in lines)


def rewritten(edition: Edition, number: int, **fields: object) -> Edition:
    parts = [replace(part, **fields) if part.number == number else part for part in edition.parts]
    return sealed(replace(edition, parts=tuple(parts)))


def with_text(
    edition: Edition, number: int, old: str, new: str, *, html: bool = True, text: bool = True
) -> Edition:
    part = edition.parts[number - 1]

    def changed(skeleton, *, wanted: bool):
        assert not wanted or any(old in each for each in skeleton.literals)
        literals = tuple(each.replace(old, new) if wanted else each for each in skeleton.literals)
        return replace(skeleton, literals=literals)

    return rewritten(
        edition, number, html=changed(part.html, wanted=html), text=changed(part.text, wanted=text)
    )


def said(found: Difference, number: int) -> dict[str, list[str]]:
    part = next(each for each in found.parts if each.number == number)
    return {
        change.what: [
            marked(line) for line in change.lines if any(span.kind is not Kind.SAME for span in line)
        ]
        for change in part.texts
    }


def test_an_edition_does_not_differ_from_itself(edition: Edition) -> None:
    found = difference(edition, edition)

    assert not found.changed
    assert [part.number for part in found.parts] == [part.number for part in edition.parts]
    assert not any(part.changed for part in found.parts)


def test_a_changed_word_is_told_in_its_part_alone(edition: Edition) -> None:
    found = difference(edition, with_text(edition, 1, "glad", "very glad"))

    assert said(found, 1) == {"text": ["We are {+very+} glad that you are here."]}
    assert [part.number for part in found.parts if part.changed] == [1]
    assert found.around == ()


def test_subject_title_and_day_are_told_as_fields(edition: Edition) -> None:
    changed = rewritten(edition, 2, subject="Part 2 of 3 for you", day=12)

    told = said(difference(edition, changed), 2)

    assert told["day"] == [f"[-{edition.parts[1].day}-] {{+12+}}"]
    assert "{+for you+}" in told["subject"][0]


def test_what_the_html_alone_says_is_told_too(edition: Edition) -> None:
    """A picture's description is heard by those who cannot see it, and stands in no other place."""
    assert 'alt="A person walks"' in edition.parts[1].html.join(
        dict.fromkeys(edition.parts[1].html.slots, "")
    )
    found = difference(
        edition, with_text(edition, 2, 'alt="A person walks"', 'alt="A person runs"', text=False)
    )

    (line,) = said(found, 2)["words of the HTML"]
    assert "[-walks-] {+runs+}" in line
    assert not found.parts[1].looks_only


def test_the_preheader_is_read_from_the_html_where_it_is_hidden(edition: Edition) -> None:
    found = difference(
        edition, with_text(edition, 1, "A few minutes to read", "Two minutes to read", text=False)
    )

    assert said(found, 1) == {"preheader": ["[-A few-] {+Two+} minutes to read"]}


def test_other_colors_are_looks_and_no_words(edition: Edition) -> None:
    found = difference(edition, with_text(edition, 3, "<h1", '<h1 data-look="other"', text=False))

    assert found.parts[2].looks_only
    assert found.parts[2].texts == ()


def test_a_clinics_new_phone_number_is_told_once_for_all_parts(series, make_frame, frame, templates) -> None:
    moved = make_frame(clinic=frame.clinic.model_copy(update={"phone": "+1 512 555 0199"}))
    found = difference(compile_edition(series, frame, templates), compile_edition(series, moved, templates))

    assert [change.what for change in found.around] == ["frame"]
    assert any("[-0142-] {+0199+}" in marked(line) for line in found.around[0].lines)
    assert all(part.texts == () and not part.looks_only for part in found.parts)


def test_another_sender_is_told_by_name(edition: Edition) -> None:
    changed = sealed(replace(edition, reply_to="other@clinic.example.org"))

    (change,) = difference(edition, changed).around

    assert change.what == "reply_to"
    assert marked(change.lines[0]) == "[-frontdesk@clinic.example.org-] {+other@clinic.example.org+}"


def test_a_series_own_send_time_is_signed_and_so_it_is_told(edition: Edition) -> None:
    early = Calendar(send_time=time(7, 30), weekdays=("mon", "tue"))
    found = difference(edition, sealed(replace(edition, calendar=early)))

    assert [change.what for change in found.around] == ["calendar"]
    assert "07:30" in marked(found.around[0].lines[0])


@pytest.mark.parametrize("turned", [False, True], ids=["added", "removed"])
def test_a_part_of_one_edition_only_is_told_with_all_its_words(edition: Edition, *, turned: bool) -> None:
    shorter = sealed(replace(edition, parts=edition.parts[:2]))
    found = difference(edition, shorter) if turned else difference(shorter, edition)

    last = found.parts[-1]
    assert last.presence is (Presence.REMOVED if turned else Presence.ADDED)
    told = said(found, 3)["text"]
    assert ("[-Rest well.-]" if turned else "{+Rest well.+}") in told
    assert not any("Call 911" in line for line in told), "the safety text stands in every part"


def test_pictures_are_told_by_their_content(edition: Edition, make_png) -> None:
    from pipeline.rendering.pictures import attachment

    other = attachment(make_png(300, 200, (1, 2, 3)))
    (old,) = edition.parts[1].pictures
    replaced = difference(edition, rewritten(edition, 2, pictures=(other,))).parts[1]
    removed = difference(edition, rewritten(edition, 2, pictures=())).parts[1]
    added = difference(edition, rewritten(edition, 2, pictures=(old, other))).parts[1]

    assert [(each.place, bool(each.before), bool(each.after)) for each in replaced.pictures] == [
        (1, True, True)
    ]
    assert [(each.place, bool(each.before), bool(each.after)) for each in removed.pictures] == [
        (1, True, False)
    ]
    assert [(each.place, bool(each.before), bool(each.after)) for each in added.pictures] == [
        (2, False, True)
    ]
