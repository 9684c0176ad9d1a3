"""Patients' pages: this part in the browser, what comes next, stop, "not me". No login, no cookie, no script.

In charge of: turning a token into a page, and a button's POST into an action. Not in charge of: what an
action changes (``actions.stopping``) or the words (``questions``, ``wording``). GET and HEAD never change
anything (DESIGN 9.2): mail scanners open every link.
"""

import logging
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from pipeline.actions import stopping
from pipeline.app.clinic import Clinic
from pipeline.app.samples import browsable
from pipeline.delivery.links import PURPOSES, links_for
from pipeline.errors import PipelineError
from pipeline.keys import TokenPurpose
from pipeline.rendering.compose import Recipient, compose
from pipeline.rendering.edition import from_bytes
from pipeline.rendering.model import Edition
from pipeline.rendering.texts import Catalog
from pipeline.sections.mail import Mode
from pipeline.store import editions, enrollments, overview, patients
from pipeline.store.database import Tx
from pipeline.store.enrollments import EnrollmentStatus
from pipeline.store.overview import DeliveryRow
from pipeline.web import questions
from pipeline.web.choosing import CHOICES, choose
from pipeline.web.pages import Pages, SafeHeaders
from pipeline.web.preview import FRAME_HEADERS
from pipeline.web.wording import Wording, wording_in

_log = logging.getLogger(__name__)
_BODY = re.compile(r"<body[^>]*>", re.IGNORECASE)
#: No series has a part number this long; a longer number in an address is somebody's mischief.
_DIGITS = 4
_RETRY_AFTER_SECONDS = "60"
_QUESTIONS = MappingProxyType(
    {
        TokenPurpose.UNSUBSCRIBE: questions.UNSUBSCRIBE,
        TokenPurpose.NOT_ME: questions.NOT_ME,
    }
)
_PATHS = MappingProxyType({purpose: path for path, purpose in PURPOSES.values()})
#: What a button's form adds to its address: a mail program that posts by itself (RFC 8058) does not.
_BY_BUTTON = "?by=page"


class PatientPages:
    """The handlers of the public site of one clinic."""

    def __init__(self, clinic: Clinic, pages: Pages, catalogs: Mapping[str, Catalog]) -> None:
        self._clinic = clinic
        self._pages = pages
        self._catalogs = catalogs
        self._below = urlsplit(clinic.config.web.public_url).path.rstrip("/")

    def app(self) -> ASGIApp:
        """The public site: patients' pages, the style sheet, health."""
        asking = [
            Route(f"/{_PATHS[purpose]}/{{token}}", self._handler(purpose), methods=["GET", "POST"])
            for purpose in _QUESTIONS
        ]
        routes = [
            *asking,
            Route(
                f"/{_PATHS[TokenPurpose.PREFERENCES]}/{{token}}", self.preferences, methods=["GET", "POST"]
            ),
            Route(f"/{_PATHS[TokenPurpose.VIEW]}/{{token}}", self.view),
            Route(f"/{_PATHS[TokenPurpose.CALL_ME]}/{{token}}", self.call_me),
            Route("/style.css", lambda _request: self._pages.style()),
            Route("/healthz", lambda _request: PlainTextResponse("ok")),
            Route("/{path:path}", self._no_such_page),
        ]
        return SafeHeaders(Starlette(routes=routes, exception_handlers={Exception: self._failed}))

    def view(self, request: Request) -> Response:
        """This part as it was sent, or an earlier one (``?part=1``), with links to those before it."""
        delivery = self._delivery(request, TokenPurpose.VIEW)
        if delivery is None:
            return self._no_such_page(request)
        with self._clinic.store.read() as tx:
            edition = _edition(tx, delivery)
            row = patients.load_patient(tx, delivery.patient_id)
        public_url = self._clinic.config.web.public_url.rstrip("/")
        recipient = Recipient(
            to="patient@example.org",
            given=row.patient.given if row else None,
            links=links_for(delivery.id, keyring=self._clinic.keyring, public_url=public_url),
            key=delivery.key,
        )
        trial = self._clinic.config.sending.mode is Mode.TRIAL
        shown = _asked_part(request, delivery)
        html = browsable(compose(edition, shown, recipient, trial=trial))
        return HTMLResponse(self._with_earlier(html, edition, delivery, shown), headers=VIEW_HEADERS)

    def _with_earlier(self, html: str, edition: Edition, delivery: DeliveryRow, shown: int) -> str:
        """``html`` with links to this part and those before it; later ones are not for today."""
        if delivery.part == 1:
            return html
        parts = [part for part in edition.parts if part.number <= delivery.part]
        label = self._wording(delivery)(questions.PARTS_SO_FAR)
        links = self._pages.fragment("earlier.html", {"label": label, "parts": parts, "shown": shown})
        return _BODY.sub(lambda tag: tag.group() + links, html, count=1)

    def preferences(self, request: Request) -> Response:
        """What comes next and when, and four buttons: next part now, pause, slower, stop this series."""
        delivery = self._delivery(request, TokenPurpose.PREFERENCES)
        if delivery is None:
            return self._no_such_page(request)
        words = self._wording(delivery)
        chosen = request.query_params.get("choice", "")
        if request.method == "POST" and chosen in CHOICES:
            return self._choose(chosen, delivery, words)
        buttons = [
            {
                "action": f"?choice={name}",
                "explanation": words(each.explanation),
                "button": words(each.button),
            }
            for name, each in CHOICES.items()
        ]
        context = {
            **self._frame(words),
            "heading": words(questions.PREFERENCES_HEADING),
            "coming": self._coming(delivery, words),
            "choices": buttons,
        }
        return self._pages.page("preferences.html", context)

    def call_me(self, request: Request) -> Response:
        """The clinic's phone, large; nothing is recorded."""
        delivery = self._delivery(request, TokenPurpose.CALL_ME)
        if delivery is None:
            return self._no_such_page(request)
        return self._answer(self._wording(delivery), questions.CALL_HEADING, questions.CALL_EXPLANATION)

    def _handler(self, purpose: TokenPurpose) -> Callable[[Request], Response]:
        def handle(request: Request) -> Response:
            delivery = self._delivery(request, purpose)
            if delivery is None:
                return self._no_such_page(request)
            words = self._wording(delivery)
            if request.method == "POST":
                source = "page" if request.query_params.get("by") == "page" else "one_click"
                return self._act(purpose, delivery, words, source)
            return self._ask(purpose, delivery, words)

        return handle

    def _delivery(self, request: Request, purpose: TokenPurpose) -> DeliveryRow | None:
        subject = self._clinic.keyring.read_token(request.path_params["token"], purpose)
        if subject is None:
            return None
        with self._clinic.store.read() as tx:
            return overview.find_delivery(tx, subject)

    def _act(self, purpose: TokenPurpose, delivery: DeliveryRow, words: Wording, source: str) -> Response:
        """Do what the button says; 200 only after the commit, else 503 (DESIGN 9.2)."""
        question = _QUESTIONS[purpose]
        try:
            with self._clinic.store.begin() as tx:
                _do(tx, purpose, delivery, source, self._clinic.clock())
        except PipelineError as error:
            return self._later(words, error)
        return self._answer(words, question.done_heading, question.done_explanation)

    def _choose(self, chosen: str, delivery: DeliveryRow, words: Wording) -> Response:
        try:
            with self._clinic.store.begin() as tx:
                done = choose(tx, chosen, delivery, self._clinic.dating(actor="patient:page"))
        except PipelineError as error:
            return self._later(words, error)
        if not done:
            return self._answer(words, questions.NOTHING_DONE_HEADING, questions.NOTHING_DONE_EXPLANATION)
        return self._answer(words, CHOICES[chosen].done_heading, CHOICES[chosen].done_explanation)

    def _ask(self, purpose: TokenPurpose, delivery: DeliveryRow, words: Wording) -> Response:
        question = _QUESTIONS[purpose]
        said = {
            name: words(getattr(question, name)) for name in ("heading", "explanation", "button", "otherwise")
        }
        context = {**self._frame(words), **said, "action": _BY_BUTTON}
        return self._pages.page("confirm.html", context)

    def _coming(self, delivery: DeliveryRow, words: Wording) -> dict[str, object]:
        """What is still planned, by day in the patient's zone and language."""
        with self._clinic.store.read() as tx:
            rows = stopping.coming(tx, delivery)
            enrollment = enrollments.load_enrollment(tx, delivery.enrollment_id)
            titles = {part.number: part.title for part in _edition(tx, delivery).parts}
        lines = [
            {"day": words.day(row.due_at, row.zone), "title": titles.get(row.part, "")}
            for row in rows
            if row.due_at
        ]
        heading = questions.COMING if lines else questions.NOTHING_COMING
        if enrollment is not None and enrollment.status is EnrollmentStatus.PAUSED:
            heading = questions.PAUSED
        return {"heading": words(heading), "lines": lines}

    def _answer(self, words: Wording, heading: str, explanation: str, status: int = 200) -> Response:
        context = {"heading": words(heading), "explanation": words(explanation)}
        return self._pages.page("answer.html", {**self._frame(words), **context}, status=status)

    def _later(self, words: Wording, error: Exception) -> Response:
        """Nothing was kept: the mail program, or the patient, tries again. Needs no database."""
        _log.error(
            "a patient's page failed: %s", error.what if isinstance(error, PipelineError) else type(error)
        )
        answer = self._answer(words, questions.TRY_AGAIN_HEADING, questions.TRY_AGAIN_EXPLANATION, status=503)
        answer.headers["retry-after"] = _RETRY_AFTER_SECONDS
        return answer

    def _failed(self, _request: Request, error: Exception) -> Response:
        return self._later(self._own_wording(), error)

    def _no_such_page(self, _request: Request) -> Response:
        return self._answer(
            self._own_wording(), questions.NO_LINK_HEADING, questions.NO_LINK_EXPLANATION, status=404
        )

    def _wording(self, delivery: DeliveryRow) -> Wording:
        """The words of the series that the patient gets."""
        with self._clinic.store.read() as tx:
            edition = editions.find_edition(tx, delivery.edition)
        return wording_in(edition.language, self._catalogs) if edition else self._own_wording()

    def _own_wording(self) -> Wording:
        return wording_in(self._clinic.config.clinic.language, self._catalogs)

    def _frame(self, words: Wording) -> dict[str, object]:
        return {
            "clinic": self._clinic.config.clinic,
            "language": words.language,
            "direction": words.direction,
            "style": f"{self._below}/style.css",
            "_": words,
        }


#: The email stands here by itself, so its links must work: no sandbox, but still no script and no network.
VIEW_HEADERS = {
    "content-security-policy": FRAME_HEADERS["content-security-policy"].removesuffix("; sandbox"),
}


def _do(tx: Tx, purpose: TokenPurpose, delivery: DeliveryRow, source: str, now: datetime) -> None:
    match purpose:
        case TokenPurpose.UNSUBSCRIBE:
            stopping.stop_all(tx, delivery, source=source, now=now)
        case TokenPurpose.NOT_ME:
            stopping.not_me(tx, delivery, now=now)
        case _:
            raise ValueError(f"{purpose} has no button")


def _asked_part(request: Request, delivery: DeliveryRow) -> int:
    """The part of ``?part=``, if it is this delivery's or an earlier one; else this delivery's."""
    asked = request.query_params.get("part", "")
    number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < _DIGITS else delivery.part
    return number if 1 <= number <= delivery.part else delivery.part


def _edition(tx: Tx, delivery: DeliveryRow) -> Edition:
    return from_bytes(editions.edition_bytes(tx, delivery.edition))
