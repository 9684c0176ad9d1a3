"""config.toml: every mistake is one message with file, line, key and mend."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import key_line, load_config, parse_config
from pipeline.errors import ConfigError

SAMPLE = (Path(__file__).parent.parent / "config.toml").read_text(encoding="utf-8")


def refusal(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, name="config.toml", folder=Path())
    return caught.value


def line_of(text: str, start: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.startswith(start))


def test_the_sample_configuration_is_right() -> None:
    config = parse_config(SAMPLE, name="config.toml", folder=Path("/clinic"))
    assert config.zone.key == "America/Chicago"
    assert config.path("outbox") == Path("/clinic/outbox")


@pytest.mark.parametrize(
    ("old", "new", "key", "mend"),
    [
        ("colour =", "color =", "brand.color", "did you mean 'colour'?"),
        ("[brand]", "[brandd]", "brandd", "did you mean 'brand'?"),
        ("time_zone =", "timezone =", "clinic.timezone", "did you mean 'time_zone'?"),
        ("phone =", "telephone =", "clinic.telephone", "did you mean 'phone'?"),
        ("from_name =", "fromname =", "sender.fromname", "did you mean 'from_name'?"),
        ("[sender]", "[senders]", "senders", "did you mean 'sender'?"),
        ("America/Chicago", "America/Chicgo", "clinic.time_zone", "clinic.time_zone"),
        ('"#1f6f6b"', '"teal"', "brand.colour", "brand.colour"),
        ("staff_port = 8620", 'staff_port = "here"', "web.staff_port", "web.staff_port"),
        ("staff_port = 8620", "staff_port = 99999", "web.staff_port", "web.staff_port"),
        ('name = "outbox"', 'name = "pigeon"', "provider.name", "provider.name"),
        ('reply_to = "frontdesk@clinic.example.org"', 'reply_to = "frontdesk"', "sender.reply_to", ""),
        ('country = "US"', 'country = "usa"', "clinic.country", ""),
    ],
)
def test_a_wrong_key_or_value_names_its_line_and_its_mend(old: str, new: str, key: str, mend: str) -> None:
    text = SAMPLE.replace(old, new)
    error = refusal(text)
    assert error.where is not None
    assert error.where.key == key
    assert error.where.line == next(n for n, line in enumerate(text.splitlines(), 1) if new in line)
    assert mend in str(error)


def test_a_missing_key_says_what_to_add_and_where() -> None:
    text = "\n".join(line for line in SAMPLE.splitlines() if not line.startswith("phone ="))
    error = refusal(text)
    assert "clinic.phone" in error.what
    assert "[clinic]" in str(error)
    assert error.where is not None
    assert error.where.line == line_of(text, "[clinic]")


def test_a_missing_key_is_not_blamed_on_a_word_unlike_it() -> None:
    text = SAMPLE.replace("phone =", "zebra =")
    assert "'clinic.phone' is missing" in refusal(text).what


def test_broken_toml_names_the_line() -> None:
    text = SAMPLE.replace('country = "US"', 'country = "US')
    error = refusal(text)
    assert error.where is not None
    assert error.where.line == line_of(text, "country")


def test_a_near_zone_is_offered() -> None:
    assert "America/Chicago" in refusal(SAMPLE.replace("America/Chicago", "America/Chicgo")).what


def test_a_line_break_in_a_header_value_is_refused() -> None:
    error = refusal(SAMPLE.replace('from_name = "Riverbend', 'from_name = "River\\nBcc: bend'))
    assert error.where is not None
    assert error.where.key == "sender.from_name"


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pipeline init"):
        load_config(tmp_path / "config.toml")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_config(path)


def test_internal_fields_are_no_keys_of_the_file() -> None:
    assert "folder" in refusal('folder = "/etc"\n' + SAMPLE).what


@given(st.text(max_size=300))
@settings(deadline=None, max_examples=200)
def test_any_text_is_a_clear_refusal(text: str) -> None:
    error = refusal(text)
    assert error.where is not None
    assert error.mend


def test_key_line_finds_keys_in_tables_and_dotted_keys() -> None:
    text = "a = 1\n[b]\nc = 2\nd.e = 3\n[b.f]\ng = 4\n"
    assert key_line(text, ("a",)) == 1
    assert key_line(text, ("b", "c")) == 3
    assert key_line(text, ("b", "d", "e")) == 4
    assert key_line(text, ("b", "f", "g")) == 6
    assert key_line(text, ("b", "missing")) == 2
