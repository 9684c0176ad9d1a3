"""The page of a patient's choices: what comes next and when, a break, slower, stop, the parts so far.

In charge of: this page, the question before a series stops, and each button's answer. Not in charge of: what
a button changes (``choosing``, ``actions``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from starlette.responses import Response

from pipeline.actions import stopping
from pipeline.delivery.states import Reason
from pipeline.keys import TokenPurpose
from pipeline.store import enrollments
from pipeline.store.enrollments import Enrollment, EnrollmentStatus
from pipeline.store.overview import DeliveryRow
from pipeline.web import questions
from pipeline.web.choosing import CHOICES, Break, Done, choose
from pipeline.web.patient_door import Visit
from pipeline.web.patient_frame import PatientFrame, Undo, edition_of
from pipeline.web.patient_stopping import ACTOR
from pipeline.web.wording import Wording

#: What each status offers; the buttons of one that is over, or held by the clinic, could do nothing.
_OFFERED = {
    EnrollmentStatus.ACTIVE: ("next", "slower"),
    EnrollmentStatus.PAUSED: ("resume", "slower"),
    EnrollmentStatus.HELD: (),
    EnrollmentStatus.ENDED: (),
}
#: Whose word ended the series; of any other reason the patient knows from the clinic.
_ENDED: Mapping[Reason | None, str] = {
    Reason.STOPPED: questions.STOPPED,
    Reason.UNSUBSCRIBED: questions.STOPPED_ALL,
}
_MAY_PAUSE = frozenset({EnrollmentStatus.ACTIVE, EnrollmentStatus.PAUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    """What the page shows of one enrollment."""

    enrollment: Enrollment
    coming: tuple[DeliveryRow, ...]
    #: Titles by part number.
    titles: dict[int, str]


class PreferencePages:
    """The preferences page and what stands below it."""

    def __init__(self, frame: PatientFrame) -> None:
        self._frame = frame

    def show(self, visit: Visit) -> Response:
        """What comes next, and everything that can be changed."""
        return self._show(visit)

    def press(self, visit: Visit) -> Response:
        """Do what ``?choice=`` says; a POST without a button shows the page."""
        chosen = visit.query.get("choice", "")
        if chosen not in CHOICES:
            return self._show(visit)
        dating = self._frame.clinic.dating(actor=ACTOR)
        until = Break.around(dating, visit.delivery.zone).chosen(visit.form)
        if chosen == "pause" and until is None:
            return self._show(visit, bad_day=True)
        with self._frame.clinic.store.begin() as tx:
            done = choose(tx, chosen, visit.delivery, dating, until=until)
        return self._done(visit, chosen, done)

    def ask_stop(self, visit: Visit) -> Response:
        """The question before the rest of the series is gone."""
        said = questions.STOP_SERIES
        back = self._frame.link(TokenPurpose.PREFERENCES, visit.delivery)
        context = {
            "heading": visit.words(said.heading),
            "explanation": visit.words(said.explanation),
            "buttons": [{"words": visit.words(said.button), "action": f"{back}?choice=stop"}],
            "otherwise": visit.words(said.otherwise),
            "back": back,
            "back_words": visit.words(questions.BACK),
        }
        return self._frame.page("confirm.html", visit.words, context)

    def _show(self, visit: Visit, *, bad_day: bool = False) -> Response:
        series = self._series(visit.delivery)
        words, here = visit.words, self._frame.link(TokenPurpose.PREFERENCES, visit.delivery)
        status = series.enrollment.status if series else EnrollmentStatus.ENDED
        offered = [name for name in _OFFERED[status] if series and _helps(name, series)]
        context = {
            "heading": words(questions.PREFERENCES_HEADING),
            "coming": _coming(series, words),
            "choices": [_button(name, f"{here}?choice={name}", words) for name in offered],
            "pause": self._pause(visit, bad_day=bad_day) if status in _MAY_PAUSE and series else None,
            "may_stop": status is not EnrollmentStatus.ENDED,
            "so_far": _so_far(series, visit.delivery),
            "so_far_heading": words(questions.PARTS_SO_FAR),
            "call_words": words(questions.CALL_ALSO),
            "helpful_words": words(questions.HELPFUL.heading),
            "stop_words": words(questions.AGAIN.undo),
            "here": here,
            "view": self._frame.link(TokenPurpose.VIEW, visit.delivery),
            "call": self._frame.link(TokenPurpose.CALL_ME, visit.delivery),
            "unsubscribe": self._frame.link(TokenPurpose.UNSUBSCRIBE, visit.delivery),
            "not_me": self._frame.link(TokenPurpose.NOT_ME, visit.delivery),
        }
        return self._frame.page("preferences.html", words, context, status=422 if bad_day else 200)

    def _series(self, delivery: DeliveryRow) -> _Series | None:
        with self._frame.clinic.store.read() as tx:
            enrollment = enrollments.load_enrollment(tx, delivery.enrollment_id)
            if enrollment is None:
                return None
            return _Series(
                enrollment=enrollment,
                coming=stopping.coming(tx, delivery),
                titles={part.number: part.title for part in edition_of(tx, delivery).parts},
            )

    def _pause(self, visit: Visit, *, bad_day: bool) -> dict[str, object]:
        words, said = visit.words, questions.PAUSE
        days = Break.around(self._frame.clinic.dating(actor=ACTOR), visit.delivery.zone)
        problem = words(questions.BAD_DAY, first=words.date(days.first), last=words.date(days.last))
        return {
            "heading": words(said.heading),
            "explanation": words(said.explanation),
            "button": words(said.button),
            "choose": words(questions.PAUSE_CHOOSE),
            "breaks": [(weeks, words(text)) for weeks, text in questions.BREAKS.items()],
            "first": days.first.isoformat(),
            "last": days.last.isoformat(),
            "problem": problem if bad_day else "",
            "action": f"{self._frame.link(TokenPurpose.PREFERENCES, visit.delivery)}?choice=pause",
        }

    def _done(self, visit: Visit, chosen: str, done: Done) -> Response:
        back = self._frame.link(TokenPurpose.PREFERENCES, visit.delivery)
        if not done.changed:
            said = questions.NOTHING_DONE_HEADING, questions.NOTHING_DONE_EXPLANATION
            return self._frame.answer(visit.words, *said, back=back)
        choice = CHOICES[chosen]
        undo: Undo | str = visit.words(choice.undo)
        if chosen == "pause":
            undo = Undo(address=f"{back}?choice=resume", words=visit.words(choice.undo), button=True)
        day = visit.words.date(done.day or date.max)
        heading, explanation = choice.done_heading, choice.done_explanation
        return self._frame.answer(visit.words, heading, explanation, undo=undo, back=back, day=day)


def _helps(name: str, series: _Series) -> bool:
    """Whether the button would change anything."""
    match name:
        case "next":
            return bool(series.coming)
        case "slower":
            return not series.enrollment.slower
        case _:
            return True


def _button(name: str, action: str, words: Wording) -> dict[str, str]:
    choice = CHOICES[name]
    return {
        "name": name,
        "action": action,
        "heading": words(choice.heading),
        "explanation": words(choice.explanation),
        "button": words(choice.button),
    }


def _coming(series: _Series | None, words: Wording) -> dict[str, object]:
    """What is still planned, by day in the patient's zone and language."""
    rows = series.coming if series else ()
    titles = series.titles if series else {}
    lines = [
        {"day": words.day(row.due_at, row.zone), "title": titles.get(row.part, "")}
        for row in rows
        if row.due_at
    ]
    return {"heading": _state(series, words, any_planned=bool(lines)), "lines": lines}


def _state(series: _Series | None, words: Wording, *, any_planned: bool) -> str:
    enrollment = series.enrollment if series else None
    if enrollment is None or enrollment.status is EnrollmentStatus.ACTIVE:
        return words(questions.COMING if any_planned else questions.NOTHING_COMING)
    if enrollment.status is EnrollmentStatus.HELD:
        return words(questions.HELD)
    if enrollment.status is EnrollmentStatus.ENDED:
        return words(_ENDED.get(enrollment.reason, questions.NOTHING_COMING))
    if enrollment.paused_until is None:
        return words(questions.PAUSED_OPEN)
    return words(questions.PAUSED_UNTIL, day=words.date(enrollment.paused_until))


def _so_far(series: _Series | None, delivery: DeliveryRow) -> list[tuple[int, str]]:
    """Number and title of this delivery's part and of those before it; later ones are not for today."""
    titles = series.titles if series else {}
    return [(number, title) for number, title in titles.items() if number <= delivery.part]
