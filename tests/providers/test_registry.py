"""Opening what the configuration names, and the secrets it needs."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.config import Config, parse_config
from pipeline.errors import ConfigError
from pipeline.providers.port import Provider
from pipeline.providers.registry import capabilities, open_provider
from pipeline.providers.secrets import secret_from

ROOT = Path(__file__).resolve().parents[2]


def configured(provider: str, folder: Path) -> Config:
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    return parse_config(text.partition("[provider]")[0] + provider, name="config.toml", folder=folder)


def opened(provider: str, environment: dict[str, str], folder: Path) -> Provider:
    clock = lambda: datetime(2026, 3, 2, tzinfo=UTC)  # noqa: E731 - a moment, no more
    return open_provider(configured(provider, folder), environment, clock=clock)


HTTP = """
[provider]
name = "http"
[provider.http]
url = "https://mail.example.org/send"
body = { to = "{to}", from = "{from}", subject = "{subject}", html = "{html}", text = "{text}" }
"""


@pytest.mark.parametrize(
    ("section", "environment", "name"),
    [
        ("", {}, "outbox"),
        ('[provider]\nname = "postmark"\n', {"POSTMARK_SERVER_TOKEN": "t"}, "postmark"),
        (HTTP, {}, "http"),
    ],
    ids=["default", "postmark", "http"],
)
def test_the_named_provider_is_opened(section: str, environment: dict, name: str, tmp_path: Path) -> None:
    provider = opened(section, environment, tmp_path)

    assert provider.name == name
    provider.close()


KEYS = {
    "ses": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    "mailgun": ("MAILGUN_API_KEY",),
    "sendgrid": ("SENDGRID_API_KEY",),
    "resend": ("RESEND_API_KEY",),
    "brevo": ("BREVO_API_KEY",),
    "postmark": ("POSTMARK_SERVER_TOKEN",),
}


@pytest.mark.parametrize("name", KEYS)
def test_an_api_opens_with_its_secrets_and_names_the_one_that_is_missing(name: str, tmp_path: Path) -> None:
    section = f'[provider]\nname = "{name}"\n'

    provider = opened(section, dict.fromkeys(KEYS[name], "s3cret"), tmp_path)
    for missing in KEYS[name]:
        given = {key: "s3cret" for key in KEYS[name] if key != missing}
        with pytest.raises(ConfigError, match=missing) as error:
            opened(section, given, tmp_path)
        assert error.value.where is not None
        assert str(error.value.where.key).startswith(f"provider.{name}.")
        assert "s3cret" not in str(error.value)

    assert provider.name == name
    assert "s3cret" not in repr(provider) + repr(vars(provider).get("capabilities"))
    provider.close()


@pytest.mark.parametrize("name", KEYS)
def test_what_an_api_can_do_opened_is_what_it_says_without_a_secret(name: str, tmp_path: Path) -> None:
    section = f'[provider]\nname = "{name}"\n'
    config = configured(section, tmp_path)

    with closing(opened(section, dict.fromkeys(KEYS[name], "s3cret"), tmp_path)) as provider:
        assert capabilities(config)[name] == provider.capabilities
        assert provider.capabilities.leaves_machine


@pytest.mark.parametrize("name", KEYS)
def test_mail_never_travels_in_plain_text_to_another_machine(name: str, tmp_path: Path) -> None:
    section = f'[provider]\nname = "{name}"\n[provider.{name}]\nbase_url = "http://'
    secrets = dict.fromkeys(KEYS[name], "s3cret")

    opened(f'{section}127.0.0.1:9"\n', secrets, tmp_path).close()
    with pytest.raises(ConfigError, match="not encrypted") as error:
        opened(f'{section}mail.example.org"\n', secrets, tmp_path)

    assert error.value.where is not None
    assert error.value.where.key == f"provider.{name}.base_url"


def test_a_secret_lies_in_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "resend").write_text("from-file\n")
    section = '[provider]\nname = "resend"\n[provider.resend]\nkey_file = "secrets/resend"\n'

    opened(section, {}, tmp_path).close()
    (tmp_path / "secrets" / "resend").write_text("\n")

    with pytest.raises(ConfigError, match="empty") as error:
        opened(section, {}, tmp_path)
    assert error.value.where is not None
    assert error.value.where.key == "provider.resend.key_file"


def test_http_without_its_section_says_what_to_add(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"provider\.http"):
        opened('[provider]\nname = "http"\n', {}, tmp_path)


def test_a_secret_comes_from_the_environment_or_from_a_file_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    place = {"file": "config.toml", "key": "provider.x"}

    assert secret_from({"TOKEN": "given"}, "TOKEN", **place) == "given"
    assert secret_from({"TOKEN_FILE": str(tmp_path / "token")}, "TOKEN", **place) == "from-file"


@pytest.mark.parametrize(
    "environment", [{}, {"TOKEN": " "}, {"TOKEN_FILE": "/nowhere/token"}, {"TOKEN": "two\nlines"}]
)
def test_a_secret_that_cannot_be_used_is_one_clear_sentence_without_it(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as error:
        secret_from(environment, "TOKEN", file="config.toml", key="provider.x")

    assert error.value.mend
    assert "lines" not in str(error.value)
