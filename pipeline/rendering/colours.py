"""Readable colours from one brand colour, for light and dark.

In charge of: contrast (WCAG 2.2, 1.4.3 and 1.4.11) and the palette that the style files name.
Not in charge of: where a colour is used (``templates/email/*.css``) or checking a finished page
(``contrast``).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pipeline.errors import ConfigError, Place

#: WCAG 2.2, 1.4.3: normal text. Large text may have 3, which we never make use of.
TEXT_CONTRAST = 4.5
#: WCAG 2.2, 1.4.11: graphics such as the progress bar and the edge of a button.
GRAPHIC_CONTRAST = 3.0
#: What links and headings aim at: half-way to AAA, so that a tint below them costs no legibility.
_COMFORT = 5.6

#: Colours that do not depend on the brand: warm paper by day, warm charcoal by night.
_LIGHT = {
    "page": "#f4f1ec", "card": "#ffffff", "ink": "#23292e", "soft": "#4b545b", "line": "#e2ddd4",
    "alert": "#96261d", "alert-tint": "#fcf1ef", "alert-line": "#b3362b",
    "care": "#7a4b00", "care-tint": "#fdf6e7", "care-line": "#b97a12",
    "trial": "#3b2f00", "trial-tint": "#ffe9a6", "trial-line": "#8a6d00",
}  # fmt: skip
_DARK = {
    "page": "#171614", "card": "#22201e", "ink": "#ece7df", "soft": "#c4beb5", "line": "#403c38",
    "alert": "#ffb4a9", "alert-tint": "#3a2422", "alert-line": "#e0766a",
    "care": "#f3cf8c", "care-tint": "#352c1b", "care-line": "#cf9a3e",
    "trial": "#ffe9a6", "trial-tint": "#40360f", "trial-line": "#d8b84a",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Oklch:
    """A colour as lightness (0..1), chroma and hue in radians: Ottosson, "Oklab", December 2020."""

    lightness: float
    chroma: float
    hue: float


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two ``#rrggbb`` colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def check_brand(colour: str, *, file: str = "config.toml") -> None:
    """Refuse a brand colour that cannot be seen on white.

    It draws the button and the progress bar, so it needs 3:1 (WCAG 1.4.11). Raises ConfigError that
    names the nearest colour of the same hue that works. Text colours are computed and need no check.
    """
    ratio = contrast(colour, _LIGHT["card"])
    if ratio >= GRAPHIC_CONTRAST:
        return
    nearest = darkened(colour, against=(_LIGHT["card"],), ratio=GRAPHIC_CONTRAST)
    raise ConfigError(
        f"The colour {colour} is too pale: on white it has a contrast of {ratio:.1f} to 1, "
        f"and a button or progress bar needs {GRAPHIC_CONTRAST:.0f} to 1 to be seen.",
        where=Place(file=file, key="brand.colour"),
        mend=f'the nearest colour that works is "{nearest}"',
    )


def palette(colour: str, *, file: str = "config.toml") -> Mapping[str, str]:
    """Every colour the style files may name, from the brand colour: ``ink`` … and ``dark-ink`` ….

    Raises ConfigError as ``check_brand`` does.
    """
    check_brand(colour, file=file)
    light = dict(_LIGHT, brand=colour, tint=_mixed(colour, _LIGHT["card"], 0.07))
    light["on-brand"] = _readable_on(colour)
    light["track"] = _mixed(colour, _LIGHT["card"], 0.22)
    light["link"] = darkened(colour, against=(light["card"], light["page"], light["tint"]), ratio=_COMFORT)
    light["heading"] = darkened(colour, against=(light["tint"],), ratio=9.0)

    brand = lightened(colour, against=(_DARK["card"],), ratio=4.6)
    dark = dict(_DARK, brand=brand, tint=_mixed(brand, _DARK["card"], 0.10))
    # Lightened until it can be read on the card, so the page, which is darker still, can be read on it.
    dark["on-brand"] = _DARK["page"]
    dark["track"] = _mixed(brand, _DARK["card"], 0.28)
    dark["link"] = lightened(colour, against=(dark["card"], dark["page"], dark["tint"]), ratio=7.0)
    # Muted towards the ink: a heading at full chroma glows in the dark.
    dark["heading"] = lightened(_mixed(brand, dark["ink"], 0.45), against=(dark["tint"],), ratio=9.0)
    return MappingProxyType({**light, **{f"dark-{name}": value for name, value in dark.items()}})


def darkened(colour: str, *, against: tuple[str, ...], ratio: float) -> str:
    """``colour`` darkened by no more than needed to reach ``ratio`` against every one of ``against``."""
    return _nearest(colour, against=against, ratio=ratio, limit=0.0)


def lightened(colour: str, *, against: tuple[str, ...], ratio: float) -> str:
    """``colour`` lightened by no more than needed to reach ``ratio`` against every one of ``against``."""
    return _nearest(colour, against=against, ratio=ratio, limit=1.0)


def _nearest(colour: str, *, against: tuple[str, ...], ratio: float, limit: float) -> str:
    def works(candidate: str) -> bool:
        return all(contrast(candidate, other) >= ratio for other in against)

    if works(colour):
        return colour
    start = _to_oklch(colour)
    near, far = start.lightness, limit
    for _ in range(24):
        middle = (near + far) / 2
        if works(_from_oklch(Oklch(middle, start.chroma, start.hue))):
            far = middle
        else:
            near = middle
    return _from_oklch(Oklch(far, start.chroma, start.hue))


def _readable_on(background: str) -> str:
    """White where it is readable, else black: one of the two always reaches 4.5:1."""
    return "#ffffff" if contrast("#ffffff", background) >= TEXT_CONTRAST else "#000000"


def _mixed(colour: str, base: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(base), strict=True)
    return _hex(tuple(share * top + (1 - share) * bottom for top, bottom in pairs))


def _channels(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))


def _hex(channels: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, channel))):02x}" for channel in channels)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _gamma(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _to_oklch(colour: str) -> Oklch:
    red, green, blue = (_linear(channel) for channel in _channels(colour))
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return Oklch(lightness, math.hypot(a, b), math.atan2(b, a))


def _from_oklch(colour: Oklch) -> str:
    """Into sRGB; chroma gives way (in steps of 2 %) until the colour can be shown."""
    chroma = colour.chroma
    channels = _to_srgb(colour.lightness, chroma, colour.hue)
    while chroma > 0.001 and not all(-0.0005 <= channel <= 1.0005 for channel in channels):
        chroma *= 0.98
        channels = _to_srgb(colour.lightness, chroma, colour.hue)
    return _hex(channels)


def _to_srgb(lightness: float, chroma: float, hue: float) -> tuple[float, ...]:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return tuple(_gamma(channel) if channel > 0 else channel for channel in linear)
