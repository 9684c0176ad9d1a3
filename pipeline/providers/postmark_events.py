"""Postmark's webhooks: https://postmarkapp.com/developer/webhooks/webhooks-overview (read 2026-11).

In charge of: proof and words of Postmark's calls. Not in charge of: sending (``postmark``), what becomes of
an event (``actions``).

One JSON object a call, told apart by ``RecordType``: ``Delivery`` (``DeliveredAt``), ``Bounce`` (``ID``,
``Type``, ``TypeCode``, ``BouncedAt``, ``Description``, ``Details``), ``SpamComplaint`` (like a bounce),
``SubscriptionChange`` (``SuppressSending``, ``SuppressionReason``, ``Origin``, ``ChangedAt``; page
"subscription-change-webhook"), and opens, clicks and inbound mail, which we do not use. ``MessageID`` is the
id that sending answered with; ``Metadata`` comes back as it was sent.

Postmark signs nothing and says no time of the call: Basic credentials in the address, or a header added to
the webhook, are the proof (page "webhooks-overview"), and there is no replay window. A repeated call is known
by its event. Types of bounces: https://postmarkapp.com/developer/api/bounce-api#bounce-types.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from pipeline.delivery.events import Event, EventKind
from pipeline.providers.hooks import Hook, HookUnreadableError
from pipeline.providers.payloads import (
    delivery_key,
    event_hash,
    inside,
    json_object,
    known_id,
    line,
    moment,
    reasons,
    word,
)
from pipeline.providers.secrets import section_secrets
from pipeline.providers.shared_secret import SharedSecret
from pipeline.sections.mail import PostmarkProvider

_BOUNCES: Final[Mapping[str, EventKind]] = {
    "HardBounce": EventKind.BOUNCED_HARD,
    "BadEmailAddress": EventKind.BOUNCED_HARD,
    "Transient": EventKind.DELAYED,
    "SoftBounce": EventKind.BOUNCED_SOFT,
    # The domain's name servers did not answer, for as long as Postmark tried.
    "DnsError": EventKind.BOUNCED_SOFT,
    # The receiving side took it for spam or for bulk mail: no word of the patient's.
    "SpamNotification": EventKind.BOUNCED_SOFT,
    "VirusNotification": EventKind.BOUNCED_SOFT,
    "Blocked": EventKind.BOUNCED_SOFT,
    "DMARCPolicy": EventKind.BOUNCED_SOFT,
    "Unknown": EventKind.BOUNCED_SOFT,
    "AutoResponder": EventKind.AUTO_REPLY,
    "AddressChange": EventKind.AUTO_REPLY,
    "ChallengeVerification": EventKind.AUTO_REPLY,
    "SpamComplaint": EventKind.COMPLAINED,
    "Unsubscribe": EventKind.UNSUBSCRIBED,
    "ManuallyDeactivated": EventKind.DROPPED,
    "Unconfirmed": EventKind.DROPPED,
    "SMTPApiError": EventKind.DROPPED,
    "TemplateRenderingFailed": EventKind.DROPPED,
}
_CODES: Final[Mapping[int, str]] = {
    1: "HardBounce",
    2: "Transient",
    16: "Unsubscribe",
    32: "Subscribe",
    64: "AutoResponder",
    128: "AddressChange",
    256: "DnsError",
    512: "SpamNotification",
    1024: "OpenRelayTest",
    2048: "Unknown",
    4096: "SoftBounce",
    8192: "VirusNotification",
    16384: "ChallengeVerification",
    100000: "BadEmailAddress",
    100001: "SpamComplaint",
    100002: "ManuallyDeactivated",
    100003: "Unconfirmed",
    100006: "Blocked",
    100007: "SMTPApiError",
    100008: "InboundError",
    100009: "DMARCPolicy",
    100010: "TemplateRenderingFailed",
}


class PostmarkListener:
    """Postmark, heard."""

    name = "postmark"

    def __init__(self, section: PostmarkProvider, *, environment: Mapping[str, str], file: str) -> None:
        """``environment`` holds the secret; ``file`` is config.toml. Raises ConfigError."""
        secrets = section_secrets(
            section, "webhook_secret", environment=environment, file=file, key="provider.postmark"
        )
        self._proof = SharedSecret(user=section.webhook_user, secrets=secrets)

    def verify(self, hook: Hook) -> None:
        """Nothing, if the call brings the secret. Raises HookRefusedError."""
        self._proof.verify(hook)

    def events(self, hook: Hook) -> tuple[Event, ...]:
        """The one event of the call. Raises HookUnreadableError where it is no record of Postmark's."""
        record = json_object(hook)
        kind = record.get("RecordType")
        if not isinstance(kind, str):
            raise HookUnreadableError("The call holds no RecordType.")
        return (_event(kind, record, hook),)


def _event(record_type: str, record: Mapping[str, object], hook: Hook) -> Event:
    kind, said = _meaning(record_type, record)
    return Event(
        kind=kind,
        said=said,
        at=_at(record, hook),
        dedupe=_dedupe(record_type, record, hook),
        key=delivery_key(inside(record.get("Metadata"), "delivery_key")),
        provider_id=line(record.get("MessageID")),
        detail=reasons(record.get("Description"), record.get("Details")),
    )


def _meaning(record_type: str, record: Mapping[str, object]) -> tuple[EventKind, str]:
    match record_type:
        case "Delivery":
            return EventKind.DELIVERED, "Delivery"
        case "SpamComplaint":
            return EventKind.COMPLAINED, "SpamComplaint"
        case "Bounce":
            kind = _bounce_type(record)
            return _BOUNCES.get(kind, EventKind.OTHER), word(kind or "Bounce")
        case "SubscriptionChange":
            return _change(record)
        case _:
            return EventKind.OTHER, word(record_type)


def _bounce_type(record: Mapping[str, object]) -> str:
    """The name, or where a new name is not known the one of its number."""
    name, code = record.get("Type"), record.get("TypeCode")
    if isinstance(name, str) and name in _CODES.values():
        return name
    known = _CODES.get(code) if isinstance(code, int) and not isinstance(code, bool) else None
    return known or (name if isinstance(name, str) else "")


def _change(record: Mapping[str, object]) -> tuple[EventKind, str]:
    """An address put on or taken off the stream's suppression list, by the patient, by bounces or by staff.

    Postmark calls a patient's unsubscribing ``ManualSuppression`` with the origin ``Recipient``. A
    reactivation never means that the patient wants mail again.
    """
    reason, origin = record.get("SuppressionReason"), record.get("Origin")
    said = word("SubscriptionChange", reason, origin)
    if record.get("SuppressSending") is not True:
        return EventKind.OTHER, said
    if reason == "HardBounce":
        return EventKind.BOUNCED_HARD, said
    if reason == "SpamComplaint":
        return EventKind.COMPLAINED, said
    return (EventKind.UNSUBSCRIBED if origin == "Recipient" else EventKind.OTHER), said


def _at(record: Mapping[str, object], hook: Hook) -> datetime:
    names = ("DeliveredAt", "BouncedAt", "ChangedAt", "ReceivedAt")
    return moment(hook, *(record.get(name) for name in names))


def _dedupe(record_type: str, record: Mapping[str, object], hook: Hook) -> str:
    """Bounces and complaints have an id; of anything else the same record makes the same hash.

    One message has one recipient, so his address joins only where nothing names the message.
    """
    known = known_id(record.get("ID"))
    if known is not None and record_type in {"Bounce", "SpamComplaint"}:
        return f"{record_type}:{known}"
    message = (record.get("MessageID"), inside(record.get("Metadata"), "delivery_key"))
    whose = message if any(line(each) for each in message) else (record.get("Recipient"), record.get("Email"))
    names = ("DeliveredAt", "BouncedAt", "ChangedAt", "ReceivedAt", "SuppressionReason", "OriginalLink")
    what = (record_type, *(record.get(name) for name in names))
    return event_hash(hook, 0, whose=whose, what=what)
