"""Contrast of every word with what is behind it, by day and by night.

In charge of: working out colours from ``style`` attributes and the kept dark rules. Not in charge of:
making colours (``colours``), or what mail clients do on their own.

Only colours that an element or a dark rule names are known here; that is all the colours there are,
because the compiler moves every base rule into the elements. Source: WCAG 2.2, 1.4.3.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cssselect import SelectorError, parse
from cssselect.parser import Selector
from lxml.cssselect import CSSSelector

from pipeline.rendering.colours import TEXT_CONTRAST, contrast
from pipeline.rendering.findings import finding
from pipeline.rendering.model import Finding
from pipeline.rendering.page import Page, is_hidden

_HEX = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})(?![0-9a-f])")
_RGB = re.compile(r"rgb\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)\s*\)")
_NAMED = {"white": "#ffffff", "black": "#000000"}
_DARK_BLOCK = re.compile(r"@media[^{]*prefers-color-scheme:\s*dark[^{]*\{((?:[^{}]*\{[^{}]*\})*)", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_INK, _PAPER = "#000000", "#ffffff"

#: What one element says of itself: ``color`` and ``background-color``.
_Own = dict[str, str]


def check_contrast(page: Page) -> Iterator[Finding]:
    """Words that are too faint, once per pair of colours and scheme."""
    for scheme, overrides in (("light", {}), ("dark", _dark_colours(page))):
        seen: set[tuple[str, str]] = set()
        for element, words, ink, paper in _texts(page.tree.body, overrides):
            if (ink, paper) in seen or contrast(ink, paper) >= TEXT_CONTRAST:
                continue
            seen.add((ink, paper))
            yield finding(
                f"contrast-{scheme}",
                f"In {scheme} mode {ink} on {paper} has {contrast(ink, paper):.1f} to 1 of contrast; "
                f"words need {TEXT_CONTRAST} to 1.",
                "use the named colours (var(--ink), var(--soft) …): they are computed to be readable",
                part=page.part.number,
                place=words[:80],
                element=element,
            )


def _texts(body: Any, overrides: Mapping[Any, _Own]) -> Iterator[tuple[Any, str, str, str]]:  # noqa: ANN401 - lxml
    """Every stretch of words with its element, its ink and its paper."""
    waiting = [(body, _INK, _PAPER)]
    while waiting:
        element, ink, paper = waiting.pop()
        if not isinstance(element.tag, str) or is_hidden(element):
            continue
        own = _own_colours(element) | overrides.get(element, {})
        ink, paper = own.get("color", ink), own.get("background-color", paper)
        for words in (element.text, *(child.tail for child in element)):
            if words and words.strip():
                yield element, " ".join(words.split()), ink, paper
        waiting.extend((child, ink, paper) for child in element)


def _own_colours(element: Any) -> _Own:  # noqa: ANN401 - lxml is untyped
    colours = _colours(element.get("style") or "")
    behind = _colour_in(element.get("bgcolor") or "")
    return {"background-color": behind, **colours} if behind else colours


def _colours(declarations: str) -> _Own:
    found: _Own = {}
    for declaration in declarations.split(";"):
        name, _, value = declaration.partition(":")
        colour = _colour_in(value)
        if colour and name.strip().lower() in ("color", "background-color", "background"):
            found["color" if name.strip().lower() == "color" else "background-color"] = colour
    return found


def _colour_in(value: str) -> str | None:
    """The colour that ``value`` names, as ``#rrggbb``; None for none, or for one with transparency."""
    value = value.strip().lower()
    hexadecimal, mixed = _HEX.search(value), _RGB.search(value)
    if hexadecimal:
        digits = hexadecimal.group(0)
        return digits if len(digits) == 7 else "#" + "".join(2 * digit for digit in digits[1:])
    if mixed:
        return "#" + "".join(f"{min(255, int(channel)):02x}" for channel in mixed.groups())
    return _NAMED.get(value.split(" ", maxsplit=1)[0])


def _dark_colours(page: Page) -> dict[Any, _Own]:
    """Element to what the dark rules make of it; a more specific rule wins, then a later one."""
    rules: list[tuple[tuple[int, int, int], int, Selector, _Own]] = []
    for block in _DARK_BLOCK.findall(page.html):
        for selectors, declarations in _RULE.findall(block):
            for selector in _parsed(selectors):
                rules.append((selector.specificity(), len(rules), selector, _colours(declarations)))
    found: dict[Any, _Own] = {}
    for _, _, selector, colours in sorted(rules, key=lambda rule: rule[:2]):
        for element in CSSSelector(selector.canonical())(page.tree):
            found.setdefault(element, {}).update(colours)
    return found


def _parsed(selectors: str) -> list[Selector]:
    """Selectors that colour an element at rest; one with a pseudo-class or unknown syntax is passed over."""
    try:
        return [selector for selector in parse(selectors.strip()) if ":" not in selector.canonical()]
    except SelectorError:
        return []
