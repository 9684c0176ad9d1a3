"""Rendering pages: the Jinja2 environment of ``templates/pages``, and the headers that keep them safe.

In charge of: templates, style sheet, security headers, no traceback. Not in charge of: what a page shows.
"""

import logging
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment
from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.rendering.colours import palette

_log = logging.getLogger(__name__)
#: Nothing but our own style sheet and frames: no script, no font, no picture from anywhere.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-frame-options": "SAMEORIGIN",
}
#: For pages that lie open to everybody: in nobody's frame, in no search engine.
PUBLIC_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "content-security-policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'",
        "x-frame-options": "DENY",
        "x-robots-tag": "noindex, nofollow, noarchive",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
)


class Pages:
    """The page templates of a clinic, ready to fill."""

    def __init__(self, folders: Sequence[Path], *, brand_colour: str) -> None:
        """``folders`` hold ``pages/``; an earlier one wins, the last one is the bundled one."""
        self._environment = _environment(folders)
        self._bundled = _environment(folders[-1:])
        self._colours = palette(brand_colour)

    def page(self, name: str, context: Mapping[str, Any], *, status: int = 200) -> HTMLResponse:
        """The template ``name`` filled with ``context``."""
        return HTMLResponse(self._filled(name, context), status_code=status)

    def fragment(self, name: str, context: Mapping[str, Any]) -> str:
        """A piece of a page: the template ``name`` filled with ``context``."""
        return self._filled(name, context)

    def style(self) -> Response:
        """The style sheet in the clinic's colours."""
        css = self._filled("style.css", {"colours": self._colours})
        return Response(css, media_type="text/css", headers={"cache-control": "max-age=300"})

    def _filled(self, name: str, context: Mapping[str, Any]) -> str:
        try:
            return self._environment.get_template(name).render(context)
        except Exception as error:
            # A clinic's own template that fails must not stand between a patient and the answer.
            what = str(error) if isinstance(error, TemplateError) else type(error).__name__
            _log.error("templates/pages/%s fails (%s): the bundled one is shown instead", name, what)
        return self._bundled.get_template(name).render(context)


class SafeHeaders:
    """Puts the security headers on every answer that does not set its own, and lets no traceback out.

    The outermost layer of a site: an answer to a refused host or to a fault of ours has them, too.
    """

    def __init__(self, app: ASGIApp, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        """``headers`` come before the usual ones of the same name."""
        self._app = app
        self._headers = {**_HEADERS, **headers}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            # Starlette has answered with its page for faults. The error's own text may hold patient data.
            _log.error("a page failed: %s", _place(error))


def _place(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"


def _environment(folders: Sequence[Path]) -> Environment:
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader([folder / "pages" for folder in folders]),
        autoescape=select_autoescape(default=True, disabled_extensions=("css",)),
        undefined=StrictUndefined,
        trim_blocks=True,
    )
