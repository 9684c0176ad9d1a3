import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.rendering.colours import GRAPHIC_CONTRAST, TEXT_CONTRAST, check_brand, contrast, palette

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_runs_from_one_to_twenty_one_and_does_not_care_for_order() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#1f6f6b", "#1f6f6b") == pytest.approx(1)


@settings(deadline=None, max_examples=150)
@given(colours)
def test_every_brand_colour_either_gives_readable_text_or_is_refused_with_one_that_works(colour: str) -> None:
    try:
        found = palette(colour)
    except ConfigError as refusal:
        assert contrast(colour, "#ffffff") < GRAPHIC_CONTRAST
        nearest = refusal.mend.split('"')[1]
        check_brand(nearest)
        return
    for scheme in ("", "dark-"):
        grounds = [found[f"{scheme}{name}"] for name in ("page", "card", "tint")]
        for ground in grounds:
            assert contrast(found[f"{scheme}link"], ground) >= TEXT_CONTRAST
            assert contrast(found[f"{scheme}ink"], ground) >= 7
            assert contrast(found[f"{scheme}soft"], ground) >= TEXT_CONTRAST
            assert contrast(found[f"{scheme}heading"], ground) >= TEXT_CONTRAST
        assert contrast(found[f"{scheme}on-brand"], found[f"{scheme}brand"]) >= TEXT_CONTRAST
        assert contrast(found[f"{scheme}brand"], found[f"{scheme}card"]) >= GRAPHIC_CONTRAST
        for kind in ("alert", "care", "trial"):
            tint = found[f"{scheme}{kind}-tint"]
            assert contrast(found[f"{scheme}{kind}"], tint) >= TEXT_CONTRAST
            assert contrast(found[f"{scheme}ink"], tint) >= TEXT_CONTRAST


def test_a_colour_that_is_too_pale_is_refused_with_its_place_and_the_nearest_of_its_hue() -> None:
    with pytest.raises(ConfigError) as refusal:
        palette("#ffd400", file="clinic/config.toml")
    assert str(refusal.value.where) == "clinic/config.toml, brand.colour"
    nearest = refusal.value.mend.split('"')[1]
    assert contrast(nearest, "#ffffff") == pytest.approx(GRAPHIC_CONTRAST, abs=0.1)
    red, green, blue = (int(nearest[at : at + 2], 16) for at in (1, 3, 5))
    assert red > green > blue, "still a yellow"


def test_a_colour_that_works_is_used_as_it_is() -> None:
    assert palette("#1f6f6b")["brand"] == "#1f6f6b"
