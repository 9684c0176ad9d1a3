"""From a status to an outcome, for every status there is."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.delivery.outcome import Deferred, Refused, Unknown
from pipeline.providers.answers import Answer, NoAnswer, not_taken, retry_after

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def answer(status: int) -> Answer:
    return Answer(status=status, headers={}, body=b"")


@given(status=st.integers(min_value=100, max_value=599))
@settings(deadline=None, max_examples=300)
def test_only_a_2xx_may_mean_accepted(status: int) -> None:
    assert (not_taken(answer(status)) is None) == (200 <= status < 300)


@pytest.mark.parametrize("status", [500, 501, 502, 504, 507, 520, 408, 409, 301, 302, 303])
def test_a_failure_in_the_middle_leaves_doubt(status: int) -> None:
    assert isinstance(not_taken(answer(status)), Unknown)


@pytest.mark.parametrize("status", [401, 402, 403, 404, 405, 407, 425, 429, 503, 307, 308])
def test_trouble_of_the_account_or_the_service_uses_up_nobody(status: int) -> None:
    outcome = not_taken(answer(status))

    assert isinstance(outcome, Deferred)
    assert outcome.everyone


@pytest.mark.parametrize("status", [400, 406, 410, 413, 415, 422, 451])
def test_any_other_4xx_is_final_for_the_message(status: int) -> None:
    outcome = not_taken(answer(status))

    assert isinstance(outcome, Refused)
    assert not outcome.suppress


def test_no_answer_is_doubt_only_if_something_left() -> None:
    assert isinstance(not_taken(NoAnswer(left=True, why="cut")), Unknown)
    assert isinstance(not_taken(NoAnswer(left=False, why="refused")), Deferred)


@given(seconds=st.integers(min_value=0, max_value=10**8))
@settings(deadline=None, max_examples=50)
def test_retry_after_is_read_in_both_forms(seconds: int) -> None:
    wait = timedelta(seconds=seconds)
    date = {
        "date": format_datetime(NOW, usegmt=True),
        "retry-after": format_datetime(NOW + wait, usegmt=True),
    }

    assert retry_after({"retry-after": str(seconds)}) == wait
    assert retry_after(date) == wait


@given(value=st.text(max_size=40))
@settings(deadline=None, max_examples=200)
def test_whatever_stands_in_retry_after_does_no_harm(value: str) -> None:
    wait = retry_after({"retry-after": value, "date": format_datetime(NOW, usegmt=True)})

    assert wait is None or wait >= timedelta()


def test_a_moment_that_has_passed_means_now() -> None:
    headers = {"date": format_datetime(NOW, usegmt=True),
               "retry-after": format_datetime(NOW - timedelta(hours=1), usegmt=True)}  # fmt: skip

    assert retry_after(headers) == timedelta()
