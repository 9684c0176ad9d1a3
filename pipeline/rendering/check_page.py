"""Checks of one part's HTML: can everyone read it, with any client, with a screen reader.

In charge of: structure and accessibility. Not in charge of: colours (``check_contrast``), weight and
wording (``check_mail``).

Rules: WCAG 2.2, and the Email Markup Consortium's Accessibility Report 2026 (what 99.9 % of emails miss).
"""

from collections.abc import Iterator

from pipeline.rendering.findings import finding
from pipeline.rendering.model import Finding
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


def _language(page: Page) -> Iterator[Finding]:
    root, part = page.tree, page.part.number
    for name in ("lang", "dir"):
        if not root.get(name):
            yield finding(
                f"{name}-missing", f"<html> has no {name}.", 'write <html lang="{{ lang }}" dir="{{ dir }}">',
                part=part, place="<html>", element=root,
            )  # fmt: skip
        elif not any(element.get(name) for element in root.xpath("//body//*")):
            yield finding(
                f"{name}-wrapper", f"Only <html> says the {name}.",
                f"repeat {name} on the first element inside <body>",
                part=part, place="<body>", element=root.body,
            )  # fmt: skip
    title = root.find(".//title")
    if title is None or not (title.text or "").strip():
        yield finding(
            "title-missing", "The page has no title.", "put <title>{{ part.title }}</title> into the head",
            part=part, place="<head>", element=root.head,
        )  # fmt: skip


def _headings(page: Page) -> Iterator[Finding]:
    part = page.part.number
    headings = list(page.elements(*_HEADINGS))
    ones = [heading for heading in headings if heading.tag == "h1"]
    if len(ones) != 1:
        yield finding(
            "one-h1", f"The page has {len(ones)} first-level headings.", "keep one <h1>, the part's title",
            part=part, place=excerpt(ones[1]) if ones else "<body>",
            element=ones[1] if ones else page.tree.body,
        )  # fmt: skip
    level = 0
    for heading in headings:
        here = int(heading.tag[1])
        if here > level + 1:
            yield finding(
                "heading-order", f"A heading jumps from level {level} to level {here}.",
                "use the next level, or mark the line as a lower heading in series.toml",
                part=part, place=excerpt(heading), element=heading,
            )  # fmt: skip
        if not seen_words(heading):
            yield finding(
                "heading-empty", "A heading has no words.", "take it out",
                part=part, place=excerpt(heading), element=heading,
            )  # fmt: skip
        level = here


def _pictures(page: Page) -> Iterator[Finding]:
    part = page.part.number
    for picture in page.elements("img"):
        place = f"<img src={picture.get('src')!r}>"
        if picture.get("alt") is None:
            yield finding(
                "alt-missing", "A picture has no description.",
                'write alt="…", or alt="" for pure decoration', part=part, place=place, element=picture,
            )  # fmt: skip
        elif not picture.get("alt", "").strip():
            yield finding(
                "alt-empty", "A picture is marked as decoration.",
                "describe in the article what it shows, if it shows something",
                part=part, place=place, element=picture,
            )  # fmt: skip
        if not all((picture.get(side) or "").isdigit() for side in ("width", "height")):
            yield finding(
                "picture-size", "A picture has no whole-number width and height.",
                "give the width and height attributes in pixels", part=part, place=place, element=picture,
            )  # fmt: skip


def _tables(page: Page) -> Iterator[Finding]:
    part = page.part.number
    for table in page.elements("table"):
        is_layout = table.get("role") in ("presentation", "none")
        if not is_layout and table.find(".//th") is None and "data" not in (table.get("class") or "").split():
            yield finding(
                "table-role", 'A layout table has no role="presentation".', 'add role="presentation"',
                part=part, place=excerpt(table), element=table,
            )  # fmt: skip
        if is_layout and table.find("./tr/th") is not None:
            yield finding(
                "table-role", "A table of data is marked as layout.", 'take role="presentation" off',
                part=part, place=excerpt(table), element=table,
            )  # fmt: skip
        missing = [name for name in ("cellpadding", "cellspacing", "border") if table.get(name) is None]
        if missing:
            yield finding(
                "table-attributes", f"A table lacks {', '.join(missing)}.",
                'add cellpadding="0" cellspacing="0" border="0"',
                part=part, place=excerpt(table), element=table,
            )  # fmt: skip


def _links(page: Page) -> Iterator[Finding]:
    part = page.part.number
    for link in page.elements("a"):
        words = seen_words(link)
        if not words:
            yield finding(
                "link-empty", "A link has no words.", "put words into it, or take it out",
                part=part, place=f"<a href={link.get('href')!r}>", element=link,
            )  # fmt: skip
        elif words.casefold().strip(" .…") in _EMPTY_LINK_WORDS:
            yield finding(
                "link-text", f"The link {words!r} says nothing by itself.",
                "name what it leads to, for example: how soreness works",
                part=part, place=excerpt(link), element=link,
            )  # fmt: skip
        if (link.get("href") or "").lower().startswith("http://"):
            yield finding(
                "link-insecure", "A link is not https.", "use the https address of that page",
                part=part, place=excerpt(link), element=link,
            )  # fmt: skip


def _foreign(page: Page) -> Iterator[Finding]:
    """Only a guard against future templates: the compiler refuses these already."""
    for element in page.elements():
        for name in ("src", "background", "srcset", "poster"):
            value = element.get(name)
            if value is not None and not value.startswith("cid:"):
                yield finding(
                    "third-party", "Opening the email would load something from elsewhere.",
                    "use a picture of the article or the logo",
                    part=page.part.number, place=f"<{element.tag} {name}={value!r}>", element=element,
                )  # fmt: skip
