"""What of a web page is no part of its article: menus, banners, footers, related links, hidden text.

In charge of: deciding for one element, with the reason in words. Not in charge of: walking the page
(``html_walk``) or single lines known by their words (``furniture_words``).
"""

import re

from lxml import etree

from pipeline.article.furniture_words import furniture_reason, is_menu_entry
from pipeline.article.html_measure import UNSEEN, Measure, ancestors

_TAGS = {
    "nav": "a menu",
    "dialog": "a dialog",
    "form": "a form",
    "search": "a search form",
    "menu": "a menu",
}
_ROLES = {
    "navigation": "a menu",
    "banner": "the site's banner",
    "contentinfo": "the site's footer",
    "complementary": "a side column",
    "search": "a search form",
    "dialog": "a dialog",
    "alertdialog": "a dialog",
    "menu": "a menu",
    "menubar": "a menu",
    "toolbar": "a toolbar",
}
#: Words of class and id names, by what the element then is.
_NAMES = {
    word: reason
    for words, reason in (
        ("nav navbar navigation menu topnav subnav offcanvas megamenu", "a menu"),
        ("breadcrumb breadcrumbs crumb crumbs", "a path of links"),
        ("cookie cookies consent gdpr ccpa onetrust", "a cookie notice"),
        ("footer ft colophon copyright", "the site's footer"),
        ("sidebar sidenav aside rail", "a side column"),
        ("share sharing social addthis sharethis follow", "share links"),
        ("related recommended recommendations similar more-posts readmore", "related links"),
        ("comments comment disqus respond", "comments"),
        ("newsletter subscribe subscription signup mailchimp optin", "a sign-up box"),
        ("promo advert advertisement ads ad sponsor sponsored banner", "advertising"),
        ("popup modal overlay lightbox tooltip", "a pop-up"),
        ("skip skiplink skipnav screenreader visuallyhidden", "hidden help for screen readers"),
        ("pagination pager prevnext", "page links"),
        ("masthead topbar toolbar sitehead hdr", "the site's header"),
        ("feedback survey rating helpful", "a feedback form"),
        (
            "meta byline dateline timestamp published tags taglist postmeta",
            "a date or author line of the page",
        ),
    )
    for word in words.split()
}
#: More of the page's own words than this, and a telling name does not prove furniture.
_MOST_OF_PAGE = 0.35
#: A line about date and author is short; a longer one is text.
_LONGEST_META = 25


class Furniture:
    """Knows one page's measures and answers for its elements."""

    def __init__(self, measures: dict[etree._Element, Measure], root: etree._Element) -> None:
        self.measures = measures
        whole = measures.get(root, Measure())
        self.own_words = max(1, whole.words - whole.linked)
        #: Elements left out so far; what stands before an element has been decided when it is asked for.
        self.dropped: set[etree._Element] = set()

    def reason(self, element: etree._Element, tag: str) -> str | None:
        """Why ``element`` is left out with everything in it, or None; to be asked in document order."""
        reason = self._reason(element, tag)
        if reason is not None:
            self.dropped.add(element)
        return reason

    def _reason(self, element: etree._Element, tag: str) -> str | None:
        if tag in UNSEEN:
            return "script, not for readers" if tag in {"script", "noscript"} else f"<{tag}>, not for readers"
        if _is_hidden(element):
            return "hidden on the page"
        one = self.measures.get(element, Measure())
        if not one.words:
            return None
        return (
            self._by_element(element, tag, one)
            or self._by_name(element, one)
            or self._by_links(element, tag, one)
        )

    def _by_element(self, element: etree._Element, tag: str, one: Measure) -> str | None:
        small = (one.words - one.linked) < self.own_words * _MOST_OF_PAGE
        role = (element.get("role") or "").casefold()
        reason = _TAGS.get(tag) or _ROLES.get(role)
        if reason and small and not one.titles:
            return f"page furniture: {reason}"
        if tag == "footer" and small:
            return "page furniture: a footer"
        if tag == "aside" and small and (one.density > 0.3 or not _inside_article(element)):
            return "page furniture: a side column"
        links_only = (
            tag == "header" and not one.titles and (one.density > 0.4 or not _inside_article(element))
        )
        return "page furniture: the site's header" if links_only and small else None

    def _by_name(self, element: etree._Element, one: Measure) -> str | None:
        if one.titles or (one.words - one.linked) > self.own_words * _MOST_OF_PAGE:
            return None
        reason = next((_NAMES[name] for name in _names(element) if name in _NAMES), None)
        if reason is None or ("author line" in reason and one.words > _LONGEST_META):
            return None
        return f"page furniture: {reason}"

    def _by_links(self, element: etree._Element, tag: str, one: Measure) -> str | None:
        """Nothing but links: a menu, unless it stands among the article's paragraphs."""
        if (
            one.density < 0.8
            or one.words < 2
            or one.longest > 8
            or tag in {"a", "li", "p", "td", "th", "body", "html"}
        ):
            return None
        if one.items < 2 and one.blocks < 3:
            return None
        return None if self._among_text(element) else "page furniture: a list of links"

    def _among_text(self, element: etree._Element) -> bool:
        """The neighbour before it is text or a heading of the article, and it is no list of menu entries."""
        parent = element.getparent()
        around = self.measures.get(parent) if parent is not None else None
        if around is None or around.density > 0.6 or _mostly_menu(element):
            return False
        before = element.getprevious()
        while before is not None and not isinstance(before.tag, str):
            before = before.getprevious()
        if before is None:
            return False
        above = self.measures.get(before, Measure())
        if not above.words or above.density >= 0.5 or before in self.dropped:
            return False
        return above.words > 40 or furniture_reason(" ".join(before.itertext()), at_the_edge=True) is None


def _mostly_menu(element: etree._Element) -> bool:
    entries = ["".join(link.itertext()) for link in element.iter("a")]
    return sum(is_menu_entry(entry) for entry in entries) * 3 >= len(entries)


def _is_hidden(element: etree._Element) -> bool:
    style = re.sub(r"\s", "", element.get("style") or "").casefold()
    return (
        element.get("hidden") is not None
        or (element.get("aria-hidden") or "").casefold() == "true"
        or "display:none" in style
        or "visibility:hidden" in style
    )


def _inside_article(element: etree._Element) -> bool:
    return any(
        around.tag in {"article", "main"} or around.get("role") == "main" for around in ancestors(element)
    )


def _names(element: etree._Element) -> list[str]:
    """Class and id names, split at hyphens and capitals, whole names first."""
    typed = f"{element.get('class') or ''} {element.get('id') or ''}"[:300]
    split = re.sub(r"([a-z])([A-Z])", r"\1 \2", typed)
    return [*typed.casefold().split(), *re.split(r"[^a-z]+", split.casefold())]
