"""Staff pages: today, the list of deliveries, previews of the parts. On loopback only, until sign-in exists.

In charge of: these pages. Not in charge of: what they count (``store.overview``) or previews
(``preview``). Patients stand here by their record number only.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from pipeline.app.clinic import Clinic
from pipeline.delivery.states import State
from pipeline.delivery.words import REASON_WORDS, STATE_WORDS
from pipeline.errors import PipelineError
from pipeline.store import overview, patients
from pipeline.store.database import Tx
from pipeline.store.marks import halted
from pipeline.store.overview import DeliveryRow, Filter
from pipeline.web.pages import Pages, SafeHeaders
from pipeline.web.preview import PreviewPages, Source

_PAGE = 50
#: Digits of a row's number that every database can compare.
_LONGEST_ID = 18
_NO_PAGE = PipelineError("This address leads nowhere.", mend="choose a page above")
_FAULT = PipelineError(
    "A fault of ours: this page cannot be shown. Sending goes on.",
    mend="look at the last line in the terminal, and report it if it stays",
)
_NEEDS_A_PERSON = (State.UNKNOWN, State.HELD, State.BOUNCED, State.COMPLAINED, State.REFUSED)
_NAVIGATION = (("/", "Today"), ("/deliveries", "Deliveries"), ("/preview", "Preview"))
#: The colour of a state: done, waits for a person, went wrong.
TONES: Mapping[State, str] = MappingProxyType(
    {
        State.ACCEPTED: "good",
        State.DELIVERED: "good",
        State.HELD: "wait",
        State.UNKNOWN: "bad",
        State.BOUNCED: "bad",
        State.COMPLAINED: "bad",
        State.REFUSED: "bad",
    }
)
_CARDS: Mapping[str, tuple[State, ...]] = MappingProxyType(
    {
        "planned": (State.PLANNED, State.CLAIMED),
        "on their way": (State.SENDING,),
        "sent": (State.ACCEPTED, State.DELIVERED),
        "need you": _NEEDS_A_PERSON,
    }
)


class StaffPages:
    """The handlers of the staff site of one clinic."""

    def __init__(self, clinic: Clinic, pages: Pages, preview: Source) -> None:
        self._clinic = clinic
        self._pages = pages
        self._preview = PreviewPages(preview, pages, prefix="/preview", frame=self._frame)

    def app(self) -> ASGIApp:
        """The staff site. A foreign Host header is refused: another site must not reach it through the
        browser (DNS rebinding).
        """
        routes = [
            Route("/", self.today),
            Route("/deliveries", self.deliveries),
            Route("/healthz", self.health),
            Route("/style.css", lambda _request: self._pages.style()),
            *self._preview.routes(),
        ]
        hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
        handlers = {HTTPException: self._refused, PipelineError: self._failed, Exception: self._failed}
        return SafeHeaders(Starlette(routes=routes, middleware=[hosts], exception_handlers=handlers))

    def today(self, _request: Request) -> Response:
        """What went, what comes, what needs a person."""
        zone = self._clinic.config.zone
        with self._clinic.store.read() as tx:
            counts = overview.count_by_state(tx)
            needing = overview.list_deliveries(tx, Filter(states=_NEEDS_A_PERSON), limit=_PAGE)
            coming = overview.list_upcoming(tx, limit=_PAGE)
            context = {
                "now": f"{_local(self._clinic.clock(), zone.key)} ({_zone_words(zone.key)})",
                "halted": _halted_words(tx),
                "cards": [
                    {"label": label, "count": sum(counts.get(state, 0) for state in states)}
                    for label, states in _CARDS.items()
                ],
                "attention": rows_for(tx, needing),
                "coming": rows_for(tx, coming),
            }
        return self._pages.page("today.html", {**self._frame("/"), **context})

    def deliveries(self, request: Request) -> Response:
        """Every delivery, newest first, by state."""
        chosen = request.query_params.get("state", "")
        states = (State(chosen),) if chosen in set(State) else None
        before = request.query_params.get("before", "")
        with self._clinic.store.read() as tx:
            counts = overview.count_by_state(tx)
            found = overview.list_deliveries(tx, Filter(states=states), before=_row_id(before), limit=_PAGE)
            context = {
                "chosen": chosen if states else "",
                "states": [
                    {"value": state.value, "label": STATE_WORDS[state], "count": counts[state]}
                    for state in State
                    if counts.get(state)
                ],
                "rows": rows_for(tx, found),
                "next_page": _older(chosen, found),
            }
        return self._pages.page("deliveries.html", {**self._frame("/deliveries"), **context})

    def health(self, _request: Request) -> Response:
        """Whether the database answers, for whoever watches the process."""
        with self._clinic.store.read() as tx:
            due = overview.next_due(tx)
        return JSONResponse({"status": "ok", "next_due": due.isoformat() if due else None})

    def _refused(self, _request: Request, error: Exception) -> Response:
        """An address that leads nowhere, in words."""
        status = error.status_code if isinstance(error, HTTPException) else 400
        return self._problem("There is no such page", _NO_PAGE, status)

    def _failed(self, _request: Request, error: Exception) -> Response:
        """The database does not answer, or a fault of ours: in words, never as a traceback."""
        known = isinstance(error, PipelineError)
        return self._problem("That did not work", error if known else _FAULT, 503 if known else 500)

    def _problem(self, heading: str, error: Exception, status: int) -> Response:
        context = {"heading": heading, "error": error}
        return self._pages.page("problem.html", {**self._frame(""), **context}, status=status)

    def _frame(self, current: str) -> Mapping[str, object]:
        return {
            "clinic": self._clinic.config.clinic,
            "mode": self._clinic.config.sending.mode.value,
            "style": "/style.css",
            "navigation": [
                {"path": path, "label": label, "current": path == current} for path, label in _NAVIGATION
            ],
        }


def rows_for(tx: Tx, found: Sequence[DeliveryRow]) -> list[dict[str, object]]:
    """Deliveries as a table shows them: words instead of codes, record numbers instead of names."""
    people = patients.load_patients(tx, {row.patient_id for row in found})
    return [
        {
            "patient": people[row.patient_id].patient.record if row.patient_id in people else "erased",
            "series": row.series,
            "part": row.part,
            "state": STATE_WORDS[row.state],
            "tone": TONES.get(row.state, ""),
            "reason": REASON_WORDS[row.reason] if row.reason else "",
            **_when(row),
        }
        for row in found
    ]


def _when(row: DeliveryRow) -> dict[str, str]:
    """When it went, or is due, in the patient's own zone; nothing where it has no date."""
    moment = row.sending_at or row.due_at
    if moment is None:
        return {"due": "no date", "zone": ""}
    return {"due": _local(moment, row.zone), "zone": _zone_words(row.zone)}


def _local(moment: datetime, zone: str) -> str:
    """A moment on a zone's clocks: "Mon 23 Nov 2026, 09:00"."""
    return f"{moment.astimezone(ZoneInfo(zone)):%a %-d %b %Y, %H:%M}"


def _zone_words(zone: str) -> str:
    return zone.replace("_", " ")


def _halted_words(tx: Tx) -> str:
    """What `pipeline halt` stopped, and how to go on; empty where nothing is."""
    stopped = halted(tx)
    if stopped.restored:
        return "This database is a restored backup. Nothing goes out until someone runs: pipeline restored"
    if stopped.everything:
        return "Nothing goes out until someone runs: pipeline halt --resume"
    return "; ".join(
        f"Nothing of {series} goes out until someone runs: pipeline halt --series {series} --resume"
        for series in sorted(stopped.series)
    )


def _row_id(text: str) -> int | None:
    """A row's number from an address; None for what is none."""
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_ID else None


def _older(chosen: str, found: Sequence[DeliveryRow]) -> str | None:
    if len(found) < _PAGE:
        return None
    state = f"state={chosen}&" if chosen else ""
    return f"/deliveries?{state}before={found[-1].id}"
