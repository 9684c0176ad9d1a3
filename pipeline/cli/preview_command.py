"""``pipeline preview``: look at every part in the browser; no database."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from pipeline.app.authoring import Compiled, Desk
from pipeline.app.watching import Watched, looking
from pipeline.cli.desk import open_desk, reopen_desk
from pipeline.cli.stopping import until_asked_to_stop
from pipeline.errors import PipelineError
from pipeline.web.pages import Pages, SafeHeaders
from pipeline.web.preview import PreviewPages
from pipeline.web.preview_live import Live
from pipeline.web.server import bind_near, serving

app = typer.Typer(help="Look at every part in the browser; no database.")
_NO_PAGE = PipelineError("This address leads nowhere.", mend="go back, or start again at the list of parts")
_FAULT = PipelineError(
    "A fault of ours: this page cannot be shown.", mend="look at the last line in the terminal, and report it"
)


@app.command()
def preview(
    ctx: typer.Context,
    series: Annotated[
        str, typer.Argument(help="A series below content/, its folder, or an article.")
    ] = "first-weeks",
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="The next free port is taken if this is busy.")
    ] = 8630,
) -> None:
    """Look at every part in the browser, as it is sent; a saved change shows there by itself."""
    desk = _CurrentDesk(open_desk(ctx.obj), ctx.obj, series)
    # A series that is not there ends the command; one that does not compile is shown, and waited for.
    desk.desk.find(series)
    watched = Watched(desk.compile, desk.files)
    try:
        watched()
    except PipelineError as error:
        typer.echo(f"{error}\nThe preview waits until this is mended.", err=True)
    live = Live(watched)
    with (
        until_asked_to_stop() as stop,
        looking(watched),
        serving(_site(desk, watched, live), bind_near("127.0.0.1", port)) as address,
    ):
        typer.echo(f"Look at {address}   (Ctrl-C ends it)")
        stop.wait()
        live.close()


class _CurrentDesk:
    """The desk as config.toml is now: an author changes that file, too, while looking."""

    def __init__(self, desk: Desk, config: Path, series: str) -> None:
        self.desk = desk
        self._config = config
        self._series = series

    def compile(self) -> Compiled:
        """The series, with the settings as they are now."""
        self.desk = reopen_desk(self._config)
        return self.desk.compiled(self._series)

    def files(self, known: Compiled | None) -> Iterator[Path]:
        """Every file that the next compile reads."""
        yield self._config
        yield from self.desk.files_of(self._series, known)

    def frame(self, _path: str) -> Mapping[str, object]:
        """What every page's template is given."""
        return {"clinic": self.desk.config.clinic, "mode": "", "style": "/style.css", "navigation": []}

    def pages(self) -> Pages:
        """The page templates."""
        return Pages(self.desk.templates.folders, brand_colour=self.desk.config.brand.colour)


def _site(desk: _CurrentDesk, watched: Watched[Compiled], live: Live) -> ASGIApp:
    pages = desk.pages()
    shown = PreviewPages(watched, pages, prefix="", frame=desk.frame, live=live)

    def problem(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        context = {"heading": "That did not work", "error": _NO_PAGE if status == 404 else _FAULT}
        return pages.page("problem.html", {**desk.frame(""), **context}, status=status)

    return SafeHeaders(
        Starlette(
            routes=[Route("/style.css", lambda _request: desk.pages().style()), *shown.routes()],
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
            exception_handlers={HTTPException: problem, Exception: problem},
        )
    )
