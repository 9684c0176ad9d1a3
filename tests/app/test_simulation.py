"""Days played on a copy: what happens in it, and that it stays in it."""

import email
import email.policy
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.actions.halting import halt
from pipeline.app.clinic import Clinic
from pipeline.app.files import BUNDLED
from pipeline.app.simulation import Played, Wanted, copied, has_database, made_up, moment_of, play
from pipeline.delivery.states import Reason, State
from pipeline.engine.simulation_checks import EXPECTATIONS
from pipeline.engine.simulation_script import Deed, Do, Jump, Outage, Point, Restart, Script, Second
from pipeline.errors import NotAllowedError
from pipeline.patients.model import RosterFile
from pipeline.providers.simulated import Arrives, Failing, Trouble
from pipeline.store import ledger
from pipeline.store.database import Store
from pipeline.store.marks import halted
from tests.app.playground import Person, approve_sample, clinic_of, settings
from tests.app.sample_clinic import MOMENT
from tests.engine.sample import DAYS as PART_DAYS
from tests.engine.sample import SERIES

#: A Monday, before anybody's morning.
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CHICAGO = ZoneInfo("America/Chicago")
SIX = [Person() for _ in range(6)]
#: When part 1 of SIX is due: the day after the visit, at nine.
DUE = datetime(2026, 3, 3, 9, 0, tzinfo=CHICAGO)
Playing = Callable[..., Played]


@pytest.fixture(scope="module")
def template(tmp_path_factory, keyring) -> Path:
    """A database with an approved edition, to copy."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    with Store.open(f"sqlite:///{path}", keyring) as store:
        approve_sample(store)
    return path


@pytest.fixture
def playing(template, keyring, database_folder) -> Playing:
    """Play a script with these people; every expectation is looked at."""

    def it(
        script: Script | None = None, people: Sequence[Person] = SIX, *, start: datetime = START,
        days: int = 10, seed: int = 1, before: Callable[[Clinic], None] = lambda _clinic: None,
        outbox: Path | None = None,
    ) -> Played:  # fmt: skip
        with clinic_of(database_folder, keyring, people, start=start, template=template, seed=seed) as clinic:
            before(clinic)
            wanted = Wanted(
                start=start, days=days, seed=seed, script=script or Script(), outbox=outbox,
                expectations=tuple(EXPECTATIONS.values()),
            )  # fmt: skip
            return play(clinic, wanted)

    return it


def broken(played: Played) -> set[str]:
    return {name for name, found in played.breaches.items() if found}


def unknown(played: Played) -> int:
    return sum(end.state is State.UNKNOWN for end in played.record.endings)


def outage(trouble: Trouble, hours: int = 3, **other: object) -> Outage:
    begin = DUE - timedelta(hours=1)
    return Outage(
        start=begin, until=begin + timedelta(hours=hours), failing=Failing(trouble=trouble, **other)
    )


def test_calm_days_send_everything_at_nine(playing: Playing) -> None:
    played = playing()

    assert broken(played) == set()
    assert len(played.record.mailed) == len(SIX) * len(PART_DAYS)
    assert {mail.at.astimezone(CHICAGO).time() for mail in played.record.mailed} == {time(9)}
    assert {row.state for row in played.rows} == {"accepted"}
    assert played.summary.arrived == sum(day.count(State.ACCEPTED) for day in played.summary.days)


@pytest.mark.parametrize(
    ("zone", "start"),
    [("America/Chicago", date(2026, 3, 2)), ("America/Chicago", date(2026, 10, 26)),
     ("Australia/Lord_Howe", date(2026, 3, 30)), ("Australia/Lord_Howe", date(2026, 9, 28)),
     ("Pacific/Chatham", date(2026, 3, 30)), ("Europe/Madrid", date(2026, 10, 20))],
)  # fmt: skip
def test_the_hour_stays_the_same_on_the_patients_clocks_when_they_change(
    playing: Playing, zone, start
) -> None:
    begin = datetime.combine(start, time(1), UTC)
    played = playing(people=[Person(zone=zone)], start=begin)

    assert broken(played) == set()
    assert [f"{mail.at.astimezone(ZoneInfo(zone)):%H:%M}" for mail in played.record.mailed] == [
        "09:00"
    ] * len(PART_DAYS)


@pytest.mark.parametrize("trouble", [Trouble.REFUSED, Trouble.UNAVAILABLE, Trouble.TOO_MANY])
def test_an_outage_in_which_nothing_is_taken_delays_and_loses_nothing(playing: Playing, trouble) -> None:
    played = playing(Script(outages=(outage(trouble, retry_after=timedelta(minutes=2)),)))

    assert broken(played) == set()
    first = [mail.at for mail in played.record.mailed if mail.day.part == 1]
    assert min(first) >= outage(trouble).until


@pytest.mark.parametrize("trouble", [Trouble.TIMEOUT, Trouble.ERROR])
@pytest.mark.parametrize("arrives", [Arrives.ALL, Arrives.NONE])
def test_in_doubt_nothing_goes_twice_and_a_person_hears_of_it(playing: Playing, trouble, arrives) -> None:
    played = playing(Script(outages=(outage(trouble, arrives=arrives),)))

    assert broken(played) == {"no-unknown", "all-sent"}
    assert 0 < unknown(played) <= len(SIX)
    assert played.summary.unknown_arrived == (unknown(played) if arrives is Arrives.ALL else 0)


def test_a_provider_that_knows_the_key_settles_what_was_in_doubt(playing: Playing) -> None:
    script = Script(
        outages=(outage(Trouble.TIMEOUT, hours=2, arrives=Arrives.ALL),), remembers=timedelta(hours=24)
    )
    played = playing(script)

    assert broken(played) == set()


def test_a_refused_recipient_stops_nobody_else(playing: Playing) -> None:
    played = playing(Script(outages=(outage(Trouble.HALF_REFUSED),)))

    assert broken(played) == {"all-sent"}
    refused = [end for end in played.record.endings if end.state is State.REFUSED]
    assert len(refused) == len(SIX) // 2


@pytest.mark.parametrize("point", Point)
def test_a_process_killed_at_any_point_sends_nothing_twice(playing: Playing, point) -> None:
    restart = Restart(at=DUE, point=point, down=timedelta(minutes=1))
    played = playing(Script(restarts=(restart,)))

    assert broken(played) == (set() if point is Point.CLAIMED else {"no-unknown", "all-sent"})
    in_doubt = {Point.CLAIMED: 0, Point.BEFORE_SEND: len(SIX), Point.AFTER_SEND: len(SIX)}
    assert unknown(played) == in_doubt[point]
    assert played.summary.unknown_arrived == (len(SIX) if point is Point.AFTER_SEND else 0)
    assert len(played.record.owners) == 2, "another process with another name went on"


def test_a_dispatcher_that_forgot_a_rule_is_found_out(playing: Playing, monkeypatch) -> None:
    """What the whole machinery is for: what may have gone is taken back as if it had not."""
    honest = ledger._take_back
    monkeypatch.setattr(
        ledger, "_take_back", lambda tx, before, _after, now: honest(tx, before, State.PLANNED, now)
    )
    restart = Restart(at=DUE, point=Point.AFTER_SEND, down=timedelta(minutes=1))

    assert broken(playing(Script(restarts=(restart,)))) == {"no-duplicates"}


def test_a_second_scheduler_in_the_middle_of_every_batch_sends_nothing_twice(playing: Playing) -> None:
    played = playing(Script(seconds=(Second(start=START, until=START + timedelta(days=30)),)))

    assert broken(played) == set()
    assert len(played.record.owners) == 2


@pytest.mark.parametrize("minutes", [-600, -61, 45, 3000])
def test_a_clock_that_is_set_forward_or_back_breaks_nothing(playing: Playing, minutes) -> None:
    jump = Jump(at=DUE + timedelta(minutes=5), by=timedelta(minutes=minutes))
    assert broken(playing(Script(jumps=(jump,)))) == set()


@pytest.mark.parametrize("amid", [None, *Point])
@pytest.mark.parametrize("do", [Do.UNSUBSCRIBE, Do.STOP_SERIES, Do.NOT_ME])
def test_a_stop_holds_from_its_commit_on(playing: Playing, amid, do) -> None:
    stop = Deed(at=DUE, do=do, who=("R-000",), amid=amid)
    played = playing(Script(deeds=(stop,)))

    assert broken(played) == set()
    theirs = [mail for mail in played.record.mailed if mail.enrollment == 1]
    assert len(theirs) == (1 if amid in {Point.BEFORE_SEND, Point.AFTER_SEND} else 0)


def test_one_click_holds_for_everyone_at_the_address(playing: Playing) -> None:
    family = [Person(household=1), Person(household=1), Person()]
    stop = Deed(at=DUE + timedelta(hours=1), do=Do.UNSUBSCRIBE, who=("R-000",))
    played = playing(Script(deeds=(stop,)), family)

    assert broken(played) == set()
    assert [mail.enrollment for mail in played.record.mailed if mail.day.part > 1] == [3, 3]
    assert played.record.stops[-1].enrollments == {1, 2}


def test_a_pause_ends_on_its_day_and_nothing_comes_in_a_burst(playing: Playing) -> None:
    pause = Deed(at=DUE + timedelta(hours=1), do=Do.PAUSE, who=("R-000",), days=7)
    played = playing(Script(deeds=(pause,)), [Person()], days=21)

    assert broken(played) == set()
    days = [(mail.at.astimezone(CHICAGO).date() - DUE.date()).days for mail in played.record.mailed]
    assert days[0] == 0
    assert days[1] >= 7


def test_everyone_may_do_anything_and_what_came_of_it_is_told(playing: Playing) -> None:
    deeds = tuple(Deed(at=DUE + timedelta(hours=hour), do=do, count=1, days=3) for hour, do in enumerate(Do))
    played = playing(Script(deeds=deeds), [Person(visit=visit) for visit in (0, 0, 0, 4, 6, 9)])

    assert {each.what.split(" (")[0] for each in played.record.done} == {
        do.value.replace("_", " ") for do in Do
    }
    assert sum(each.changed for each in played.record.done) >= len(Do) - 3
    assert broken(played) == set()


def test_a_halt_of_the_clinic_is_one_in_the_copy_until_the_script_lifts_it(playing: Playing) -> None:
    def halted(clinic: Clinic) -> None:
        with clinic.store.begin() as tx:
            halt(tx, None, actor="staff:ana", now=START)

    assert playing(before=halted).record.mailed == ()
    lifted = playing(Script(deeds=(Deed(at=DUE, do=Do.GO_ON),)), before=halted)
    assert len(lifted.record.mailed) == len(SIX) * len(PART_DAYS)


def test_the_same_seed_plays_the_same_and_another_one_another(playing: Playing) -> None:
    script = Script(
        deeds=(Deed(at=DUE + timedelta(hours=1), do=Do.UNSUBSCRIBE, count=2),),
        outages=(outage(Trouble.TIMEOUT),),
    )

    def story(seed: int) -> tuple[object, ...]:
        played = playing(script, seed=seed)
        return played.rows, played.record.mailed, played.record.stops

    assert story(1) == story(1)
    assert len({str(story(seed)[2]) for seed in range(1, 5)}) > 1


def test_an_entry_that_found_no_moment_is_told(playing: Playing) -> None:
    late = Deed(at=START + timedelta(days=40), do=Do.HALT)
    assert playing(Script(deeds=(late,))).record.left == (late,)


def test_a_record_number_that_nobody_has_is_an_error_in_words(playing: Playing) -> None:
    with pytest.raises(NotAllowedError, match="'P-9'"):
        playing(Script(deeds=(Deed(at=START, do=Do.SLOWER, who=("P-9",)),)))


def test_each_email_is_a_file_named_after_its_row_and_goes_to_its_patient(playing: Playing, tmp_path) -> None:
    played = playing(outbox=tmp_path / "mail")

    files = {path.stem: path for path in (tmp_path / "mail").glob("*.eml")}
    assert set(files) == {f"enrollment-{row.enrollment}-part-{row.part}" for row in played.rows}
    mail = email.message_from_bytes(files["enrollment-2-part-1"].read_bytes(), policy=email.policy.default)
    assert mail["To"] == "p1@example.org"
    assert mail["X-Delivery-Key"] != "enrollment-2-part-1"


def test_the_clinic_itself_is_only_read_and_the_copy_is_gone_afterwards(clinic: Clinic) -> None:
    path = clinic.config.path("pipeline.db")
    before = path.read_bytes()
    script = Script(deeds=(Deed(at=MOMENT, do=Do.HALT),), seed=1)

    with copied(clinic, start=MOMENT, seed=1) as copy:
        folder = Path(copy.store._place).parent
        assert folder.is_dir()
        played = play(copy, Wanted(start=MOMENT, days=10, seed=1, script=Script()))
        play(copy, Wanted(start=MOMENT, days=1, seed=1, script=script))

    assert played.summary.arrived > 0
    assert path.read_bytes() == before
    assert not folder.exists()
    with clinic.store.read() as tx:
        assert not halted(tx).everything


def sample_file() -> RosterFile:
    path = BUNDLED / "content" / "patients" / "sample.csv"
    return RosterFile(name=path.name, data=path.read_bytes())


def test_a_series_can_be_tried_without_database_and_without_approval(tmp_path) -> None:
    start = datetime(2026, 1, 12, tzinfo=CHICAGO)
    config = settings(tmp_path)
    assert not has_database(config)
    expectations = tuple(EXPECTATIONS.values())

    with made_up(config, start=start, seed=1) as copy:
        wanted = Wanted(
            start=start, days=30, seed=1, script=Script(), files=(sample_file(),), expectations=expectations
        )
        played = play(copy, wanted)

    assert played.unsigned
    assert played.imported is not None
    assert broken(played) == set()
    assert played.summary.arrived > 20
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_brought_into_the_copy_beside_the_clinics_own_patients(clinic: Clinic) -> None:
    columns = "record_id,given_name,family_name,email,first_visit,email_consent"
    more = f"{columns}\nX-1,Ada,Made,ada@example.org,2026-01-20,yes\n"
    with copied(clinic, start=MOMENT, seed=1) as copy:
        wanted = Wanted(
            start=MOMENT, days=2, seed=1, script=Script(), series=SERIES,
            files=(RosterFile(name="more.csv", data=more.encode()),),
        )  # fmt: skip
        played = play(copy, wanted)

    assert not played.unsigned, "the clinic's own approval counts"
    assert {"X-1", "P-1001"} <= {row.patient for row in played.rows}


def test_a_clinic_without_patients_is_told_how_to_try_it(tmp_path, keyring) -> None:
    with made_up(settings(tmp_path), start=START, seed=1) as copy, pytest.raises(NotAllowedError) as refused:
        play(copy, Wanted(start=START, days=30, seed=1, script=Script()))
    assert "--patients content/patients/sample.csv" in refused.value.mend


@pytest.mark.parametrize(
    ("text", "moment"),
    [("2026-01-12", "2026-01-12T06:00+00:00"), ("2026-07-12T10:00", "2026-07-12T15:00+00:00"),
     ("2026-01-12T10:00Z", "2026-01-12T10:00+00:00")],
)  # fmt: skip
def test_a_moment_is_meant_on_the_clinics_clocks_unless_it_says_otherwise(tmp_path, text, moment) -> None:
    assert moment_of(text, settings(tmp_path)) == datetime.fromisoformat(moment)


def test_what_is_no_moment_is_told_in_words(tmp_path) -> None:
    with pytest.raises(NotAllowedError, match="'soon'"):
        moment_of("soon", settings(tmp_path))


def test_reasons_in_the_summary_are_codes_of_the_one_list(playing: Playing) -> None:
    played = playing(Script(deeds=(Deed(at=DUE, do=Do.DISCHARGE, who=("R-000",)),)))
    assert played.summary.standing == {(State.CANCELED, Reason.DISCHARGED): len(PART_DAYS)}
