"""Bodies as JSON strings: joined from escaped pieces, they are what ``json`` makes of the finished body."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.rendering.compose import Composer
from pipeline.rendering.json_bodies import html_json, json_bytes, pieces_json, text_json
from pipeline.rendering.model import Bodies, Skeleton, Slot

hard = st.one_of(
    st.text(max_size=1000),
    st.sampled_from(
        ["Ana", 'O\'Neil & "Sons" <b>\\', "עדי", "ליאור ليلى", "👩‍👩‍👧‍👦 Kim", "a\r\nb\n\tc",
         "\u2028\u2029", "\x00\x1f\x7f", "\\u0041\\", "é" * 1000, "🦴" * 1000, '"' * 1000]
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def composer(edition) -> Composer:
    return Composer(edition, 2, trial=True)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=hard)
def test_a_message_s_bodies_are_what_json_makes_of_the_finished_ones(
    composer, make_recipient, name: str
) -> None:
    message = composer.message(make_recipient(given=name))
    plain = replace(message, bodies=Bodies.whole(html=message.html, text=message.text))
    assert html_json(message) == html_json(plain)
    assert text_json(message) == text_json(plain)
    assert json.loads(html_json(message)) == message.html
    assert json.loads(text_json(message)) == message.text


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(list(Slot)), hard), max_size=6), hard, hard)
def test_any_skeleton_with_any_values_joins_to_the_encoding_of_the_whole(
    pairs, first: str, value: str
) -> None:
    skeleton = Skeleton(
        literals=(first, *(text for _, text in pairs)), slots=tuple(slot for slot, _ in pairs)
    )
    values = {slot: value + slot for slot in Slot}
    assert b"".join(pieces_json(skeleton, values)) == json_bytes(skeleton.join(values))
