"""The live demo: mail at once, clean words, a second start that goes on, no second demo beside it."""

import json
import re
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import requests

from pipeline.app.calendar import CalendarRow, calendar_rows
from pipeline.app.clinic import Clinic
from pipeline.config import load_config
from pipeline.demo.accepted import read_log, taken_twice
from tests.demo.process import PATIENCE_SECONDS, Demo

#: The story in plain words; nobody in it has a name or an address.
STORY = (
    "every one in exactly one part", "Sample Clinician", "not a real approval", "no consent is recorded",
    "this address is never mailed", "Goes out next",
)  # fmt: skip


def deliveries(folder: Path) -> tuple[CalendarRow, ...]:
    with Clinic.open(load_config(folder / "config.toml")) as clinic, clinic.store.read() as tx:
        return calendar_rows(tx)


def test_it_sends_at_once_ends_cleanly_and_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with Demo(folder) as first:
        sent = int(re.search(r"Sent (\d+) emails", first.wait_for("Sent ")).group(1))
        first.wait_for("Goes out next")
        with Demo(folder) as second:
            assert second.ended() == 1
        assert first.process.poll() is None, "the first one goes on"
        assert first.interrupt() == 0
    assert "A demo is running in this folder already." in second.told
    assert "Ctrl-C" in second.told
    assert "Traceback" not in first.told + second.told
    assert first.said[-1].startswith("Ended.")
    assert [words for words in (str(folder), *STORY) if words not in first.told] == []
    assert not re.search(r"[\w.]+@[\w.]+", first.told)
    log = read_log(folder / "outbox" / "accepted.jsonl")
    assert len(log) == sent > 0
    assert len(list((folder / "outbox" / "mail").glob("*.eml"))) == sent
    stopped_at = datetime.fromisoformat((folder / "clock.txt").read_text(encoding="utf-8"))
    before = deliveries(folder)

    with Demo(folder) as again:
        again.wait_for("Goes out next")
        staff = re.search(r"(http://\S+?)/preview", again.told).group(1)
        assert requests.get(f"{staff}/healthz", timeout=10).json()["status"] == "ok"
        assert again.interrupt(signal.SIGTERM) == 0

    assert deliveries(folder) == before
    assert read_log(folder / "outbox" / "accepted.jsonl") == log
    assert "Sent " not in again.told
    assert datetime.fromisoformat((folder / "clock.txt").read_text(encoding="utf-8")) >= stopped_at


def test_thirty_days_in_seconds_end_by_themselves_with_json_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline", "demo", "--days", "30", "--exit", "--json"]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS, cwd=tmp_path,
        env={"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip

    assert (ended.returncode, ended.stderr) == (0, "")
    rows = json.loads(ended.stdout)
    assert {row["state"] for row in rows} == {"accepted", "skipped", "held"}
    # One sample patient reads a language in which the series does not exist.
    assert {row["reason"] for row in rows if row["state"] == "held"} == {"no_language"}
    (made,) = tmp_path.iterdir()
    log = read_log(made / "outbox" / "accepted.jsonl")
    assert taken_twice(log) == []
    assert len(log) == sum(row["state"] == "accepted" for row in rows)
