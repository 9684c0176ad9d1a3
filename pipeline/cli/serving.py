"""Scheduler, staff pages, patients' pages in one process: for ``run``, ``demo`` and ``web``.

In charge of: starting and ending them together, quietly. Not in charge of: what any of them does.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from pipeline.app.authoring import Compiled
from pipeline.app.clinic import Clinic
from pipeline.app.files import own_and_bundled
from pipeline.engine.embedded import EmbeddedEngine
from pipeline.engine.report import TickReport
from pipeline.rendering.loader import TemplateSource
from pipeline.web.pages import Pages
from pipeline.web.patient import PatientPages
from pipeline.web.server import serving
from pipeline.web.staff import StaffPages


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the pages are."""

    staff: str
    public: str


@contextmanager
def everything(
    clinic: Clinic,
    preview: Callable[[], Compiled],
    *,
    staff: socket.socket,
    public: socket.socket,
    on_report: Callable[[TickReport], None] = lambda _report: None,
) -> Iterator[Addresses]:
    """Run scheduler and pages while the block runs; at its end the batch in hand is finished first."""
    provider = clinic.provider()
    engine = EmbeddedEngine(
        clinic.dispatcher(provider),
        clock=clinic.clock,
        every=timedelta(seconds=clinic.config.sending.tick_seconds),
        before=clinic.housekeep,
        on_report=on_report,
    )
    try:
        with pages_of(clinic, preview, staff=staff, public=public) as addresses, engine:
            yield addresses
    finally:
        provider.close()


@contextmanager
def pages_of(
    clinic: Clinic, preview: Callable[[], Compiled], *, staff: socket.socket, public: socket.socket
) -> Iterator[Addresses]:
    """Serve staff pages and patients' pages while the block runs; nothing is sent."""
    folders = own_and_bundled(clinic.config.folder, "templates")
    pages = Pages(folders, brand_colour=clinic.config.brand.colour)
    catalogs = TemplateSource(folders).catalogs()
    with (
        serving(StaffPages(clinic, pages, preview).app(), staff) as staff_url,
        serving(PatientPages(clinic, pages, catalogs).app(), public) as public_url,
    ):
        yield Addresses(staff=staff_url, public=public_url)
