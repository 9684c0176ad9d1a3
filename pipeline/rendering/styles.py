"""Style files become what an email can carry: plain colours, no fetching, dark twins, both directions.

In charge of: ``var(--name)`` from the palette, refusing what fetches, dark rules written once. Not in
charge of: putting base rules into ``style`` attributes (``inlining``).

``var()`` is resolved here because Outlook and older Gmail know no custom properties; the designer
still writes valid CSS that any editor understands.
"""

import difflib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.errors import Place, TemplateError
from pipeline.rendering.loader import TemplateSource

_VARIABLE = re.compile(r"var\(\s*--([a-z0-9-]+)\s*\)")
_FETCHING = re.compile(
    r"@import|url\s*\(|(?<![\w-])src\s*\(|image-set\s*\(|expression\s*\(|behavior\s*:|-moz-binding|</",
    re.IGNORECASE,
)
#: CSS Syntax 3, 4.3.7: a letter by its number, or any other character as it stands.
_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})[ \t\r\n\f]?|([^\r\n\f]))", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
#: top, right, bottom, left
_FOUR_SIDES = re.compile(r"\b(margin|padding)\s*:\s*([\w.%-]+) ([\w.%-]+) ([\w.%-]+) ([\w.%-]+)")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
#: Outlook.com's dark mode marks what it recoloured: text with ogsc, backgrounds with ogsb.
_OUTLOOK_MARKS = ("[data-ogsc]", "[data-ogsb]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Styles:
    """The style sheets of one edition."""

    #: Goes into ``style`` attributes.
    inlined: str
    #: Kept in the head: media queries, hover, print, dark mode.
    kept: str
    #: Kept in a block of its own: one odd selector makes Gmail drop the whole block around it.
    hacks: str


def load_styles(templates: TemplateSource, colours: Mapping[str, str], *, right_to_left: bool) -> Styles:
    """``styles.css``, ``head.css`` and ``dark.css``, ready for an email.

    Raises TemplateError with file and line: something that would fetch, or an unknown ``var(--name)``.
    """

    def ready(name: str) -> str:
        css = _ready(templates.text(name), colours, file=str(templates.path(name)))
        return _mirrored(css) if right_to_left else css

    dark = ready("dark.css")
    kept = f"{ready('head.css')}\n@media (prefers-color-scheme: dark) {{\n{_important(dark)}\n}}"
    return Styles(inlined=ready("styles.css"), kept=kept, hacks=_for_outlook(dark))


def refuse_fetching(css: str, *, where: Place) -> None:
    """Raises TemplateError for anything in ``css`` that would make a mail client, or us, fetch.

    The inliner follows ``@import`` even when told to stay off the network, so it must not get one.
    """
    plain = _without_comments(css)
    found = _FETCHING.search(plain) or _FETCHING.search(_unescaped(plain))
    if found is None:
        return
    at = css.find(found.group(0)) if found.group(0) in css else css.find("\\")
    line = None if where.line is None else where.line + css.count("\n", 0, at)
    raise TemplateError(
        f"The styles hold {found.group(0)!r}: emails load nothing from anywhere.",
        where=Place(file=where.file, line=line),
        mend="write the rules here; for a picture use <img> with a picture of the article or the logo",
    )


def _ready(css: str, colours: Mapping[str, str], *, file: str) -> str:
    refuse_fetching(css, where=Place(file=file, line=1))

    def colour(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in colours:
            return colours[name]
        near = difflib.get_close_matches(name, colours, n=1)
        raise TemplateError(
            f"There is no colour var(--{name}).",
            where=Place(file=file, line=css.count("\n", 0, match.start()) + 1),
            mend=f"did you mean var(--{near[0]})?" if near else f"there are: {', '.join(sorted(colours))}",
        )

    return re.sub(r"\n\s*\n+", "\n", _without_comments(_VARIABLE.sub(colour, css))).strip()


def _unescaped(css: str) -> str:
    """Mail clients and the inliner read ``@\\69mport`` as what it is; so must the guard."""

    def character(match: re.Match[str]) -> str:
        number = int(match.group(1), 16) if match.group(1) else 0
        return match.group(2) or (chr(number) if 0 < number <= sys.maxunicode else "")

    return _ESCAPE.sub(character, css)


def _without_comments(css: str) -> str:
    return _COMMENT.sub("", css)


def _mirrored(css: str) -> str:
    """For languages that run right to left: left and right change places, in shorthands too."""
    swap = {"left": "right", "right": "left"}
    named = re.sub(r"\b(left|right)\b", lambda match: swap[match.group(1)], css)
    return _FOUR_SIDES.sub(r"\1: \2 \5 \4 \3", named)


def _important(css: str) -> str:
    """Every declaration of ``css`` with !important: in the head it must win over inlined styles."""

    def rule(match: re.Match[str]) -> str:
        declarations = [part.strip() for part in match.group(2).split(";") if part.strip()]
        marked = "; ".join(f"{part.removesuffix('!important').strip()} !important" for part in declarations)
        return f"{match.group(1).strip()} {{ {marked} }}\n"

    return _RULE.sub(rule, css).strip()


def _for_outlook(css: str) -> str:
    """The same rules below Outlook.com's own dark marks."""

    def rule(match: re.Match[str]) -> str:
        chosen = [part.strip() for part in match.group(1).split(",")]
        selectors = ", ".join(f"{mark} {part}" for part in chosen for mark in _OUTLOOK_MARKS)
        return f"{selectors} {{{match.group(2)}}}\n"

    return _important(_RULE.sub(rule, css))
