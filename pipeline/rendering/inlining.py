"""Styles into ``style`` attributes, once per part and edition, by premailer, offline.

In charge of: premailer's settings and the guards around them. Not in charge of: which styles
(``styles``) or slots (``slots``).

Settings and traps were measured (premailer 3.10, lxml 6.1): its defaults strip ``!important`` from the
kept rules, spoil ``height``, fetch ``@import``, and drop a lower-case doctype.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

import cssutils
import lxml.html
from premailer import Premailer

from pipeline.errors import Place, TemplateError
from pipeline.rendering.styles import refuse_fetching

DOCTYPE = "<!DOCTYPE html>"
# Outlook reads a shortened #fff in bgcolor as another colour; cssutils shortens unless told not to.
cssutils.ser.prefs.minimizeColorHash = False
#: Elements that fetch, run or ask: none has a place in an email.
_FORBIDDEN = frozenset(
    {"script", "link", "iframe", "frame", "object", "embed", "form", "input", "base", "audio", "video",
     "source", "svg", "math", "applet", "portal"}
)  # fmt: skip
#: What a conditional comment hides from everyone but Outlook.
_FOR_OUTLOOK = re.compile(r"<!--\[if[^\]]*\]>(.*?)<!\[endif\]-->", re.DOTALL | re.IGNORECASE)
#: Addresses a link may have; a slot's token stands for one of them.
_LINK = re.compile(r"(?:https?://|mailto:|tel:)|XPH[0-9a-z]+HPX\Z", re.IGNORECASE)


_SETTINGS: Mapping[str, Any] = MappingProxyType(
    {
        "keep_style_tags": False,
        "strip_important": False,
        "disable_validation": True,
        "allow_network": False,
        "allow_loading_external_files": False,
        "align_floating_images": False,
        # Width and height would be spoilt ("auto"), the others are not valid on <p>, <div> and <img>.
        "disable_basic_attributes": ["width", "height", "align", "valign", "bgcolor"],
        "cssutils_logging_level": logging.CRITICAL,
    }
)
#: What premailer makes of a style sheet: rules to apply, rules to leave in the head.
_Rules: TypeAlias = tuple[list[Any], list[Any]]


def inlined(html: str, *, where: Place) -> str:
    """``html`` with the rules of its first ``<style>`` in ``style`` attributes.

    A ``<style data-premailer="ignore">`` comes through word for word. Raises TemplateError for what
    would fetch or run, and for a page that does not begin with ``<!DOCTYPE html>``.
    """
    guard(html, where=where)
    premailer = _OneReading(html, **_SETTINGS)
    try:
        result = str(premailer.transform())
    except Exception as error:
        raise TemplateError(
            f"The styles cannot be inlined: {type(error).__name__}: {error}",
            where=where,
            mend="look for nested @media or a selector that is not CSS 2.1 in styles.css",
        ) from error
    return _tidied(result)


class _OneReading(Premailer):  # type: ignore[misc]  # premailer is untyped
    """Premailer reads the rules anew for every page, which is most of its work; all parts have the same."""

    def _parse_style_rules(self, css_body: str, ruleset_index: int) -> _Rules:
        rules, left = _read_rules(css_body, ruleset_index)
        # What is left over is an object that premailer may change: it has to be this page's own.
        return super()._parse_style_rules(css_body, ruleset_index) if left else (rules, left)


@lru_cache(maxsize=8)
def _read_rules(css_body: str, ruleset_index: int) -> _Rules:
    return Premailer("<p>", **_SETTINGS)._parse_style_rules(css_body, ruleset_index)  # type: ignore[no-any-return]


def guard(html: str, *, where: Place) -> None:
    """Refuse a page that would fetch, run or ask. Raises TemplateError."""
    if not html.startswith(DOCTYPE):
        raise TemplateError(
            f"The template does not begin with {DOCTYPE}.", where=where, mend="make it the very first line"
        )
    for style in re.findall(r"<style\b[^>]*>(.*?)</style", html, re.DOTALL | re.IGNORECASE):
        refuse_fetching(style, where=where)
    for element in _elements(html):
        _guard_element(element, where)


def _elements(html: str) -> Iterator[lxml.html.HtmlElement]:
    """Every element, also those that only Outlook sees: they stand inside comments."""
    hidden = (
        fragment
        for inside in _FOR_OUTLOOK.findall(html)
        for fragment in lxml.html.fragments_fromstring(f"<div>{inside}</div>")
    )
    for tree in (lxml.html.document_fromstring(html), *hidden):
        yield from (element for element in tree.iter() if isinstance(element.tag, str))


def _guard_element(element: lxml.html.HtmlElement, where: Place) -> None:
    tag = element.tag.lower()
    if tag in _FORBIDDEN:
        raise TemplateError(
            f"<{tag}> has no place in an email.",
            where=where,
            mend="take it out: mail clients drop or block it",
        )
    if tag == "meta" and (element.get("http-equiv") or "").lower() == "refresh":
        raise TemplateError(
            "The page would send readers somewhere else by itself.", where=where, mend="take the <meta> out"
        )
    for name, value in element.attrib.items():
        if name.lower().startswith("on"):
            raise TemplateError(f"The attribute {name} would run script.", where=where, mend="take it out")
        if name == "style":
            refuse_fetching(value, where=Place(file=where.file))
        if name.lower().rpartition(":")[2] == "href" and not _LINK.match(value):
            raise TemplateError(
                f"The link {value[:60]!r} is not a web, mail or phone address.",
                where=where,
                mend="write https://…, mailto:… or tel:…",
            )
        if name in ("src", "background", "srcset", "poster", "ping") and not value.startswith("cid:"):
            raise TemplateError(
                f"<{tag} {name}> would load {value[:60]!r} from somewhere else.",
                where=where,
                mend="pictures travel inside the email: use logo or a picture of the article",
            )


def _tidied(html: str) -> str:
    """No trailing spaces, no empty lines: they cost bytes in every single email."""
    lines = (line.rstrip(" \t\r") for line in html.split("\n"))
    return "\n".join(line for line in lines if line) + "\n"
