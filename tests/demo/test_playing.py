"""Thirty days on a clock of its own, across holidays and a clock change: the calendar's promises hold."""

import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.app.clock import SetClock
from pipeline.app.settings import clinic_rules, sample_settings
from pipeline.delivery.states import FINAL, Reason, State
from pipeline.demo.accepted import Taken, taken_twice
from pipeline.demo.folder import first_moment, make_clinic, with_ports
from pipeline.demo.playing import play
from pipeline.demo.stage import stage, standin_for
from pipeline.schedule.model import Rules
from pipeline.store import audit, overview, patients
from pipeline.store.overview import DeliveryRow

DAYS = 30
#: Before Thanksgiving, before Christmas and New Year, before the clocks change in the US and in Spain.
BEGINNINGS = ["2026-11-20T18:00", "2026-12-18T18:00", "2027-03-05T18:00"]
#: Sample patients who must not be mailed: no consent, stopped, phone instead, a child, canceled, no address,
#: and one whose language the series does not have.
NEVER = {"P-1008", "P-1009", "P-1010", "P-1011", "P-1012", "P-1015", "P-1016"}


@dataclass(frozen=True)
class Played:
    rows: tuple[DeliveryRow, ...]
    records: dict[int, str]
    addresses: dict[int, str]
    log: list[Taken]
    mail: Path
    rules: Rules
    start: datetime


@pytest.fixture(scope="module", params=BEGINNINGS)
def played(request, tmp_path_factory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("played")
    settings = sample_settings()
    today = datetime.fromisoformat(request.param).replace(tzinfo=UTC)
    rules = clinic_rules(settings, today=today.date())
    clock = SetClock(first_moment(today, settings.zone, rules))
    start = clock()
    with standin_for(folder, clock) as standin:
        config = make_clinic(folder, today=start.astimezone(settings.zone).date())
        with_ports(config, mail_url=standin.url, staff_port=8620, public_port=8720)
        with stage(folder, config, clock) as made:
            play(made.clinic, clock, until=start + timedelta(days=DAYS))
            with made.clinic.store.read() as tx:
                assert audit.verify(tx) is None
                rows = overview.list_deliveries(tx, limit=1000)
                people = patients.load_patients(tx, {row.patient_id for row in rows})
        yield Played(
            rows=rows,
            records={row.id: people[row.patient_id].patient.record for row in rows},
            addresses={row.id: people[row.patient_id].patient.email for row in rows},
            log=standin.taken(),
            mail=folder / "outbox" / "mail",
            rules=rules,
            start=start,
        )


def sent(played: Played) -> list[DeliveryRow]:
    return [row for row in played.rows if row.state is State.ACCEPTED]


def local(row: DeliveryRow) -> datetime:
    return row.sending_at.astimezone(ZoneInfo(row.zone))


def test_everything_comes_to_an_end_and_nothing_goes_twice(played: Played) -> None:
    waiting = {row.reason for row in played.rows if row.state not in FINAL}
    assert waiting <= {Reason.NO_LANGUAGE}, "who cannot read the series waits for a translation"
    assert taken_twice(played.log) == []
    assert {each.key for each in played.log} == {row.key for row in sent(played)}
    assert len(sent(played)) > 20
    assert {row.part for row in sent(played)} == {1, 2, 3, 4, 5}


def test_nobody_is_mailed_who_must_not_be(played: Played) -> None:
    assert {played.records[row.id] for row in sent(played)}.isdisjoint(NEVER)


def test_mail_goes_in_the_window_of_each_patients_own_zone_on_open_days_only(played: Played) -> None:
    assert len({row.zone for row in sent(played)}) >= 5
    for row in sent(played):
        moment = local(row)
        assert played.rules.window_open <= moment.time() < played.rules.window_close
        assert moment.isoweekday() in played.rules.weekdays
        assert moment.date() not in played.rules.closed
    across = {played.start.date() + timedelta(days=day) for day in range(DAYS)}
    assert across & played.rules.closed or played.start.month == 3, "there is a holiday in these days"


def test_after_the_first_day_every_part_goes_at_nine_in_the_patients_own_time(played: Played) -> None:
    later = [row for row in sent(played) if row.sending_at > played.start + timedelta(days=1)]

    assert {f"{local(row):%H:%M}" for row in later} == {"09:00"}


def test_parts_come_in_order_with_their_gap_and_before_they_expire(played: Played) -> None:
    for enrollment in {row.enrollment_id for row in played.rows}:
        mine = sorted(
            (row for row in sent(played) if row.enrollment_id == enrollment), key=lambda row: row.sending_at
        )
        assert [row.part for row in mine] == sorted(row.part for row in mine)
        for before, after in pairwise(mine):
            assert (local(after).date() - local(before).date()).days >= played.rules.min_gap_days
        assert all(local(row).date() <= row.expires_on for row in mine)


def test_every_mail_is_a_file_to_its_one_patient(played: Played) -> None:
    for row in sent(played):
        data = (played.mail / f"{row.key}.eml").read_bytes()
        mail = email.message_from_bytes(data, policy=email.policy.default)
        assert mail["To"] == played.addresses[row.id]
        assert mail["Cc"] is mail["Bcc"] is None
        assert mail["X-Delivery-Key"] == row.key
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
