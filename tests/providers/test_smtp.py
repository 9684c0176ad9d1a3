"""SMTP, against a real server in this process (aiosmtpd): replies, TLS, login, and lines that break."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pipeline.delivery.outcome import Accepted, Deferred, Outcome, Refused, Unknown
from pipeline.errors import ConfigError
from pipeline.providers.smtp import Smtp
from pipeline.rendering.model import Bodies, Message
from pipeline.sections.mail import SmtpProvider, SmtpSecurity
from tests.providers.conftest import IMPATIENT, PATIENT, PIXEL, SECRET, SENT_AT, alike, message

CUT = "cut"
SILENT = "silent"
TRICKLE = "trickle"


@dataclass
class Handler:
    """Gives scripted replies at each step, and keeps what it took."""

    sender: str = "250 OK"
    #: By recipient; anyone else is fine.
    recipients: dict[str, str] = field(default_factory=dict)
    data: str = "250 OK, queued"
    #: ``data`` counts for this recipient only; None: for everyone.
    only: str | None = None
    taken: list[Envelope] = field(default_factory=list)
    connections: int = 0
    logins: list[bytes] = field(default_factory=list)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        envelope.mail_from = address
        return self.sender

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        reply = self.recipients.get(address, "250 OK")
        if reply == CUT:
            server.transport.abort()
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(envelope)
        hit = self.only is None or self.only in envelope.rcpt_tos
        if hit and self.data == CUT:
            server.transport.abort()
        if hit and self.data == SILENT:
            # Nobody answers; the client gives up first.
            await asyncio.sleep(IMPATIENT * 10)
        while hit and self.data == TRICKLE and not server.transport.is_closing():
            await server.push("250-one moment")
            await asyncio.sleep(IMPATIENT / 10)
        return self.data if hit else "250 OK"

    def login(self, server, session, envelope, mechanism, data) -> AuthResult:
        self.logins.append(data.password)
        return AuthResult(success=data.password == SECRET.encode(), handled=False)


@dataclass(frozen=True)
class Certificate:
    """A certificate of our own for 127.0.0.1, and its key."""

    pem: Path
    context: ssl.SSLContext


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test server")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    pem, secret = folder / "server.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return Certificate(pem=pem, context=context)


Serve = Callable[..., int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a mail server with a handler; gives its port."""
    running: list[Controller] = []

    def start(handler: Handler, **options: Any) -> int:
        controller = Controller(handler, hostname="127.0.0.1", port=free_port(), **options)
        running.append(controller)
        controller.start()
        return controller.port

    yield start
    for controller in running:
        controller.stop(no_assert=True)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def opened(port: int, *, timeout_seconds: float = PATIENT, **section: Any) -> Smtp:
    section.setdefault("security", SmtpSecurity.NONE)
    settings = SmtpProvider(host="127.0.0.1", port=port, timeout_seconds=timeout_seconds, **section)
    return Smtp(settings, environment={"SMTP_PASSWORD": SECRET}, file="config.toml", clock=lambda: SENT_AT)


def sent_to(port: int, *messages: Message, **section: Any) -> tuple[Outcome, ...]:
    with closing(opened(port, **section)) as provider:
        return provider.send(messages)


def test_each_patient_gets_one_message_with_everything_in_it_over_one_connection(serve: Serve) -> None:
    handler = Handler()
    sent = [replace(alike(number), pictures=(PIXEL,)) for number in range(4)]

    outcomes = sent_to(serve(handler), *sent)

    assert outcomes == tuple(Accepted(provider_id=each.message_id) for each in sent)
    assert [envelope.rcpt_tos for envelope in handler.taken] == [[each.to] for each in sent]
    assert handler.connections == 1
    for each, envelope in zip(sent, handler.taken, strict=True):
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert [mail[name] for name, _ in each.headers] == [value for _, value in each.headers]
        assert mail["Message-ID"] == each.message_id
        assert mail["Reply-To"] == each.reply_to
        assert PIXEL.data in [part.get_content() for part in mail.walk() if part.get_filename()]


def test_a_line_that_is_only_a_dot_arrives_as_a_line_and_ends_nothing(serve: Serve) -> None:
    handler = Handler()
    dotted = replace(message(1), bodies=Bodies.whole(html="<p>first</p>", text="first\n.\n..\nlast\n"))

    (outcome,) = sent_to(serve(handler), dotted)

    body = message_from_bytes(handler.taken[0].content, policy=policy.default).get_body(("plain",))
    assert isinstance(outcome, Accepted)
    assert body is not None
    assert body.get_content().replace("\r\n", "\n").strip() == dotted.text.strip()


@pytest.mark.parametrize(
    ("reply", "expected", "everyone"),
    [("450 4.2.1 busy", Deferred, False), ("421 4.3.2 closing", Deferred, True), (CUT, Deferred, True),
     ("550 5.7.1 relaying denied", Deferred, False), ("550 5.2.2 full", Refused, None)],
)  # fmt: skip
def test_what_a_server_says_to_a_recipient(serve: Serve, reply: str, expected: type, everyone) -> None:
    handler = Handler(recipients={"patient0@example.org": reply})

    first, second = sent_to(serve(handler), message(0), message(1))

    assert type(first) is expected
    if everyone is not None:
        assert first.everyone is everyone
    assert isinstance(second, Deferred if everyone else Accepted)
    assert "example.org" not in repr(first)


@pytest.mark.parametrize(("code", "suppress"), [("5.1.1", True), ("5.1.10", True), ("5.2.2", False)])
def test_an_address_that_does_not_exist_is_suppressed_and_its_neighbours_are_sent(
    serve: Serve, code: str, *, suppress: bool
) -> None:
    handler = Handler(recipients={"patient1@example.org": f"550 {code} no"})

    outcomes = sent_to(serve(handler), *[message(number) for number in range(3)])

    assert [type(outcome) for outcome in outcomes] == [Accepted, Refused, Accepted]
    assert outcomes[1] == Refused(reason=outcomes[1].reason, suppress=suppress)


@pytest.mark.parametrize("reply", ["550 5.7.1 not yours", "451 4.3.0 later", "552 quota"])
def test_a_sender_that_is_refused_uses_up_nobody(serve: Serve, reply: str) -> None:
    handler = Handler(sender=reply)

    outcomes = sent_to(serve(handler), message(0), message(1))

    assert all(isinstance(outcome, Deferred) and outcome.everyone for outcome in outcomes)
    assert handler.taken == []


@pytest.mark.parametrize(
    ("reply", "expected"), [("554 5.6.0 spam", Refused), ("451 4.7.1 greylisted", Deferred), ("999", Unknown)]
)
def test_what_a_server_says_to_the_message(serve: Serve, reply: str, expected: type) -> None:
    first, _ = sent_to(serve(Handler(data=reply, only="patient0@example.org")), message(0), message(1))

    assert type(first) is expected


@pytest.mark.parametrize("trouble", [CUT, SILENT, TRICKLE])
def test_a_message_without_an_answer_is_doubt_and_nothing_more_leaves(serve: Serve, trouble: str) -> None:
    handler = Handler(data=trouble)

    first, second = sent_to(serve(handler), message(0), message(1), timeout_seconds=IMPATIENT)

    assert isinstance(first, Unknown)
    assert isinstance(second, Deferred)
    assert [envelope.rcpt_tos for envelope in handler.taken] == [["patient0@example.org"]]


def test_no_connection_is_proof_that_nothing_left() -> None:
    outcomes = sent_to(free_port(), message(0), message(1))

    assert all(isinstance(outcome, Deferred) and outcome.everyone for outcome in outcomes)


def test_a_connection_that_the_server_closed_meanwhile_is_opened_again(serve: Serve) -> None:
    handler = Handler()
    with closing(opened(serve(handler, timeout=0.05))) as provider:
        (first,) = provider.send([message(0)])
        again = Deferred(reason="", everyone=True)
        while isinstance(again, Deferred) and isinstance(first, Accepted):
            (again,) = provider.send([message(1)])

    assert isinstance(again, Accepted)


@pytest.mark.parametrize("security", [SmtpSecurity.STARTTLS, SmtpSecurity.TLS])
def test_mail_travels_encrypted_to_a_server_whose_certificate_is_known(
    serve: Serve, certificate: Certificate, security: SmtpSecurity
) -> None:
    handler = Handler()
    port = serve(handler, **encrypted(certificate, security))

    (known,) = sent_to(port, message(0), security=security, ca_file=str(certificate.pem))
    (unknown,) = sent_to(port, message(1), security=security)

    assert isinstance(known, Accepted)
    assert unknown == Deferred(reason="no secure connection to the mail server (TLS)", everyone=True)
    assert len(handler.taken) == 1


def encrypted(certificate: Certificate, security: SmtpSecurity) -> dict[str, Any]:
    if security is SmtpSecurity.TLS:
        return {"ssl_context": certificate.context}
    return {"tls_context": certificate.context, "require_starttls": True}


def test_a_server_without_starttls_gets_no_mail(serve: Serve) -> None:
    handler = Handler()

    (outcome,) = sent_to(serve(handler), message(0), security=SmtpSecurity.STARTTLS)

    assert isinstance(outcome, Deferred)
    assert outcome.everyone
    assert handler.taken == []


@pytest.mark.parametrize("right", [True, False])
def test_a_login_is_made_inside_the_encrypted_connection(
    serve: Serve, certificate: Certificate, *, right: bool
) -> None:
    handler = Handler()
    tls = encrypted(certificate, SmtpSecurity.STARTTLS)
    port = serve(handler, **tls, authenticator=handler.login, auth_required=True)
    section = SmtpProvider(
        host="127.0.0.1", port=port, user="clinic", ca_file=str(certificate.pem), timeout_seconds=PATIENT
    )
    password = {"SMTP_PASSWORD": SECRET if right else "wrong"}

    with closing(Smtp(section, environment=password, file="config.toml", clock=lambda: SENT_AT)) as provider:
        (outcome,) = provider.send([message(0)])

    assert handler.logins[0] == password["SMTP_PASSWORD"].encode()
    assert isinstance(outcome, Accepted if right else Deferred)
    assert SECRET not in repr(outcome) + repr(provider)
    assert right or "credentials" in outcome.reason


def test_plain_text_to_another_machine_is_refused_before_anything_is_sent() -> None:
    section = SmtpProvider(host="mail.example.org", security=SmtpSecurity.NONE)

    with pytest.raises(ConfigError) as error:
        Smtp(section, environment={}, file="config.toml", clock=lambda: SENT_AT)

    assert error.value.where.key == "provider.smtp.security"


def test_a_missing_password_or_certificate_is_one_clear_sentence(tmp_path: Path) -> None:
    for section, named in (
        (SmtpProvider(user="clinic"), "SMTP_PASSWORD"),
        (SmtpProvider(ca_file=str(tmp_path / "none.pem")), "none.pem"),
    ):
        with pytest.raises(ConfigError, match=named) as error:
            Smtp(section, environment={}, file="config.toml", clock=lambda: SENT_AT)
        assert error.value.mend


def test_a_forged_header_stops_that_message_alone(serve: Serve) -> None:
    handler = Handler()
    bad = replace(message(0), to="patient0@example.org>\r\nRCPT TO:<all@example.org")

    outcomes = sent_to(serve(handler), bad, message(1))

    assert [type(outcome) for outcome in outcomes] == [Refused, Accepted]
    assert [envelope.rcpt_tos for envelope in handler.taken] == [["patient1@example.org"]]
