"""The outbox: a file per message, whole or not there, the same for the same key."""

import stat
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from pipeline.delivery.outcome import Accepted, Deferred
from pipeline.errors import EnvironmentRefusedError
from pipeline.providers.outbox import Outbox
from tests.providers.conftest import message

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox", clock=lambda: NOW)


def test_each_message_is_one_file_that_a_mail_program_opens(outbox: Outbox, tmp_path: Path) -> None:
    outcomes = outbox.send([message(1), message(2)])

    assert outcomes == (Accepted(provider_id="key0001"), Accepted(provider_id="key0002"))
    mail = message_from_bytes((tmp_path / "outbox" / "key0001.eml").read_bytes(), policy=policy.default)
    assert mail["To"] == "patient1@example.org"
    assert mail["Date"].datetime == NOW


def test_the_same_key_twice_is_one_file(outbox: Outbox, tmp_path: Path) -> None:
    outbox.send([message(1)])
    outbox.send([message(1)])

    assert [file.name for file in (tmp_path / "outbox").iterdir()] == ["key0001.eml"]


def test_no_file_name_tells_who_is_written_to(outbox: Outbox, tmp_path: Path) -> None:
    outbox.send([message(7)])

    assert not [file for file in (tmp_path / "outbox").iterdir() if "patient" in file.name]


def test_only_the_account_that_sends_may_read_a_patients_mail(outbox: Outbox, tmp_path: Path) -> None:
    outbox.send([message(1)])

    folder = tmp_path / "outbox"
    assert [stat.S_IMODE(each.stat().st_mode) for each in (folder, *folder.iterdir())] == [0o700, 0o600]


def test_a_file_that_cannot_be_written_is_deferred_and_leaves_nothing_half_there(
    outbox: Outbox, tmp_path: Path
) -> None:
    folder = tmp_path / "outbox"
    (folder / "key0001.eml").mkdir()

    first, second = outbox.send([message(1), message(2)])

    assert isinstance(first, Deferred)
    assert isinstance(second, Accepted)
    assert not list(folder.glob(".*"))


def test_a_folder_that_cannot_be_made_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")

    with pytest.raises(EnvironmentRefusedError) as error:
        Outbox(tmp_path / "outbox", clock=lambda: NOW)

    assert str(tmp_path / "outbox") in str(error.value)


def test_nothing_leaves_this_machine(outbox: Outbox) -> None:
    assert not outbox.capabilities.leaves_machine
