"""A conversation with a mail server: opened with TLS and login, kept for the next message, closed.

In charge of: connecting, verifying certificates, logging in, and time limits. Not in charge of: what a
reply to a message means (``smtp``).

STARTTLS (RFC 3207) or TLS from the first byte (RFC 8314, the better choice where a server has it), always
with a verified certificate; plain text only to this machine. Python's ``smtplib`` speaks the protocol.
"""

import contextlib
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline.errors import ConfigError, Place
from pipeline.providers.secrets import section_secret
from pipeline.providers.wire import is_loopback
from pipeline.sections.mail import SmtpProvider, SmtpSecurity

_CONNECT_SECONDS: Final = 10.0
#: Servers drop a silent client after some minutes (RFC 5321 4.5.3.2.7).
_IDLE_SECONDS: Final = 20.0


class NoConversationError(Exception):
    """No connection, no TLS or no login: nothing of a message has left. ``why`` quotes no server."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """User and password. Never shown."""

    user: str = field(repr=False)
    password: str = field(repr=False)


def credentials(section: SmtpProvider, *, environment: Mapping[str, str], file: str) -> Login | None:
    """What to log in with; None where the section names no user. Raises ConfigError."""
    if section.user is None:
        return None
    password = section_secret(section, "password", environment=environment, file=file, key="provider.smtp")
    return Login(user=section.user, password=password)


class SmtpLine:
    """Opens conversations with one server and keeps the last one. Used by one thread at a time."""

    def __init__(self, section: SmtpProvider, login: Login | None, *, file: str) -> None:
        """Raises ConfigError for plain text to another machine, or a CA file that cannot be read."""
        if section.security is SmtpSecurity.NONE and not is_loopback(f"smtp://{section.host}"):
            raise ConfigError(
                "provider.smtp.security is 'none', and the mail server is another machine.",
                where=Place(file=file, key="provider.smtp.security"),
                mend='write security = "starttls" or "tls": patients\' mail travels encrypted only',
            )
        self._section = section
        self._login = login
        self._context = _context(section, file)
        self._open: smtplib.SMTP | None = None
        self._last_used = float("-inf")

    def ready(self) -> "Conversation":
        """A conversation in which a message can begin. Raises NoConversationError."""
        if self._open is not None and time.monotonic() - self._last_used > _IDLE_SECONDS:
            self.drop()
        if self._open is None:
            self._open = self._connect()
        self._last_used = time.monotonic()
        return Conversation(self._open)

    def drop(self) -> None:
        """Hang up without a word."""
        if self._open is not None:
            self._open.close()
        self._open = None

    def close(self) -> None:
        """Say goodbye where somebody still listens."""
        if self._open is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._open.docmd("QUIT")
        self.drop()

    def _connect(self) -> smtplib.SMTP:
        server = self._dial()
        try:
            self._greet(server)
        except BaseException:
            server.close()
            raise
        return server

    def _dial(self) -> smtplib.SMTP:
        section = self._section
        limit = min(_CONNECT_SECONDS, section.timeout_seconds)
        try:
            if section.security is SmtpSecurity.TLS:
                return smtplib.SMTP_SSL(section.host, section.port, timeout=limit, context=self._context)
            return smtplib.SMTP(section.host, section.port, timeout=limit)
        except ssl.SSLError as error:
            raise NoConversationError("no secure connection to the mail server (TLS)") from error
        except (OSError, smtplib.SMTPException) as error:
            raise NoConversationError("no connection to the mail server") from error

    def _greet(self, server: smtplib.SMTP) -> None:
        try:
            if self._section.security is SmtpSecurity.STARTTLS:
                server.starttls(context=self._context)
            # After STARTTLS once more: what was said before it counts no longer (RFC 3207 4.2).
            server.ehlo_or_helo_if_needed()
            if self._login is not None:
                server.login(self._login.user, self._login.password)
        except ssl.SSLError as error:
            raise NoConversationError("no secure connection to the mail server (TLS)") from error
        except smtplib.SMTPAuthenticationError:
            # Without its cause: a server may repeat what was sent.
            raise NoConversationError("the mail server refused our credentials") from None
        except smtplib.SMTPNotSupportedError:
            raise NoConversationError("the mail server offers no STARTTLS or no login") from None
        except (OSError, smtplib.SMTPException) as error:
            raise NoConversationError("the mail server did not begin a conversation") from error
        assert server.sock is not None, "connected"
        server.sock.settimeout(self._section.timeout_seconds)


class Conversation:
    """The part of SMTP that carries one message. Every failure of the line is an OSError."""

    def __init__(self, server: smtplib.SMTP) -> None:
        self._server = server

    @contextlib.contextmanager
    def at_most(self, seconds: float) -> Iterator[None]:
        """Cut the line after ``seconds``: a socket's own limit begins anew with every byte that comes."""
        watchdog = threading.Timer(seconds, self._cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()

    def _cut(self) -> None:
        if self._server.sock is not None:
            with contextlib.suppress(OSError):
                # The plain socket's: that of TLS would first want to say goodbye.
                socket.socket.shutdown(self._server.sock, socket.SHUT_RDWR)

    def command(self, line: str) -> tuple[int, bytes]:
        """Say one line, hear the reply."""
        try:
            return self._server.docmd(line)
        except smtplib.SMTPException as error:
            raise ConnectionError from error

    def finish(self, data: bytes) -> tuple[int, bytes]:
        """Send the message's bytes (CRLF, dots doubled) and the final dot, hear the reply."""
        end = b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n"
        try:
            self._server.send(data + end)
            return self._server.getreply()
        except smtplib.SMTPServerDisconnected as error:
            raise (
                TimeoutError if isinstance(error.__context__, TimeoutError) else ConnectionError
            ) from error
        except smtplib.SMTPException as error:
            raise ConnectionError from error


def _context(section: SmtpProvider, file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if section.ca_file is not None:
        try:
            context.load_verify_locations(section.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"The certificates in {section.ca_file} cannot be read.",
                where=Place(file=file, key="provider.smtp.ca_file"),
                mend="name a PEM file with the certificate authority of your mail server",
            ) from error
    return context
