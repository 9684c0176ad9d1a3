"""Whatever happens and in whatever order: nothing twice, nothing out of hours, nothing after a stop.

Random outages, kills in the middle of a batch, second schedulers, clocks set forward and back, patients and
staff who act while mail is on its way. PIPELINE_CHAOS_EXAMPLES asks for more than the usual few.
"""

import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from pipeline.app.simulation import Wanted, play
from pipeline.engine.simulation_checks import EXPECTATIONS, named
from pipeline.engine.simulation_script import (
    EVERYBODY,
    Deed,
    Do,
    Jump,
    Outage,
    Point,
    Restart,
    Script,
    Second,
)
from pipeline.providers.simulated import Arrives, Failing, Trouble
from pipeline.store.database import Store
from tests.app.playground import ZONES, Person, approve_sample, clinic_of

EXAMPLES = int(os.environ.get("PIPELINE_CHAOS_EXAMPLES", "20"))
DAYS = 14
#: Around these days the clocks change: in the United States, in Australia and Chile, in Europe.
STARTS = [date(2026, 3, 3), date(2026, 3, 31), date(2026, 9, 29), date(2026, 10, 27)]
ALWAYS = ",".join(set(EXPECTATIONS) - {"no-unknown", "all-sent"})


@pytest.fixture(scope="module")
def template(tmp_path_factory, keyring) -> Path:
    """A database with an approved edition, to copy."""
    path = tmp_path_factory.mktemp("chaos") / "template.db"
    with Store.open(f"sqlite:///{path}", keyring) as store:
        approve_sample(store)
    return path


def minutes(most: int) -> st.SearchStrategy[timedelta]:
    return st.integers(1, most).map(lambda count: timedelta(minutes=count))


@st.composite
def moments(draw, start: datetime) -> datetime:
    """Mostly around nine in somebody's morning, when there is something to disturb."""
    day = start.date() + timedelta(days=draw(st.integers(0, DAYS)))
    if draw(st.integers(0, 3)):
        nine = datetime.combine(day, time(9), ZoneInfo(draw(st.sampled_from(ZONES))))
        return nine.astimezone(UTC) + timedelta(minutes=draw(st.integers(-2, 5)))
    return datetime.combine(day, time(), UTC) + timedelta(minutes=draw(st.integers(0, 1439)))


@st.composite
def deeds(draw, start: datetime) -> Deed:
    do = draw(st.sampled_from(Do))
    return Deed(
        at=draw(moments(start)),
        do=do,
        count=0 if do in EVERYBODY else draw(st.integers(1, 2)),
        days=draw(st.sampled_from([None, 1, 3, 10])) if do is Do.PAUSE else draw(st.integers(-6, 9)),
        amid=draw(st.sampled_from([None, *Point])),
    )


@st.composite
def scripts(draw, start: datetime) -> Script:
    at = moments(start)
    failing = st.builds(
        Failing, trouble=st.sampled_from(Trouble), arrives=st.sampled_from(Arrives),
        retry_after=st.none() | minutes(30),
    )  # fmt: skip
    spans = st.tuples(at, minutes(600)).map(lambda span: {"start": span[0], "until": span[0] + span[1]})
    by = st.tuples(minutes(1600), st.sampled_from([1, -1])).map(lambda found: found[0] * found[1])
    restarts = st.builds(Restart, at=at, point=st.sampled_from(Point), down=minutes(90))
    return Script(
        outages=tuple(Outage(**span, failing=draw(failing)) for span in draw(st.lists(spans, max_size=3))),
        seconds=tuple(Second(**span) for span in draw(st.lists(spans, max_size=2))),
        restarts=tuple(draw(st.lists(restarts, max_size=4))),
        jumps=tuple(draw(st.lists(st.builds(Jump, at=at, by=by), max_size=2))),
        deeds=tuple(draw(st.lists(deeds(start), max_size=8))),
        remembers=draw(st.sampled_from([None, None, timedelta(hours=12)])),
    )


@st.composite
def worlds(draw) -> tuple[datetime, list[Person], Script]:
    start = datetime.combine(draw(st.sampled_from(STARTS)), time(draw(st.integers(0, 23))), UTC)
    people = st.builds(
        Person, zone=st.sampled_from(ZONES), visit=st.integers(-14, 5),
        household=st.none() | st.integers(0, 1),
    )  # fmt: skip
    return start, draw(st.lists(people, min_size=1, max_size=6)), draw(scripts(start))


@settings(
    max_examples=EXAMPLES, deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large,
    ],
)  # fmt: skip
@given(world=worlds(), seed=st.integers(0, 1000))
def test_no_order_of_events_breaks_a_promise(world, seed, template, keyring, database_folder) -> None:
    start, people, script = world
    with clinic_of(database_folder, keyring, people, start=start, template=template, seed=seed) as clinic:
        wanted = Wanted(start=start, days=DAYS, seed=seed, script=script, expectations=named(ALWAYS))

        played = play(clinic, wanted)

    for each in played.record.done:
        note(f"{each.at:%d %H:%M} {each.what}: {each.changed}")
    for mail in played.record.mailed:
        note(f"{mail}")
    assert {name: found for name, found in played.breaches.items() if found} == {}
