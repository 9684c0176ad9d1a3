"""Checks of one part's HTML: can everyone read it, with any client, with a screen reader.

In charge of: structure and accessibility. Not in charge of: colours (``check_contrast``), weight and
wording (``check_mail``).

Rules: WCAG 2.2, and the Email Markup Consortium's Accessibility Report 2026 (what 99.9 % of emails miss).
"""

from collections.abc import Iterator

from pipeline.rendering.model import Finding, Severity
from pipeline.rendering.page import Page, excerpt, seen_words

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
#: Link words that say nothing when a screen reader lists the links.
_EMPTY_LINK_WORDS = frozenset(
    {"here", "click here", "click", "more", "read more", "link", "this", "this link", "learn more", "aquí",
     "haga clic aquí", "más", "leer más", "enlace", "este enlace"}
)  # fmt: skip


def check_page(page: Page) -> Iterator[Finding]:
    """Every finding about the structure of ``page``."""
    yield from _language(page)
    yield from _headings(page)
    yield from _pictures(page)
    yield from _tables(page)
    yield from _links(page)
    yield from _foreign(page)


def _finding(page: Page, code: str, severity: Severity, message: str, mend: str, place: str = "") -> Finding:
    return Finding(
        code=code, severity=severity, message=message, mend=mend, part=page.part.number, place=place
    )


def _language(page: Page) -> Iterator[Finding]:
    root = page.tree
    for name in ("lang", "dir"):
        if not root.get(name):
            yield _finding(
                page, f"{name}-missing", Severity.ERROR,
                f"The page does not say its {name}: a screen reader guesses how to read it.",
                'write <html lang="{{ lang }}" dir="{{ dir }}">', "<html>",
            )  # fmt: skip
        elif not any(element.get(name) for element in root.xpath("//body//*")):
            yield _finding(
                page, f"{name}-wrapper", Severity.ERROR,
                f"Only <html> says the {name}, and webmail drops <html>.",
                f"repeat {name} on the first element inside <body>", "<body>",
            )  # fmt: skip
    title = root.find(".//title")
    if title is None or not (title.text or "").strip():
        yield _finding(
            page, "title-missing", Severity.ERROR,
            "The page has no title: a browser tab and a screen reader have no name for it.",
            "put <title>{{ part.title }}</title> into the head", "<head>",
        )  # fmt: skip


def _headings(page: Page) -> Iterator[Finding]:
    headings = list(page.elements(*_HEADINGS))
    ones = [heading for heading in headings if heading.tag == "h1"]
    if len(ones) != 1:
        yield _finding(
            page, "one-h1", Severity.ERROR,
            f"The page has {len(ones)} first-level headings: readers jump to the one that names the page.",
            "keep one <h1>, the part's title", "<h1>",
        )  # fmt: skip
    level = 0
    for heading in headings:
        here = int(heading.tag[1])
        if here > level + 1:
            yield _finding(
                page, "heading-order", Severity.ERROR,
                f"A heading jumps from level {level} to level {here}: the outline has a hole.",
                "use the next level, or mark the line as a lower heading in series.toml", excerpt(heading),
            )  # fmt: skip
        if not seen_words(heading):
            yield _finding(
                page, "heading-empty", Severity.ERROR,
                "A heading has no words.", "take it out", excerpt(heading),
            )  # fmt: skip
        level = here


def _pictures(page: Page) -> Iterator[Finding]:
    for picture in page.elements("img"):
        place = f"<img src={picture.get('src')!r}>"
        if picture.get("alt") is None:
            yield _finding(
                page, "alt-missing", Severity.ERROR,
                "A picture has no description: who cannot see it, or blocks pictures, gets nothing.",
                'write alt="…", or alt="" for pure decoration', place,
            )  # fmt: skip
        elif not picture.get("alt", "").strip():
            yield _finding(
                page, "alt-empty", Severity.WARNING,
                "A picture is marked as decoration: a screen reader passes over it.",
                "describe in the article what it shows, if it shows something", place,
            )  # fmt: skip
        if not all((picture.get(side) or "").isdigit() for side in ("width", "height")):
            yield _finding(
                page, "picture-size", Severity.ERROR,
                "A picture has no whole-number width and height: Outlook shows it in its full size.",
                "give the width and height attributes in pixels", place,
            )  # fmt: skip


def _tables(page: Page) -> Iterator[Finding]:
    for table in page.elements("table"):
        is_layout = table.get("role") in ("presentation", "none")
        if not is_layout and table.find(".//th") is None and "data" not in (table.get("class") or "").split():
            yield _finding(
                page, "table-role", Severity.ERROR,
                'A layout table has no role="presentation": a screen reader reads out rows and columns.',
                'add role="presentation"', excerpt(table),
            )  # fmt: skip
        if is_layout and table.find("./tr/th") is not None:
            yield _finding(
                page, "table-role", Severity.ERROR, "A table of data is marked as layout.",
                'take role="presentation" off', excerpt(table),
            )  # fmt: skip
        missing = [name for name in ("cellpadding", "cellspacing", "border") if table.get(name) is None]
        if missing:
            yield _finding(
                page, "table-attributes", Severity.WARNING,
                f"A table lacks {', '.join(missing)}: Outlook adds gaps and lines of its own.",
                'add cellpadding="0" cellspacing="0" border="0"', excerpt(table),
            )  # fmt: skip


def _links(page: Page) -> Iterator[Finding]:
    for link in page.elements("a"):
        words = seen_words(link)
        if not words:
            yield _finding(
                page, "link-empty", Severity.ERROR,
                "A link has no words: nobody can know where it goes, some cannot press it.",
                "put words into it, or take it out", f"<a href={link.get('href')!r}>",
            )  # fmt: skip
        elif words.casefold().strip(" .…") in _EMPTY_LINK_WORDS:
            yield _finding(
                page, "link-text", Severity.WARNING,
                f"The link {words!r} says nothing by itself: a screen reader lists links alone.",
                "name what it leads to, for example: how soreness works", excerpt(link),
            )  # fmt: skip
        if (link.get("href") or "").lower().startswith("http://"):
            yield _finding(
                page, "link-insecure", Severity.WARNING,
                "A link is not https: others on the way can see and change what the patient reads.",
                "use the https address of that page", excerpt(link),
            )  # fmt: skip


def _foreign(page: Page) -> Iterator[Finding]:
    """Only a guard against future templates: the compiler refuses these already."""
    for element in page.elements():
        for name in ("src", "background", "srcset", "poster"):
            value = element.get(name)
            if value is not None and not value.startswith("cid:"):
                yield _finding(
                    page, "third-party", Severity.ERROR,
                    "Opening the email would load something from elsewhere, and tell that it was read.",
                    "use a picture of the article or the logo", f"<{element.tag} {name}={value!r}>",
                )  # fmt: skip
