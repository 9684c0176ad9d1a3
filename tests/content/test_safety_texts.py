"""The safety texts that come with the product: complete, alike in every language, marked as samples."""

from pathlib import Path

import pytest

from pipeline.config import load_config
from pipeline.rendering.safety import SafetyText, Urgency, load_safety, safety_for

ROOT = Path(__file__).parents[2]
TEXTS = load_safety([ROOT / "content"])

#: What each language must name, by level. A clinician may add; a sign lost in an edit must not pass.
SIGNS = {
    "en-US": {
        Urgency.EMERGENCY: "911|genitals|bottom|peeing|bladder|bowel|both legs|sexual|chest pain|accident",
        Urgency.URGENT: "fever|loss of weight|swelling|lump|shape|night|one leg",
        Urgency.CALL_US: "worse than you expected|three days",
    },
    "es-US": {
        Urgency.EMERGENCY: "911|genitales|nalgas|orinar|vejiga|intestinos|dos piernas|sexual|pecho|accidente",
        Urgency.URGENT: "fiebre|pérdida de peso|hinchazón|bulto|forma|noche|una pierna",
        Urgency.CALL_US: "más fuerte de lo que esperaba|tres días",
    },
}


def words_of(safety: SafetyText, kind: Urgency) -> str:
    level = next(level for level in safety.levels if level.kind is kind)
    return "\n".join((level.heading, level.lead, *level.items)).casefold()


def test_there_is_a_safety_text_for_each_language_and_each_is_a_sample() -> None:
    assert set(TEXTS) == set(SIGNS)
    assert [language for language, text in TEXTS.items() if not text.is_sample] == []


@pytest.mark.parametrize(
    ("language", "kind", "sign"),
    [
        (language, kind, sign)
        for language, levels in SIGNS.items()
        for kind, signs in levels.items()
        for sign in signs.split("|")
    ],
)
def test_no_sign_is_missing(language: str, kind: Urgency, sign: str) -> None:
    assert sign in words_of(TEXTS[language], kind)


def test_every_language_has_the_same_levels_and_as_many_signs_in_each() -> None:
    shapes = {
        language: [(level.kind, len(level.items)) for level in text.levels]
        for language, text in TEXTS.items()
    }
    assert len({tuple(shape) for shape in shapes.values()}) == 1, shapes
    assert [kind for kind, _ in shapes["en-US"]] == list(Urgency)


def test_every_language_carries_the_same_version_because_a_translation_follows_its_original() -> None:
    assert len({text.version for text in TEXTS.values()}) == 1


@pytest.mark.parametrize("language", sorted(SIGNS))
def test_the_call_us_box_names_clinic_phone_and_hours(language: str) -> None:
    clinic = load_config(ROOT / "config.toml").clinic
    filled = words_of(safety_for(language, TEXTS, clinic, phone_hours="by day"), Urgency.CALL_US)
    filled = filled.replace("\u00a0", " ")  # a number never breaks across lines
    assert clinic.name.casefold() in filled
    assert clinic.phone in filled
    assert "by day" in filled
    assert "{" not in filled
