"""The whole demo killed with -9 at random moments and started again: nothing twice, nothing forgotten."""

import random
import re
from datetime import timedelta
from pathlib import Path

import requests

from pipeline.app.clinic import Clinic
from pipeline.app.clock import system_clock
from pipeline.app.settings import clinic_rules, sample_settings
from pipeline.config import load_config
from pipeline.delivery.states import FINAL, State
from pipeline.demo.accepted import Taken, read_log, taken_twice
from pipeline.demo.folder import PATIENTS, first_moment, make_clinic, save_clock, saved_clock
from pipeline.store import audit, overview
from pipeline.store.overview import DeliveryRow
from tests.demo.process import Demo

KILLS = 5
PEOPLE = 150


def lay_out(folder: Path) -> None:
    """A demo's folder with many patients, whose part of the day after the visit is due at once."""
    settings = sample_settings()
    now = system_clock()
    start = first_moment(now, settings.zone, clinic_rules(settings, today=now.date()))
    today = start.astimezone(settings.zone).date()
    make_clinic(folder, today=today)
    lines = ["record_id,given_name,email,first_visit,email_consent"]
    visit = today - timedelta(days=1)
    lines += [f"P-{number},Person,p{number}@example.org,{visit},yes" for number in range(PEOPLE)]
    (folder / PATIENTS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    save_clock(folder, start)


def ledger(folder: Path) -> tuple[DeliveryRow, ...]:
    with Clinic.open(load_config(folder / "config.toml")) as clinic, clinic.store.read() as tx:
        assert audit.verify(tx) is None
        return overview.list_deliveries(tx, limit=5 * PEOPLE)


def settled(folder: Path) -> bool:
    """Whether nothing is on its way or due any more: the killed ones' leases are over, the rest has gone."""
    now = saved_clock(folder)
    return now is not None and not any(
        row.state in {State.CLAIMED, State.SENDING} or (row.state is State.PLANNED and row.due_at <= now)
        for row in ledger(folder)
    )


def time_goes_by(folder: Path) -> None:
    """The demo's clock goes on while nobody runs it, to when the next mail is due and every lease is over."""
    with Clinic.open(load_config(folder / "config.toml")) as clinic, clinic.store.read() as tx:
        due = overview.next_due(tx)
    then = saved_clock(folder) or system_clock()
    save_clock(folder, max(due or then, then) + timedelta(minutes=1))


def log(folder: Path) -> list[Taken]:
    return read_log(folder / "outbox" / "accepted.jsonl")


def test_killed_at_random_moments_the_demo_sends_nothing_twice_and_shows_what_is_in_doubt(
    tmp_path: Path,
) -> None:
    folder, chance = tmp_path / "demo", random.Random(7)
    lay_out(folder)
    sent: list[int] = []
    for _ in range(KILLS):
        with Demo(folder) as demo:
            demo.wait_for("Brought")
            demo.listen(chance.uniform(0.0, 0.8))
            demo.kill()
        assert "Traceback" not in demo.told
        sent.append(len(log(folder)))
        time_goes_by(folder)
    assert len(set(sent)) > 1, "it was not always killed before it sent anything"

    with Demo(folder) as demo:
        staff = re.search(r"(http://\S+?)/preview", demo.wait_for("/preview")).group(1)
        while not settled(folder):
            demo.listen(0.3)
        shown = requests.get(staff, timeout=10).text
        assert demo.interrupt() == 0

    rows, taken = ledger(folder), {each.key for each in log(folder)}
    due = [row for row in rows if row.part == 2]
    gone = {row.key for row in rows if row.sending_at}
    assert taken_twice(log(folder)) == []
    assert len(due) == PEOPLE
    accepted = {row.key for row in rows if row.state is State.ACCEPTED}
    unknown = {row.key for row in rows if row.state is State.UNKNOWN}
    assert accepted <= taken <= accepted | unknown, "what arrived is known, or known to be in doubt"
    assert {row.key for row in due} <= gone == accepted | unknown, "nobody is forgotten"
    assert {row.state for row in rows} <= FINAL | {State.PLANNED, State.UNKNOWN}
    assert (len(unknown) > 0) == ("Not known whether it went" in shown)
