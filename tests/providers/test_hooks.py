"""What proof is measured with: equal secrets, fresh times."""

from datetime import timedelta

import pytest

from pipeline.providers.hooks import REPLAY_WINDOW, Hook, is_fresh, same
from tests.providers.signing import NOW

HOOK = Hook(body=b"secret body", headers={"authorization": "Basic secret"}, received_at=NOW)


def test_equal_secrets_are_equal_as_text_and_as_bytes() -> None:
    assert same("s\u00e9cret", "s\u00e9cret".encode())
    assert not same("secret", "secret ")
    assert not same("", "secret")


def test_half_a_surrogate_pair_is_compared_and_equals_nothing_else() -> None:
    assert same("\ud800", "\ud800")
    assert not same("\ud800", "?")


@pytest.mark.parametrize("late", [REPLAY_WINDOW, timedelta(hours=2)])
def test_the_window_is_closed_on_both_sides_and_only_its_past_can_be_longer(late: timedelta) -> None:
    moment = timedelta(microseconds=1)
    assert is_fresh(NOW - late, HOOK, late=late)
    assert not is_fresh(NOW - late - moment, HOOK, late=late)
    assert is_fresh(NOW + REPLAY_WINDOW, HOOK, late=late)
    assert not is_fresh(NOW + REPLAY_WINDOW + moment, HOOK, late=late)


def test_a_call_shows_neither_body_nor_headers() -> None:
    assert "secret" not in repr(HOOK)
