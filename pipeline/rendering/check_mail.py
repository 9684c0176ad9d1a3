"""Checks of a part as a piece of mail: weight, subject, words that tell too much, both bodies alike.

In charge of: what does not depend on the page's structure. Not in charge of: structure
(``check_page``), colours (``check_contrast``), readability (``series``).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from pipeline.rendering.model import Edition, Finding, Severity, Slot
from pipeline.rendering.page import SAMPLE_LINKS, Page, seen_words
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

#: Words of a text that would tell others about a patient's health.
Revealing: TypeAlias = Callable[[str], Sequence[str]]


def check_mail(page: Page, edition: Edition, revealing: Revealing) -> Iterator[Finding]:
    """Every finding about ``page`` as a piece of mail."""
    for check in (_weight, _subject, _leftovers, _parity, _unsubscribe):
        yield from check(page)
    yield from _telling(page, revealing)
    if edition.purpose is Purpose.TREATMENT:
        yield from _selling(page, edition.language)


def _finding(page: Page, code: str, severity: Severity, message: str, mend: str, place: str = "") -> Finding:
    return Finding(
        code=code, severity=severity, message=message, mend=mend, part=page.part.number, place=place
    )


def _weight(page: Page) -> Iterator[Finding]:
    size = len(page.html.encode())
    if size > _WARN_AT:
        yield _finding(
            page, "size", Severity.ERROR if size > CLIPPED_AT else Severity.WARNING,
            f"The HTML has {size:,} bytes. Gmail cuts off at {CLIPPED_AT:,}: the safety text and the "
            "unsubscribe link stand near the end.",
            "cut the article into more parts", f"{size:,} bytes",
        )  # fmt: skip
    styles = sum(
        len(style.encode()) for style in re.findall(r"<style[^>]*>(.*?)</style>", page.html, re.DOTALL)
    )
    if styles > _STYLES_LIMIT:
        yield _finding(
            page, "styles-size", Severity.ERROR,
            f"The kept styles have {styles:,} bytes; Gmail drops all of them above {_STYLES_LIMIT:,}.",
            "move rules from head.css to styles.css", "<style>",
        )  # fmt: skip
    pictures = sum(len(picture.data) for picture in page.part.pictures)
    if pictures > _PICTURES_LIMIT:
        yield _finding(
            page, "pictures-size", Severity.WARNING,
            f"The pictures have {pictures / 1e6:.1f} MB: slow and costly on a phone.",
            "save them smaller: 1,072 pixels wide is as wide as they are ever shown", "pictures",
        )  # fmt: skip


def _subject(page: Page) -> Iterator[Finding]:
    subject = page.part.subject
    if not subject:
        yield _finding(
            page, "subject-empty", Severity.ERROR, "The subject is empty.", "write one in series.toml"
        )
    if len(subject) > _SUBJECT_LIMIT:
        yield _finding(
            page, "subject-length", Severity.WARNING,
            f"The subject has {len(subject)} characters: phones show 40, most programs {_SUBJECT_LIMIT}.",
            "shorten it in series.toml", subject,
        )  # fmt: skip
    preheader = _preheader(page)
    if len(preheader) > _PREHEADER_LIMIT:
        yield _finding(
            page, "preheader-length", Severity.ADVICE,
            f"The preview line has {len(preheader)} characters; inboxes show at most {_PREHEADER_LIMIT}.",
            "shorten it in series.toml", preheader,
        )  # fmt: skip


def _leftovers(page: Page) -> Iterator[Finding]:
    for name, text in (
        ("HTML", seen_words(page.tree.body)),
        ("plain text", page.text),
        ("subject", page.part.subject),
    ):
        found = re.search(
            r"\{\{|\}\}|\{%|%\}|%\(\w+\)s|\{(?:clinic|name|number|total|phone)\}|\bXPH\w+HPX\b", text
        )
        if found:
            yield _finding(
                page, "leftover", Severity.ERROR,
                f"The {name} holds {found.group(0)!r}: a placeholder that nothing was put into.",
                "correct it in the article or the template",
                text[max(0, found.start() - 30) : found.end() + 30],
            )  # fmt: skip


def _parity(page: Page) -> Iterator[Finding]:
    links = {link.get("href") for link in page.elements("a")}
    missing = [
        link
        for link in links
        if link and not link.startswith("tel:") and link.removeprefix("mailto:") not in page.text
    ]
    for link in sorted(missing):
        yield _finding(
            page, "parity-links", Severity.ERROR,
            "A link of the HTML is not in the plain text: who reads plain text cannot follow it.",
            "add it to part.txt", link,
        )  # fmt: skip
    html, text = _vocabulary(seen_words(page.tree.body)), _vocabulary(page.text)
    for name, only in (("plain text", html - text), ("HTML", text - html)):
        if len(only) > _PARITY * len(html | text):
            yield _finding(
                page, "parity-words", Severity.WARNING,
                f"{len(only)} words are missing from the {name}: the two bodies should say the same, "
                "and spam filters count the difference.",
                "bring part.html and part.txt in line", ", ".join(sorted(only)[:12]),
            )  # fmt: skip


def _unsubscribe(page: Page) -> Iterator[Finding]:
    address = SAMPLE_LINKS[Slot.UNSUBSCRIBE_URL]
    for name, body in (("HTML", page.html), ("plain text", page.text)):
        if address not in body:
            yield _finding(
                page, "unsubscribe", Severity.ERROR, f"The {name} has no unsubscribe link.",
                "put {{ slot.unsubscribe_url }} back",
            )  # fmt: skip


def _telling(page: Page, revealing: Revealing) -> Iterator[Finding]:
    for name, text in (("subject", page.part.subject), ("preview line", _preheader(page))):
        words = revealing(text)
        if words:
            yield _finding(
                page, f"reveals-{name.split()[0]}", Severity.WARNING,
                f"The {name} holds {', '.join(words)}: it stands on lock screens, and others may read there "
                "what the patient is treated for.",
                'keep to words like "Part 2 of 5 from …"', text,
            )  # fmt: skip


def _selling(page: Page, language: str) -> Iterator[Finding]:
    words = promotional_words(f"{page.part.subject} {seen_words(page.tree.body)}", language)
    if words:
        yield _finding(
            page, "promotional", Severity.ERROR,
            f"This series is treatment, and {words[0]!r} sells something: that needs a marketing permission.",
            'reword it, or set purpose = "marketing" in series.toml', ", ".join(dict.fromkeys(words)),
        )  # fmt: skip


def _preheader(page: Page) -> str:
    hidden = page.tree.xpath("//*[contains(concat(' ', @class, ' '), ' preheader ')]")
    return " ".join(hidden[0].text_content().split()) if hidden else ""


def _vocabulary(text: str) -> set[str]:
    without_links = re.sub(r"https?://\S+", " ", text)
    return set(re.findall(r"[^\W\d_]{2,}", without_links.casefold()))
