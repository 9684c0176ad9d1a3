"""Where mail services report: ``/hooks/{provider}``.

In charge of: method, size, the answer and its status. Not in charge of: proof, keeping and applying
(``app.listening``).

========  ============================================================================================
200       the call is kept, committed, and what it tells is applied; also where nobody could read it
401       no proof, or a wrong or old one; the answer says no more than that
404       no such service
405       another method than POST: nothing is read and nothing changes
408, 413  the body did not come in time, or is too long
503       the database cannot be reached, or a certificate is missing: the service brings the call again,
          as ``Retry-After`` asks
========  ============================================================================================

A service that has proven itself is not slowed down: it brings what happened, and that is as much as it is.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pipeline.app.listening import Hearing
from pipeline.errors import PipelineError
from pipeline.providers.hooks import Hook, HookRefusedError, HookUncheckedError

_log = logging.getLogger(__name__)
#: Bytes. The largest call any of the services announces is SendGrid's with 768 KB.
LONGEST: Final = 1_000_000
_BODY_SECONDS: Final = 30
_RETRY_AFTER_SECONDS: Final = "60"


class Hooks:
    """The address of one clinic's mail services, as a route of its public site."""

    def __init__(self, hearing: Hearing, clock: Callable[[], datetime]) -> None:
        self._hearing = hearing
        self._clock = clock

    def route(self) -> Route:
        """For every method: what is not POST must not fall through to another page."""
        return Route("/hooks/{provider}", self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        name = request.path_params["provider"]
        if not self._hearing.knows(name):
            return _said(404, "There is no such service.")
        if request.method != "POST":
            return _said(405, "Only POST is taken here.", allow="POST")
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                body = await _body(request)
        except TimeoutError:
            return _closing(408, "The body did not come in time.")
        if body is None:
            return _closing(413, f"A call has {LONGEST} bytes at most.")
        hook = Hook(body=body, headers=dict(request.headers), received_at=self._clock())
        return await run_in_threadpool(self._take_in, name, hook)

    def _take_in(self, name: str, hook: Hook) -> Response:
        try:
            self._hearing.take_in(name, hook)
        except HookUncheckedError:
            # Nobody can tell yet: a person has to bring a certificate first.
            return _later()
        except HookRefusedError:
            return _said(401, "Not taken.")
        except PipelineError as error:
            _log.error("a call of %s could not be taken: %s", name, error.what)
            return _later()
        return _said(200, "Thank you.")


async def _body(request: Request) -> bytes | None:
    """The body; None where it is too long, as soon as that is known."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdecimal() and int(announced[:20]) > LONGEST:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            return None
    return bytes(body)


def _said(status: int, words: str, **headers: str) -> Response:
    return PlainTextResponse(words, status_code=status, headers=headers)


def _later() -> Response:
    return _said(503, "Please bring it again later.", **{"retry-after": _RETRY_AFTER_SECONDS})


def _closing(status: int, words: str) -> Response:
    """The rest of the body was not read, so nothing else can come on this connection."""
    return _said(status, words, connection="close")
