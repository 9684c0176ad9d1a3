"""This part in the browser, as it was sent, with the parts before it and a way to say whether it helped.

In charge of: this page. Not in charge of: composing the part (``rendering.compose``).
"""

import re
from functools import partial

from starlette.responses import HTMLResponse, Response

from pipeline.delivery.links import links_for
from pipeline.keys import TokenPurpose
from pipeline.rendering.compose import Recipient, compose
from pipeline.rendering.embedding import with_pictures_at, without_mail_only
from pipeline.rendering.model import Attachment, CompiledPart, Edition
from pipeline.sections.mail import Mode
from pipeline.store import patients
from pipeline.web import questions
from pipeline.web.pages import PUBLIC_HEADERS
from pipeline.web.patient_door import Visit
from pipeline.web.patient_frame import PatientFrame, edition_of

_BODY = re.compile(r"<body[^>]*>", re.IGNORECASE)
_BODY_END = re.compile(r"</body>", re.IGNORECASE)
#: What only Outlook for Windows reads.
_OUTLOOK_ONLY = re.compile(r"<!--\[if mso\]>.*?<!\[endif\]-->", re.DOTALL)
#: No series has a part number this long; a longer number in an address is somebody's mischief.
_DIGITS = 4
#: The email's looks stand in the page itself; its links work; nothing runs and nothing is loaded.
VIEW_HEADERS = {
    **PUBLIC_HEADERS,
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
}


class PartPage:
    """A part of the series in the browser."""

    def __init__(self, frame: PatientFrame) -> None:
        self._frame = frame

    def show(self, visit: Visit) -> Response:
        """This part, or an earlier one (``?part=1``), with links to those before it."""
        clinic, delivery = self._frame.clinic, visit.delivery
        with clinic.store.read() as tx:
            edition = edition_of(tx, delivery)
            row = patients.load_patient(tx, delivery.patient_id)
        recipient = Recipient(
            to="patient@example.org",
            given=row.patient.given if row else None,
            links=links_for(
                delivery.id, keyring=clinic.keyring, public_url=clinic.config.web.public_url.rstrip("/")
            ),
            key=delivery.key,
        )
        trial = clinic.config.sending.mode is Mode.TRIAL
        shown = _part(edition, _asked_part(visit)).number
        html = _OUTLOOK_ONLY.sub("", without_mail_only(compose(edition, shown, recipient, trial=trial).html))
        pictures = _part(edition, shown).pictures
        # Not inside the page: it has to be there on a bad line before the first picture is.
        html = with_pictures_at(html, pictures, partial(self._address, pictures, visit, shown))
        return HTMLResponse(self._around(html, edition, visit, shown), headers=VIEW_HEADERS)

    def picture(self, visit: Visit) -> Response:
        """A picture of the part that ``?part=`` names, by its number in that part."""
        with self._frame.clinic.store.read() as tx:
            pictures = _part(edition_of(tx, visit.delivery), _asked_part(visit)).pictures
        number = _number(visit.path["number"])
        if number is None or number >= len(pictures):
            return self._frame.no_such_page(asked=False, status=404)
        return Response(pictures[number].data, media_type=pictures[number].media_type)

    def _address(
        self, pictures: tuple[Attachment, ...], visit: Visit, shown: int, picture: Attachment
    ) -> str:
        here = self._frame.link(TokenPurpose.VIEW, visit.delivery)
        return f"{here}/pictures/{pictures.index(picture)}?part={shown}"

    def _around(self, html: str, edition: Edition, visit: Visit, shown: int) -> str:
        """``html`` with the parts so far above it, and the question whether it helped below."""
        own = visit.delivery.part
        words = visit.words
        context = {
            "label": words(questions.PARTS_SO_FAR),
            "parts": [part for part in edition.parts if part.number <= own] if own > 1 else [],
            "shown": shown,
            **self._frame.help(words),
        }
        above = self._frame.pages.fragment("earlier.html", context)
        html = _BODY.sub(lambda tag: tag.group() + above, html, count=1)
        if shown != own:
            return html
        below = self._frame.pages.fragment("helpful.html", self._helpful(visit))
        return _BODY_END.sub(lambda tag: below + tag.group(), html, count=1)

    def _helpful(self, visit: Visit) -> dict[str, str]:
        said, words = questions.HELPFUL, visit.words
        address = f"{self._frame.link(TokenPurpose.PREFERENCES, visit.delivery)}/helpful"
        return {"question": words(said.heading), "address": address, "answer": words(questions.HELPFUL_LINK)}


def _asked_part(visit: Visit) -> int:
    """The part of ``?part=``, if it is this delivery's or an earlier one; else this delivery's."""
    number, own = _number(visit.query.get("part", "")), visit.delivery.part
    return number if number is not None and 1 <= number <= own else own


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _DIGITS else None


def _part(edition: Edition, number: int) -> CompiledPart:
    """Part ``number``; the last one where an edition that replaced another has fewer."""
    return next((part for part in edition.parts if part.number == number), edition.parts[-1])
