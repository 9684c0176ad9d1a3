"""SendGrid's event webhook: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event.

In charge of: proof and words of SendGrid's calls. Not in charge of: sending (``sendgrid``), what becomes of
an event (``actions``). Read 2026-11.

A call is a JSON list of events, each with ``event``, ``timestamp`` (seconds), ``sg_event_id``,
``sg_message_id`` (what sending answered, then ``.filter…`` or ``.recvd…``; one id answers for a whole call of
messages) and our ``custom_args`` among its own keys. A bounce has ``type`` ``bounce`` or ``blocked``, a
``reason`` and a ``status``; a ``dropped`` message was never tried, and ``reason`` says which list it is on.

Proof (page "getting-started-event-webhook-security-features"): ``X-Twilio-Email-Event-Webhook-Signature`` is
an ECDSA signature (P-256, SHA-256, base64 of DER) of the text in ``…-Timestamp`` followed by the body as it
came. Events that were not taken are sent again for 24 hours, together with newer ones, so a repeated call has
a signature of its own and the usual replay window holds.
"""

import base64
import re
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from pipeline.delivery.events import Event, EventKind
from pipeline.errors import ConfigError, Place
from pipeline.providers.hooks import Hook, HookRefusedError, HookUnreadableError, is_fresh, octets
from pipeline.providers.payloads import (
    delivery_key,
    event_hash,
    json_value,
    known_id,
    line,
    moment,
    reasons,
    signed_seconds,
    unreadable_item,
    word,
)
from pipeline.sections.mail import SendgridProvider

_SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
_TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"
_AFTER_ID: Final = re.compile(r"\.(?:filter|recvd)")
_KINDS: Final[Mapping[str, EventKind]] = {
    "processed": EventKind.ACCEPTED,
    "delivered": EventKind.DELIVERED,
    "deferred": EventKind.DELAYED,
    "spamreport": EventKind.COMPLAINED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "group_unsubscribe": EventKind.UNSUBSCRIBED,
}
#: "blocked" is the receiving server's word about us, "expired" gave up after 72 hours.
_BOUNCES: Final[Mapping[str, EventKind]] = {
    "bounce": EventKind.BOUNCED_HARD,
    "blocked": EventKind.BOUNCED_SOFT,
    "expired": EventKind.BOUNCED_SOFT,
}
#: Why a message was never tried, where that tells something about the patient or the address. We would not
#: have written had we known it, so this is news also where the first report was lost.
_DROPPED: Final[Mapping[str, EventKind]] = {
    "bounced address": EventKind.BOUNCED_HARD,
    "invalid": EventKind.BOUNCED_HARD,
    "spam reporting address": EventKind.COMPLAINED,
    "unsubscribed address": EventKind.UNSUBSCRIBED,
}


class SendgridListener:
    """SendGrid, heard."""

    name = "sendgrid"

    def __init__(self, section: SendgridProvider, *, file: str) -> None:
        """``file`` is config.toml. Raises ConfigError for no key, or one that is not of P-256."""
        place = Place(file=file, key="provider.sendgrid.webhook_public_keys")
        self._keys = tuple(_public_key(text, place) for text in section.webhook_public_keys)
        if not self._keys:
            raise ConfigError(
                "SendGrid's reports cannot be checked: there is no verification key.",
                where=place,
                mend="switch signature verification on for the event webhook, and copy its key here",
            )

    def verify(self, hook: Hook) -> None:
        """Nothing, if the call is signed with one of the keys, and now. Raises HookRefusedError."""
        timestamp = hook.headers.get(_TIMESTAMP, "")
        said = signed_seconds(timestamp)
        if said is None or not is_fresh(said, hook):
            raise HookRefusedError("The call says no time, or one too long ago or too far ahead.")
        signed = octets(timestamp) + hook.body
        if not any(_signs(key, hook.headers.get(_SIGNATURE, ""), signed) for key in self._keys):
            raise HookRefusedError("The call's signature is missing or wrong.")

    def events(self, hook: Hook) -> tuple[Event, ...]:
        """One for each item of the list. Raises HookUnreadableError where it is no list."""
        found = json_value(hook)
        if not isinstance(found, list):
            raise HookUnreadableError("The call's body is not a list of events.")
        return tuple(
            _event(item, hook, index) if isinstance(item, dict) else unreadable_item(hook, index)
            for index, item in enumerate(found)
        )


def _public_key(text: str, place: Place) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise ConfigError(
        "A verification key of SendGrid's event webhook cannot be read.",
        where=place,
        mend="copy it as SendGrid shows it: one line that begins with MFkw",
    )


def _signs(key: ec.EllipticCurvePublicKey, signature: str, signed: bytes) -> bool:
    try:
        key.verify(base64.b64decode(signature, validate=True), signed, ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


def _event(item: Mapping[str, object], hook: Hook, index: int) -> Event:
    kind, said = _meaning(item)
    return Event(
        kind=kind,
        said=said,
        at=moment(hook, item.get("timestamp")),
        dedupe=known_id(item.get("sg_event_id")) or _dedupe(item, hook, index),
        key=delivery_key(item.get("delivery_key")),
        provider_id=_message_id(item),
        detail=reasons(item.get("reason"), item.get("response")),
    )


def _meaning(item: Mapping[str, object]) -> tuple[EventKind, str]:
    name = item.get("event")
    if name == "bounce":
        return _bounce(item.get("type")), word(name, item.get("type"))
    if name == "dropped":
        reason = (line(item.get("reason")) or "").casefold()
        return _DROPPED.get(reason, EventKind.DROPPED), word(name)
    return _KINDS.get(name, EventKind.OTHER) if isinstance(name, str) else EventKind.OTHER, word(name)


def _bounce(how: object) -> EventKind:
    if how is None:
        # The reference says of a bounce without more that it is permanent.
        return EventKind.BOUNCED_HARD
    return _BOUNCES.get(how, EventKind.BOUNCED_SOFT) if isinstance(how, str) else EventKind.OTHER


def _message_id(item: Mapping[str, object]) -> str | None:
    found = line(item.get("sg_message_id"))
    return _AFTER_ID.split(found, maxsplit=1)[0] or None if found else None


def _dedupe(item: Mapping[str, object], hook: Hook, index: int) -> str:
    """Where SendGrid gives no id; a message has one recipient, so its key stands for him if it is there."""
    who = delivery_key(item.get("delivery_key")) or item.get("email")
    what = (item.get("event"), item.get("type"), item.get("timestamp"))
    return event_hash(hook, index, whose=(_message_id(item), who), what=what)
