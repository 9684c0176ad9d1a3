"""The message on its real way: over SMTP into other people's programs, and back out unbroken.

aiosmtpd is always there; maildev and SpamAssassin where this machine has them (``make peers``).
"""

import asyncio
import email
import email.policy
import html.parser
import smtplib
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests
from aiosmtpd.smtp import SMTP, Envelope, Session
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from pipeline.app.authoring import Desk
from pipeline.app.settings import sample_settings
from pipeline.app.spam import SpamAssassin, spamassassin
from pipeline.rendering.compose import Composer, Recipient
from pipeline.rendering.mime import MimeComposer
from pipeline.rendering.model import Edition, Message
from pipeline.rendering.page import SAMPLE_LINKS
from pipeline.web.server import bind
from tests.peers import MAILDEV

REAL = sorted((Path(__file__).parents[3] / "shared" / "data" / "article").glob("*.txt"))
SERIES = ["first-weeks", *map(str, REAL)]
SPAMASSASSIN = [program for program in (spamassassin(),) if program is not None]
#: The promise: beside its neutral rules SpamAssassin has next to nothing against a part.
HIGHEST_SCORE = 0.5
DATE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
#: Seconds; a test that waits so long has failed.
PATIENCE = 30
#: Names whose bytes are hard to carry.
NAMES = ("Ana", "Zoë Brontë-O'Neil", "נועה", "Nguyễn Thị Minh Khai", "李小龍 😀")


@dataclass(frozen=True)
class Sent:
    """One message: what was joined, and the bytes that went out."""

    message: Message
    data: bytes = field(repr=False)


@pytest.fixture(scope="module", params=SERIES, ids=lambda each: Path(each).stem)
def edition(request) -> Edition:
    return Desk.open(sample_settings()).compiled(request.param).edition


@pytest.fixture(scope="module")
def sent(edition: Edition) -> list[Sent]:
    """Every part, each for another name."""
    made = []
    for part in edition.parts:
        composer = Composer(edition, part.number, trial=part.number % 2 == 0)
        given = NAMES[part.number % len(NAMES)]
        recipient = Recipient(
            to=f"patient{part.number}@example.org", given=given, links=SAMPLE_LINKS, key=f"k{part.number}"
        )
        data = MimeComposer(composer).to_bytes(recipient, date=DATE)
        made.append(Sent(composer.message(recipient), data))
    return made


@dataclass
class Inbox:
    """What came in over SMTP, as it came."""

    envelopes: list[Envelope] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        self.envelopes.append(envelope)
        return "250 OK"


@contextmanager
def smtp_server(inbox: Inbox) -> Iterator[int]:
    """An SMTP server in this process; the port it listens on."""
    listening = bind("127.0.0.1", 0)
    ready = threading.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        await loop.create_server(lambda: SMTP(inbox, loop=loop), sock=listening)
        ready.set()

    def run() -> None:
        loop.run_until_complete(serve())
        loop.run_forever()
        loop.close()

    # All of the loop's life in a thread of its own: the browser's tests may have one in this thread.
    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(PATIENCE)
    try:
        yield listening.getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        listening.close()


def send_all(sent: list[Sent], port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as line:
        for each in sent:
            line.sendmail(each.message.from_address, [each.message.to], each.data)


def check_arrived(data: bytes, message: Message) -> None:
    """What a mail program reads out of the bytes is what was compiled and joined."""
    arrived = email.message_from_bytes(data, policy=email.policy.SMTP)
    assert isinstance(arrived, EmailMessage)
    assert [part.defects for part in arrived.walk() if part.defects] == []
    bodies = {
        part.get_content_type(): part.get_content().replace("\r\n", "\n")
        for part in arrived.walk()
        if part.get_content_maintype() == "text"
    }
    assert bodies == {"text/plain": message.text, "text/html": message.html}
    headers = {"To": message.to, "Reply-To": message.reply_to, "Subject": message.subject,
               "Message-ID": message.message_id, **dict(message.headers)}  # fmt: skip
    assert {name: str(arrived[name]) for name in headers} == headers
    assert arrived["From"].addresses[0].addr_spec == message.from_address
    assert arrived["From"].addresses[0].display_name == message.from_name
    assert arrived["Date"].datetime == DATE
    pictures = {
        part["Content-ID"]: part.get_content()
        for part in arrived.walk()
        if part.get_content_maintype() == "image"
    }
    assert pictures == {f"<{picture.cid}>": picture.data for picture in message.pictures}


def test_every_part_arrives_over_smtp_byte_for_byte(sent: list[Sent]) -> None:
    inbox = Inbox()
    with smtp_server(inbox) as port:
        send_all(sent, port)

    assert [envelope.content for envelope in inbox.envelopes] == [each.data for each in sent]
    assert [envelope.rcpt_tos for envelope in inbox.envelopes] == [[each.message.to] for each in sent]
    for envelope, each in zip(inbox.envelopes, sent, strict=True):
        check_arrived(envelope.content, each.message)


Ask = Callable[[str], requests.Response]


@pytest.fixture(scope="module", params=MAILDEV, ids=["maildev"] * len(MAILDEV))
def maildev(request, tmp_path_factory) -> Iterator[tuple[int, Ask]]:
    """A running maildev: its SMTP port, and a way to ask its web API."""
    smtp, web = (_free_port() for _ in range(2))
    folder = tmp_path_factory.mktemp("maildev")
    command = [request.param, "--smtp", smtp, "--web", web, "--ip", "127.0.0.1", "--web-ip", "127.0.0.1",
               "--mail-directory", folder, "--silent"]  # fmt: skip
    with (
        subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL) as running,
        requests.Session() as session,
    ):
        session.mount("http://", HTTPAdapter(max_retries=Retry(connect=12, backoff_factor=0.05)))

        def ask(path: str) -> requests.Response:
            answer = session.get(f"http://127.0.0.1:{web}/api/email{path}", timeout=20)
            answer.raise_for_status()
            return answer

        try:
            ask("")
            yield smtp, ask
        finally:
            running.terminate()


def _free_port() -> int:
    with bind("127.0.0.1", 0) as listening:
        return listening.getsockname()[1]


class _Words(html.parser.HTMLParser):
    """What a reader sees, and where the links lead: maildev shows HTML without its head, tidied."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self._unseen = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in {"style", "title"}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in {"style", "title"}

    def handle_data(self, data: str) -> None:
        self.words += [] if self._unseen else data.split()


def test_every_part_arrives_in_maildev_and_is_read_there_as_it_was_meant(maildev, sent: list[Sent]) -> None:
    smtp, ask = maildev
    known = {each["id"] for each in ask("").json()}
    send_all(sent, smtp)

    arrived = {each["headers"]["message-id"]: each for each in ask("").json() if each["id"] not in known}

    for each in sent:
        kept = arrived[each.message.message_id]
        source = ask(f"/{kept['id']}/source").content
        assert source == each.data
        check_arrived(source, each.message)
        assert kept["subject"] == each.message.subject
        assert kept["text"].rstrip("\n") == each.message.text.rstrip("\n")
        theirs, ours = _Words(kept["html"]), _Words(each.message.html)
        assert (theirs.words, theirs.links) == (ours.words, ours.links)
        pictures = {
            picture["contentId"]: ask(f"/{kept['id']}/attachment/{picture['generatedFileName']}").content
            for picture in kept.get("attachments") or ()
        }
        assert pictures == {picture.cid: picture.data for picture in each.message.pictures}


@pytest.mark.parametrize("program", SPAMASSASSIN, ids=["spamassassin"] * len(SPAMASSASSIN))
def test_spamassassin_has_nothing_against_any_part(program: SpamAssassin, sent: list[Sent]) -> None:
    reports = program([each.message for each in sent])

    scores = {each.message.subject: report.score for each, report in zip(sent, reports, strict=True)}
    assert {subject: score for subject, score in scores.items() if score > HIGHEST_SCORE} == {}
    # "The text does not say what the HTML says" weighs most, and is ours to get right.
    assert "MPART_ALT_DIFF" not in {rule.name for report in reports for rule in report.rules}
