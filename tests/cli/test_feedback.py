"""What comes back, at the terminal: calls, report, events, and the alarm in status."""

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.actions import calling
from pipeline.app.clinic import Clinic
from pipeline.app.clock import SetClock
from pipeline.app.listening import feedback_rules
from pipeline.app.standing import overall
from pipeline.config import load_config
from pipeline.delivery.events import EventKind
from pipeline.delivery.health import needs
from pipeline.delivery.states import State
from pipeline.store import audit, calls, overview, patients, refusals
from pipeline.store.overview import DeliveryRow
from tests.actions.telling import Teller
from tests.app.sample_clinic import MOMENT
from tests.cli.conftest import Run


def opened(folder: Path) -> Clinic:
    return Clinic.open(load_config(folder / "config.toml"), clock=SetClock(MOMENT), environment={})


def sent(clinic: Clinic) -> list[DeliveryRow]:
    with clinic.store.read() as tx:
        rows = overview.list_deliveries(tx, overview.Filter(states=[State.ACCEPTED]), limit=500)
        # One of each patient, the first that went.
        return list({row.patient_id: row for row in rows}.values())


def record(clinic: Clinic, row: DeliveryRow) -> str:
    with clinic.store.read() as tx:
        return patients.load_patient(tx, row.patient_id).patient.record


@pytest.fixture
def told(running_clinic) -> dict[str, str]:
    """Two patients ask for calls, one of them complains of spam, and one address is bad; who they are."""
    with opened(running_clinic) as clinic:
        first, second, third = sent(clinic)
        with clinic.store.begin() as tx:
            calling.ask_for_call(tx, first, now=MOMENT - timedelta(days=3))
            calling.ask_for_call(tx, second, now=MOMENT - timedelta(hours=2))
            calling.say_helpful(tx, first, True, now=MOMENT)
            calling.say_helpful(tx, second, True, now=MOMENT)
            calling.say_helpful(tx, second, False, now=MOMENT)
        teller = Teller(store=clinic.store, now=MOMENT)
        teller.tell(EventKind.BOUNCED_HARD, third.key)
        teller.tell(EventKind.COMPLAINED, second.key)
        teller.tell(EventKind.OTHER, None, said="brand_new", detail="a word nobody knows")
        teller.bring_body(b"{ cut off")
        with clinic.store.begin() as tx:
            refusals.add(tx, "postmark", 7, now=MOMENT)
        found = {"first": first, "second": second, "third": third}
        return {name: record(clinic, row) for name, row in found.items()}


def test_calls_are_listed_with_the_oldest_first_and_without_names(run: Run, told) -> None:
    found = run("calls", "--json").json
    asked = [each for each in found if each["reason"] != "phone_instead"]

    assert [each["patient"] for each in asked] == [told["first"], told["second"], told["third"]]
    assert [each["reason"] for each in asked] == ["pain", "pain", "wrong_address"]
    assert all("name" not in each for each in found)


def test_calls_say_in_words_how_long_somebody_waits_and_why(run: Run, told) -> None:
    shown = run("calls").out

    assert told["first"] in shown
    assert "asks for a call" in shown
    assert "ask for the right address" in shown
    assert "pipeline calls close" in shown
    assert "@" not in shown


def test_names_are_shown_only_when_asked_for(run: Run, told, running_clinic) -> None:
    with opened(running_clinic) as clinic, clinic.store.read() as tx:
        (number,) = [patients.find_by_record(tx, told["first"])]
        family = patients.load_patient(tx, number).patient.family

    assert family not in run("calls").out
    assert family in run("calls", "--names").out


def test_a_call_is_closed_once_by_a_known_user_with_a_sealed_note(run: Run, told, running_clinic) -> None:
    run("user", "add", "bob", "--display", "B. Example", "--credential", "PT")
    number = run("calls", "--json").json[0]["call"]

    done = run("calls", "close", number, "--as", "bob", "--note", "made-up note")
    again = run("calls", "close", number, "--as", "bob")

    assert (done.code, again.code) == (0, 1)
    assert "no open call" in again.err
    assert number not in [each["call"] for each in run("calls", "--json").json]
    with opened(running_clinic) as clinic, clinic.store.read() as tx:
        entry = audit.entries(tx, limit=1)[0]
        (closed,) = calls.closed_calls(tx, patients.find_by_record(tx, told["first"]))
    assert (entry.actor, entry.action) == ("staff:bob", "called:pain")
    assert "note" not in str(entry.detail)
    assert (closed.note, closed.closed_by) == ("made-up note", "staff:bob")
    assert b"made-up note" not in (running_clinic / "pipeline.db").read_bytes()


def test_a_stranger_cannot_close_a_call(run: Run, told) -> None:
    ended = run("calls", "close", run("calls", "--json").json[0]["call"], "--as", "nobody")

    assert ended.code == 1
    assert "There is no user 'nobody'" in ended.err


def test_the_report_counts_each_part_and_the_last_answer(run: Run, told) -> None:
    found = run("report", "--json").json

    total = {
        name: sum(part[name] for part in found["parts"]) for name in found["parts"][0] if name != "series"
    }
    assert (total["bounced"], total["complained"]) == (1, 1)
    assert (total["helpful"], total["not_helpful"]) == (1, 1)
    assert all(part["sent"] >= part["delivered"] + part["bounced"] for part in found["parts"])
    assert [each["patient"] for each in found["wrong_addresses"]] == [told["third"]]
    assert "name" not in found["wrong_addresses"][0]


def test_the_report_is_words_for_people_and_knows_its_series(run: Run, told) -> None:
    shown = run("report").out

    assert "Series first-weeks" in shown
    assert "Addresses to correct" in shown
    assert "Spam" in shown
    assert run("report", "--series", "no-such").code == 1
    assert run("report", "--series", "first-weeks", "--json").json["parts"]


def test_events_are_counted_and_what_could_not_be_used_is_said(run: Run, told) -> None:
    shown = run("events").out
    found = run("events", "--json").json

    assert "brand_new" in shown
    assert "calls that could not be read: 1" in shown
    assert "proved nothing: 7" in shown
    assert {each["kind"]: each["count"] for each in found["events"]} == {
        "bounced_hard": 1, "complained": 1, "other": 1,
    }  # fmt: skip
    assert found["unreadable"] == {"recorder": 1}


def test_a_series_with_too_many_complaints_is_told_and_stopped(run: Run, running_clinic) -> None:
    config = running_clinic / "config.toml"
    config.write_text(config.read_text() + "\n[feedback]\nalarm_least = 2\n")
    with opened(running_clinic) as clinic:
        rules = feedback_rules(clinic.config)
        Teller(store=clinic.store, now=MOMENT, rules=rules).tell(EventKind.COMPLAINED, sent(clinic)[0].key)
        (notice, *_) = needs(overall(clinic).situation)

    assert rules.alarm.least == 2
    assert notice.code == "complaints"
    assert "1 of 3 emails were marked as spam" in notice.what
    assert "Sending is stopped for first-weeks" in run("status").out


def test_without_anything_each_says_so(run: Run, clinic) -> None:
    assert "Nobody is to be called" in run("calls").out
    assert "Nothing has gone out yet" in run("report").out
    assert "has reported anything yet" in run("events").out
