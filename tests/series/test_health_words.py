"""Words that must not stand in a subject line."""

import pytest

from pipeline.series.health_words import HEALTH_WORDS, knows_health_words, reveals_health


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Your low back pain after PT", ("low back", "pain", "PT")),
        ("Physical Therapy: week 2", ("Physical Therapy",)),
        ("After your knee surgery", ("knee", "surgery")),
        ("Physiotherapists answer", ("Physiotherapists",)),
        ("PAIN, pain and Pain", ("PAIN", "pain", "Pain")),
        ("X-rays and MRIs? One MRI.", ("X-rays", "MRI")),
        ("Living with PTSD", ("PTSD",)),
    ],
)
def test_a_diagnosis_a_body_part_or_a_treatment_is_found_as_it_stands(
    text: str, found: tuple[str, ...]
) -> None:
    assert reveals_health(text, "en-US") == found


@pytest.mark.parametrize(
    "text",
    [
        "Part 2 of 5 from {clinic}",
        "Welcome back! We are back on Monday.",
        "Painting numbers by hand, in the department",
        "Part 3, pt. 2",
        "A surge of news to your door",
        "",
    ],
)
def test_ordinary_words_are_not(text: str) -> None:
    assert reveals_health(text, "en") == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Su dolor de espalda", ("dolor", "espalda")),
        ("Fisioterapia: la rodilla", ("Fisioterapia", "rodilla")),
        ("RECUPERACIÓN y músculos", ("RECUPERACIÓN", "músculos")),
        ("Parte 2 de 5 de {clinic}", ()),
    ],
)
def test_spanish_has_its_own_list_and_accents_do_not_matter(text: str, found: tuple[str, ...]) -> None:
    assert reveals_health(text, "es-MX") == found
    assert reveals_health(text.replace("Ó", "O").replace("ú", "u"), "es") == tuple(
        one.replace("Ó", "O").replace("ú", "u") for one in found
    )


def test_a_language_without_a_list_is_known_to_be_unchecked() -> None:
    assert reveals_health("Rückenschmerzen", "de") == ()
    assert not knows_health_words("de-DE")
    assert knows_health_words("en-GB")
    assert knows_health_words("es")


@pytest.mark.parametrize("language", HEALTH_WORDS)
def test_every_entry_finds_itself(language: str) -> None:
    for entry in HEALTH_WORDS[language]:
        text = f"On {entry.rstrip('*')} today"
        assert "".join(reveals_health(text, language)), entry


@pytest.mark.parametrize("language", HEALTH_WORDS)
def test_the_lists_hold_no_entry_twice(language: str) -> None:
    assert len(set(HEALTH_WORDS[language])) == len(HEALTH_WORDS[language])
