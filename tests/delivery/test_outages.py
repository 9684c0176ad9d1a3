"""Unknown deliveries of one cause are one outage."""

from datetime import UTC, datetime, timedelta

from pipeline.delivery.outages import InDoubt, outages
from pipeline.delivery.states import Reason

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)


def doubt(number: int, minutes: int, *, provider: str = "postmark", batch: int | None = 1) -> InDoubt:
    return InDoubt(
        delivery=number, key=f"k{number}", enrollment=number, part=1, since=NOW + timedelta(minutes=minutes),
        provider=provider, reason=Reason.NO_ANSWER, detail=None, batch=batch,
    )  # fmt: skip


def test_a_batch_and_the_failed_probes_after_it_are_one_outage() -> None:
    found = [doubt(1, 0, batch=7), doubt(2, 0, batch=7), doubt(3, 15, batch=8), doubt(4, 60, batch=9)]

    (outage,) = outages(found)

    assert (outage.name, outage.batches, len(outage.members)) == (7, {7, 8, 9}, 4)


def test_another_provider_another_day_or_a_restore_is_another_outage() -> None:
    found = [
        doubt(1, 0), doubt(2, 0, provider="ses", batch=2), doubt(3, 24 * 60, batch=3),
        doubt(4, 1, batch=None),
    ]  # fmt: skip

    assert [[each.delivery for each in outage.members] for outage in outages(found)] == [[1], [2], [4], [3]]
    assert [outage.name for outage in outages(found)] == [1, 2, 0, 3]


def test_nothing_in_doubt_is_no_outage() -> None:
    assert outages([]) == ()
