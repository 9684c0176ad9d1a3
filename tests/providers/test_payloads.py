"""Reading what comes from outside: one line at a time, and no time that cannot be."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.providers.hooks import Hook
from pipeline.providers.payloads import (
    delivery_key,
    event_hash,
    line,
    moment,
    named,
    point_in_time,
    reasons,
    signed_seconds,
    word,
)
from tests.providers.signing import NOW

HOOK = Hook(body=b"[]", headers={}, received_at=NOW)


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ("  550  5.1.1\r\n unknown\tuser ", "550 5.1.1 unknown user"),
        ("nul\0 and half \ud800 a pair", "nul and half a pair"),
        ("¡hola! ✓", "¡hola! ✓"),
        (550, "550"),
        ("\x1b[31m", "[31m"),
        ("", None),
        (" \n", None),
        (True, None),
        (5.5, None),
        ([], None),
    ],
)
def test_a_line_is_one_line_that_can_be_kept_and_shown(found: object, kept: str | None) -> None:
    assert line(found) == kept


@settings(deadline=None, max_examples=200)
@given(text=st.text(st.characters(codec=None, exclude_categories=()), max_size=400), most=st.integers(1, 50))
def test_any_text_becomes_a_line_of_the_length_asked_for(text: str, most: int) -> None:
    found = line(text, most)
    assert found is None or (len(found) <= most and found.isprintable() and found == found.strip())


def test_a_word_holds_no_address() -> None:
    assert word("failed", None, "permanent") == "failed/permanent"
    assert "@" not in word("patient@example.org")
    assert word() == word(None, [], "@") == "unknown"


def test_the_same_reason_is_given_once() -> None:
    assert reasons("full", None, "full", 452) == "full; 452"
    assert reasons(None, "", []) is None


def test_a_name_is_found_whatever_its_case_and_the_first_counts() -> None:
    headers = [
        None,
        {"name": 5},
        {"name": "x-delivery-KEY", "value": "a"},
        {"name": "X-Delivery-Key", "value": "b"},
    ]
    assert named(headers, "X-Delivery-Key") == "a"
    assert named({"X-Delivery-Key": "a"}, "X-Delivery-Key") is None


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2026-03-02T10:00:00.2735393-05:00", datetime(2026, 3, 2, 15, 0, 0, 273539, tzinfo=UTC)),
        ("2026-03-02 15:00:00.5+00", datetime(2026, 3, 2, 15, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-03-02T15:00:00", datetime(2026, 3, 2, 15, tzinfo=UTC)),
        ("1772463600", datetime(2026, 3, 2, 15, tzinfo=UTC)),
        (1772463600.25, datetime(2026, 3, 2, 15, 0, 0, 250_000, tzinfo=UTC)),
        (1772463600250, datetime(2026, 3, 2, 15, 0, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_every_form_that_a_service_uses(value: object, at: datetime) -> None:
    assert point_in_time(value) == moment(HOOK, None, "soon", value) == at


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -1e400, "0001-01-01T00:00:00+23:59", 10**400, "1" * 500]
)
def test_a_time_that_cannot_be_is_none(value: object) -> None:
    assert point_in_time(value) is None
    assert moment(HOOK, value) == NOW


@pytest.mark.parametrize(
    "value", ["+1772463600", " 1772463600", "1772463600\n", "１７７２４６３６００", True, 1.0, None, -1]
)
def test_a_signature_s_time_is_plain_seconds_and_nothing_else(value: object) -> None:
    assert signed_seconds(value) is None


def test_a_key_with_a_line_break_is_none_of_ours() -> None:
    assert delivery_key("0a1b2c") == "0a1b2c"
    assert delivery_key("0a1b2c\n") is None


def test_what_belongs_to_no_one_is_known_by_its_place_in_the_call() -> None:
    places = [event_hash(HOOK, index, whose=(None, ""), what=("delivered",)) for index in (0, 1)]
    other = event_hash(Hook(body=b"[1]", headers={}, received_at=NOW), 0, whose=(), what=("delivered",))
    assert len({*places, other}) == 3
    assert len({event_hash(HOOK, index, whose=("id",), what=("delivered",)) for index in (0, 1)}) == 1
