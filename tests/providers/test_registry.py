"""Opening what the configuration names, and the secrets it needs."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.config import parse_config
from pipeline.errors import ConfigError
from pipeline.providers.registry import open_provider
from pipeline.providers.secrets import secret_from

ROOT = Path(__file__).resolve().parents[2]


def opened(provider: str, environment: dict[str, str], folder: Path):
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    kept = text.partition("[provider]")[0]
    config = parse_config(kept + provider, name="config.toml", folder=folder)
    return open_provider(config, environment, clock=lambda: datetime(2026, 3, 2, tzinfo=UTC))


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
