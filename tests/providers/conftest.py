"""Messages, and every provider opened against the stand-in over real loopback HTTP."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from pipeline.demo.faults import Fault, FaultPlan, no_faults
from pipeline.demo.shapes import GENERIC_BODY
from pipeline.demo.standin import IDEMPOTENCY_HEADER, Standin
from pipeline.providers.http import Http
from pipeline.providers.port import Provider
from pipeline.providers.postmark import Postmark
from pipeline.rendering.model import Attachment, Message
from pipeline.sections.mail import HttpProvider, PostmarkProvider

SENT_AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SECRET = "not-a-real-token"
#: Long, so that a busy machine is not taken for a fault.
PATIENT = 20.0
#: For answers that never come: the test takes no longer than this.
IMPATIENT = 0.3

PIXEL = Attachment(
    cid="logo@clinic.example.org", media_type="image/png", data=b"\x89PNG fake", filename="l.png"
)


def message(number: int, *, pictures: tuple[Attachment, ...] = ()) -> Message:
    """A made-up message; ``number`` makes it unique."""
    return Message(
        key=f"key{number:04d}",
        message_id=f"<key{number:04d}@clinic.example.org>",
        from_name='Lakeside "PT" Clínica',
        from_address="hello@clinic.example.org",
        reply_to="reply@clinic.example.org",
        to=f"patient{number}@example.org",
        subject=f"Part {number} from Lakeside – ¡hola!",
        html=f'<html lang="en-US"><body><p>Hello, "you" \\ {number} ✓</p></body></html>',
        text=f"Hello, you {number} ✓\n",
        headers=(
            ("List-Unsubscribe", f"<https://clinic.example.org/u/{number}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ("X-Delivery-Key", f"key{number:04d}"),
        ),
        pictures=pictures,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A way to open one provider against an address."""

    name: str
    #: From an address; ``timeout_seconds`` may be given.
    open: Callable[..., Provider]


def open_http(url: str, *, idempotency_header: str | None = None, timeout_seconds: float = PATIENT) -> Http:
    """The generic provider, configured for the stand-in."""
    section = HttpProvider(
        url=f"{url}/send",
        headers={"Authorization": "Bearer {env:MAIL_TOKEN}"},
        body=dict(GENERIC_BODY),
        idempotency_header=idempotency_header,
        timeout_seconds=timeout_seconds,
    )
    return Http(section, environment={"MAIL_TOKEN": SECRET}, file="config.toml")


def open_postmark(url: str, *, timeout_seconds: float = PATIENT) -> Postmark:
    """Postmark, pointed at the stand-in."""
    section = PostmarkProvider(base_url=url, timeout_seconds=timeout_seconds)
    return Postmark(section, environment={"POSTMARK_SERVER_TOKEN": SECRET}, file="config.toml")


APIS = (
    Api(name="http", open=open_http),
    Api(name="http-idempotent", open=partial(open_http, idempotency_header=IDEMPOTENCY_HEADER)),
    Api(name="postmark", open=open_postmark),
)


def timeout_for(fault: Fault) -> float:
    """As long as it takes, but for an answer that never comes."""
    return IMPATIENT if fault is Fault.SLOW else PATIENT


@pytest.fixture(params=APIS, ids=lambda api: api.name)
def api(request: pytest.FixtureRequest) -> Api:
    """Each mail API in turn: a new one is added to APIS and gets the whole contract."""
    chosen: Api = request.param
    return chosen


StartStandin = Callable[..., Standin]


@pytest.fixture
def start_standin(tmp_path: Path) -> Iterator[StartStandin]:
    """Start a stand-in with a plan of faults; stopped at the end of the test."""
    running: list[Standin] = []

    def start(plan: FaultPlan = no_faults) -> Standin:
        standin = Standin(tmp_path / f"standin{len(running)}", plan=plan, clock=lambda: SENT_AT)
        running.append(standin)
        return standin.__enter__()

    yield start
    for standin in running:
        standin.stop()
