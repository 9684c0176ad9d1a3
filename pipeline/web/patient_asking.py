"""Two things that a patient may say to staff: "please call me", and whether a part was helpful.

In charge of: these pages. Not in charge of: the call list (``actions.calling``), or any advice: there is none
but the clinic's own safety text, which stands on every page.
"""

from starlette.responses import Response

from pipeline.actions import calling
from pipeline.keys import TokenPurpose
from pipeline.web import questions
from pipeline.web.patient_door import Visit
from pipeline.web.patient_frame import PatientFrame, Undo, edition_of

_ANSWERS = {"yes": True, "no": False}


class AskingPages:
    """More pain than expected, please call me; and: was this helpful?"""

    def __init__(self, frame: PatientFrame) -> None:
        self._frame = frame

    def ask_call(self, visit: Visit) -> Response:
        """The page with one button, the phone and the emergency text."""
        said = questions.CALL_ME
        context = {
            "heading": visit.words(said.heading),
            "explanation": visit.words(said.explanation),
            "buttons": [{"words": visit.words(said.button), "action": ""}],
            "otherwise": visit.words(said.otherwise, hours=self._hours(visit)),
            "back": self._frame.link(TokenPurpose.PREFERENCES, visit.delivery),
            "back_words": visit.words(questions.BACK),
            "open": True,
        }
        return self._frame.page("confirm.html", visit.words, context)

    def call(self, visit: Visit) -> Response:
        """Put the patient on the call list; pressed twice they stand there once."""
        with self._frame.clinic.store.begin() as tx:
            calling.ask_for_call(tx, visit.delivery, now=self._frame.clinic.clock())
        said = questions.CALL_ME
        back = self._frame.link(TokenPurpose.PREFERENCES, visit.delivery)
        return self._frame.answer(
            visit.words, said.done_heading, said.done_explanation, undo=visit.words(said.undo), back=back,
            hours=self._hours(visit),
        )  # fmt: skip

    def ask_helpful(self, visit: Visit) -> Response:
        """The page with a yes and a no; the answer that the patient came with stands first."""
        said = questions.HELPFUL
        with self._frame.clinic.store.read() as tx:
            parts = edition_of(tx, visit.delivery).parts
        buttons = [
            {"words": visit.words(said.button), "action": "?answer=yes", "quiet": False},
            {"words": visit.words(said.otherwise), "action": "?answer=no", "quiet": True},
        ]
        context = {
            "heading": visit.words(said.heading),
            "title": next((part.title for part in parts if part.number == visit.delivery.part), ""),
            "explanation": visit.words(said.explanation),
            "buttons": buttons,
            "otherwise": "",
            "back": self._frame.link(TokenPurpose.PREFERENCES, visit.delivery),
            "back_words": visit.words(questions.BACK),
        }
        return self._frame.page("confirm.html", visit.words, context)

    def helpful(self, visit: Visit) -> Response:
        """Keep the answer; the last one counts. A POST without one asks again."""
        answer = _ANSWERS.get(visit.query.get("answer", ""))
        if answer is None:
            return self.ask_helpful(visit)
        with self._frame.clinic.store.begin() as tx:
            calling.say_helpful(tx, visit.delivery, answer, now=self._frame.clinic.clock())
        said = questions.HELPFUL
        back = self._frame.link(TokenPurpose.PREFERENCES, visit.delivery)
        undo = Undo(address=f"{back}/helpful", words=visit.words(said.undo))
        return self._frame.answer(visit.words, said.done_heading, said.done_explanation, undo=undo, back=back)

    def _hours(self, visit: Visit) -> str:
        return visit.words(self._frame.clinic.config.clinic.phone_hours)
