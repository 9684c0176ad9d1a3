"""Messages, and every provider opened against the stand-in over real loopback HTTP."""

import html
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipeline.demo.faults import Fault, FaultPlan, no_faults
from pipeline.demo.shapes import GENERIC_BODY
from pipeline.demo.standin import IDEMPOTENCY_HEADER, Standin
from pipeline.providers.brevo import Brevo
from pipeline.providers.http import Http
from pipeline.providers.mailgun import Mailgun
from pipeline.providers.port import Provider
from pipeline.providers.postmark import Postmark
from pipeline.providers.resend import Resend
from pipeline.providers.sendgrid import Sendgrid
from pipeline.providers.ses import Ses
from pipeline.rendering.model import Attachment, Bodies, Message, Skeleton, Slot
from pipeline.sections.mail import (
    BrevoProvider,
    HttpProvider,
    MailgunProvider,
    PostmarkProvider,
    ResendProvider,
    SendgridProvider,
    SesProvider,
)
from tests.providers.scripted import Scripted

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
        bodies=Bodies.whole(
            html=f'<html lang="en-US"><body><p>Hello, "you" \\ {number} ✓</p></body></html>',
            text=f"Hello, you {number} ✓\n",
        ),
        headers=(
            ("List-Unsubscribe", f"<https://clinic.example.org/u/{number}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ("X-Delivery-Key", f"key{number:04d}"),
        ),
        pictures=pictures,
    )


HTML = Skeleton(
    literals=('<html lang="en-US"><body><p class="a">', '</p><a href="', '">see</a><a href="', '">stop</a>\n',
              "</body></html>"),
    slots=(Slot.GREETING, Slot.VIEW_URL, Slot.UNSUBSCRIBE_URL, Slot.NOT_ME_URL),
)  # fmt: skip
TEXT = Skeleton(
    literals=("", '\n100 % "yours" \\ – see ', "\nstop ", "\n"),
    slots=(Slot.GREETING, Slot.VIEW_URL, Slot.UNSUBSCRIBE_URL),
)


def alike(
    number: int, *, name: str = "Ana & Bo", subject: str = "Part 2 – ¡hola!", **changes: Any
) -> Message:
    """One of many messages of the same part: only slots, headers and address differ."""
    links = {
        slot: f"https://clinic.example.org/{slot}/{number}?a=1&b=2"
        for slot in Slot
        if slot not in {Slot.GREETING, Slot.TRIAL}
    }
    text = {**links, Slot.GREETING: f"Hello {name},"}
    escaped = {slot: html.escape(value) for slot, value in text.items()}
    bodies = Bodies(html=HTML, html_values=escaped, text=TEXT, text_values=text)
    common = (("List-Id", "<part.clinic.example.org>"), ("Auto-Submitted", "auto-generated"))
    return replace(
        message(number), subject=subject, bodies=bodies,
        headers=(*message(number).headers, *common), **changes,
    )  # fmt: skip


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


def open_ses(url: str, *, timeout_seconds: float = PATIENT, **more: Any) -> Ses:
    """Amazon SES, pointed at the stand-in."""
    section = SesProvider(base_url=url, timeout_seconds=timeout_seconds, configuration_set="patients", **more)
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET}
    return Ses(section, environment=keys, file="config.toml", clock=lambda: SENT_AT)


def open_mailgun(url: str, *, timeout_seconds: float = PATIENT) -> Mailgun:
    """Mailgun, pointed at the stand-in."""
    section = MailgunProvider(base_url=url, timeout_seconds=timeout_seconds)
    return Mailgun(
        section,
        sender_domain="clinic.example.org",
        environment={"MAILGUN_API_KEY": SECRET},
        file="config.toml",
    )


def open_sendgrid(url: str, *, timeout_seconds: float = PATIENT) -> Sendgrid:
    """SendGrid, pointed at the stand-in."""
    section = SendgridProvider(base_url=url, timeout_seconds=timeout_seconds)
    return Sendgrid(section, environment={"SENDGRID_API_KEY": SECRET}, file="config.toml")


def open_resend(url: str, *, timeout_seconds: float = PATIENT) -> Resend:
    """Resend, pointed at the stand-in."""
    section = ResendProvider(base_url=url, timeout_seconds=timeout_seconds)
    return Resend(section, environment={"RESEND_API_KEY": SECRET}, file="config.toml")


def open_brevo(url: str, *, timeout_seconds: float = PATIENT) -> Brevo:
    """Brevo, pointed at the stand-in."""
    section = BrevoProvider(base_url=url, timeout_seconds=timeout_seconds)
    return Brevo(section, environment={"BREVO_API_KEY": SECRET}, file="config.toml")


APIS = (
    Api(name="http", open=open_http),
    Api(name="http-idempotent", open=partial(open_http, idempotency_header=IDEMPOTENCY_HEADER)),
    Api(name="postmark", open=open_postmark),
    Api(name="ses", open=open_ses),
    Api(name="mailgun", open=open_mailgun),
    Api(name="sendgrid", open=open_sendgrid),
    Api(name="resend", open=open_resend),
    Api(name="brevo", open=open_brevo),
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


Answering = Callable[..., Scripted]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """Start a server that gives one answer to everything; stopped at the end of the test."""
    running: list[Scripted] = []

    def start(status: int, answer: object, headers: dict[str, str] | None = None) -> Scripted:
        running.append(Scripted(status, answer, headers))
        return running[-1]

    yield start
    for scripted in running:
        scripted.stop()
