"""Everything a template is given: the words a designer can use (listed in docs/templates.md).

In charge of: the context of ``part.html`` and ``part.txt``. Not in charge of: running templates
(``loader``) or what becomes of their output (``compile``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from pipeline.article.model import Picture
from pipeline.errors import Place
from pipeline.rendering.cleaning import body_text, one_line
from pipeline.rendering.colours import palette
from pipeline.rendering.frame import Frame
from pipeline.rendering.layout import Node, Shown, laid_out
from pipeline.rendering.loader import TemplateSource
from pipeline.rendering.model import Attachment
from pipeline.rendering.pictures import PictureRefusedError, attachment, measure
from pipeline.rendering.placeholders import fill
from pipeline.rendering.plaintext import plain_body
from pipeline.rendering.safety import SafetyText, safety_for
from pipeline.rendering.slots import Tokens
from pipeline.rendering.styles import Styles, load_styles
from pipeline.rendering.texts import Catalog, catalog_for
from pipeline.series.model import Part, Series

#: The column is 600 wide with 32 of padding on both sides: the widest a picture can be.
PICTURE_WIDTH = 536
LOGO_WIDTH, LOGO_HEIGHT = 220, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """One part, as templates see it."""

    number: int
    total: int
    title: str
    #: Whole minutes, at least 1.
    minutes: int
    subject: str
    preheader: str
    recap: str | None
    teaser: str | None
    body: tuple[Node, ...]
    #: The body in plain text, and the addresses its [1], [2] … stand for.
    body_text: str
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderView:
    """Who writes, as templates see it."""

    name: str
    address: str
    phone: str
    #: The phone number as a link (``tel:+15125550142``).
    phone_link: str
    phone_hours: str
    website: str | None
    reply_to: str
    reply_hours: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all parts of one edition share."""

    series: Series
    frame: Frame
    catalog: Catalog
    safety: SafetyText
    colours: Mapping[str, str]
    styles: Styles


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One part, ready to be rendered, with the pictures it shows."""

    part: Part
    view: PartView
    pictures: tuple[Attachment, ...]


def setting_for(series: Series, frame: Frame, templates: TemplateSource) -> Setting:
    """What all parts share. Raises TemplateError (language, safety, styles) and ConfigError (colour)."""
    catalog = catalog_for(series.language, frame.catalogs)
    colours = palette(frame.brand.colour, file=frame.file)
    return Setting(
        series=series,
        frame=frame,
        catalog=catalog,
        safety=safety_for(
            series.language,
            frame.safety,
            frame.clinic,
            phone_hours=catalog.own(frame.clinic.phone_hours),
        ),
        colours=colours,
        styles=load_styles(templates, colours, right_to_left=catalog.right_to_left),
    )


def prepared(part: Part, setting: Setting) -> Prepared:
    """The part's view and pictures. Raises TemplateError for an unknown placeholder."""
    shown: dict[str, Attachment] = {}
    if setting.frame.logo is not None:
        shown[setting.frame.logo.cid] = setting.frame.logo

    def show(picture: Picture) -> Shown | None:
        try:
            size, attached = measure(picture.data or b""), attachment(picture.data or b"")
        except PictureRefusedError:
            return None
        shown[attached.cid] = attached
        width, height = _fitted(size.width, size.height, PICTURE_WIDTH, picture.width)
        return Shown(source=f"cid:{attached.cid}", width=width, height=height)

    nodes = laid_out(part.blocks, title=part.title, show=show)
    return Prepared(part=part, view=_part_view(part, nodes, setting), pictures=tuple(shown.values()))


def context(
    ready: Prepared, setting: Setting, slots: Mapping[str, str], *, tokens: Tokens, html: bool
) -> dict[str, Any]:
    """The names a template may use. ``slots`` holds tokens, or values where there is one recipient only."""
    begin, end = (tokens.of("trialbegin"), tokens.of("trialend"))
    return {
        "part": ready.view,
        "series": {"title": one_line(setting.series.title)},
        "clinic": _sender_view(setting),
        "safety": setting.safety,
        "slot": dict(slots),
        "trial": {
            "begin": Markup(f"<!--{begin}-->") if html else begin,  # noqa: S704 - letters and digits only
            "end": Markup(f"<!--{end}-->") if html else end,  # noqa: S704
        },
        "lang": setting.catalog.language,
        "dir": "rtl" if setting.catalog.right_to_left else "ltr",
        "start": "right" if setting.catalog.right_to_left else "left",
        "colour": dict(setting.colours),
        "styles": {
            # Refused above where they hold "</", so they cannot leave their element.
            "inlined": Markup(setting.styles.inlined),  # noqa: S704
            "kept": Markup(setting.styles.kept),  # noqa: S704
            "hacks": Markup(setting.styles.hacks),  # noqa: S704
        },
        "logo": _logo(setting.frame),
    }


def _part_view(part: Part, nodes: tuple[Node, ...], setting: Setting) -> PartView:
    total = len(setting.series.parts)
    values = {"clinic": setting.frame.clinic.name, "number": str(part.number), "total": str(total)}

    def line(text: str, key: str) -> str:
        place = Place(file=f"{setting.series.name}/series.toml", key=f"part {part.number}, {key}")
        return one_line(fill(text, values, where=place))

    plain = plain_body(nodes, picture_word=setting.catalog.gettext("Picture"))
    return PartView(
        number=part.number,
        total=total,
        title=one_line(part.title),
        minutes=max(1, round(part.minutes(setting.frame.words_per_minute))),
        subject=line(part.subject, "subject"),
        preheader=line(part.preheader, "preheader"),
        recap=one_line(part.recap) if part.recap else None,
        teaser=one_line(part.teaser) if part.teaser else None,
        body=nodes,
        body_text=body_text(plain.text),
        links=plain.links,
    )


def _sender_view(setting: Setting) -> SenderView:
    clinic, sender = setting.frame.clinic, setting.frame.sender
    return SenderView(
        name=clinic.name,
        address=clinic.address,
        phone=clinic.phone,
        phone_link="tel:" + re.sub(r"[^\d+]", "", clinic.phone),
        phone_hours=setting.catalog.own(clinic.phone_hours),
        website=clinic.website,
        reply_to=sender.reply_to,
        reply_hours=setting.catalog.own(sender.reply_hours),
    )


def _logo(frame: Frame) -> Shown | None:
    if frame.logo is None:
        return None
    size = measure(frame.logo.data)
    scale = min(LOGO_WIDTH / size.width, LOGO_HEIGHT / size.height, 1.0)
    width, height = max(1, round(size.width * scale)), max(1, round(size.height * scale))
    return Shown(source=f"cid:{frame.logo.cid}", width=width, height=height)


def _fitted(width: int, height: int, widest: int, wished: int | None) -> tuple[int, int]:
    scale = min(1.0, widest / width, (wished or width) / width)
    return max(1, round(width * scale)), max(1, round(height * scale))
