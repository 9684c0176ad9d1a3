"""Previews: every part as it is sent, on a phone, a desktop, as plain text, as source.

In charge of: the pages of ``pipeline preview``, also shown inside the staff pages. Not in charge of:
compiling (handed in as a callable that does it afresh), what was chosen (``preview_choices``), the email
in its frame (``preview_email``), findings (``preview_findings``), renewing pages (``preview_live``).
"""

from collections.abc import Callable, Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from pipeline.app.authoring import Compiled
from pipeline.app.samples import sample_message
from pipeline.errors import PipelineError
from pipeline.rendering.check_mail import CLIPPED_AT
from pipeline.rendering.model import CompiledPart, Message
from pipeline.rendering.page import pages, preview_line
from pipeline.web.pages import Pages
from pipeline.web.preview_choices import Choices, Look, switches
from pipeline.web.preview_email import FRAME_HEADERS, MARK, framed
from pipeline.web.preview_findings import chosen_path, counts, views
from pipeline.web.preview_live import LIVE_HEADERS, Live

__all__ = ["FRAME_HEADERS", "PreviewPages", "Source", "day_in_words"]
_LOOKS = {Look.EMAIL: "Email", Look.TEXT: "Plain text", Look.SOURCE: "Source", Look.HEADERS: "Headers"}

#: Compiles afresh, so that a saved change shows at the next look; raises PipelineError.
Source = Callable[[], Compiled]


class PreviewPages:
    """The handlers of a preview below ``prefix``; ``frame`` is what every page's template is given.

    With ``live`` the pages renew themselves and know keys; without it they hold no script.
    """

    def __init__(
        self,
        source: Source,
        pages: Pages,
        *,
        prefix: str,
        frame: Callable[[str], Mapping[str, object]],
        live: Live | None = None,
    ) -> None:
        self._source = source
        self._pages = pages
        self._prefix = prefix
        self._frame = frame
        self._live = live

    def routes(self) -> Sequence[BaseRoute]:
        """The index, a page for each part, the bare email for the frames, and what they load."""
        own = [
            Route(self._prefix or "/", self.index),
            Route(f"{self._prefix}/parts/{{number:int}}", self.part),
            Route(f"{self._prefix}/parts/{{number:int}}/email", self.email),
            Route(f"{self._prefix}/preview.css", self.style),
        ]
        if self._live is None:
            return own
        return [
            *own,
            Route(f"{self._prefix}/preview.js", self.script),
            Route(f"{self._prefix}/changes", self._live.changes),
        ]

    def index(self, _request: Request) -> Response:
        """Every part, and what the checks say of the series as a whole."""
        version = self._version()
        try:
            compiled = self._source()
        except PipelineError as error:
            return self._broken(error, version)
        context = {
            "series": compiled.series,
            "parts": self._summaries(compiled),
            "words": sum(part.words for part in compiled.series.parts),
            "whole": views(compiled, None),
            "counts": counts(compiled.findings),
        }
        return self._page("preview_index.html", context, version)

    def part(self, request: Request) -> Response:
        """One part: the email in frames, or its text, source, headers; its findings beside it."""
        version = self._version()
        try:
            compiled = self._source()
        except PipelineError as error:
            return self._broken(error, version)
        part = _known_part(compiled, request.path_params["number"])
        context = self._part_context(compiled, part, Choices.read(request.query_params))
        return self._page("preview_part.html", context, version)

    def email(self, request: Request) -> Response:
        """The bare email, for a sandboxed frame."""
        try:
            compiled = self._source()
        except PipelineError as error:
            return self._broken(error, self._version())
        part = _known_part(compiled, request.path_params["number"])
        chosen = Choices.read(request.query_params)
        path = chosen_path(views(compiled, part.number), chosen.finding)
        html, headers = framed(compiled, part.number, chosen, path)
        return HTMLResponse(html, headers=headers)

    def style(self, _request: Request) -> Response:
        """What a preview's pages need beside the style sheet of all pages."""
        return Response(self._pages.fragment("preview.css", {}), media_type="text/css")

    def script(self, _request: Request) -> Response:
        """Keys, and renewing the page after a save; without it everything else works."""
        return Response(self._pages.fragment("preview.js", {}), media_type="text/javascript")

    def _summaries(self, compiled: Compiled) -> list[dict[str, object]]:
        return [
            {
                "number": page.part.number,
                "path": f"{self._prefix}/parts/{page.part.number}",
                "title": page.part.title,
                "subject": page.part.subject,
                "preheader": preview_line(page.tree),
                "minutes": _minutes(compiled, page.part),
                "day": day_in_words(page.part.day),
                "size": _size(sample_message(compiled, page.part.number, trial=False).html),
                "counts": counts(each for each in compiled.findings if each.part == page.part.number),
            }
            for page in pages(compiled.edition)
        ]

    def _part_context(self, compiled: Compiled, part: CompiledPart, chosen: Choices) -> dict[str, object]:
        found = views(compiled, part.number)
        base, last = f"{self._prefix}/parts", len(compiled.edition.parts)
        message = sample_message(compiled, part.number, trial=chosen.trial, patient=chosen.patient)
        near = {
            name: f"{base}/{number}{chosen.query(finding='')}"
            for name, number in (("previous", part.number - 1), ("next", part.number + 1))
            if 1 <= number <= last
        }
        here = f"{base}/{part.number}"
        mark = f"#{MARK}" if chosen_path(found, chosen.finding) else ""
        return {
            "part": part,
            "total": last,
            "index": self._prefix or "/",
            "near": near,
            "here": here,
            "headers": _headers(message, part, _size(message.html)),
            "looks": [
                (label, here + chosen.query(look=look), look is chosen.look) for look, label in _LOOKS.items()
            ],
            "switches": switches(chosen),
            "chosen": chosen,
            "text": _as_text(message, chosen.look),
            "frame": f"{here}/email{chosen.query(look=Look.EMAIL, width=Choices().width)}{mark}",
            "found": [
                (each, here + chosen.query(finding=each.id, look=Look.EMAIL) + "#frames") for each in found
            ],
            "counts": counts(each.finding for each in found),
        }

    def _version(self) -> str:
        """Read before compiling: a page may be newer than it says, never older."""
        return self._live.version if self._live else ""

    def _page(
        self, name: str, context: Mapping[str, object], version: str, *, status: int = 200
    ) -> HTMLResponse:
        live = {"version": version, "prefix": self._prefix} if self._live else None
        frame = {**self._frame(self._prefix), "prefix": self._prefix, "live": live}
        page = self._pages.page(name, {**frame, **context}, status=status)
        if self._live:
            page.headers.update(LIVE_HEADERS)
        return page

    def _broken(self, error: PipelineError, version: str) -> HTMLResponse:
        context = {"heading": "This series does not compile yet", "error": error}
        return self._page("preview_problem.html", context, version, status=422)


def day_in_words(day: int) -> str:
    """A part's day around the first visit, for staff."""
    if day == 0:
        return "on the day of the first visit"
    days = f"{abs(day)} day{'s' * (abs(day) > 1)}"
    return f"{days} before the first visit" if day < 0 else f"{days} after the first visit"


def _known_part(compiled: Compiled, number: int) -> CompiledPart:
    for part in compiled.edition.parts:
        if part.number == number:
            return part
    raise HTTPException(404)


def _headers(message: Message, part: CompiledPart, size: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Subject", message.subject),
        ("From", f"{message.from_name} <{message.from_address}>"),
        ("Reply-To", message.reply_to),
        ("Day", day_in_words(part.day)),
        ("Size", size),
    )


def _minutes(compiled: Compiled, part: CompiledPart) -> int:
    """Whole minutes of reading, at least 1."""
    return max(1, round(compiled.series.parts[part.number - 1].minutes(compiled.words_per_minute)))


def _size(html: str) -> str:
    """How heavy the HTML is, beside what Gmail shows before it cuts the rest off."""
    return f"{len(html.encode()) / 1000:.0f} of {CLIPPED_AT / 1000:.0f} KB"


def _as_text(message: Message, look: Look) -> str | None:
    match look:
        case Look.TEXT:
            return message.text
        case Look.SOURCE:
            return message.html
        case Look.HEADERS:
            return "\n".join(f"{name}: {value}" for name, value in _all_headers(message))
        case Look.EMAIL:
            return None


def _all_headers(message: Message) -> tuple[tuple[str, str], ...]:
    """Every header that says something, unfolded; date and boundaries come with the sending."""
    return (
        ("From", f"{message.from_name} <{message.from_address}>"),
        ("To", message.to),
        ("Reply-To", message.reply_to),
        ("Subject", message.subject),
        ("Message-ID", message.message_id),
        *message.headers,
    )
