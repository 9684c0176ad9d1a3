"""What an API lacks is said, weighed, and never left out."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.providers.port import Capabilities
from pipeline.providers.shortcomings import Weight, shortcomings

PERFECT = Capabilities(
    max_batch=100, idempotency=timedelta(hours=1), metadata=True, list_unsubscribe=True, leaves_machine=True
)


def test_an_api_that_can_do_everything_lacks_nothing() -> None:
    assert shortcomings(PERFECT, has_pictures=True) == ()


@pytest.mark.parametrize(
    ("missing", "code", "weight"),
    [({"metadata": False}, "delivery_key", Weight.BLOCKS_LIVE),
     ({"list_unsubscribe": False}, "list_unsubscribe", Weight.BLOCKS_LIVE),
     ({"untracked": False}, "tracking", Weight.BLOCKS_LIVE),
     ({"leaves_machine": False}, "stays_here", Weight.BLOCKS_LIVE),
     ({"idempotency": None}, "idempotency", Weight.NOTE),
     ({"events": False}, "events", Weight.NOTE),
     ({"pictures": False}, "pictures", Weight.NOTE)],
)  # fmt: skip
def test_what_is_missing_is_said_with_its_weight_and_a_mend(missing, code, weight) -> None:
    (found,) = shortcomings(replace(PERFECT, **missing))

    assert (found.code, found.weight) == (code, weight)
    assert found.what.endswith(".")
    assert found.mend


def test_pictures_stand_in_the_way_only_where_there_are_some() -> None:
    (found,) = shortcomings(replace(PERFECT, pictures=False), has_pictures=True)

    assert found.weight is Weight.BLOCKS_CONFIG


@given(flags=st.fixed_dictionaries({name: st.booleans() for name in
       ("metadata", "list_unsubscribe", "pictures", "untracked", "events")}))  # fmt: skip
def test_the_gravest_comes_first_and_each_missing_ability_is_named_once(flags: dict[str, bool]) -> None:
    found = shortcomings(replace(PERFECT, **flags), has_pictures=True)

    weights = [tuple(Weight).index(each.weight) for each in found]
    assert weights == sorted(weights)
    assert len(found) == len({each.code for each in found}) == list(flags.values()).count(False)
