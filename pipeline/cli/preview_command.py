"""``pipeline preview``: look at every part in the browser; no database."""

from collections.abc import Mapping
from typing import Annotated

import typer
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Route

from pipeline.cli.desk import open_desk
from pipeline.cli.stopping import until_asked_to_stop
from pipeline.web.pages import Pages, SafeHeaders
from pipeline.web.preview import PreviewPages
from pipeline.web.server import bind_near, serving

app = typer.Typer(help="Look at every part in the browser; no database.")


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
    """Look at every part in the browser, as it is sent; a saved change shows at the next look."""
    desk = open_desk(ctx.obj)
    source = desk.previewing(series)
    source()
    pages = Pages(desk.templates.folders, brand_colour=desk.config.brand.colour)
    frame: Mapping[str, object] = {
        "clinic": desk.config.clinic, "mode": "", "style": "/style.css", "navigation": [],
    }  # fmt: skip
    shown = PreviewPages(source, pages, prefix="", frame=lambda _path: frame)
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    site = Starlette(
        routes=[Route("/style.css", lambda _request: pages.style()), *shown.routes()],
        middleware=[hosts, Middleware(SafeHeaders)],
    )
    with until_asked_to_stop() as stop, serving(site, bind_near("127.0.0.1", port)) as address:
        typer.echo(f"Look at {address}   (Ctrl-C ends it)")
        stop.wait()
