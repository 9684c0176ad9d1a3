"""A script file says what happens when; a slip of the pen is told with its line."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.engine.simulation_file import ScriptError, read_script
from pipeline.engine.simulation_scenarios import SCENARIOS, Scenario
from pipeline.engine.simulation_script import Deed, Do, Jump, Outage, Point, Restart, Script, Second
from pipeline.providers.simulated import Arrives, Failing, Trouble

ZONE = ZoneInfo("America/Chicago")
#: Still Sunday in Chicago.
START = datetime(2026, 3, 9, 3, 0, tzinfo=UTC)


def read(text: str) -> Script:
    return read_script(text, name="script.toml", start=START, zone=ZONE)


def test_every_entry_becomes_what_it_says() -> None:
    script = read("""
        seed = 7
        remembers_hours = 24
        [[outage]]
        from = "day 2 08:50"
        until = 2026-03-09T11:00:00
        kind = "503"
        retry_after_seconds = 60
        [[outage]]
        from = "day 3"
        until = 2026-03-10T12:00:00Z
        kind = "timeout"
        arrives = "all"
        [[restart]]
        at = "day 3 09:00"
        point = "before_send"
        down_minutes = 30
        [[second_scheduler]]
        from = "day 4"
        until = "day 5, 09:30"
        [[clock_jump]]
        at = "day 2 10:00"
        by_minutes = -90
        [[patient]]
        at = "day 2 12:00"
        do = "pause"
        who = ["P-1"]
        until = 2026-03-20
        amid = "claimed"
        [[staff]]
        at = "day 2 12:30"
        do = "move"
        random = 2
        days = -3
        [[staff]]
        at = "day 2 13:00"
        do = "halt"
        series = "first-weeks"
    """)

    def at(day: int, hour: int, minute: int = 0) -> datetime:
        return datetime(2026, 3, day, hour, minute, tzinfo=ZONE)

    assert script == Script(
        seed=7,
        remembers=timedelta(hours=24),
        outages=(
            Outage(
                start=at(9, 8, 50), until=at(9, 11),
                failing=Failing(trouble=Trouble.UNAVAILABLE, retry_after=timedelta(seconds=60)),
            ),
            Outage(
                start=at(10, 0), until=datetime(2026, 3, 10, 12, tzinfo=UTC),
                failing=Failing(trouble=Trouble.TIMEOUT, arrives=Arrives.ALL),
            ),
        ),
        restarts=(Restart(at=at(10, 9), point=Point.BEFORE_SEND, down=timedelta(minutes=30)),),
        seconds=(Second(start=at(11, 0), until=at(12, 9, 30)),),
        jumps=(Jump(at=at(9, 10), by=timedelta(minutes=-90)),),
        deeds=(
            Deed(at=at(9, 12), do=Do.PAUSE, who=("P-1",), on=date(2026, 3, 20), amid=Point.CLAIMED),
            Deed(at=at(9, 12, 30), do=Do.MOVE, count=2, days=-3),
            Deed(at=at(9, 13), do=Do.HALT, series="first-weeks"),
        ),
    )  # fmt: skip
    assert script.moments()[0] == at(9, 8, 50)


BAD = [
    ("[[outage]\n", 1, "valid TOML", "bracket"),
    ("seeds = 1", 1, "'seeds'", "'seed'"),
    ("[[outages]]", 1, "'outages'", "'outage'"),
    ('[[outage]]\nfrom = "day 1"\nuntil = "day 2"\nkinds = "503"', 4, "'kinds'", "'kind'"),
    ('[[outage]]\nfrom = "day 1"\nuntil = "day 2"\nkind = "504"', 4, "'kind'", "'half_refused'"),
    ('[[outage]]\nfrom = "day 1"\nkind = "503"', 1, "'until'", "docs/simulate.md"),
    ('[[restart]]\nat = "day 1"\n[[restart]]\nat = "tomorrow"', 4, "'tomorrow'", '"day 3 09:00"'),
    ('[[restart]]\nat = "day 0 09:00"', 2, "'day 0 09:00'", "day 1 is the first"),
    ('[[restart]]\nat = "day 1 24:00"', 2, "'day 1 24:00'", "day 1 is the first"),
    ('[[restart]]\nat = "day 1"\n[[patient]]\nat = "day 1"\ndo = "slower"', 5, "Nobody is named", "who ="),
    ('[[patient]]\nat = "day 1"\nrandom = 1\ndo = "discharge"', 4, "'do'", "'unsubscribe'"),
    ('[[staff]]\nat = "day 1"\nrandom = 1\ndo = "move"', 4, "first visit", "days = 7"),
    (
        '[[restart]]\nat = "day 1"\n[[clock_jump]]\nat = "day 1"\nby_minutes = "x"',
        5,
        "'by_minutes'",
        "integer",
    ),
]


@pytest.mark.parametrize(("text", "line", "what", "mend"), BAD, ids=[each[2] for each in BAD])
def test_a_mistake_is_told_with_its_line_and_how_to_mend_it(text, line, what, mend) -> None:
    with pytest.raises(ScriptError) as refused:
        read(text)
    assert what in refused.value.what
    assert refused.value.where.line == line
    assert mend in refused.value.mend


@pytest.mark.parametrize("scenario", Scenario)
def test_every_scenario_can_be_read(scenario: Scenario) -> None:
    script = read(SCENARIOS[scenario])
    assert bool(script.moments()) == (scenario is not Scenario.CALM)
