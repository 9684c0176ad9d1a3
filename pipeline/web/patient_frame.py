"""What stands around every patient's page: language, phone, emergency text; and plain answers.

In charge of: whose link it is, the words of its series, the frame, answers. Not in charge of: which page
stands where (``patient``), or limits and forms (``patient_door``).

A link that does not work is answered in two ways; RFC 8058 leaves it open. Somebody who looks gets a helpful
page with 200: an error code mends nothing for a reader. A POST gets the same page with 404: a mail program
that is told 200 says "unsubscribed" to its user (RFC 8058, 3.2), and that would not be true. No answer is
ever a redirect (RFC 8058, 3.1: a redirected POST does not work reliably).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.responses import Response

from pipeline.app.clinic import Clinic
from pipeline.app.files import own_and_bundled
from pipeline.delivery.links import PURPOSES
from pipeline.errors import PipelineError, TemplateError
from pipeline.keys import TokenPurpose
from pipeline.rendering.edition import from_bytes
from pipeline.rendering.model import Edition
from pipeline.rendering.safety import SafetyLevel, SafetyText, Urgency, load_safety, safety_for
from pipeline.rendering.texts import Catalog
from pipeline.store import editions, overview
from pipeline.store.database import Tx
from pipeline.store.overview import DeliveryRow
from pipeline.web import questions
from pipeline.web.pages import Pages
from pipeline.web.wording import Wording, wording_in

_log = logging.getLogger(__name__)
_RETRY_AFTER_SECONDS = 60
#: First step of the path of each purpose's links.
PATHS: Mapping[TokenPurpose, str] = {purpose: path for path, purpose in PURPOSES.values()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """How to take back what was just done: a link (``button`` False) or a form with one button."""

    address: str
    words: str
    button: bool = False


class PatientFrame:
    """The frame of one clinic's pages for patients."""

    def __init__(self, clinic: Clinic, pages: Pages, catalogs: Mapping[str, Catalog]) -> None:
        self.clinic = clinic
        self.pages = pages
        self._catalogs = catalogs
        self._safety = _safety_texts(clinic)
        self._below = urlsplit(clinic.config.web.public_url).path.rstrip("/")

    def link(self, purpose: TokenPurpose, delivery: DeliveryRow) -> str:
        """Path of one of the delivery's own pages, below the path of the clinic's site."""
        return f"{self._below}/{PATHS[purpose]}/{self.clinic.keyring.token(purpose, delivery.id)}"

    def delivery(self, delivery_id: int) -> DeliveryRow | None:
        """The delivery that a link belongs to; None where it was erased."""
        with self.clinic.store.read() as tx:
            return overview.find_delivery(tx, delivery_id)

    def wording(self, delivery: DeliveryRow) -> Wording:
        """The words of the series that the patient gets."""
        with self.clinic.store.read() as tx:
            edition = editions.find_edition(tx, delivery.edition)
        return wording_in(edition.language, self._catalogs) if edition else self.own_wording()

    def own_wording(self) -> Wording:
        """The words of the clinic's language, where nobody knows the patient's."""
        return wording_in(self.clinic.config.clinic.language, self._catalogs)

    def page(
        self, name: str, words: Wording, context: Mapping[str, object], *, status: int = 200
    ) -> Response:
        """The template ``name`` inside the frame."""
        return self.pages.page(name, {**self._around(words), **context}, status=status)

    def answer(
        self,
        words: Wording,
        heading: str,
        explanation: str,
        *,
        undo: Undo | str | None = None,
        back: str | None = None,
        status: int = 200,
        **values: str,
    ) -> Response:
        """What happened, in one sentence; ``undo`` is how to take it back, ``back`` where to go on."""
        context = {
            "heading": words(heading),
            "explanation": words(explanation, **values),
            "undo": undo,
            "back": back,
            "back_words": words(questions.BACK),
            "reply_to": None,
        }
        return self.page("answer.html", words, context, status=status)

    def no_such_page(self, *, asked: bool, status: int | None = None) -> Response:
        """For a link that does not work. ``asked``: by a POST, which is told that nothing was done."""
        words = self.own_wording()
        context = {
            "heading": words(questions.NO_LINK_HEADING),
            "explanation": words(questions.NO_LINK_EXPLANATION),
            "undo": None,
            "back": None,
            "reply_to": self.clinic.config.sender.reply_to,
        }
        return self.page("answer.html", words, context, status=status or (404 if asked else 200))

    def later(self, words: Wording, error: Exception) -> Response:
        """Nothing was kept: the mail program, or the patient, tries again. Needs no database."""
        _log.error(
            "a patient's page failed: %s", error.what if isinstance(error, PipelineError) else type(error)
        )
        said = questions.TRY_AGAIN_HEADING, questions.TRY_AGAIN_EXPLANATION
        return self.wait(words, *said, _RETRY_AFTER_SECONDS, status=503)

    def wait(self, words: Wording, heading: str, explanation: str, seconds: int, *, status: int) -> Response:
        """A page that says to come back, also to programs (Retry-After, RFC 9110, 10.2.3)."""
        answer = self.answer(words, heading, explanation, status=status)
        answer.headers["retry-after"] = str(seconds)
        return answer

    def help(self, words: Wording) -> dict[str, str]:
        """Whom to call, in the words of a line above a part in the browser."""
        clinic, found = self.clinic.config.clinic, self._emergency(words)
        return {
            "phone_words": words(questions.CALL_US),
            "phone_link": f"tel:{clinic.phone.replace(' ', '')}",
            "phone": clinic.phone,
            "emergency": found[1].heading if found else words(questions.IN_AN_EMERGENCY),
        }

    def _around(self, words: Wording) -> dict[str, object]:
        found = self._emergency(words)
        return {
            **self.help(words),
            "clinic": self.clinic.config.clinic,
            "emergency_language": found[0] if found else words.language,
            "signs": found[1] if found else None,
            "language": words.language,
            "direction": words.direction,
            "style": f"{self._below}/style.css",
            "_": words,
        }

    def _emergency(self, words: Wording) -> tuple[str, SafetyLevel] | None:
        """The emergency level of the safety text and its language: the page's, or else the clinic's."""
        clinic = self.clinic.config.clinic
        for language in (words.language, clinic.language):
            try:
                text = safety_for(language, self._safety, clinic, phone_hours=words(clinic.phone_hours))
            except TemplateError:
                continue
            return text.language, next(each for each in text.levels if each.kind is Urgency.EMERGENCY)
        return None


def edition_of(tx: Tx, delivery: DeliveryRow) -> Edition:
    """The edition that the delivery's enrollment reads. Raises StoreError."""
    return from_bytes(editions.edition_bytes(tx, delivery.edition))


def _safety_texts(clinic: Clinic) -> Mapping[str, SafetyText]:
    """The clinic's own and the bundled ones; a broken file of its own must not close the patients' pages."""
    folders = own_and_bundled(clinic.config.folder, "content")
    try:
        return load_safety(folders)
    except (TemplateError, OSError, ValueError) as error:
        what = error if isinstance(error, TemplateError) else type(error)
        _log.error("a safety text cannot be read: %s", what)
    return load_safety(folders[-1:])
