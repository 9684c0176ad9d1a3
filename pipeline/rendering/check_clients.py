"""What patients' mail programs would lose of a part, where nothing takes its place.

In charge of: finding what a page uses and judging the loss per family of clients. Not in charge of: the
data (``client_support``).

Only inlined styles, elements and attributes are judged. What stays in the head (phone layout, dark mode,
print) is an addition by design: the page is whole without it.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from pipeline.errors import ConfigError, Place
from pipeline.rendering.client_support import ClientSupport, client_support
from pipeline.rendering.findings import finding
from pipeline.rendering.model import Finding
from pipeline.rendering.page import Page, excerpt

#: Families that patients of a clinic use most; others can be named.
FAMILIES = ("apple-mail", "gmail", "outlook", "samsung-email", "yahoo")
#: Mail clients change: older data says little about today's.
_STALE_AFTER = timedelta(days=550)
#: Features whose loss the design makes up for, and how.
_FALLBACKS = MappingProxyType(
    {
        "css-border-radius": "corners become square",
        "css-height": "width and height attributes say the same",
        "css-max-height": "stands on the preview line only, which display: none hides",
        "css-overflow": "stands on the preview line only, which display: none hides",
        "css-max-width": "Outlook gets a table of fixed width",
        "html-aria-label": "the title is read out as h1",
        "html-role": "order and headings tell the same",
        "html-body": "colour and direction are repeated on the first table",
        "html-style": "everything works without the kept styles",
    }
)
#: Longhands that are tested under their shorthand's name.
_SHORTHANDS = re.compile(
    r"^(margin|padding|border(?!-(?:collapse|spacing|radius|image))|list-style(?=-)|outline(?!-offset))-.*$"
)
#: What a declaration's value uses.
_VALUES = (
    (re.compile(r"\bcalc\("), "css-unit-calc"),
    (re.compile(r"\bvar\("), "css-variables"),
    (re.compile(r"\b(clamp|max|min)\("), r"css-function-\1"),
    (re.compile(r"\brgba\("), "css-rgba"),
    (re.compile(r"\b(linear|radial|conic)-gradient\("), r"css-\1-gradient"),
    (re.compile(r"\d(rem|vh|vw|vmin|vmax|ch|ex)\b"), r"css-unit-\1"),
)
_DISPLAYS = re.compile(r"\b(flex|grid)\b")
_ELEMENTS = MappingProxyType(
    {
        **{f"h{level}": "html-h1-h6" for level in range(1, 7)},
        **dict.fromkeys(("ul", "ol", "dl"), "html-lists"),
        **dict.fromkeys(("article", "aside", "details", "figure", "figcaption", "footer", "header", "main",
                         "mark", "nav", "section", "summary", "time"), "html-semantics"),
    }
)  # fmt: skip


def check_clients(page: Page, support: ClientSupport, families: frozenset[str]) -> Iterator[Finding]:
    """One finding per feature that clients of ``families`` lack and nothing replaces."""
    seen: set[str] = set()
    for element in page.elements():
        for feature in _features(element):
            if feature in seen or feature in _FALLBACKS:
                continue
            seen.add(feature)
            lacking = support.lacking(feature, families)
            if lacking:
                yield finding(
                    "client-support",
                    f"{feature.partition('-')[2]} is not shown by {', '.join(lacking)}.",
                    "use a simpler way, or make sure that the email reads well without it",
                    part=page.part.number,
                    place=excerpt(element),
                    element=element,
                )


def families_from(named: Sequence[str], *, file: str) -> tuple[str, ...]:
    """The families that count: those that config.toml names (``checks.mail_clients``), else ``FAMILIES``.

    Raises ConfigError that names the nearest neighbour of a family that nothing is known of.
    """
    known = client_support().families
    for name in named:
        if name not in known:
            near = difflib.get_close_matches(name.casefold(), known, n=1, cutoff=0.4)
            raise ConfigError(
                f"There is no family of mail programs {name!r}.",
                where=Place(file=file, key="checks.mail_clients"),
                mend=f'did you mean "{near[0]}"?' if near else f"there are: {', '.join(known)}",
            )
    return tuple(named) or FAMILIES


def check_data_age(support: ClientSupport, today: date) -> Iterator[Finding]:
    """A finding where the data about mail clients is too old to lean on."""
    if today - support.dated > _STALE_AFTER:
        yield finding(
            "client-data-old",
            f"What is known about mail programs dates from {support.dated}.",
            "update this program",
        )


def _features(element: Any) -> Iterator[str]:  # noqa: ANN401 - lxml is untyped
    yield _ELEMENTS.get(element.tag, f"html-{element.tag}")
    for name, value in element.attrib.items():
        if name != "style":
            yield f"html-{name}"
            continue
        for declaration in value.split(";"):
            yield from _declaration_features(declaration)


def _declaration_features(declaration: str) -> Iterator[str]:
    name, _, value = (piece.strip().lower() for piece in declaration.partition(":"))
    if not name:
        return
    shorthand = _SHORTHANDS.sub(r"\1", name)
    yield f"css-{shorthand}"
    if name == "display":
        yield from (f"css-display-{kind}" for kind in _DISPLAYS.findall(value))
    for pattern, feature in _VALUES:
        for match in pattern.finditer(value):
            yield match.expand(feature)
