"""One message for one patient: ours against inlining per recipient, and against the limit.

In charge of: the candidates, and the proof that they say the same before they are timed. Not in charge of:
timing (``timing``), or what they work on (``material``).
"""

import json
import logging
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import css_inline
import cssutils
import lxml.html
from premailer import Premailer, transform

from benchmarks.material import Material, peer_environment
from benchmarks.timing import Budget, Case, Table
from pipeline.providers.fields import html_json, json_bytes, text_json
from pipeline.rendering.compose import Composer, Recipient, Values
from pipeline.rendering.mime import MimeComposer

NAIVE = "Jinja2 + premailer per recipient"
TUNED = "the same, premailer tuned"
CSS_INLINE = "Jinja2 + css-inline per recipient"
ONCE = "premailer once, then Jinja2"
OURS = "ours: clean, check, escape, join"
JOIN = "ours: values at hand, join"
LIMIT = "limit: joining ready-made strings"
STANDARD = "personalise, then EmailMessage.as_bytes()"
DUMPS = "personalise, then json.dumps()"
_DATE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_FASTER, _OF_THE_LIMIT = 1000.0, 0.8
#: Nothing stripped, nothing fetched, nothing floated: what a careful user of premailer sets.
TUNED_PREMAILER: Mapping[str, Any] = {
    "keep_style_tags": False, "strip_important": False, "disable_validation": True, "allow_network": False,
    "align_floating_images": False, "cssutils_logging_level": logging.CRITICAL,
    "disable_basic_attributes": ["width", "height", "align", "valign", "bgcolor"],
}  # fmt: skip


class DifferentError(AssertionError):
    """Two candidates do not say the same: their times must not be compared."""


def tables(material: Material) -> tuple[Table, ...]:
    """HTML alone; a whole MIME message; a JSON body. Raises DifferentError where two do not say the same."""
    return (_html(material), _mime(material), _json(material))


def _html(material: Material) -> Table:
    composer = Composer(material.edition, material.number, trial=False)
    page = peer_environment().from_string(material.page)
    inlined = peer_environment().from_string(material.inlined)
    inliner = css_inline.CSSInliner(keep_at_rules=True)
    naive: dict[str, Callable[[Mapping[str, str]], str]] = {
        NAIVE: lambda values: str(transform(page.render(values), allow_network=False)),
        TUNED: lambda values: str(Premailer(page.render(values), **TUNED_PREMAILER).transform()),
        CSS_INLINE: lambda values: inliner.inline(page.render(values)),
        ONCE: inlined.render,
    }
    cssutils.log.setLevel(logging.CRITICAL)
    ours: Callable[[Recipient], str] = lambda recipient: composer.join_html(composer.values(recipient).html)  # noqa: E731
    _check_pages(
        {name: run(material.contexts[3]) for name, run in naive.items()}, ours(material.recipients[3])
    )
    ready = [composer.values(each).html for each in material.recipients]
    return Table(
        title=f"HTML of a {material.size} part ({len(ours(material.recipients[0]).encode()) // 1000} KB)",
        unit="messages",
        cases=(
            *(Case(name=name, run=run, items=material.contexts) for name, run in naive.items()),
            Case(name=OURS, run=ours, items=material.recipients),
            Case(name=JOIN, run=composer.join_html, items=ready),
            Case(name=LIMIT, run="".join, items=_pieces(composer, ready)),
        ),
        base=NAIVE,
        budgets=(
            Budget(case=OURS, against=NAIVE, at_least=_FASTER),
            Budget(case=JOIN, against=NAIVE, at_least=_FASTER),
            Budget(case=JOIN, against=LIMIT, at_least=_OF_THE_LIMIT),
        ),
    )


def _mime(material: Material) -> Table:
    composer = Composer(material.edition, material.number, trial=False)
    ours = MimeComposer(composer)
    page, text = (peer_environment().from_string(each) for each in (material.page, material.text))

    def standard(recipient: Recipient) -> bytes:
        values = composer.values(recipient)
        return _standard(
            composer, recipient, composer.join_html(values.html), composer.join_text(values.text)
        )

    def naive(pair: tuple[Recipient, Mapping[str, str]]) -> bytes:
        recipient, values = pair
        html = str(transform(page.render(values), allow_network=False))
        return _standard(composer, recipient, html, text.render(values))

    def skeleton(recipient: Recipient) -> bytes:
        return ours.to_bytes(recipient, date=_DATE)

    _check_mime(skeleton(material.recipients[3]), standard(material.recipients[3]))
    pairs = list(zip(material.recipients, material.contexts, strict=True))
    return Table(
        title=f"HTML, plain text and MIME of a {material.size} part",
        unit="messages",
        cases=(
            Case(name=f"{NAIVE}, EmailMessage", run=naive, items=pairs),
            Case(name=STANDARD, run=standard, items=material.recipients),
            Case(name="ours: quoted-printable skeleton", run=skeleton, items=material.recipients),
        ),
        base=f"{NAIVE}, EmailMessage",
    )


def _json(material: Material) -> Table:
    composer = Composer(material.edition, material.number, trial=False)
    dumps = json.JSONEncoder().encode

    def plain(recipient: Recipient) -> bytes:
        values: Values = composer.values(recipient)
        body = {"HtmlBody": composer.join_html(values.html), "TextBody": composer.join_text(values.text)}
        return dumps({"To": recipient.to, **body}).encode()

    def skeleton(recipient: Recipient) -> bytes:
        message = composer.message(recipient)
        return b"".join(
            (json_bytes({"To": message.to})[:-1], b',"HtmlBody":', html_json(message), b',"TextBody":',
             text_json(message), b"}")
        )  # fmt: skip

    chosen = material.recipients[3]
    if json.loads(plain(chosen)) != json.loads(skeleton(chosen)):
        raise DifferentError("the JSON bodies differ")
    return Table(
        title=f"JSON body of a {material.size} part",
        unit="messages",
        cases=(
            Case(name=DUMPS, run=plain, items=material.recipients),
            Case(name="ours: JSON skeleton", run=skeleton, items=material.recipients),
        ),
        base=DUMPS,
    )


def _pieces(composer: Composer, ready: list[Mapping[Any, str]]) -> list[list[str]]:
    """The finished strings of each message, in order: nothing is left but to put them together."""
    first, *rest = composer.html.literals
    return [
        [first, *(piece for slot, literal in zip(composer.html.slots, rest, strict=True)
                  for piece in (values[slot], literal))]
        for values in ready
    ]  # fmt: skip


def _standard(composer: Composer, recipient: Recipient, html: str, text: str) -> bytes:
    """The message as the standard library builds it."""
    edition, part = composer.edition, composer.part
    made = EmailMessage(policy=SMTP)
    made["From"] = f"{edition.from_name} <{edition.from_address}>"
    made["To"] = recipient.to
    made["Reply-To"] = edition.reply_to
    made["Subject"] = part.subject
    made["Date"] = _DATE
    made["Message-ID"] = composer.message_id(recipient)
    for name, value in composer.headers(recipient):
        made[name] = value
    made.set_content(text, cte="quoted-printable")
    made.add_alternative(html, subtype="html", cte="quoted-printable")
    for picture in part.pictures:
        kind, _, subtype = picture.media_type.partition("/")
        made.get_payload()[1].add_related(picture.data, kind, subtype, cid=f"<{picture.cid}>",
                                          filename=picture.filename, disposition="inline")  # fmt: skip
    return made.as_bytes()


def _check_pages(pages: Mapping[str, str], ours: str) -> None:
    wanted = _said(ours)
    for name, page in pages.items():
        if _said(page) != wanted:
            raise DifferentError(f"{name} does not say what ours says")
    for name in (TUNED, ONCE):
        if _styles(pages[name]) != _styles(ours):
            raise DifferentError(f"{name} does not look as ours looks")


def _said(html: str) -> tuple[str, list[str]]:
    """All words and all addresses of a page: inliners differ in how they spell styles."""
    tree = lxml.html.document_fromstring(re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL))
    for style in tree.iter("style"):
        style.text = ""
    addresses = [each.get("href") or each.get("src") for each in tree.iter("a", "img")]
    return " ".join(tree.text_content().split()), addresses


def _styles(html: str) -> list[str]:
    """Every style attribute, in order; spaces do not count."""
    return ["".join(found.split()) for found in re.findall(r'style="([^"]*)"', html)]


def _check_mime(ours: bytes, theirs: bytes) -> None:
    shapes = [
        [
            (part.get_content_type(), None if part.is_multipart() else _content(part))
            for part in message.walk()
        ]
        for message in (message_from_bytes(each, policy=SMTP) for each in (ours, theirs))
    ]
    if shapes[0] != shapes[1]:
        raise DifferentError("the MIME messages differ")


def _content(part: EmailMessage) -> object:
    content = part.get_content()
    return content.replace("\r\n", "\n") if isinstance(content, str) else content
