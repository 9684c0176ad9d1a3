"""Opening a clinic: a new one gets its keys, and data never gets others."""

from datetime import UTC, datetime

import pytest

from pipeline.app.clinic import Clinic
from pipeline.app.clock import SetClock
from pipeline.app.settings import sample_settings
from pipeline.config import Config
from pipeline.errors import KeyringError, StoreError
from pipeline.keys import Keyring
from pipeline.store import users

CLOCK = SetClock(datetime(2026, 3, 2, 15, tzinfo=UTC))


@pytest.fixture
def config(empty_url, tmp_path) -> Config:
    """The sample configuration on an empty database of each kind."""
    sample = sample_settings()
    database = sample.database.model_copy(update={"url": empty_url})
    return sample.model_copy(update={"folder": tmp_path, "database": database})


def opened(config: Config, environment: dict[str, str] | None = None) -> Clinic:
    return Clinic.open(config, clock=CLOCK, environment=environment or {})


def test_a_new_clinic_on_either_database_gets_keys_that_open_it_again(config: Config, tmp_path) -> None:
    with opened(config) as clinic, clinic.store.begin() as tx:
        users.add_user(tx, name="ana", display="Ana", credential="PT", now=CLOCK())
    keys = tmp_path / "keys.json"
    first = keys.read_bytes()
    assert keys.stat().st_mode & 0o777 == 0o600

    with opened(config) as clinic, clinic.store.read() as tx:
        assert users.find_user(tx, "ana")
    assert keys.read_bytes() == first


def test_a_start_that_died_before_the_keys_were_written_can_be_repeated(config: Config, tmp_path) -> None:
    opened(config).close()
    (tmp_path / "keys.json").unlink()

    opened(config).close()

    assert (tmp_path / "keys.json").exists()


def test_where_something_was_done_a_missing_key_is_an_error_and_never_made_anew(
    config: Config, tmp_path
) -> None:
    from pipeline.store import audit

    with opened(config) as clinic, clinic.store.begin() as tx:
        audit.append(tx, actor="staff:ana", action="import", subject="patients", now=CLOCK())
    (tmp_path / "keys.json").unlink()

    with pytest.raises(KeyringError, match="does not exist"):
        opened(config)
    assert not (tmp_path / "keys.json").exists()


def test_keys_in_the_environment_leave_no_file(config: Config, tmp_path) -> None:
    text = Keyring.generate().to_text()

    opened(config, {config.keys.environment: text}).close()

    assert not (tmp_path / "keys.json").exists()


def test_a_database_that_cannot_be_opened_leaves_no_key(config: Config, tmp_path) -> None:
    database = config.database.model_copy(update={"url": "sqlite:////proc/below/pipeline.db"})

    with pytest.raises(StoreError):
        opened(config.model_copy(update={"database": database}))
    assert not (tmp_path / "keys.json").exists()


def test_the_holidays_of_the_year_at_hand_count(config: Config) -> None:
    with opened(config) as clinic:
        thanksgiving = datetime(2031, 11, 27, tzinfo=UTC).date()
        assert thanksgiving in clinic.rules(thanksgiving).closed


def test_every_dispatcher_has_a_name_of_its_own(config: Config) -> None:
    with opened(config) as clinic:
        provider = clinic.provider()
        names = {clinic.dispatcher(provider)._desk._settings.owner for _ in range(3)}
        provider.close()
    assert len(names) == 3
