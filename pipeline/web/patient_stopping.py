"""The pages that stop everything, say "not me", and lead back: one question, one button each.

In charge of: these pages. Not in charge of: what they change (``actions.stopping``, ``actions.consenting``),
or stopping one series (``patient_preferences``).

The link of List-Unsubscribe and the one in the footer are the same address (RFC 8058, 3.2): a look shows the
button, a POST stops everything, whatever its body says. The answer is 200 only after the commit.
"""

from starlette.responses import Response

from pipeline.actions import consenting, stopping
from pipeline.keys import TokenPurpose
from pipeline.patients.model import Basis, Consent
from pipeline.series.model import Purpose
from pipeline.store import editions, patients, suppression
from pipeline.store.database import Tx
from pipeline.store.overview import DeliveryRow
from pipeline.web import questions
from pipeline.web.patient_door import Visit
from pipeline.web.patient_frame import PatientFrame, Undo
from pipeline.web.questions import Question

#: Version of the words of ``questions.AGAIN``, recorded with the consent: raise it with every change of them.
AGAIN_WORDING = "page-again-1"
#: Recorded as where a consent came from, and who did it.
PAGE, ACTOR = "page", "patient:page"
#: What a button's form adds to its address: a mail program that posts by itself (RFC 8058) does not.
_BY_BUTTON = "?by=page"


class StoppingPages:
    """Unsubscribe, "not meant for you", and the way back."""

    def __init__(self, frame: PatientFrame) -> None:
        self._frame = frame

    def ask_unsubscribe(self, visit: Visit) -> Response:
        """The page with one button; for an address that is stopped already, the way back."""
        if self._is_stopped(visit.delivery):
            return self._unsubscribed(visit)
        return self._ask(visit, questions.UNSUBSCRIBE, _BY_BUTTON)

    def unsubscribe(self, visit: Visit) -> Response:
        """Stop all mail to this address, asked by the button or by a mail program's one click."""
        source = PAGE if visit.query.get("by") == "page" else "one_click"
        with self._frame.clinic.store.begin() as tx:
            stopping.stop_all(tx, visit.delivery, source=source, now=self._frame.clinic.clock())
        return self._unsubscribed(visit)

    def ask_not_me(self, visit: Visit) -> Response:
        """The page with one button."""
        return self._ask(visit, questions.NOT_ME, _BY_BUTTON)

    def not_me(self, visit: Visit) -> Response:
        """Hold everything for this patient until staff have the right address."""
        with self._frame.clinic.store.begin() as tx:
            stopping.not_me(tx, visit.delivery, now=self._frame.clinic.clock())
        said = questions.NOT_ME
        return self._frame.answer(
            visit.words, said.done_heading, said.done_explanation, undo=visit.words(said.undo)
        )

    def ask_again(self, visit: Visit) -> Response:
        """The question whose button is a consent; where nothing is stopped there is none to give."""
        if not self._is_stopped(visit.delivery):
            return self._not_stopped(visit)
        return self._ask(visit, questions.AGAIN, "")

    def again(self, visit: Visit) -> Response:
        """Record the consent and lift the suppression of the address; pressed twice it is recorded once."""
        clinic = self._frame.clinic
        with clinic.store.begin() as tx:
            stopped = _is_stopped(tx, visit.delivery)
            if stopped:
                consent = Consent(
                    basis=_basis(tx, visit.delivery),
                    wording=f"{AGAIN_WORDING} ({visit.words.language})",
                    source=PAGE,
                    given_at=clinic.clock(),
                )
                dating = clinic.dating(actor=ACTOR)
                consenting.give_consent(tx, visit.delivery.patient_id, consent, dating)
        said = questions.AGAIN
        undo = Undo(
            address=self._frame.link(TokenPurpose.UNSUBSCRIBE, visit.delivery), words=visit.words(said.undo)
        )
        return self._frame.answer(visit.words, said.done_heading, said.done_explanation, undo=undo)

    def _ask(self, visit: Visit, question: Question, action: str) -> Response:
        values = {"clinic": self._frame.clinic.config.clinic.name}
        # Whoever got somebody else's mail has no business with their preferences.
        back = question is not questions.NOT_ME
        context = {
            "heading": visit.words(question.heading),
            "explanation": visit.words(question.explanation, **values),
            "buttons": [{"words": visit.words(question.button), "action": action}],
            "otherwise": visit.words(question.otherwise),
            "back": self._frame.link(TokenPurpose.PREFERENCES, visit.delivery) if back else None,
            "back_words": visit.words(questions.BACK),
        }
        return self._frame.page("confirm.html", visit.words, context)

    def _unsubscribed(self, visit: Visit) -> Response:
        said = questions.UNSUBSCRIBE
        address = self._frame.link(TokenPurpose.UNSUBSCRIBE, visit.delivery)
        undo = Undo(address=f"{address}/again", words=visit.words(said.undo))
        return self._frame.answer(visit.words, said.done_heading, said.done_explanation, undo=undo)

    def _not_stopped(self, visit: Visit) -> Response:
        back = self._frame.link(TokenPurpose.PREFERENCES, visit.delivery)
        said = questions.NOT_STOPPED_HEADING, questions.NOTHING_DONE_EXPLANATION
        return self._frame.answer(visit.words, *said, back=back)

    def _is_stopped(self, delivery: DeliveryRow) -> bool:
        with self._frame.clinic.store.read() as tx:
            return _is_stopped(tx, delivery)


def _is_stopped(tx: Tx, delivery: DeliveryRow) -> bool:
    row = patients.load_patient(tx, delivery.patient_id)
    address = row.patient.email if row else None
    return address is not None and suppression.is_suppressed(tx, address)


def _basis(tx: Tx, delivery: DeliveryRow) -> Basis:
    """The ground that a yes on the page is, by the kind of series that the patient stopped (DESIGN 9.5)."""
    edition = editions.find_edition(tx, delivery.edition)
    marketing = edition is not None and edition.purpose == Purpose.MARKETING
    return Basis.MARKETING if marketing else Basis.CONSENT
