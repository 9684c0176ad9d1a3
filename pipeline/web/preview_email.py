"""One email for a preview's frame: by day or by night, with or without pictures, with one element marked.

In charge of: changing the delivered HTML as little as that takes, and the headers that keep it harmless. Not
in charge of: the page around the frame (``preview``). Nothing here can run: no script, no network, no form.
"""

import re
from html.parser import HTMLParser

from pipeline.app.authoring import Compiled
from pipeline.app.samples import sample_message
from pipeline.rendering.embedding import embedded
from pipeline.rendering.model import CompiledPart, Skeleton, Slot
from pipeline.rendering.page import pages
from pipeline.web.preview_choices import Choices, Scheme

#: The email's own frame: styles stand in the page, pictures are data; no script, no network.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {}; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox"
)
FRAME_HEADERS = {"content-security-policy": _POLICY.format("data:")}
_NO_PICTURES = {"content-security-policy": _POLICY.format("'none'")}
#: The id that the marked element gets; the frame's address leads to it.
MARK = "finding"
_ASKED = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
#: A feature that always holds, and one that never does.
_ALWAYS, _NEVER = "(min-width: 0)", "(max-width: 0)"
_DECLARED = re.compile(
    r'(<meta name="(?:supported-)?color-schemes?" content=")[^"]*"|((?<![\w-])color-scheme\s*:)[^;}]*',
    re.IGNORECASE,
)
#: Wide, in two colours, so that it stands out on every ground and by its shape alone.
_MARK_STYLE = (
    f"<style>#{MARK} {{ outline: 4px solid #b0005e !important; outline-offset: 3px !important; "
    "box-shadow: 0 0 0 9px #ffffff !important; scroll-margin: 90px; }</style>"
)


def framed(compiled: Compiled, number: int, chosen: Choices, path: str = "") -> tuple[str, dict[str, str]]:
    """Part ``number`` as chosen, and its headers. ``path`` is the XPath of an element to mark, "" for none.

    The path is one of ``Finding.path``: it counts in the page that the checks saw. LookupError: no such part.
    """
    message = sample_message(compiled, number, trial=chosen.trial, patient=chosen.patient)
    html = in_scheme(message.html, chosen.scheme)
    order = place_of(compiled, number, path, trial=chosen.trial) if path else None
    if order is not None:
        html = marked(html, order)
    if not chosen.images:
        # Their addresses stay cid:, which leads nowhere: the descriptions stand in their place.
        return html, _NO_PICTURES
    return embedded(html, message.pictures), FRAME_HEADERS


def in_scheme(html: str, scheme: Scheme) -> str:
    """``html`` as a device set to ``scheme`` shows it, on any device."""

    def settled(match: re.Match[str]) -> str:
        return _ALWAYS if match.group(1).lower() == scheme else _NEVER

    def declared(match: re.Match[str]) -> str:
        return f'{match.group(1)}{scheme}"' if match.group(1) else f"{match.group(2)} {scheme}"

    # Rules that ask stand in the head; the article's own words do not.
    head, end, rest = html.partition("</head>")
    return _DECLARED.sub(declared, _ASKED.sub(settled, head)) + end + rest


def marked(html: str, order: int) -> str:
    """``html`` with its element number ``order``, counted from 0 by start tags, outlined and addressable."""
    tags = _Tags(html)
    at = tags.ends_of_name[order]
    with_id = f'{html[:at]} id="{MARK}"{html[at:]}'
    return with_id.replace("</head>", f"{_MARK_STYLE}</head>", 1)


def place_of(compiled: Compiled, number: int, path: str, *, trial: bool) -> int | None:
    """How many start tags stand before the element ``path``, with or without the trial banner; None where
    it is not there.
    """
    page = next(page for page in pages(compiled.edition) if page.part.number == number)
    elements = list(page.elements())
    found = [each for each in page.tree.xpath(path) if isinstance(getattr(each, "tag", None), str)]
    if not found or len(elements) != len(_Tags(page.html).ends_of_name):
        return None
    order = elements.index(found[0])
    return order if trial else _without_banner(page.part, order)


def _without_banner(part: CompiledPart, order: int) -> int | None:
    before, banner = (
        len(_Tags(_before_trial(part.html)).ends_of_name),
        len(_Tags(part.trial_html).ends_of_name),
    )
    if order < before:
        return order
    return order - banner if order >= before + banner else None


def _before_trial(skeleton: Skeleton) -> str:
    """The literals before the banner; slots hold no tags."""
    return "".join(skeleton.literals[: skeleton.slots.index(Slot.TRIAL) + 1])


class _Tags(HTMLParser):
    """Where in the text the name of every start tag ends, in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.ends_of_name: list[int] = []
        self._starts = [0]
        for line in html.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line, column = self.getpos()
        self.ends_of_name.append(self._starts[line - 1] + column + 1 + len(tag))
