"""docs/calendar.md holds the one list of reasons: every code, what it means, what staff can do."""

import re
import tomllib
from pathlib import Path

from pipeline.delivery.states import Reason
from pipeline.delivery.words import REASON_WORDS
from pipeline.series.file_keys import CALENDAR_KEYS

TEXT = (Path(__file__).parents[2] / "docs" / "calendar.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `([a-z_]+)` \| (.+ \| .+) \|$", TEXT, re.MULTILINE))


def test_every_reason_is_explained_and_none_that_there_is_not() -> None:
    assert sorted(ROWS) == sorted(reason.value for reason in Reason)
    for cells in ROWS.values():
        meaning, help_ = cells.split(" | ")
        assert len(meaning.split()) > 2
        assert help_


def test_every_reason_has_its_words_for_staff() -> None:
    assert set(REASON_WORDS) == set(Reason)


def test_the_example_of_a_series_own_calendar_uses_every_key_and_reads() -> None:
    (example,) = re.findall(r"^```toml\n(.+?)^```", TEXT, re.MULTILINE | re.DOTALL)
    read = tomllib.loads(example)
    assert set(read["calendar"]) == set(CALENDAR_KEYS)
    assert set(read["part"][0]["calendar"]) < set(CALENDAR_KEYS)
