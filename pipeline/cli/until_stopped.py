"""A clinic's pages from the start to Ctrl-C, with or without sending: what ``run`` and ``web`` share.

In charge of: opening, saying where the pages are, waiting. Not in charge of: the pages or the scheduler
(``serving``).
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Protocol

import typer

from pipeline.app.authoring import Compiled, Desk
from pipeline.app.clinic import Clinic
from pipeline.cli.opening import open_clinic
from pipeline.cli.serving import Addresses
from pipeline.cli.stopping import until_asked_to_stop
from pipeline.web.server import bind

SeriesShown = Annotated[str, typer.Option(help="The series to show under Preview.")]


class Serve(Protocol):
    """``serving.everything`` or ``serving.pages_of``."""

    def __call__(
        self,
        clinic: Clinic,
        preview: Callable[[], Compiled],
        *,
        staff: socket.socket,
        public: socket.socket,
    ) -> AbstractContextManager[Addresses]: ...


@contextmanager
def shown_until_stopped(config: Path, series: str, serve: Serve, *, says: str) -> Iterator[None]:
    """Run ``serve`` until Ctrl-C or SIGTERM.

    The block runs then, before anything ends; ``says`` may hold {mode}.
    """
    with ExitStack() as open_now:
        clinic = open_now.enter_context(open_clinic(config))
        stop = open_now.enter_context(until_asked_to_stop())
        web = clinic.config.web
        staff = open_now.enter_context(bind("127.0.0.1", web.staff_port))
        public = open_now.enter_context(bind(web.host, web.public_port))
        preview = Desk.open(clinic.config).previewing(series)
        with serve(clinic, preview, staff=staff, public=public) as at:
            typer.echo(f"Staff pages:     {at.staff}  (this machine only)")
            typer.echo(f"Patients' pages: {at.public}")
            typer.echo(says.format(mode=clinic.config.sending.mode))
            stop.wait()
            yield
