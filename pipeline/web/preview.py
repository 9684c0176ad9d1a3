"""Previews: every part as it is sent, on a phone, a desktop, as plain text, as source.

In charge of: the pages of ``pipeline preview``, also shown inside the staff pages. Not in charge of:
compiling (handed in as a callable that does it afresh), the database (there is none here).
"""

from collections.abc import Callable, Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from pipeline.app.authoring import Compiled
from pipeline.app.samples import browsable, sample_message
from pipeline.errors import PipelineError
from pipeline.rendering.model import CompiledPart, Message
from pipeline.web.pages import Pages

#: The email's own frame: styles stand in the page, pictures are data; no script, no network.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox"
)
FRAME_HEADERS = {"content-security-policy": _POLICY}
_TABS = (
    ("Email", ""),
    ("Plain text", "?look=text"),
    ("Source", "?look=source"),
    ("Headers", "?look=headers"),
)


#: Compiles afresh, so that a saved change shows at the next look; raises PipelineError.
Source = Callable[[], Compiled]


class PreviewPages:
    """The handlers of a preview below ``prefix``; ``frame`` is what every page's template is given."""

    def __init__(
        self, source: Source, pages: Pages, *, prefix: str, frame: Callable[[str], Mapping[str, object]]
    ) -> None:
        self._source = source
        self._pages = pages
        self._prefix = prefix
        self._frame = frame

    def routes(self) -> Sequence[BaseRoute]:
        """The index, a page for each part, and the bare email for the frames."""
        return [
            Route(self._prefix or "/", self.index),
            Route(f"{self._prefix}/parts/{{number:int}}", self.part),
            Route(f"{self._prefix}/parts/{{number:int}}/email", self.email),
        ]

    def index(self, _request: Request) -> Response:
        """Every part, and the findings of the checks."""
        try:
            compiled = self._source()
        except PipelineError as error:
            return self._broken(error)
        series = compiled.series
        parts = [
            {
                "number": part.number,
                "path": f"{self._prefix}/parts/{part.number}",
                "title": part.title,
                "subject": part.subject,
                "minutes": _minutes(compiled, part),
                "day": day_in_words(part.day),
            }
            for part in compiled.edition.parts
        ]
        context = {
            "series": series,
            "parts": parts,
            "words": sum(part.words for part in series.parts),
            "findings": compiled.findings,
        }
        return self._page("preview_index.html", context)

    def part(self, request: Request) -> Response:
        """One part: the email in frames, or its text, source, headers."""
        number = request.path_params["number"]
        try:
            compiled = self._source()
        except PipelineError as error:
            return self._broken(error)
        part = self._known_part(compiled, number)
        message = sample_message(compiled, number)
        look = request.query_params.get("look", "")
        base = f"{self._prefix}/parts/{number}"
        tabs = [
            {"label": label, "path": base + query, "current": query == (f"?look={look}" if look else "")}
            for label, query in _TABS
        ]
        context = {
            "part": part,
            "index": self._prefix or "/",
            "headers": _headers(message, part),
            "tabs": tabs,
            "text": _as_text(message, look),
            "text_label": look,
            "frame": f"{base}/email",
        }
        return self._page("preview_part.html", context)

    def email(self, request: Request) -> Response:
        """The bare email, for a sandboxed frame."""
        number = request.path_params["number"]
        try:
            compiled = self._source()
        except PipelineError as error:
            return self._broken(error)
        self._known_part(compiled, number)
        return HTMLResponse(browsable(sample_message(compiled, number)), headers=FRAME_HEADERS)

    def _known_part(self, compiled: Compiled, number: int) -> CompiledPart:
        for part in compiled.edition.parts:
            if part.number == number:
                return part
        raise HTTPException(404)

    def _page(self, name: str, context: Mapping[str, object], status: int = 200) -> HTMLResponse:
        return self._pages.page(name, {**self._frame(self._prefix), **context}, status=status)

    def _broken(self, error: PipelineError) -> HTMLResponse:
        context = {"heading": "This series does not compile yet", "error": error}
        return self._page("problem.html", context, status=422)


def day_in_words(day: int) -> str:
    """A part's day around the first visit, for staff."""
    if day == 0:
        return "on the day of the first visit"
    days = f"{abs(day)} day{'s' * (abs(day) > 1)}"
    return f"{days} before the first visit" if day < 0 else f"{days} after the first visit"


def _headers(message: Message, part: CompiledPart) -> tuple[tuple[str, str], ...]:
    return (
        ("Subject", message.subject),
        ("From", f"{message.from_name} <{message.from_address}>"),
        ("Reply-To", message.reply_to),
        ("Day", day_in_words(part.day)),
    )


def _minutes(compiled: Compiled, part: CompiledPart) -> int:
    """Whole minutes of reading, at least 1."""
    return max(1, round(compiled.series.parts[part.number - 1].minutes(compiled.words_per_minute)))


def _as_text(message: Message, look: str) -> str | None:
    match look:
        case "text":
            return message.text
        case "source":
            return message.html
        case "headers":
            return "\n".join(f"{name}: {value}" for name, value in message.headers)
        case _:
            return None
