"""One enrollment from the command line: shown before and after, asked for, tried without keeping anything."""

from datetime import date, timedelta

import pytest

from pipeline.app.clinic import Clinic
from pipeline.app.clock import SetClock
from pipeline.cli.enrollment_commands import APPS
from pipeline.delivery.states import Reason, State
from pipeline.demo.folder import ANCHOR
from tests.app.sample_clinic import MOMENT
from tests.cli.conftest import Run, contents

#: Their first visit is still to come, so every part is planned.
BOOKED = "P-1014"
SERIES = "first-weeks"


@pytest.fixture
def desk(run: Run, running_clinic, monkeypatch) -> Run:
    """The command line of the prepared clinic, on a clock that stands at MOMENT."""
    really = Clinic.open
    monkeypatch.setattr(Clinic, "open", lambda config, **_: really(config, clock=SetClock(MOMENT)))
    return run


def rows(desk: Run, patient: str = BOOKED) -> list[dict]:
    return sorted(desk("calendar", "--patient", patient, "--json").json, key=lambda row: row["part"])


def day(row: dict) -> date:
    return date.fromisoformat(row["due_local"][:10])


def test_every_command_for_an_enrollment_says_how_to_name_it(desk: Run) -> None:
    for name in APPS:
        words = {"move": ("--to", "2026-02-02"), "stop": ("--reason", "discharged")}.get(name, ())
        if name != "enroll":
            ended = desk(name, *words)
            assert (ended.code, "--patient" in ended.err) == (2, True), name


def test_a_move_shows_every_part_before_and_after_and_asks(desk: Run) -> None:
    before = rows(desk)
    to = ANCHOR + timedelta(days=31)

    told = desk("move", "--patient", BOOKED, "--to", to)

    assert (told.code, rows(desk)) == (1, before), "nobody could be asked, so nothing was done"
    assert "Add --yes" in told.out
    assert told.out.count("Waiting for its day") == 2 * len(before)

    tried = desk("move", "--patient", BOOKED, "--to", to, "--dry-run", "--json").json
    assert (tried["applied"], tried["changed"], tried["before"]) == (False, True, before)
    assert rows(desk) == before

    done = desk("move", "--patient", BOOKED, "--to", to, "--yes", "--json").json
    assert done == {**tried, "applied": True}
    assert rows(desk) == done["after"]
    assert done["changed_parts"] == [row["part"] for row in before]

    again = desk("move", "--patient", BOOKED, "--to", to, "--yes")
    assert "Nothing to change" in again.out


def test_a_program_is_not_asked(desk: Run) -> None:
    ended = desk("stop", "--patient", BOOKED, "--reason", "discharged", "--json")
    assert (ended.code, "--yes or --dry-run" in ended.err) == (2, True)


def test_a_pause_and_its_end(desk: Run) -> None:
    before = rows(desk)
    paused = desk("pause", "--patient", BOOKED, "--weeks", "3", "--json").json
    assert (paused["status"], {row["state"] for row in paused["after"]}) == ("paused", {State.HELD})
    end = ANCHOR + timedelta(weeks=3)
    late = [row for row in paused["later"] if row["due_utc"]]
    assert late, "what is not too late by then goes after the pause"
    assert all(day(row) >= end for row in late)
    assert {row["reason"] for row in paused["later"]} & {Reason.EXPIRED, Reason.VISIT_PASSED}
    assert desk("pause", "--patient", BOOKED, "--until", "2020-01-01").code == 1
    assert "Later" in desk("pause", "--patient", BOOKED, "--weeks", "3").out

    resumed = desk("resume", "--patient", BOOKED, "--json").json
    assert (resumed["status"], resumed["after"]) == ("active", before)


def test_slower_doubles_and_the_next_part_comes_today(desk: Run) -> None:
    before = rows(desk)
    slow = desk("slower", "--patient", BOOKED, "--json").json["after"]
    assert day(slow[-1]) - day(before[-1]) >= timedelta(days=14)

    soon = desk("next", "--patient", BOOKED, "--json").json
    assert day(soon["after"][0]) == ANCHOR
    assert soon["changed_parts"][0] == 1


def test_a_stop_cancels_with_its_reason_and_a_new_course_needs_again(desk: Run) -> None:
    stopped = desk(
        "stop", "--patient", BOOKED, "--reason", "discharged", "--yes", "--by", "ana", "--json"
    ).json
    assert {(row["state"], row["reason"]) for row in stopped["after"]} == {
        (State.CANCELED, Reason.DISCHARGED)
    }
    number = stopped["enrollment"]
    assert desk("pause", number).code == 1

    words = ("enroll", BOOKED, "--series", SERIES, "--start", ANCHOR - timedelta(days=7))
    refused = desk(*words)
    assert (refused.code, "--again" in refused.err) == (1, True)

    late = desk(*words, "--again", "--json").json
    assert late["enrollment"] > number
    assert late["before"] == []
    assert {row["reason"] for row in late["after"]} >= {Reason.VISIT_PASSED, Reason.LATE}
    trail = desk("patient", "show", BOOKED, "--json").json["history"]
    assert ("end:discharged", "staff:ana") in {(each["action"], each["actor"]) for each in trail}


def test_who_waits_for_a_language_is_shown_and_cannot_be_let_go_by_a_word(desk: Run) -> None:
    assert {(row["state"], row["reason"]) for row in rows(desk, "P-1008")} == {
        (State.HELD, Reason.NO_LANGUAGE)
    }
    for command in ("resume", "pause", "next"):
        ended = desk(command, "--patient", "P-1008")
        assert (ended.code, "language" in ended.err) == (1, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("enroll", "P-9999", "--series", SERIES, "--start", "2026-02-02"), "no patient with the record"),
        (("enroll", "P-1001", "--series", SERIES, "--start", "2026-02-02"), "is in 'first-weeks' already"),
        (("enroll", "P-1010", "--series", SERIES, "--start", "2026-02-02"), "never mailed"),
        (("enroll", "P-1009", "--series", SERIES, "--start", "2026-02-02"), "no consent"),
        (("enroll", "P-1009", "--series", SERIES, "--start", "soon"), "is no date"),
        (("move", "--patient", BOOKED, "--to", "31.12.2026"), "is no date"),
        (("move", "--patient", BOOKED, "--to", "2026-02-02", "--zone", "Berlin"), "Europe/Berlin"),
        (("move", "--patient", BOOKED, "--to", "1066-10-14", "--yes"), "No first visit can be on"),
        (("pause", "4711"), "There is no enrollment 4711"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_done_is_said_in_words_and_changes_nothing(
    desk: Run, running_clinic, words, says
) -> None:
    before = desk("calendar", "--json").json
    ended = desk(*words)
    assert ended.code != 0
    assert says in ended.err
    assert "mend:" in ended.err
    assert desk("calendar", "--json").json == before


def test_the_words_name_nobody(desk: Run, running_clinic) -> None:
    told = desk("move", "--patient", BOOKED, "--to", "2026-02-02", "--dry-run").out
    shown = desk("patient", "show", BOOKED).out
    for name in ("Marco", "Esempio", "example.org"):
        assert name not in told + shown
    assert "Marco" in desk("patient", "show", BOOKED, "--names").out
    assert contents(running_clinic)["keys.json"]


def test_a_patient_is_found_and_shown(desk: Run) -> None:
    assert desk("patient", "find", "marco ESEMPIO", "--json").json == [{"patient": BOOKED}]
    shared = desk("patient", "find", "Family.Esempio@example.org", "--names", "--json").json
    assert [each["name"] for each in shared] == ["Giulia Esempio", "Marco Esempio"]
    assert desk("patient", "find", "Esem", "--json").json == []
    assert "Nobody was found" in desk("patient", "find", "Esem").out

    shown = desk("patient", "show", BOOKED, "--json").json
    assert shown["calendar"] == desk("calendar", "--patient", BOOKED, "--json").json
    assert [each["wording"] for each in shown["consents"]] == ["sample-intake-2026-01"]
    assert desk("patient", "show", "P-9999").code == 1


def test_the_way_back_is_shown_first_and_then_recorded(desk: Run) -> None:
    words = ("patient", "consent", "P-1010", "--wording", "by phone", "--by", "ana")
    told = desk(*words)
    assert (told.code, "is taken off" in told.out) == (1, True)
    assert desk("patient", "show", "P-1010", "--json").json["suppressed"] is True
    assert desk(*words, "--json").code == 2

    assert desk(*words, "--yes", "--json").json["suppression_lifted"] is True

    shown = desk("patient", "show", "P-1010", "--json").json
    assert shown["suppressed"] is False
    assert shown["consents"][-1]["source"] == "staff:ana"
    assert desk("enroll", "P-1010", "--series", SERIES, "--start", ANCHOR).code == 0


@pytest.mark.parametrize(
    "bad",
    [("--by", "ana@example.org"), ("--wording", "  "), ("--expires", "2020-01-01"), ("--by", "x" * 200)],
    ids=" ".join,
)
def test_a_consent_with_words_that_must_not_stand_in_the_trail_is_refused(desk: Run, bad) -> None:
    words = {"--wording": "v1", "--by": "ana", **dict([bad])}
    options = [part for pair in words.items() for part in pair]
    assert desk("patient", "consent", "P-1001", *options, "--yes").code == 1


def test_the_call_list_says_who_since_when_and_why(desk: Run) -> None:
    (call,) = desk("calls", "--json").json
    assert (call["patient"], call["since"]) == ("P-1011", MOMENT.isoformat())
    assert call["reason"] == "phone_instead"
    # Nobody has to close it: it lasts as long as the patient wants the phone.
    assert call["call"] is None
    told = desk("calls").out
    assert "P-1011" in told
    assert "Fatima" not in told
    assert "Fatima" in desk("calls", "--names").out


def test_a_record_number_in_the_place_of_an_enrollments_number_is_told_where_it_goes(desk: Run) -> None:
    ended = desk("pause", BOOKED)
    told = " ".join(ended.err.replace("│", " ").split())
    assert ended.code == 2
    assert f"{BOOKED!r} is no enrollment's number" in told
    assert "--patient" in told
