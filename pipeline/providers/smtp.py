"""SMTP: any mail server that takes submissions (RFC 6409), one message to one recipient at a time.

In charge of: the conversation, what each reply means, and that a message whose last dot left without an
answer is doubt. Not in charge of: the message's bytes (``rendering.mime``), the connection (``smtp_line``).

Replies (RFC 5321 4.2.1): 4yz means try again, 5yz no. At MAIL FROM a refusal concerns the sender or
account, at RCPT TO this address, after DATA this message; 421 ends the conversation for everyone. Enhanced
codes (RFC 3463) tell a bad address (5.1.1, 5.1.2, 5.1.3, 5.1.6, RFC 7505's 5.1.10) from a policy (5.7.x),
which a person has to look at: it is held back, not used up. A server accepts with its reply to the final
dot and not before (RFC 5321 4.1.1.4), so a connection lost earlier proves that nothing was accepted.

There is no idempotency. The delivery key travels in X-Delivery-Key and in the Message-ID, which bounces
bring back to the sender's mailbox; nothing is reported to us. A reply's text is never shown: it quotes
addresses.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from pipeline.delivery.outcome import Accepted, Deferred, Outcome, Refused, Unknown
from pipeline.providers.answers import UNTRIED, stops_the_call
from pipeline.providers.calls import FORGED, forged
from pipeline.providers.port import Capabilities
from pipeline.providers.smtp_line import Conversation, NoConversationError, SmtpLine, credentials
from pipeline.providers.wire import is_loopback
from pipeline.rendering.mime import to_mime
from pipeline.rendering.model import Message
from pipeline.sections.mail import SmtpProvider

#: Stops between two recorded batches; each message has a conversation of its own anyway.
_BATCH: Final = 100
_BAD_ADDRESS: Final = re.compile(rb"5\.1\.(?:1|2|3|6|10)\b")
_POLICY: Final = re.compile(rb"[45]\.7\.\d+\b")
#: RFC 5321 4.5.2: a line's first dot is doubled.
_FIRST_DOT: Final = re.compile(rb"^\.", re.MULTILINE)
#: Code and text of a reply.
Reply: TypeAlias = tuple[int, bytes]


def capabilities_of(section: SmtpProvider) -> Capabilities:
    """What SMTP can do; needs no secret."""
    return Capabilities(
        max_batch=_BATCH,
        idempotency=None,
        metadata=True,
        list_unsubscribe=True,
        leaves_machine=not is_loopback(f"smtp://{section.host}"),
        events=False,
    )


class Smtp:
    """One mail server, its connection kept between messages and batches."""

    name = "smtp"

    def __init__(
        self, section: SmtpProvider, *, environment: Mapping[str, str], file: str,
        clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        """``environment`` holds the password; ``clock`` (aware) dates messages. Raises ConfigError."""
        self._line = SmtpLine(section, credentials(section, environment=environment, file=file), file=file)
        self._clock = clock
        self._most_seconds = section.timeout_seconds
        self.capabilities = capabilities_of(section)

    def send(self, messages: Sequence[Message]) -> tuple[Outcome, ...]:
        """One message after the other; stops trying after doubt or trouble that concerns everyone."""
        outcomes: list[Outcome] = []
        stopped = False
        for message in messages:
            outcome = UNTRIED if stopped else self._send_one(message)
            stopped = stopped or stops_the_call(outcome)
            outcomes.append(outcome)
        return tuple(outcomes)

    def close(self) -> None:
        """End the conversation politely."""
        self._line.close()

    def _send_one(self, message: Message) -> Outcome:
        if forged(message):
            return FORGED
        data = to_mime(message, date=self._clock())
        try:
            conversation = self._line.ready()
        except NoConversationError as error:
            return Deferred(reason=error.why, everyone=True)
        with conversation.at_most(self._most_seconds):
            outcome = _converse(conversation, message, data)
        # After anything but success the conversation starts anew: a server's state is not worth guessing.
        if not isinstance(outcome, Accepted):
            self._line.drop()
        return outcome


def _converse(conversation: Conversation, message: Message, data: bytes) -> Outcome:
    try:
        refused = (
            _about_sender(conversation.command(f"MAIL FROM:<{message.from_address}>"))
            or _about_recipient(conversation.command(f"RCPT TO:<{message.to}>"))
            or _about_message(conversation.command("DATA"), expected=354)
        )
    except OSError:
        return Deferred(reason="the mail server ended the conversation before the message", everyone=True)
    if refused is not None:
        return refused
    try:
        reply = conversation.finish(_FIRST_DOT.sub(b"..", data))
    except TimeoutError:
        return Unknown(reason="no answer in time after the whole message had left")
    except OSError:
        return Unknown(reason="the connection broke before the mail server said whether it took the message")
    return _about_message(reply, expected=250) or Accepted(provider_id=message.message_id)


def _about_sender(reply: Reply) -> Outcome | None:
    code = reply[0]
    if 200 <= code < 300:
        return None
    return Deferred(
        reason=f"the mail server does not take mail from this sender (SMTP {code})", everyone=True
    )


def _about_recipient(reply: Reply) -> Outcome | None:
    code, text = reply
    if 200 <= code < 300:
        return None
    if 500 <= code < 600 and not _POLICY.search(text):
        bad = _BAD_ADDRESS.search(text) is not None
        return Refused(reason=f"the mail server refused the address (SMTP {code})", suppress=bad)
    return Deferred(reason=f"the mail server did not take the address (SMTP {code})", everyone=code == 421)


def _about_message(reply: Reply, *, expected: int) -> Outcome | None:
    code = reply[0]
    if code == expected:
        return None
    if 500 <= code < 600:
        return Refused(reason=f"the mail server refused the message (SMTP {code})")
    if 400 <= code < 500:
        # 421: it is closing; 452: its disk is full.
        everyone = code in {421, 452}
        return Deferred(reason=f"the mail server did not take the message (SMTP {code})", everyone=everyone)
    return Unknown(reason="the mail server's answer to the message cannot be read")
