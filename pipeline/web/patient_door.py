"""The way into every patient's page: method, limits, form, token; then the page's own handler.

In charge of: turning a request into a Visit, in the same order for all. Not in charge of: the pages
(``patient``), counting (``limits``), or what is said (``patient_frame``).

GET, HEAD and OPTIONS never change anything (DESIGN 9.2): they only ever reach ``look``. There is no cookie
and no login that a forged form on another site could borrow: whoever posts has to know the link's token.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.errors import PipelineError
from pipeline.keys import TokenPurpose
from pipeline.store.overview import DeliveryRow
from pipeline.web import questions
from pipeline.web.limits import Act, Limits, network
from pipeline.web.patient_frame import PATHS, PatientFrame
from pipeline.web.wording import Wording

#: A form of ours has one short field, a mail program's body (RFC 8058, 3.2) one line.
BODY_LIMIT = 16_384
_FIELDS = 8
_LOOKING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request with a link that works."""

    delivery: DeliveryRow
    #: The words of the series that the patient gets.
    words: Wording
    query: Mapping[str, str]
    form: Mapping[str, str] = field(default_factory=dict)
    #: What the address names below the token.
    path: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Visit], Response]


class Door:
    """Makes the routes of patients' pages; ``seconds`` is a clock that never goes back."""

    def __init__(self, frame: PatientFrame, limits: Limits, seconds: Callable[[], float]) -> None:
        self._frame = frame
        self._limits = limits
        self._seconds = seconds

    def route(
        self,
        purpose: TokenPurpose,
        look: Handler,
        press: Handler | None = None,
        *,
        below: str = "",
        act: Act = Act.PRESS,
    ) -> Route:
        """The route of the links of ``purpose``, or of a page ``below`` them such as ``/again``."""
        asked = ["POST"] if press else []

        async def handle(request: Request) -> Response:
            if request.method == "OPTIONS":
                return Response(status_code=204, headers={"allow": ", ".join(["GET, HEAD, OPTIONS", *asked])})
            subject = self._frame.clinic.keyring.read_token(request.path_params["token"], purpose)
            looking = request.method in _LOOKING
            refused = self._refused(request, subject, Act.LOOK if looking else act)
            form = {} if looking else await _form(request)
            if refused or form is None:
                return refused or self._too_large()
            handler = look if looking else press or self._no_button
            return await run_in_threadpool(self._answer, request, subject, handler, form)

        return Route(f"/{PATHS[purpose]}/{{token}}{below}", handle, methods=["GET", "POST", "OPTIONS"])

    async def lost(self, request: Request, _error: Exception | None = None) -> Response:
        """Every other address: a link that was cut off gets the helpful page, anything else 404 with it."""
        refused = self._refused(request, None, Act.LOST)
        if refused:
            return refused
        known = request.url.path.strip("/").partition("/")[0] in PATHS.values()
        asked = request.method not in _LOOKING
        return self._frame.no_such_page(asked=asked, status=None if known else 404)

    def _refused(self, request: Request, subject: int | None, act: Act) -> Response | None:
        """The page for somebody who comes too often; None for all others."""
        seconds = self._limits.wait(
            act if subject is not None else Act.LOST,
            link=str(subject),
            address=self._address(request),
            now=self._seconds(),
        )
        if not seconds:
            return None
        said = questions.TOO_OFTEN_HEADING, questions.TOO_OFTEN_EXPLANATION
        return self._frame.wait(self._frame.own_wording(), *said, seconds, status=429)

    def _address(self, request: Request) -> str:
        peer = request.client.host if request.client else ""
        forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
        return network(peer, forwarded, self._frame.clinic.config.web.trusted_proxies)

    def _answer(
        self, request: Request, subject: int | None, handler: Handler, form: Mapping[str, str]
    ) -> Response:
        delivery = None if subject is None else self._frame.delivery(subject)
        if delivery is None:
            return self._frame.no_such_page(asked=request.method not in _LOOKING)
        words = self._frame.wording(delivery)
        visit = Visit(
            delivery=delivery, words=words, query=request.query_params, form=form, path=request.path_params
        )
        try:
            return handler(visit)
        except PipelineError as error:
            return self._frame.later(words, error)

    def _no_button(self, _visit: Visit) -> Response:
        return self._frame.no_such_page(asked=True)

    def _too_large(self) -> Response:
        words = self._frame.own_wording()
        answer = partial(self._frame.answer, words, questions.TOO_LARGE_HEADING)
        return answer(questions.TOO_LARGE_EXPLANATION, status=413)


async def _form(request: Request) -> Mapping[str, str] | None:
    """The fields of an urlencoded body, none for any other body; None where it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            return None
    try:
        return dict(parse_qsl(body.decode("ascii"), max_num_fields=_FIELDS))
    except ValueError:
        # A multipart or broken body: whoever posts a link's address means its button all the same.
        return {}
