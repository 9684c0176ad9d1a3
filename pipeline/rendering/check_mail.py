"""Checks of a part as a piece of mail: weight, subject, words that tell too much, both bodies alike.

In charge of: what does not depend on the page's structure. Not in charge of: structure
(``check_page``), colours (``check_contrast``), readability (``series``).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from pipeline.rendering.findings import finding
from pipeline.rendering.model import Edition, Finding, Severity, Slot
from pipeline.rendering.page import SAMPLE_LINKS, Page, innermost, seen_words
from pipeline.rendering.promotion import promotional_words
from pipeline.series.model import Purpose

#: Gmail cuts a message off here ("[Message clipped]"), footer and unsubscribe link included.
CLIPPED_AT = 102_400
_WARN_AT = 80 * 1024
#: Gmail drops all styles above this (email-bugs #90).
_STYLES_LIMIT = 16 * 1024
_PICTURES_LIMIT = 2_000_000
_SUBJECT_LIMIT, _PREHEADER_LIMIT = 60, 110
#: Above this share of differing words SpamAssassin's MPART_ALT_DIFF begins to count.
_PARITY = 0.05
_LEFTOVER = re.compile(r"\{\{|\}\}|\{%|%\}|%\(\w+\)s|\{(?:clinic|name|number|total|phone)\}|\bXPH\w+HPX\b")

#: Words of a text that would tell others about a patient's health.
Revealing: TypeAlias = Callable[[str], Sequence[str]]


def check_mail(page: Page, edition: Edition, revealing: Revealing) -> Iterator[Finding]:
    """Every finding about ``page`` as a piece of mail."""
    for check in (_weight, _subject, _leftovers, _parity, _unsubscribe):
        yield from check(page)
    yield from _telling(page, revealing)
    if edition.purpose is Purpose.TREATMENT:
        yield from _selling(page, edition.language)


def _weight(page: Page) -> Iterator[Finding]:
    part, size = page.part.number, len(page.html.encode())
    if size > _WARN_AT:
        yield finding(
            "size", f"The HTML has {size:,} bytes; Gmail cuts off at {CLIPPED_AT:,}.",
            "cut the article into more parts", severity=Severity.ERROR if size > CLIPPED_AT else None,
            part=part, place="the whole HTML",
        )  # fmt: skip
    styles = sum(
        len(style.encode()) for style in re.findall(r"<style[^>]*>(.*?)</style>", page.html, re.DOTALL)
    )
    if styles > _STYLES_LIMIT:
        yield finding(
            "styles-size", f"The kept styles have {styles:,} bytes; Gmail takes {_STYLES_LIMIT:,}.",
            "move rules from head.css to styles.css", part=part, place="<style>",
        )  # fmt: skip
    pictures = sum(len(picture.data) for picture in page.part.pictures)
    if pictures > _PICTURES_LIMIT:
        yield finding(
            "pictures-size", f"The pictures have {pictures / 1e6:.1f} MB.",
            "save them smaller: 1,072 pixels wide is as wide as they are ever shown",
            part=part, place="all pictures of the part",
        )  # fmt: skip


def _subject(page: Page) -> Iterator[Finding]:
    part, subject = page.part.number, page.part.subject
    if not subject:
        yield finding(
            "subject-empty", "The subject is empty.", "write one in series.toml", part=part, place="Subject"
        )
    if len(subject) > _SUBJECT_LIMIT:
        yield finding(
            "subject-length",
            f"The subject has {len(subject)} characters; phones show 40, most programs {_SUBJECT_LIMIT}.",
            "shorten it in series.toml", part=part, place=subject,
        )  # fmt: skip
    preheader = _preheader(page)
    if preheader is not None and len(_words(preheader)) > _PREHEADER_LIMIT:
        yield finding(
            "preheader-length",
            f"The preview line has {len(_words(preheader))} characters; inboxes show {_PREHEADER_LIMIT}.",
            "shorten it in series.toml", part=part, place=_words(preheader), element=preheader,
        )  # fmt: skip


def _leftovers(page: Page) -> Iterator[Finding]:
    for name, text in (
        ("HTML", seen_words(page.tree.body)),
        ("plain text", page.text),
        ("subject", page.part.subject),
    ):
        found = _LEFTOVER.search(text)
        if found:
            yield finding(
                "leftover", f"The {name} holds {found.group(0)!r}, a placeholder that nothing was put into.",
                "correct it in the article or the template", part=page.part.number,
                place=text[max(0, found.start() - 30) : found.end() + 30],
                element=innermost(page.tree.body, found.group(0)) if name == "HTML" else None,
            )  # fmt: skip


def _parity(page: Page) -> Iterator[Finding]:
    links = {link.get("href"): link for link in page.elements("a") if link.get("href")}
    for address, link in sorted(links.items()):
        if not address.startswith("tel:") and address.removeprefix("mailto:") not in page.text:
            yield finding(
                "parity-links", "A link of the HTML is not in the plain text.", "add it to part.txt",
                part=page.part.number, place=address, element=link,
            )  # fmt: skip
    html, text = _vocabulary(seen_words(page.tree.body)), _vocabulary(page.text)
    for name, only in (("plain text", html - text), ("HTML", text - html)):
        if len(only) > _PARITY * len(html | text):
            yield finding(
                "parity-words", f"{len(only)} words are missing from the {name}.",
                "bring part.html and part.txt in line",
                part=page.part.number, place=", ".join(sorted(only)[:12]),
            )  # fmt: skip


def _unsubscribe(page: Page) -> Iterator[Finding]:
    address = SAMPLE_LINKS[Slot.UNSUBSCRIBE_URL]
    for name, body in (("HTML", page.html), ("plain text", page.text)):
        if address not in body:
            yield finding(
                "unsubscribe", f"The {name} has no unsubscribe link.",
                "put {{ slot.unsubscribe_url }} back", part=page.part.number, place=f"the whole {name}",
            )  # fmt: skip


def _telling(page: Page, revealing: Revealing) -> Iterator[Finding]:
    preheader = _preheader(page)
    line = "" if preheader is None else _words(preheader)
    for name, text, element in (("subject", page.part.subject, None), ("preview", line, preheader)):
        words = revealing(text)
        if words:
            yield finding(
                f"reveals-{name}",
                f"The {'subject' if name == 'subject' else 'preview line'} holds {', '.join(words)}.",
                'keep to words like "Part 2 of 5 from …"',
                part=page.part.number, place=text, element=element,
            )  # fmt: skip


def _selling(page: Page, language: str) -> Iterator[Finding]:
    words = promotional_words(f"{page.part.subject} {seen_words(page.tree.body)}", language)
    if words:
        yield finding(
            "promotional", f"This series is treatment, and {words[0]!r} sells something.",
            'reword it, or set purpose = "marketing" in series.toml', part=page.part.number,
            place=", ".join(dict.fromkeys(words)), element=innermost(page.tree.body, words[0]),
        )  # fmt: skip


def _preheader(page: Page) -> Any:  # noqa: ANN401 - lxml is untyped
    """The element of the preview line, or None."""
    hidden = page.tree.xpath("//*[contains(concat(' ', @class, ' '), ' preheader ')]")
    return hidden[0] if hidden else None


def _words(element: Any) -> str:  # noqa: ANN401 - lxml is untyped
    return " ".join(element.text_content().split())


def _vocabulary(text: str) -> set[str]:
    without_links = re.sub(r"https?://\S+", " ", text)
    return set(re.findall(r"[^\W\d_]{2,}", without_links.casefold()))
