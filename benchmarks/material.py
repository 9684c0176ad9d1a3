"""What the benchmarks work on: a small and a large part of the sample series, as every candidate takes it.

In charge of: compiling them, and the same page as a Jinja2 template for the peers. Not in charge of:
candidates (``personalising``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from pipeline.app.authoring import Desk
from pipeline.app.settings import sample_settings
from pipeline.errors import Place
from pipeline.rendering.compile import HTML_TEMPLATE, TEXT_TEMPLATE, compile_edition
from pipeline.rendering.compose import Composer, Recipient
from pipeline.rendering.inlining import inlined
from pipeline.rendering.loader import Job, run_here
from pipeline.rendering.model import Edition, Slot
from pipeline.rendering.slots import Tokens, cut
from pipeline.rendering.views import context, prepared, setting_for
from pipeline.series.model import Part, Series

SERIES = "first-weeks"
#: The part with most kinds of blocks: headings, a list, a quotation, pictures.
NUMBER = 2
#: How often the large part holds that part's blocks: about 100 KB of HTML, where Gmail begins to cut.
_REPEATED = 12
_NAMES = ("Ana", "Zoë", "Bartholomew", "Nguyễn", "O'Neil", "李", "Mary & Joe", "שרה")
#: Delimiters that stand in no style sheet.
_PEER = {"variable_start_string": "[[[", "variable_end_string": "]]]", "block_start_string": "[[%",
         "block_end_string": "%]]", "comment_start_string": "[[#", "comment_end_string": "#]]"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """One part, for our way and for the peers'."""

    size: str
    edition: Edition
    number: int
    recipients: Sequence[Recipient]
    #: Each recipient's values as a peer's template takes them.
    contexts: Sequence[Mapping[str, str]]
    #: The page before inlining, and the finished (inlined) page, with expressions where we have slots.
    page: str = field(repr=False)
    inlined: str = field(repr=False)
    text: str = field(repr=False)


def materials(recipients: int = 200) -> Iterator[Material]:
    """The small and the large part."""
    desk = Desk.open(sample_settings())
    series = desk.series(desk.find(SERIES))
    part = series.parts[NUMBER - 1]
    large = replace(part, blocks=part.blocks * _REPEATED)
    parts = (*series.parts[: NUMBER - 1], large, *series.parts[NUMBER:])
    yield _material("small", desk, series, recipients)
    yield _material("large", desk, replace(series, parts=parts), recipients)


def short_material(recipients: int = 200) -> Material:
    """A plain newsletter of some 400 words, as small as many other programs' pages are."""
    page = (Path(__file__).parent / "short.html").read_text(encoding="utf-8")
    tokens = Tokens.drawn_from((page,))
    open_page = peer_environment().from_string(page).render(tokens.slots())
    skeleton = cut(inlined(open_page, where=Place()), tokens, where=Place())
    desk = Desk.open(sample_settings())
    whole = compile_edition(desk.series(desk.find(SERIES)), desk.frame(), desk.templates)
    part = replace(whole.parts[NUMBER - 1], html=skeleton, pictures=())
    edition = replace(whole, parts=(*whole.parts[: NUMBER - 1], part, *whole.parts[NUMBER:]))
    composer = Composer(edition, NUMBER, trial=False)
    people = [_recipient(number) for number in range(recipients)]
    expressions = {slot: _expression(slot) for slot in Slot}
    return Material(
        size="short",
        edition=edition,
        number=NUMBER,
        recipients=people,
        contexts=[dict(composer.values(each).text) for each in people],
        page=page,
        inlined=composer.html.join(expressions),
        text=composer.text.join(expressions),
    )


def peer_environment() -> Environment:
    """Jinja2 as a careful user of it sets it up: compiled once, values escaped, nothing undefined."""
    return Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True, **_PEER)


def _material(size: str, desk: Desk, series: Series, count: int) -> Material:
    edition = compile_edition(series, desk.frame(), desk.templates)
    composer = Composer(edition, NUMBER, trial=False)
    recipients = [_recipient(number) for number in range(count)]
    page, text = _open_pages(desk, series, series.parts[NUMBER - 1])
    expressions = {slot: _expression(slot) for slot in Slot}
    return Material(
        size=size,
        edition=edition,
        number=NUMBER,
        recipients=recipients,
        contexts=[dict(composer.values(each).text) for each in recipients],
        page=page,
        inlined=composer.html.join(expressions),
        text=text,
    )


def _recipient(number: int) -> Recipient:
    links = {
        slot: f"https://patients.clinic.example.org/{slot.value[:1]}/{number:06d}{'x' * 50}?a=1&b={number}"
        for slot in Slot
        if slot.value.endswith("_url")
    }
    name = _NAMES[number % len(_NAMES)]
    return Recipient(to=f"patient{number}@example.org", given=name, links=links, key=f"d-{number:08d}")


def _open_pages(desk: Desk, series: Series, part: Part) -> tuple[str, str]:
    """HTML before inlining, and plain text, both with a peer's expressions instead of slots."""
    setting = setting_for(series, desk.frame(), desk.templates)
    ready = prepared(part, setting)
    tokens = Tokens.drawn_from((repr(series),))
    slots: dict[str, Any] = {slot.value: _expression(slot) for slot in Slot}
    jobs = [
        Job(
            template=HTML_TEMPLATE if html else TEXT_TEMPLATE,
            context=context(ready, setting, slots, tokens=tokens, html=html),
            catalog=setting.catalog,
        )
        for html in (True, False)
    ]
    html, text = run_here(desk.templates, jobs)
    return _without_trial(html, tokens, "<!--{}-->").lstrip(), _without_trial(text, tokens, "{}\n")


def _without_trial(text: str, tokens: Tokens, mark: str) -> str:
    before, _, rest = text.partition(mark.format(tokens.of("trialbegin")))
    return before + rest.partition(mark.format(tokens.of("trialend")))[2]


def _expression(slot: Slot) -> str:
    return f"[[[ {slot.value} ]]]"
