from pathlib import Path

import pytest

from pipeline.config import load_config
from pipeline.errors import ConfigError
from pipeline.rendering.compile import compile_edition
from pipeline.rendering.frame import LOGO_LIMIT, load_frame

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path):
    """A clinic's folder with the sample config.toml; ``brand`` lines can be added."""

    def make(*brand: str) -> Path:
        text = (ROOT / "config.toml").read_text("utf-8").replace("[brand]", "\n".join(["[brand]", *brand]))
        (tmp_path / "config.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return make


def frame_of(folder: Path, templates):
    return load_frame(load_config(folder / "config.toml"), templates=templates, content=(ROOT / "content",))


def test_the_sample_configuration_and_content_make_a_frame_that_compiles(folder, templates, series) -> None:
    frame = frame_of(folder(), templates)
    edition = compile_edition(series, frame, templates)
    assert edition.reply_to == frame.sender.reply_to
    assert set(frame.safety) >= {"en-US", "es-US"}


def test_a_logo_stands_in_every_email_with_its_name_and_size(folder, templates, series, make_png) -> None:
    place = folder('logo = "logo.png"')
    (place / "logo.png").write_bytes(make_png(440, 128))
    frame = frame_of(place, templates)
    part = compile_edition(series, frame, templates).parts[0]
    page = "".join(part.html.literals)
    assert part.pictures[0].filename == "logo.png"
    assert f'alt="{frame.clinic.name}"' in page
    assert 'width="220" height="64"' in page


@pytest.mark.parametrize(
    "data", [None, b"", b"<svg/>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"x" * (LOGO_LIMIT + 1)]
)
def test_a_logo_that_cannot_be_sent_is_a_config_error_at_its_key(
    folder, templates, data: bytes | None
) -> None:
    place = folder('logo = "logo.png"')
    if data is not None:
        (place / "logo.png").write_bytes(data)
    with pytest.raises(ConfigError) as error:
        frame_of(place, templates)
    assert error.value.where.key == "brand.logo"


def test_an_impossible_colour_is_a_config_error_at_its_key(folder, templates) -> None:
    place = folder()
    config = place / "config.toml"
    config.write_text(config.read_text("utf-8").replace("#1f6f6b", "#ffff99"), encoding="utf-8")
    with pytest.raises(ConfigError, match="too pale") as error:
        frame_of(place, templates)
    assert error.value.where.key == "brand.colour"
