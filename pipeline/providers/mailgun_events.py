"""Mailgun's webhooks: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/ (read 2026-11).

In charge of: proof and words of Mailgun's calls. Not in charge of: sending (``mailgun``), what becomes of an
event (``actions``).

A call is a JSON object with ``signature`` and one ``event-data`` (page "webhook-payloads"): ``event``,
``timestamp`` (seconds with a fraction), ``id``, ``severity`` and ``reason`` of a failure,
``delivery-status``, ``message.headers.message-id`` without the angle brackets that sending answered with (one
id answers for a whole call of messages), and what we sent as ``v:`` in ``user-variables``. A temporary
failure is tried again for 8 hours; a permanent one carries ``suppress-…`` as reason where the address is on
one of Mailgun's lists.

Proof (page "securing-webhooks"): ``signature`` is the HMAC-SHA256 of ``timestamp`` followed by ``token``,
with the account's webhook signing key. It does not cover the event, so a call that somebody caught could be
changed and sent again: ``token``, which is used once, is what tells an event brought twice, and not
``event-data.id`` ("unique within a day"), which a forger could choose. A call that was not taken comes again
for 8 hours (page "webhook-retries"; not after 406), so the replay window is that long.
"""

import hmac
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Final

from pipeline.delivery.events import Event, EventKind
from pipeline.providers.hooks import Hook, HookRefusedError, HookUnreadableError, is_fresh, octets, same
from pipeline.providers.payloads import (
    delivery_key,
    digest,
    inside,
    json_object,
    known_id,
    line,
    moment,
    reasons,
    signed_seconds,
    word,
)
from pipeline.providers.secrets import section_secrets
from pipeline.sections.mail import MailgunProvider

#: Help page 202236504 lists 10, 10, 15 and 30 minutes, 1, 2 and 4 hours; the rest is for slow calls.
_LATE: Final = timedelta(hours=8, minutes=30)
_KINDS: Final[Mapping[str, EventKind]] = {
    "accepted": EventKind.ACCEPTED,
    "delivered": EventKind.DELIVERED,
    "complained": EventKind.COMPLAINED,
    "unsubscribed": EventKind.UNSUBSCRIBED,
    "rejected": EventKind.DROPPED,
}
#: Mailgun did not try; what the list says of the patient is news where its first report was lost.
_SUPPRESSED: Final[Mapping[str, EventKind]] = {
    "suppress-bounce": EventKind.BOUNCED_HARD,
    "suppress-complaint": EventKind.COMPLAINED,
    "suppress-unsubscribe": EventKind.UNSUBSCRIBED,
}


class MailgunListener:
    """Mailgun, heard."""

    name = "mailgun"

    def __init__(self, section: MailgunProvider, *, environment: Mapping[str, str], file: str) -> None:
        """``environment`` holds the signing key; ``file`` is config.toml. Raises ConfigError."""
        self._keys = section_secrets(
            section, "webhook_key", environment=environment, file=file, key="provider.mailgun"
        )

    def verify(self, hook: Hook) -> None:
        """Nothing, if the call is signed with one of the keys, and lately. Raises HookRefusedError."""
        timestamp, token, signature = _signature(hook)
        said = signed_seconds(timestamp)
        if said is None or not is_fresh(said, hook, late=_LATE):
            raise HookRefusedError("The call says no time, or one too long ago or too far ahead.")
        signed = octets(timestamp + token)
        # A list, not a generator: how long it takes must not tell which key was right.
        right = [same(signature, hmac.new(octets(key), signed, sha256).hexdigest()) for key in self._keys]
        if not any(right):
            raise HookRefusedError("The call's signature is wrong.")

    def events(self, hook: Hook) -> tuple[Event, ...]:
        """The one event of the call. Raises HookUnreadableError where there is no ``event-data``."""
        call = json_object(hook)
        data = call.get("event-data")
        if not isinstance(data, dict):
            raise HookUnreadableError("The call holds no event-data.")
        return (_event(data, inside(call, "signature", "token"), hook),)


def _signature(hook: Hook) -> tuple[str, str, str]:
    """Timestamp, token and signature. Raises HookRefusedError."""
    try:
        found = json_object(hook).get("signature")
    except HookUnreadableError as error:
        raise HookRefusedError("The call's body is broken, so that its signature cannot be read.") from error
    timestamp, token, signature = (inside(found, name) for name in ("timestamp", "token", "signature"))
    if isinstance(timestamp, int) and not isinstance(timestamp, bool):
        timestamp = str(timestamp)
    if isinstance(timestamp, str) and isinstance(token, str) and isinstance(signature, str) and token:
        return timestamp, token, signature
    raise HookRefusedError("The call is not signed.")


def _event(data: Mapping[str, object], token: object, hook: Hook) -> Event:
    kind, said = _meaning(data)
    message = line(inside(data, "message", "headers", "message-id"))
    return Event(
        kind=kind,
        said=said,
        at=moment(hook, data.get("timestamp")),
        dedupe=known_id(token) or digest(token),
        key=delivery_key(inside(data, "user-variables", "delivery_key")),
        provider_id=_bracketed(message) if message else None,
        detail=_detail(data),
    )


def _meaning(data: Mapping[str, object]) -> tuple[EventKind, str]:
    name = data.get("event")
    if name == "failed":
        return _failure(data), word(name, data.get("severity"), data.get("reason"))
    return _KINDS.get(name, EventKind.OTHER) if isinstance(name, str) else EventKind.OTHER, word(name)


def _failure(data: Mapping[str, object]) -> EventKind:
    """Where Mailgun does not say that the address is the trouble, it may be good."""
    severity, reason = data.get("severity"), data.get("reason")
    if severity == "temporary":
        return EventKind.DELAYED
    if severity != "permanent":
        return EventKind.OTHER
    if isinstance(reason, str) and reason in _SUPPRESSED:
        return _SUPPRESSED[reason]
    return EventKind.BOUNCED_HARD if _is_hard(reason, data.get("delivery-status")) else EventKind.BOUNCED_SOFT


def _is_hard(reason: object, status: object) -> bool:
    said = inside(status, "bounce-type")
    if said == "hard" or said == "soft":  # noqa: PLR1714 - what came may have no hash
        return said == "hard"
    # RFC 3463 3.2: X.1 is about the address.
    return reason == "bounce" or (line(inside(status, "enhanced-code")) or "").startswith("5.1.")


def _bracketed(message: str) -> str:
    return message if message.startswith("<") else f"<{message}>"


def _detail(data: Mapping[str, object]) -> str | None:
    status = data.get("delivery-status")
    return reasons(
        inside(status, "code"),
        inside(status, "description"),
        inside(status, "message"),
        inside(data, "reject", "reason"),
    )
