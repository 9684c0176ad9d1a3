"""What a person waits for: splitting a long text, ``--help``, the demo. Seconds of CPU, all cores together.

In charge of: running the commands as they are typed. Not in charge of: imports of many patients
(``enrolling``).
"""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.timing import Reading, Readings

_WORDS = 100_000
_PARAGRAPH = "Sit down for a minute. Then walk to the door and back, and write down how it went. " * 5


def tables() -> Iterator[Readings]:
    """Each command, the median of a few runs."""
    with tempfile.TemporaryDirectory() as folder:
        article = Path(folder) / "long.md"
        article.write_text(_long_article(), encoding="utf-8")
        rows = (
            _reading(f"splitting {_WORDS:,} words", 2.0, 3, folder, "split", article.name, "--json"),
            _reading("pipeline --help", 0.4, 7, folder, "--help"),
            _reading("the whole demo, 30 days played", 15.0, 1, folder, "demo", "--exit", "--json"),
        )
    yield Readings(title="Commands, CPU seconds with the start of Python", rows=rows)


def _long_article() -> str:
    each = len(_PARAGRAPH.split())
    blocks = [
        f"## Chapter {number // 5 + 1}\n\n{_PARAGRAPH}" if number % 5 == 0 else _PARAGRAPH
        for number in range(_WORDS // each)
    ]
    return "# A long article\n\n" + "\n\n".join(blocks) + "\n"


def _reading(name: str, budget: float, runs: int, folder: str, *words: str) -> Reading:
    took = statistics.median(_seconds(folder, words) for _ in range(runs))
    return Reading(name=name, value=took, unit="s", budget=f"under {budget} s", kept=took < budget)


def _seconds(folder: str, words: tuple[str, ...]) -> float:
    before = os.times()
    subprocess.run(  # noqa: S603 - words of our own
        [sys.executable, "-m", "pipeline", *words], cwd=folder, check=True, capture_output=True
    )
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])
