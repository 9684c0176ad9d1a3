"""Cutting a batch into calls: nothing twice, nothing forgotten, one bad item alone."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.delivery.outcome import Accepted, Deferred, Refused, Unknown
from pipeline.providers.answers import UNTRIED
from pipeline.providers.calls import CallOutcome, in_calls

REFUSED = Refused(reason="422")


class Api:
    """Takes batches, refuses any batch with an item in ``bad``, and remembers what it took."""

    def __init__(self, bad: set[bytes] = frozenset()) -> None:
        self.bad = bad
        self.taken: list[bytes] = []
        self.sizes: list[tuple[int, int]] = []

    def __call__(self, items: Sequence[bytes]) -> CallOutcome:
        self.sizes.append((len(items), sum(map(len, items))))
        if self.bad & set(items):
            return REFUSED
        self.taken += items
        return tuple(Accepted(provider_id=item.decode()) for item in items)


numbered = st.lists(st.integers(min_value=1, max_value=40), max_size=60).map(
    lambda lengths: [f"{index}:".encode() + b"x" * length for index, length in enumerate(lengths)]
)


@given(items=numbered, most=st.integers(min_value=1, max_value=20))
@settings(deadline=None, max_examples=100)
def test_every_item_goes_once_in_order_and_no_call_is_too_large(items: list[bytes], most: int) -> None:
    api, largest = Api(), 60

    outcomes = in_calls(items, api, most=most, largest=largest)

    assert api.taken == items
    assert outcomes == tuple(Accepted(provider_id=item.decode()) for item in items)
    assert all(count <= most and (size <= largest or count == 1) for count, size in api.sizes)


@given(items=numbered, data=st.data())
@settings(deadline=None, max_examples=100)
def test_bad_items_are_refused_and_all_others_go_once(items: list[bytes], data: st.DataObject) -> None:
    bad = data.draw(st.sets(st.sampled_from(items), max_size=4)) if items else set()
    api = Api(bad)

    outcomes = in_calls(items, api, most=16, largest=10**6)

    assert sorted(api.taken) == sorted(set(items) - bad)
    assert [outcome == REFUSED for outcome in outcomes] == [item in bad for item in items]


def test_after_doubt_the_rest_stays_untried() -> None:
    items = [b"a", b"b", b"c", b"d"]
    doubt = Unknown(reason="cut")

    outcomes = in_calls(items, lambda _call: doubt, most=2, largest=100)

    assert outcomes == (doubt, doubt, UNTRIED, UNTRIED)


def test_a_half_that_meets_an_outage_leaves_the_other_half_untried() -> None:
    answers = iter([REFUSED, Deferred(reason="503", everyone=True)])

    outcomes = in_calls([b"a", b"b", b"c", b"d"], lambda _call: next(answers), most=4, largest=100)

    assert [type(outcome) for outcome in outcomes] == [Deferred] * 4
    assert outcomes[2:] == (UNTRIED, UNTRIED)
