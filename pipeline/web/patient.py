"""The public site: patients' pages by their links, what mail services report, the style sheet, health.

In charge of: which page stands at which address. Not in charge of: the pages themselves (``patient_part``,
``patient_preferences``, ``patient_stopping``, ``patient_asking``), or the way into them (``patient_door``).
No login, no cookie, no script. GET, HEAD and OPTIONS never change anything (DESIGN 9.2): mail scanners open
every link.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from pipeline.app.clinic import Clinic
from pipeline.keys import TokenPurpose
from pipeline.rendering.texts import Catalog
from pipeline.web.hooks import Hooks
from pipeline.web.limits import Act, Limits
from pipeline.web.pages import PUBLIC_HEADERS, Pages, SafeHeaders
from pipeline.web.patient_asking import AskingPages
from pipeline.web.patient_door import Door
from pipeline.web.patient_frame import PatientFrame
from pipeline.web.patient_part import PartPage
from pipeline.web.patient_preferences import PreferencePages
from pipeline.web.patient_stopping import StoppingPages

_Handler = Callable[[Request, Exception], Response | Awaitable[Response]]


class PatientPages:
    """The public site of one clinic."""

    def __init__(
        self,
        clinic: Clinic,
        pages: Pages,
        catalogs: Mapping[str, Catalog],
        *,
        limits: Limits | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """``limits`` says how often a link and an address may be used, counted by the clock ``seconds``."""
        self._frame = PatientFrame(clinic, pages, catalogs)
        self._door = Door(self._frame, limits or Limits(), seconds)
        self._pages = pages
        self._hooks = Hooks(clinic.hearing(), clinic.clock)

    def app(self) -> ASGIApp:
        """The public site."""
        routes = [
            *self._links(),
            self._hooks.route(),
            Route("/style.css", lambda _request: self._pages.style()),
            Route("/healthz", lambda _request: PlainTextResponse("ok")),
        ]
        handlers: Mapping[Any, _Handler] = {HTTPException: self._door.lost, Exception: self._failed}
        site = Starlette(routes=routes, exception_handlers=handlers)
        # A redirected POST does not work reliably (RFC 8058, 3.1).
        site.router.redirect_slashes = False
        return SafeHeaders(site, PUBLIC_HEADERS)

    def _links(self) -> list[BaseRoute]:
        route, frame = self._door.route, self._frame
        stopping, asking = StoppingPages(frame), AskingPages(frame)
        choosing, part = PreferencePages(frame), PartPage(frame)
        by = TokenPurpose
        return [
            route(by.UNSUBSCRIBE, stopping.ask_unsubscribe, stopping.unsubscribe, act=Act.UNSUBSCRIBE),
            route(by.UNSUBSCRIBE, stopping.ask_again, stopping.again, below="/again"),
            route(by.NOT_ME, stopping.ask_not_me, stopping.not_me),
            route(by.PREFERENCES, choosing.show, choosing.press),
            route(by.PREFERENCES, choosing.ask_stop, below="/stop"),
            route(by.PREFERENCES, asking.ask_helpful, asking.helpful, below="/helpful"),
            route(by.CALL_ME, asking.ask_call, asking.call),
            route(by.VIEW, part.show),
            route(by.VIEW, part.picture, below="/pictures/{number}"),
        ]

    def _failed(self, _request: Request, error: Exception) -> Response:
        return self._frame.later(self._frame.own_wording(), error)
