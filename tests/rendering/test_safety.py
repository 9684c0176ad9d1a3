from pathlib import Path

import pytest

from pipeline.errors import TemplateError
from pipeline.rendering.safety import Urgency, load_safety, parse_safety, safety_for

GOOD = """language = "en-US"
version = "1"
approved_by = ""
title = "Help"
[[level]]
kind = "emergency"
heading = "Call 911"
lead = "{clinic} says: go, if you have"
items = ["chest pain"]
[[level]]
kind = "call_us"
heading = "Call {phone}"
items = ["anything else ({phone_hours})"]
"""


def test_clinic_phone_and_hours_are_filled_in(frame) -> None:
    safety = safety_for("en-US", {"en-US": parse_safety(GOOD, name="x")}, frame.clinic, phone_hours="all day")
    emergency, call_us = safety.levels
    assert emergency.lead == "Riverbend Physical Therapy says: go, if you have"
    assert call_us.heading == "Call +1\u00a0512\u00a0555\u00a00142"
    assert call_us.items == ("anything else (all day)",)
    assert safety.is_sample


def test_a_language_without_a_safety_text_is_refused_even_when_a_sister_has_one(frame) -> None:
    texts = {"en-US": parse_safety(GOOD, name="x")}
    with pytest.raises(TemplateError, match="en-GB") as error:
        safety_for("en-GB", texts, frame.clinic, phone_hours="")
    assert error.value.where.file == "content/safety/en-GB.toml"


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        (("kind =", "knid ="), "level.0.knid", "did you mean 'kind'"),
        (('"emergency"', '"911"'), "level.0.kind", ""),
        (('version = "1"', ""), "version", "add version"),
        (('items = ["chest pain"]', "items = []"), "level.0.items", ""),
        (('title = "Help"', 'titel = "Help"'), None, ""),
    ],
)
def test_a_wrong_key_is_named_with_file_and_key(change: tuple[str, str], key: str | None, says: str) -> None:
    with pytest.raises(TemplateError) as error:
        parse_safety(GOOD.replace(*change), name="safety/en-US.toml")
    assert error.value.where.file == "safety/en-US.toml"
    assert key is None or error.value.where.key == key
    assert says in (error.value.mend or "")


def test_a_safety_text_without_emergency_is_refused() -> None:
    with pytest.raises(TemplateError, match="emergency"):
        parse_safety(GOOD.replace('"emergency"', '"urgent"'), name="x")


def test_an_unknown_placeholder_is_refused(frame) -> None:
    text = parse_safety(GOOD.replace("{clinic}", "{doctor}"), name="x")
    with pytest.raises(TemplateError, match="doctor"):
        safety_for("en-US", {"en-US": text}, frame.clinic, phone_hours="")


def test_broken_toml_names_the_file() -> None:
    with pytest.raises(TemplateError, match="TOML"):
        parse_safety("language = ", name="x.toml")


def test_the_clinics_file_wins_over_the_bundled_one(tmp_path: Path) -> None:
    for folder, version in (("own", "2"), ("bundled", "1")):
        (tmp_path / folder / "safety").mkdir(parents=True)
        text = GOOD.replace('version = "1"', f'version = "{version}"')
        (tmp_path / folder / "safety" / "en-US.toml").write_text(text)
    texts = load_safety([tmp_path / "own", tmp_path / "bundled"])
    assert texts["en-US"].version == "2"


def test_a_file_whose_name_is_not_its_language_is_refused(tmp_path: Path) -> None:
    (tmp_path / "safety").mkdir()
    (tmp_path / "safety" / "es-US.toml").write_text(GOOD)
    with pytest.raises(TemplateError, match="en-US"):
        load_safety([tmp_path])


@pytest.mark.parametrize("language", ["en-US", "es-US"])
def test_the_bundled_texts_have_every_level_and_are_marked_as_samples(language: str) -> None:
    texts = load_safety([Path(__file__).resolve().parents[2] / "content"])
    assert {level.kind for level in texts[language].levels} == set(Urgency)
    assert texts[language].is_sample
