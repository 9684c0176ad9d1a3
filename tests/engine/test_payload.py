"""Two messages have one fingerprint only if every byte that reaches the patient is the same."""

from dataclasses import replace

import pytest

from pipeline.engine.payload import payload_hash
from pipeline.rendering.model import Attachment, Bodies, Message, Skeleton, Slot

PICTURE = Attachment(cid="c", media_type="image/png", data=b"1")
MESSAGE = Message(
    key="k", message_id="<k@clinic.example.org>", from_name="Clinic", from_address="a@clinic.example.org",
    reply_to="r@clinic.example.org", to="p@example.org", subject="Part 1",
    bodies=Bodies.whole(html="<p>a</p>", text="a"),
    headers=(("X-A", "b"),), pictures=(PICTURE,),
)  # fmt: skip


def whole(html: str, text: str) -> Message:
    return replace(MESSAGE, bodies=Bodies.whole(html=html, text=text))


def bodies(html: str, text: str) -> Bodies:
    skeleton = Skeleton(literals=("<p>", "</p>"), slots=(Slot.GREETING,))
    return Bodies(
        html=skeleton, html_values={Slot.GREETING: html}, text=skeleton, text_values={Slot.GREETING: text}
    )


@pytest.mark.parametrize(
    "change",
    [
        {"key": "l"},
        {"message_id": "<l@clinic.example.org>"},
        {"from_name": "Klinik"},
        {"from_address": "b@clinic.example.org"},
        {"reply_to": "s@clinic.example.org"},
        {"to": "q@example.org"},
        {"subject": "Part 2"},
        {"headers": (("X-A", "c"),)},
        {"headers": ()},
        {"pictures": ()},
        {"pictures": (replace(PICTURE, data=b"2"),)},
        {"pictures": (replace(PICTURE, cid="d"),)},
        {"bodies": bodies("a", "c")},
        {"bodies": bodies("b", "b")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_field_counts(change) -> None:
    joined = replace(MESSAGE, bodies=bodies("a", "b"))
    for message in (MESSAGE, joined):
        assert payload_hash(replace(message, **change)) != payload_hash(message)


def test_without_skeletons_the_bodies_count_as_they_are() -> None:
    assert payload_hash(whole("<p>b</p>", "a")) != payload_hash(MESSAGE)
    assert payload_hash(whole("<p>a</p>", "b")) != payload_hash(MESSAGE)


def test_the_same_message_has_the_same_fingerprint() -> None:
    assert payload_hash(replace(MESSAGE)) == payload_hash(MESSAGE)


def test_moving_a_letter_from_one_field_to_the_next_is_another_message() -> None:
    one, other = whole("ab", "c"), whole("a", "bc")

    assert payload_hash(one) != payload_hash(other)


def test_every_field_of_a_message_is_named_here() -> None:
    """A new field must be put into the fingerprint, and into this test."""
    fields = {"key", "message_id", "from_name", "from_address", "reply_to", "to", "subject", "bodies",
              "headers", "pictures"}  # fmt: skip

    assert set(Message.__dataclass_fields__) == fields
